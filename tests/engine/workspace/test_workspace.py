"""Judgements: the last one stands, they survive a restart, two at a time, a crash, and belong to a catalogue."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import paths, workspace
from engine.data.corpus import read
from engine.errors import TriescopeError
from engine.workspace import store
from engine.workspace.judgements import query_id


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_looking_makes_no_file(own_home):
    assert workspace.of_query("c", "cup") == {}
    assert workspace.judged("c") == ({}, {})
    assert not own_home.exists()


queries, grades = st.sampled_from(["cup", " cup ", "bowl 'x'"]), st.sampled_from([0, 1, 2, None])
steps = st.lists(st.tuples(st.sampled_from("ab"), queries, st.sampled_from("xy"), grades), max_size=8)


@settings(max_examples=6)
@given(steps)
def test_the_last_word_stands(drawn):
    store.place().unlink(missing_ok=True)
    told: dict = {}
    for corpus, query, document, grade in drawn:
        workspace.judge(corpus, query, document, grade)
        told[corpus, query.strip(), document] = grade
    for corpus in "ab":
        expected: dict = {}
        for (of, query, document), grade in sorted(told.items()):
            if of == corpus and grade is not None:
                expected.setdefault(query_id(query), {})[document] = grade
        found = workspace.judged(corpus)
        assert found.qrels == expected
        assert {query_id(query) for query in found.queries.values()} == set(expected) == set(found.queries)
        assert workspace.of_query(corpus, "cup") == expected.get(query_id("cup"), {})


@pytest.mark.parametrize(
    ("query", "grade", "told"),
    [
        ("", 1, "1 to 500 characters, not 0"),
        ("x" * 501, 1, "not 501"),
        ("cup", 3, "one of 0, 1, 2, not 3"),
        ("cup", -1, "not -1"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is(query, grade, told):
    with pytest.raises(TriescopeError, match=told):
        workspace.judge("c", query, "d", grade)
    assert workspace.judged("c").qrels == {}


def test_several_processes_judge_at_once_and_none_is_lost(own_home):
    code = "import sys; from engine import workspace\nfor n in range(5): workspace.judge('c', f'query {n}', sys.argv[1], 1)"
    crew = [subprocess.Popen([sys.executable, "-c", code, name], cwd=paths.ROOT) for name in ("one", "two", "three")]
    assert [process.wait() for process in crew] == [0, 0, 0]
    found = workspace.judged("c")
    assert len(found.queries) == 5
    assert all(set(grades) == {"one", "two", "three"} for grades in found.qrels.values())


def test_what_fails_half_way_leaves_nothing():
    def begin():
        with store.connected() as connection:
            connection.execute("INSERT INTO judgements (corpus, query, document, grade) VALUES ('c', 'q', 'd', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin()
    assert workspace.judged("c").qrels == {}


def test_what_was_found_while_another_program_has_the_file_open_is_taken_in_afterwards(monkeypatch):
    first = workspace.evaluations.keep("c", "b", {"split": "x"}, {})
    monkeypatch.setattr(store, "PATIENCE_S", 0.1)
    code = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(store.place())], **pipes) as other:
        other.stdout.readline()
        assert workspace.evaluations.keep("c", "b", {"split": "y"}, {"é": [1]}) == 0
        with pytest.raises(TriescopeError, match="another program has it open; close it there"):
            workspace.judge("c", "cup", "d", 1)
        other.stdin.close()
    (row,) = (rows := store.place().with_name(store.ROWS)).iterdir()
    content = row.read_text("utf-8")
    (rows / "0.json").write_text('{"corpus": 1}', "utf-8")  # what is no row stays
    assert [one.asked["split"] for one in workspace.evaluations.listed("c")] == ["y", "x"]
    assert workspace.evaluations.read(first + 1) == {"é": [1]}
    row.write_text(content, "utf-8")  # of one that was killed before it could clear away
    assert [one.asked["split"] for one in workspace.evaluations.listed("c")] == ["y", "x"]
    assert [path.name for path in rows.iterdir()] == ["0.json"]


def test_a_file_that_is_no_workspace_is_said_and_left(own_home):
    own_home.mkdir()
    store.place().write_bytes(b"not a database, but somebody's")
    with pytest.raises(TriescopeError, match=r"workspace.duckdb: not a workspace \(.*\); it is left as it is"):
        workspace.judge("c", "cup", "d", 1)
    assert store.place().read_bytes() == b"not a database, but somebody's"


def test_one_of_a_newer_version_is_said(monkeypatch):
    workspace.judge("c", "cup", "d", 1)
    monkeypatch.setattr(store, "MIGRATIONS", ())
    with pytest.raises(TriescopeError, match=r"made by a newer version \(\d; this one knows 0\)"):
        workspace.judged("c")


def test_an_older_one_takes_the_steps_that_it_lacks_and_keeps_what_it_has(monkeypatch):
    workspace.judge("c", "cup", "d", 1)
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, "ALTER TABLE judgements ADD COLUMN note VARCHAR"))
    assert workspace.of_query("c", "cup") == {"d": 1}
    with store.connected() as connection:
        assert connection.execute("SELECT note FROM judgements").fetchall() == [(None,)]


def test_evaluations_are_kept_by_catalogue_newest_first_and_can_be_forgotten(own_home):
    assert workspace.evaluations.listed("c") == []
    assert not own_home.exists()
    numbers = [
        workspace.evaluations.keep(corpus, "b", {"split": name}, {"é": [name]})
        for corpus, name in (("c", "x"), ("d", "y"), ("c", "z"))
    ]
    assert [(one.number, one.asked) for one in workspace.evaluations.listed("c")] == [
        (numbers[2], {"split": "z"}),
        (numbers[0], {"split": "x"}),
    ]
    assert workspace.evaluations.read(numbers[1]) == {"é": ["y"]}
    workspace.evaluations.remove("c", numbers[0])
    workspace.evaluations.remove("c", numbers[0])
    assert [one.number for one in workspace.evaluations.listed("c")] == [numbers[2]]
    with pytest.raises(TriescopeError, match=f"there is no evaluation {numbers[0]}"):
        workspace.evaluations.read(numbers[0])


def test_what_is_no_number_is_not_kept():
    with pytest.raises(ValueError, match="not JSON compliant"):
        workspace.evaluations.keep("c", "b", {}, {"mean": float("nan")})
    assert workspace.evaluations.listed("c") == []


def test_the_shell_keeps_an_evaluation_query_by_query(small_build, told):
    found = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "-m", "Hit@1", "--keep")
    kept = workspace.evaluations.read(found["kept"])
    assert len(kept["ids"]) == kept["queries"] == 6
    assert sum(kept["values"]["bm25"]["Hit@1"]) / 6 == pytest.approx(found["retrievers"]["bm25"]["Hit@1"]["mean"])


def test_the_shell_judges_lists_and_writes_what_evaluations_read(small_build, small_folder, tmp_path, shell, told):
    title = "a film about a road"
    ids = [json.loads(line)["_id"] for line in (small_folder / "corpus.jsonl").read_text("utf-8").splitlines()[:2]]
    assert shell("judge", small_build, title, ids[0], 2)[0] == 0
    assert shell("judge", small_build, title, ids[1], 0)[0] == 0
    code, _, err = shell("judge", small_build, title, "nobody", 1)
    assert code == 2
    assert "has no document 'nobody'" in err
    assert told("judgements", small_build)["qrels"] == {query_id(title): {ids[0]: 2, ids[1]: 0}}
    out = tmp_path / "judged"
    assert "2 judgements of 1 query\n" in shell("judgements", small_build, "--out", out)[1]
    (out / "corpus.jsonl").write_bytes((small_folder / "corpus.jsonl").read_bytes())
    corpus = read(out)
    assert corpus.qrels["judged"] == {query_id(title): {ids[0]: 2, ids[1]: 0}}
    assert shell("judge", small_build, title, ids[0])[0] == 0
    assert told("judgements", small_build)["qrels"] == {query_id(title): {ids[1]: 0}}
