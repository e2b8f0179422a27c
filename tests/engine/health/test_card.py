"""A card as it was written when it was a dictionary: read back, it writes the same, and so does one that is made anew."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from engine import trie
from engine.health.card import Card, Change
from engine.health.remedies import with_changes
from engine.health.report import report
from engine.health.resolver_costs import resolver_costs
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code

STORED = json.loads((Path(__file__).parent / "stored_cards.json").read_text("utf-8"))
EYE = np.eye(4, dtype=np.float32)
VECTORS = EYE[np.repeat(np.arange(4), 3)] + 0.5 * EYE[np.tile([1, 2, 3], 4)]


@pytest.fixture(scope="module")
def fitted() -> Identifiers:
    """Twelve documents by hand: a level that hardly uses its codes, one that is well used, and numbers behind."""
    content = np.column_stack([np.repeat([0, 1, 2, 2], 3), np.tile([0, 1, 1], 4)]).astype(np.int32)
    plain = Identifiers(content, (8, 2), [np.vstack([EYE, EYE]), 0.5 * EYE[1:3]])
    return extra_code(plain, Material(np.empty((0, 1), np.float32), ()), 0)


@pytest.fixture(scope="module")
def card(fitted) -> Card:
    return report(fitted, trie.build(fitted.codes), VECTORS, ["war"] * 6 + ["love"] * 5 + [None])


@pytest.mark.parametrize("kind", ["report", "health"])
def test_a_stored_card_is_written_as_it_was(kind):
    assert json.dumps(Card.model_validate(STORED[kind]).as_json()) == json.dumps(STORED[kind])


def test_a_card_has_the_keys_and_figures_that_it_always_had(card):
    assert json.dumps(card.as_json()) == json.dumps(STORED["report"])
    assert Card.model_validate_json(card.model_dump_json(exclude_unset=True)) == card


def test_with_remedies_and_costs_it_has_those_behind(card, fitted):
    pressed = with_changes(card, "rq-kmeans", {"codes": 8}, None, fitted.vocabulary)
    found = pressed.model_copy(update={"resolvers": tuple(resolver_costs("rq-kmeans", fitted, VECTORS))}).as_json()
    costs = [{name: pytest.approx(value) for name, value in cost.items()} for cost in STORED["health"]["resolvers"]]
    assert _without_remedies(found) == _without_remedies(STORED["health"] | {"resolvers": costs})
    # Row by row fewer codes were pressed here and another level there; they are worked out together since, and a level more is
    # one more than there are, not than is usual.
    assert [row["press"]["settings"] for row in _rows(STORED["health"]) if row["press"]] == [
        {"codes": 4},
        *[{"codes": 8, "levels": 4}] * 2,
    ]
    assert [row["press"]["settings"] for row in _rows(found) if row["press"]] == [{"codes": 4, "levels": 3}] * 3


def _rows(card: dict) -> list[dict]:
    return [*card["levels"], *card["verdicts"]]


def _without_remedies(card: dict) -> dict:
    bare = [{key: value for key, value in row.items() if key not in ("press", "remedy")} for row in _rows(card)]
    return {key: value for key, value in card.items() if key not in ("levels", "verdicts")} | {"rows": bare}


def test_a_remedy_is_read_by_the_name_that_it_is_written_under():
    change = Card.model_validate(STORED["health"]).levels[0].press
    assert change == Change(scheme="rq-kmeans", settings={"codes": 4}, resolver=None)
    assert list(change.model_dump()) == ["ids", "settings", "resolver"]


@pytest.mark.parametrize(
    "damage",
    [{"verdict": "fine"}, {"levels": [{}]}, {"bits": "many"}, {"verdicts": None}, {"prefix_cosine": [{"shared": 1}]}],
)
def test_a_damaged_card_is_none(damage):
    with pytest.raises(ValidationError):
        Card.model_validate(STORED["report"] | damage)
