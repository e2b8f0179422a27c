"""The report card of a build's own identifiers, with what each resolver would cost and what to build instead."""

import numpy as np

from engine.builds import verdicts
from engine.builds.opened import Build
from engine.health.card import Card
from engine.health.remedies import with_changes
from engine.health.report import choose_labels, report
from engine.health.resolver_costs import resolver_costs


def health(opened: Build) -> Card:
    """:func:`engine.health.report.report` of an opened build, with ``resolvers`` and, in every judged row, ``press``."""
    spec = opened.manifest.spec
    fitted, embeddings = opened.identifiers, np.asarray(opened.embeddings)
    card = report(fitted, opened.trie, embeddings, choose_labels(opened.corpus.documents), spec.seed)
    card = with_changes(card, spec.scheme, spec.settings, spec.resolver, fitted.vocabulary)
    verdicts.remember(opened.folder, card.verdict)
    return card.model_copy(update={"resolvers": tuple(resolver_costs(spec.scheme, fitted, embeddings, spec.seed))})
