"""The report card of a build's own identifiers, with what each resolver would cost and what to build instead."""

from typing import Any

import numpy as np

from engine.builds.opened import Build
from engine.health.remedies import with_changes
from engine.health.report import choose_labels, report
from engine.health.resolver_costs import resolver_costs


def health(opened: Build) -> dict[str, Any]:
    """:func:`engine.health.report.report` of an opened build, with ``resolvers`` (of
    :class:`engine.health.resolver_costs.Cost`) and, in every judged row, ``press`` (of
    :func:`engine.health.remedies.with_changes`)."""
    spec = opened.manifest.spec
    fitted, embeddings = opened.identifiers, np.asarray(opened.embeddings)
    card = report(fitted, opened.trie, embeddings, choose_labels(opened.corpus.documents), spec.seed)
    card = with_changes(card, spec.scheme, spec.settings, spec.resolver, fitted.vocabulary)
    return card | {"resolvers": [cost._asdict() for cost in resolver_costs(spec.scheme, fitted, embeddings, spec.seed)]}
