"""Which documents come back, on the Evaluate page: what was kept is shown, with a way to where each of the lost is cut."""

import json

import pytest

from app.common import jobs
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation import kept_reachability
from engine.evaluation.reachability import Unreached, reachability
from tests.app.at import button, labels, said, table, visit
from tests.app.conftest import HTML


def opened(at):
    at.session_state["reached-box"] = True
    return at.run()


def test_the_button_starts_the_command_and_what_it_keeps_is_shown(with_trained, monkeypatch):
    started, build = [], Build(with_trained)
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("evaluate"))
    button(at, "Look for what comes back").click().run()
    assert started == [("reachability of sixty", ["reachability", str(with_trained), "--keep"])]
    found = reachability(build, beams=2)
    lost = Unreached(build.documents[3].id, HTML, "own title", f"For its title: {HTML}")
    found = found._replace(listed=[lost, *found.listed], unreached=found.unreached + 1)
    kept_reachability.keep(build, found)
    at = opened(visit("evaluate"))
    rows = table(at, "Asked for by", "Retriever", "First 10")
    assert rows["Retriever"].tolist() == ["generative:centroid", "dense", "bm25"] * len(found.kinds)
    share = found.kinds[0].shares["dense"][10]
    assert rows["First 10"].tolist()[1].startswith(f"{share.mean:.3f}"[1:] if share.mean < 1 else "1")
    assert table(at, "Document", "Why not")["Document"].tolist()[0] == HTML
    assert f"{found.unreached} of {found.looked_at} documents" in said(at)
    assert "Look anew" in labels(at)
    path = kept_reachability.path_of(build)
    value = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(value | {"version": "older"}), "utf-8")
    assert "came or went since" in " ".join(one.value for one in opened(visit("evaluate")).info)
    path.write_text("{}", "utf-8")
    with pytest.raises(TriescopeError, match="damaged"):
        kept_reachability.read(build)
    assert any("damaged" in error.value for error in opened(visit("evaluate")).error)
