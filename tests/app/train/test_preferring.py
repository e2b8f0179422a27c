"""The Train page's part on preferences: what was judged is counted, the press that learns from it, what came of it, undo."""

from app.common import jobs
from engine import workspace
from engine.builds import runs
from engine.builds.opened import Build
from engine.training import preferences
from tests.app.at import button, labels, said, visit


def opened(at):
    at.session_state["preferences"] = True
    return at.run()


def test_judgements_are_learned_from_shown_and_undone(with_trained, monkeypatch):
    build, started = Build(with_trained), []
    assert "Learn" not in labels(opened(visit("train")))
    for place in range(12):
        for grade in (0, 2):
            workspace.judge(build.catalogue, f"query {place}", build.documents[2 * place + grade // 2].id, grade)
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("train"))
    assert "24 judgements of 12 queries" in said(at)
    button(at, "Learn").click().run()
    assert started == [("preferences on sixty", ["prefer", str(with_trained)])]
    judged = workspace.judged(build.catalogue)
    preferences.prefer(with_trained, judged.queries, judged.qrels, steps=1, scorer="centroid")
    at = opened(visit("train"))
    assert any("6 queries" in caption.value and "preferences" in caption.value for caption in at.caption)
    button(at, "Undo").click().run()
    assert preferences.RUN not in runs.names(with_trained)
