"""Sessions as a script: histories in the address, turns, who pays, and what can stand there that is not there."""

import shutil

import pytest
from typer.testing import CliRunner

from app.common import state
from engine.builds.opened import Build
from engine.cli.main import app
from engine.errors import TriescopeError
from engine.recommending import asked, evaluated, kinds, slates, worded
from tests.app.at import infos, said, sound, table, visit
from tests.taken import join


@pytest.fixture(scope="module")
def joined_home(sixty_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("joined-home")
    folder = shutil.copytree(sixty_home / "builds" / "sixty", home / "builds" / "sixty")
    join(folder, home / "sequences.txt")
    return home


@pytest.fixture
def build(joined_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(joined_home))
    return Build(joined_home / "builds" / "sixty")


def ids(build, *rows):
    return ",".join(build.documents[row].id for row in rows)


def warnings(at):
    return " ".join(warning.value.replace("\\", "") for warning in at.warning)


def test_an_empty_history_has_examples_that_fill_it(build):
    at = visit("sessions")
    assert "A history is what somebody took" in infos(at)
    sound(at.button("example-history-1").click().run())
    assert len(at.query_params["history"].split(",")) == 3
    assert table(at, "counting", "knn") is not None


def test_its_lists_are_those_of_the_engine(build):
    at = visit("sessions", history=ids(build, 3, 4, 5), k="7")
    found = table(at, "counting", "item-item")
    opened = kinds.Opened(build, 60)
    for name in ("counting", "item-item", "knn", "content", "popularity"):
        ranked = found.dropna(subset=[name]).sort_values(name)["id"].tolist()
        assert ranked == [hit.id for hit in asked.recommended(opened, name, [3, 4, 5], 7)], name
    paid = table(at, "Share")
    assert paid["Share"].sum() == pytest.approx(1)


def test_cards_are_moved_and_taken_away(build):
    at = visit("sessions", history=ids(build, 3, 4, 5))
    sound(at.button("earlier-2").click().run())
    assert at.query_params["history"] == ids(build, 3, 5, 4)
    sound(at.button("remove-0").click().run())
    assert at.query_params["history"] == ids(build, 5, 4)
    sound(at.button("empty-history").click().run())
    assert "history" not in at.query_params


def test_a_real_one_hides_what_came_next_until_it_is_revealed(build):
    at = visit("sessions")
    sound(at.button("real").click().run())
    first = at.query_params["history"]
    known = kinds.Opened(build).known
    target = build.documents[known.test.targets[int(at.query_params["person"])]]
    assert "Next came" not in " ".join(one.value for one in at.success)
    sound(at.button("reveal").click().run())
    assert target.title in at.success[0].value.replace("\\", "")
    sound(at.button("real").click().run())
    assert at.query_params["history"] != first
    assert not at.success


def test_more_and_less_like_this_are_turns_that_can_be_taken_back(build):
    chosen = asked.recommended(kinds.Opened(build, 60), "counting", [3, 4], 5)[1]
    at = visit("sessions", history=ids(build, 3, 4), doc=chosen.id)
    assert "What mattered for it" in [heading.value for heading in at.header]
    sound(at.button("less-like").click().run())
    assert at.query_params["less"] == chosen.id
    banned = {build.documents[row].id for row in asked.branch_of(build, build.row_of[chosen.id])}
    assert chosen.id in banned
    assert not banned & set(table(at, "counting")["id"])
    sound(at.button("less-0").click().run())
    assert "less" not in at.query_params
    sound(at.button("more-like").click().run())
    sound(at.button("more-like").click().run())
    assert (at.query_params["history"], at.query_params["more"]) == (ids(build, 3, 4), chosen.id)
    moved = asked.recommended(kinds.Opened(build, 60), "counting", [3, 4, build.row_of[chosen.id]], 10)
    found = table(at, "counting").dropna(subset=["counting"]).sort_values("counting")
    assert found["id"].tolist() == [hit.id for hit in moved]
    assert found["often"].tolist() == [evaluated.often(hit.taken) for hit in moved]
    assert len(table(at, "Share")) == 3
    sound(at.button("less-like").click().run())
    assert ("more" in at.query_params, at.query_params["less"]) == (False, chosen.id)
    sound(at.button("real").click().run())
    assert "less" not in at.query_params


def test_a_turn_leaves_a_real_one_real(build):
    at = visit("sessions", more=ids(build, 7))
    assert "A history is what somebody took" not in infos(at)
    sound(at.button("real").click().run())
    at = visit("sessions", **at.query_params, more=ids(build, 7))
    sound(at.button("reveal").click().run())
    assert "Next came" in at.success[0].value
    sound(at.button("more-0").click().run())
    assert "Next came" in at.success[0].value


def test_without_interactions_it_goes_by_content_and_says_so(sixty_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(sixty_home))
    build = Build(sixty_home / "builds" / "sixty")
    at = visit("sessions", history=ids(build, 3, 4))
    assert "told by content alone" in said(at)
    assert list(table(at, "content").columns) == ["id", "title", "identifier", "knn", "content"]
    assert not [one for one in at.button if one.key == "real"]
    assert not [text for text in at.selectbox("slate").options if "rarer" in text]
    assert "nobody took anything here" in warnings(visit("sessions", history=ids(build, 3, 4), slate="rare=0.3"))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"history": "nobody,{first}"}, "names 2 items, of which the build lacks 1"),
        ({"less": "nobody"}, "names 1 item, of which the build lacks 1"),
        ({"person": "99999"}, "whose history is another one"),
        ({"person": "x"}, "whose history is another one"),
        ({"models": "gru"}, "are not there"),
        ({"watched": "gru"}, "asks for a recommender that is not there"),
        ({"node": "99-99"}, "a node that is not in this tree"),
        ({"k": "900"}, "number of results"),
    ],
)
def test_what_an_address_names_that_is_not_there_is_said(build, parameters, told):
    given = {"history": ids(build, 3, 4)} | parameters
    at = visit("sessions", **{name: value.format(first=build.documents[0].id) for name, value in given.items()})
    assert told in warnings(at)
    assert table(at, "counting") is not None


