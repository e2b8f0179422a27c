"""What the first question needs is opened in the background; what cannot be opened is left for whoever asks."""

from app.common import ready
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import usual


def test_all_that_a_first_question_asks_for_is_asked_for(films, monkeypatch):
    asked = []
    build = Build(films.folder)
    monkeypatch.setattr(build, "decode", lambda text, beams, vector, strategy="beam": asked.append(strategy))
    monkeypatch.setattr(build, "encode", lambda text: asked.append("encode"))

    def search(text, name, vector):
        asked.append(name)
        raise TriescopeError("gone")

    monkeypatch.setattr(build, "search", search)
    ready.open_all(build)
    assert asked == ["beam", "exact", *usual(), "encode"]


def test_a_build_is_made_ready_once(films):
    first, second = ready.get_ready(films), ready.get_ready(films)
    assert first is second
    first.join(120)
    assert not first.is_alive()
