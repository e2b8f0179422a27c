"""Every kind of scorer on every identifier scheme. Slow: ``make test-slow``."""

import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.identifiers import SCHEMES
from engine.scorers.kinds import KINDS
from engine.training.spec import TrainSpec
from engine.training.train import train

TINY = {"t5": {"size": "tiny"}, "transformer": {"size": "tiny"}}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name not in ("url", "imported", "rq-behaviour")])
def test_it_trains_stores_opens_and_searches(small_corpus, tmp_path, home, scheme):
    folder = make(small_corpus, BuildSpec(scheme=scheme), tmp_path / "sixty")
    for kind in (kind for kind in KINDS if kind != "plum"):  # that one wants a language model of the machine
        run = train(folder, TrainSpec(scorer=kind, settings=TINY.get(kind, {}), steps=2, batch=16, beams=10))
        assert run.steps == 2
        opened = Build(folder)
        exact = opened.decode("a war at sea", 60, strategy="exact", scorer=kind)
        wide = opened.decode("a war at sea", 60, scorer=kind)
        assert len(exact.leaves) == len(wide.leaves)
        assert wide.leaves.tolist() == exact.leaves.tolist()
        assert opened.search("a war at sea", f"hybrid:{kind}", 5)[0]
