"""The Train page's part on layers: there for the kind that has them, looked at when it is opened."""

from app.train import layers
from engine.data.figures import Interval
from engine.training import patching
from engine.training.patching import Layer, Patched
from tests.app.at import said, table, visit


def test_layers_are_looked_at_when_they_are_opened(with_trained, monkeypatch):
    asked = []
    found = Patched(7, Interval(2.0, 1.0, 3.0), (Layer(1, "feed-forward", Interval(0.5, 0.25, 0.75), (0.25, 0.25)),))
    monkeypatch.setattr(patching, "of_run", lambda folder, name: asked.append(name) or found)
    at = visit("train")
    assert not any("layers write" in expander.label for expander in at.expander)
    monkeypatch.setattr(layers, "KIND", "node")
    at = at.run()
    assert not asked
    at.session_state["layers"] = True
    at.run()
    assert len(asked) == 1
    assert "loses 2.000 [1.000, 3.000] nats of an identifier (7 queries)" in said(at)
    assert table(at, "Layer")["Level 2"].tolist() == [0.25]