def test_damaged_interactions_are_a_line(build, joined_home, tmp_path, monkeypatch):
    folder = shutil.copytree(joined_home / "builds" / "sixty", tmp_path / "builds" / "sixty")
    (folder / ".interactions" / "about.json").write_text("{}")
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    at = visit("sessions", history=ids(build, 3))
    assert "damaged" in at.error[0].value


def test_a_file_is_joined_by_a_job_and_a_model_trained_by_one(build, joined_home, tmp_path, monkeypatch):
    folder = shutil.copytree(joined_home / "builds" / "sixty", tmp_path / "builds" / "sixty")
    shutil.rmtree(folder / ".interactions")
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    started = []
    monkeypatch.setattr("app.common.jobs.start_command", lambda name, arguments, **more: started.append(list(arguments)))
    at = visit("sessions")
    lines = (joined_home / "sequences.txt").read_bytes()
    at.file_uploader("taken").set_value(("../../evil.TXT", lines, "text/plain")).run()
    sound(at.button("join").click().run())
    command, taken = started.pop(), next((tmp_path / "imports").glob("taken-*.txt"))
    assert command == ["interactions", str(folder), str(taken), "--shortest", "3", "--core", "0"]
    assert taken.read_bytes() == lines
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    at = visit("sessions")
    next(one for one in at.selectbox if one.label == "Model").select("tree, taught by the matrix")
    next(one for one in at.text_input if one.label == "Name").set_value("mine")
    sound(next(one for one in at.button if one.label == "Train").click().run())
    trained = ["train-next", str(folder), "--model", "tree", "--minutes", "30", "--name", "mine", "--distill", "0.5"]
    assert started == [trained]
    at = visit("sessions")
    next(one for one in at.selectbox if one.label == "Model").select("tiger, as published")
    at = sound(next(one for one in at.button if one.label == "Train").click().run())
    published = ["train-next", str(folder), "--model", "tiger", "--minutes", "30", "--name", "tiger", "--size", "published"]
    assert started == [trained, published]
    next(one for one in at.text_input if one.label == "Name").set_value("../out")
    at = sound(next(one for one in at.button if one.label == "Train").click().run())
    assert "cannot be the name" in at.error[0].value
    assert started == [trained, published]


