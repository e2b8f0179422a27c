"""What a scorer declares is what it has: nobody looks for methods any more."""

import inspect
import pkgutil
from importlib import import_module

import pytest

import engine.live.scorer
import engine.scorers
from engine.scorers.base import Abilities

METHODS = {
    "reads_text": ["encode"],
    "selects": ["start_all", "best_children"],
    "bounds": ["bound"],
    "dense": ["dense"],
    "ahead": ["at_once"],
}


def scorers():
    """Every class of the engine that scores."""
    modules = [import_module(f"engine.scorers.{module.name}") for module in pkgutil.iter_modules(engine.scorers.__path__)]
    found = {
        one
        for module in [*modules, engine.live.scorer]
        for _, one in inspect.getmembers(module, inspect.isclass)
        if isinstance(getattr(one, "abilities", None), Abilities) and not inspect.isabstract(one)
    }
    return sorted(found, key=lambda one: one.__name__)


@pytest.mark.parametrize("scorer", scorers(), ids=lambda one: one.__name__)
def test_a_scorer_has_the_methods_of_the_abilities_that_it_declares(scorer):
    for ability, able in scorer.abilities._asdict().items():
        if able:
            assert all(callable(getattr(scorer, method, None)) for method in METHODS[ability])


def test_every_scorer_declares_its_abilities():
    declared = {scorer.__name__: {name for name, able in scorer.abilities._asdict().items() if able} for scorer in scorers()}
    assert declared == {
        "CentroidScorer": {"selects", "bounds", "dense", "ahead"},
        "NodeScorer": {"selects"},
        "JointScorer": {"selects", "reads_text"},
        "OnePassScorer": {"dense", "ahead"},
        "OverlayScorer": {"bounds", "dense", "ahead"},
        "PlumScorer": {"reads_text", "dense"},
        "SiblingScorer": set(),
        "T5Scorer": {"reads_text", "dense"},
        "TransformerScorer": {"reads_text"},
    }
