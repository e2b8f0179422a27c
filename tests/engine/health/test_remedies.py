"""What a remedy presses is a build that can be made, differs from what there is, and mends what it is pressed for."""

from itertools import product

import numpy as np
import pytest

from engine import identifiers, trie
from engine.health.card import Change
from engine.health.remedies import LEARNED, change, with_changes
from engine.health.report import report
from engine.health.rules import RULES
from engine.identifiers import SCHEMES

FIGURES = ["level", *RULES]


def vocabulary_of(scheme):
    return (32,) * (int(next((o.default for o in SCHEMES[scheme].options if o.name == "levels"), 1) or 1) + 1)


@pytest.mark.parametrize(("scheme", "figure"), list(product(SCHEMES, FIGURES)))
def test_what_is_pressed_is_allowed_and_another_build(scheme, figure):
    found = change(figure, scheme, {}, None, vocabulary_of(scheme))
    if found is not None:
        identifiers.check_settings(found.scheme, found.settings, found.resolver)
        assert (found.scheme, found.settings, found.resolver) != (scheme, {}, None)


@pytest.mark.parametrize(
    ("scheme", "settings", "vocabulary"),
    [("rq-kmeans", {"codes": 2}, (2, 2, 2)), ("hierarchical-kmeans", {"branching": 2}, (2, 2)), ("title", {}, (9, 9))],
)
def test_where_nothing_can_move_further_there_is_nothing_to_press(scheme, settings, vocabulary):
    assert change("level", scheme, settings, None, vocabulary) is None


def test_what_was_set_stays_set():
    found = change("content_bits", "pq", {"codes": 16, "levels": 32}, "reassign", (16,) * 32)
    assert found == Change(scheme="pq", settings={"codes": 32, "levels": 32}, resolver="reassign")


def test_inputs_are_standardised_before_anything_else():
    for figure in ("level", "content_bits", "random_pair_cosine"):
        assert change(figure, "rq-vae", {"standardise": 0}, None, (32, 32)).settings == {"standardise": 1}
    assert change("random_pair_cosine", "rq-vae", {"standardise": 1}, None, (32, 32)) is None


def test_shared_identifiers_get_a_number_first_and_then_more_codes():
    assert change("largest_leaf", "rq-kmeans", {}, "leave", (8, 8)) == Change(
        scheme="rq-kmeans", settings={}, resolver="extra-code"
    )
    assert change("largest_leaf", "rq-kmeans", {"levels": 2}, "extra-code", (8, 8, 2)).settings == {"levels": 3}


def test_a_control_is_left_for_a_scheme_that_learns():
    assert change("neighbour_overlap", "random", {}, None, (8, 8)).scheme == LEARNED
    assert change("content_bits", "atomic", {}, None, (99,)).scheme == LEARNED
    assert change("neighbour_overlap", LEARNED, {}, None, (8, 8)) is None


@pytest.mark.parametrize(
    ("scheme", "settings", "resolver", "figure"),
    [
        ("rq-kmeans", {"levels": 1, "codes": 4}, "leave", "unique_rate"),
        ("random", {}, None, "neighbour_overlap"),
        ("cluster-index", {"clusters": 20}, None, "content_bits"),
        ("hierarchical-kmeans", {"leaf": 60}, None, "content_unique_rate"),
    ],
)
def test_pressing_mends(scheme, settings, resolver, figure):
    """Planted clusters; pressed until nothing more is said of the figure, each build is better than the one before."""
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(12, 16))[rng.integers(12, size=300)] + 0.4 * rng.normal(size=(300, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    values = []
    for _ in range(6):
        fitted = identifiers.fit(scheme, vectors, settings, 0, (), resolver)
        card = with_changes(report(fitted, trie.build(fitted.codes), vectors), scheme, settings, resolver, fitted.vocabulary)
        row = next(row for row in card.verdicts if row.figure == figure)
        values.append(row.value)
        if row.verdict == "healthy" or not row.press:
            break
        scheme, settings, resolver = row.press.scheme, row.press.settings, row.press.resolver
    assert len(values) > 1
    assert values == sorted(values)
    assert len(set(values)) == len(values)


def test_a_healthy_figure_has_nothing_to_press():
    codes = np.array([[row // 8, row % 8] for row in range(64)], np.int32)
    vectors = np.vstack([np.eye(64, dtype=np.float32)[row // 8] + 0.1 * np.eye(64, dtype=np.float32)[row] for row in range(64)])
    card = report(identifiers.Identifiers(codes, (8, 8)), trie.build(codes), vectors)
    found = with_changes(card, "rq-kmeans", {}, None, (8, 8))
    assert card.verdict == "healthy"
    assert {row.press for row in (*found.levels, *found.verdicts)} == {None}
    assert all(row["press"] is None for row in found.as_json()["levels"])
    assert "press" not in card.as_json()["levels"][0]


@pytest.mark.parametrize(
    ("scheme", "settings", "vocabulary", "wanted", "told"),
    [
        (
            "rq-kmeans",
            {"codes": 32, "levels": 3},
            (32, 32, 32, 3),
            {"codes": 16, "levels": 4},
            "coarser branches, one more level",
        ),
        # No level can be added: a document that cannot be told from another is worse than a code that nobody uses.
        ("cluster-index", {"clusters": 32}, (32, 90), {"clusters": 64}, "codes that stay unused"),
    ],
)
def test_too_many_codes_and_too_little_said_are_mended_together(scheme, settings, vocabulary, wanted, told):
    codes = np.random.default_rng(0).integers(0, 2, (64, 2)).astype(np.int32)
    fitted = identifiers.Identifiers(np.unique(codes, axis=0), (32, 32))
    vectors = np.eye(len(fitted.codes), dtype=np.float32)
    card = report(fitted, trie.build(fitted.codes), vectors)
    row = card.verdicts[0].model_copy(update={"figure": "content_bits", "verdict": "broken", "remedy": "say more"})
    ill = card.model_copy(
        update={
            "levels": tuple(level.model_copy(update={"remedy": "lower K", "verdict": "broken"}) for level in card.levels),
            "verdicts": (row,),
        }
    )
    found = with_changes(ill, scheme, settings, None, vocabulary)
    for one in (*found.levels, *found.verdicts):
        assert one.press == Change(scheme=scheme, settings=wanted, resolver=None)
        assert told in one.remedy
    alone = with_changes(ill.model_copy(update={"verdicts": ()}), scheme, settings, None, vocabulary)
    assert all(one.remedy == "lower K" for one in alone.levels)