def test_a_trained_tiger_can_be_watched(build, joined_home, tmp_path, monkeypatch):
    folder = shutil.copytree(joined_home / "builds" / "sixty", tmp_path / "builds" / "sixty")
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    asked = ["train-next", str(folder), "--model", "tiger", "--epochs", "1", "--width", "8", "--blocks", "1", "--heads", "1"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    at = visit("sessions", history=ids(build, 0, 1, 2), watched="tiger", models=["counting", "tiger"])
    assert at.selectbox("watched").value == "tiger"
    assert "by a T5 that has read the codes of the history" in said(at)
    assert "What reads like the first one" in [header.value for header in at.header]
    assert table(at, "tiger")["tiger"].notna().sum() == 10


def test_a_model_of_both_tasks_is_asked_in_words(build, joined_home, tmp_path, monkeypatch):
    folder = shutil.copytree(joined_home / "builds" / "sixty", tmp_path / "builds" / "sixty")
    assert not any("asked in words" in header.value for header in visit("sessions").header)
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    asked_for = ["train-next", str(folder), "--model", "joint", "--epochs", "1", "--width", "8", "--heads", "1"]
    done = CliRunner().invoke(app, asked_for)
    assert done.exit_code == 0, done.output
    query = build.documents[7].title
    at = visit("sessions", words=query)
    found = table(at, "joint", "dense")
    expected = worded.search(kinds.Opened(Build(folder)), "joint", query, 10)
    for name, hits in expected.items():
        assert found.dropna(subset=[name]).sort_values(name)["id"].tolist() == [hit.id for hit in hits], name
    assert expected["dense"][0].id == build.documents[7].id
    at = visit("sessions", words=query, **{state.DOCUMENT: build.documents[7].id})
    sound(at.button("add-found").click().run())
    assert at.query_params["history"] == ids(build, 7)
    with pytest.raises(TriescopeError, match="knn answers histories alone"):
        worded.search(kinds.Opened(Build(folder)), "knn", query, 10)
    with pytest.raises(TriescopeError, match="needs words"):
        worded.search(kinds.Opened(Build(folder)), "joint", " ", 10)


def test_a_server_that_only_shows_joins_nothing(build, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_READ_ONLY", "1")
    at = visit("sessions")
    at.file_uploader("taken").set_value(("a.txt", b"u a b c", "text/plain")).run()
    sound(at.button("join").click().run())
    assert not (build.folder.parents[1] / "imports").exists()


def test_lists_are_arranged_as_the_address_asks(build):
    at = visit("sessions", history=ids(build, 3, 4, 5), k="5", slate="quota=1")
    found = table(at, "counting", "item-item")
    ranked = found.dropna(subset=["item-item"]).sort_values("item-item")["id"].tolist()
    opened = kinds.Opened(build, 60)
    assert ranked == [hit.id for hit in asked.recommended(opened, "item-item", [3, 4, 5], 5, slate=slates.parse("quota=1"))]
    assert ranked != [hit.id for hit in asked.recommended(opened, "item-item", [3, 4, 5], 5)]
    assert "How far apart the items of a list lie" in said(at)
    assert any("--slate quota=1" in code.value for code in at.code)
    at = visit("sessions", history=ids(build, 3), slate="quota=x")
    assert "The address asks for an order of lists that there is not" in warnings(at)
