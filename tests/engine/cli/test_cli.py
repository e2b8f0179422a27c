"""Every command through :func:`engine.cli.main`, in this process; a few once more as a person starts them."""

import json
import os
import subprocess
import sys

import pytest

from engine.paths import ROOT
from engine.text.matched import marks, wanted
from tests.labelled import ANYWHERE

HIT = {"rank", "id", "title", "score", "identifier", "source"}
CANDIDATE = {"rank", "prefix", "code", "log_prob", "total", "documents"}
MEASURED = {"nDCG@10", "Recall@10", "Recall@100", "MRR@10", "Hit@1"}


def process(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_datasets_lists_the_sets_that_have_a_name(told, shell):
    rows = told("datasets")
    assert rows[0]["name"] == "films"
    assert set(rows[0]) >= {"name", "summary", "documents", "licence", "url", "known_hash"}
    assert len(shell("datasets")[1].splitlines()) == len(rows)


@pytest.mark.parametrize("retriever", ANYWHERE)
def test_search_gives_ranked_hits(told, small_build, opened, retriever):
    query = opened.corpus.queries["q1"]
    value = told("search", small_build, query, "-r", retriever, "-k", 3)
    assert set(value) == {"retriever", "query", "hits", "ms"} | ({"read"} if retriever == "look-up" else set())
    assert (value["retriever"], value["query"]) == (retriever, query)
    assert [hit["rank"] for hit in value["hits"]] == list(range(1, len(value["hits"]) + 1))
    assert all(set(hit) == HIT | {"evidence", "snippet", "marks", "metadata"} for hit in value["hits"])
    assert [{name: hit[name] for name in HIT} for hit in value["hits"]] == [
        hit._asdict() for hit in opened.search(query, retriever, 3)[0]
    ]
    for hit in value["hits"]:
        document = opened.documents[opened.row_of[hit["id"]]]
        assert hit["metadata"] == document.metadata
        assert hit["snippet"].strip("…") in document.text
        assert all(hit["snippet"][start:stop].strip() for start, stop in hit["marks"])
    assert set(value["ms"]) == {"encode", "search"}


def test_search_prints_a_hit_and_the_part_of_its_text_that_has_the_words(shell, small_build, opened):
    query = opened.corpus.queries["q1"]
    code, out, err = shell("search", small_build, query, "-k", 4, "-r", "bm25")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["1", "2", "3", "4"]
    assert marks(wanted(query), lines[1])
    assert not any("\x1b" in line for line in lines)


def test_search_prints_what_speaks_for_a_hit_unless_it_stands_there_already(shell, small_build):
    lines = {}
    for retriever in ("bm25", "seal", "minder", "dense", "hybrid", "generative", "bm25~dense"):
        code, out, _ = shell("search", small_build, "an old samurai", "-k", 1, "-r", retriever)
        assert code == 0
        lines[retriever] = next(line for line in out.splitlines() if line.startswith("  1 "))
    assert "]  words: " in lines["bm25"]
    assert "]  n-grams: " in lines["seal"]
    assert "]  text: " in lines["minder"]
    assert all(lines[name].endswith("]") for name in ("dense", "hybrid", "generative", "bm25~dense"))


def test_a_search_that_finds_nothing_is_no_error(told, small_build):
    assert told("search", small_build, "xylograph", "-r", "bm25")["hits"] == []


def test_decode_gives_every_step_and_the_hits(told, small_build, opened):
    value = told("decode", small_build, "a ship in a storm", "--beams", 3, "-k", 2)
    assert (value["query"], value["beams"], len(value["hits"])) == ("a ship in a storm", 3, 2)
    assert [step["level"] for step in value["steps"]] == list(range(1, opened.trie.levels + 1))
    for step in value["steps"]:
        assert set(step) >= {"level", "kept", "pruned", "masked_mass", "ms"}
        assert len(step["kept"]) <= 3
        assert all(set(one) == CANDIDATE for one in step["kept"] + step["pruned"])
        assert 0 <= step["masked_mass"] <= 1
    assert all(set(hit) == HIT for hit in value["hits"])
    assert [hit["id"] for hit in value["hits"]] == [hit.id for hit in opened.search("a ship in a storm", k=2, beams=3)[0]]


def test_decode_prints_steps_and_hits(shell, small_build, opened):
    code, out, _ = shell("decode", small_build, "a ship in a storm", "--beams", 2, "-k", 1)
    assert code == 0
    assert sum(line.startswith("step ") for line in out.splitlines()) == opened.trie.levels


def test_trie_shows_the_children_of_the_root_and_of_a_prefix(told, shell, small_build, opened):
    root = told("trie", small_build)
    assert (root["prefix"], root["documents"]) == ("", 60)
    assert sum(child["documents"] for child in root["children"]) == 60
    assert all(set(child) == {"code", "documents", "name"} for child in root["children"])
    first = root["children"][0]
    below = told("trie", small_build, "--prefix", first["code"])
    assert below["documents"] == first["documents"] == sum(child["documents"] for child in below["children"])
    assert len(shell("trie", small_build)[1].splitlines()) == len(root["children"])


def test_trie_at_a_leaf_has_no_children(told, small_build, opened):
    assert told("trie", small_build, "--prefix", opened.identifier(0)) == {
        "prefix": opened.identifier(0),
        "documents": 1,
        "children": [],
    }


def test_evaluate_gives_intervals_and_latency(told, shell, small_build):
    value = told("evaluate", small_build, "--split", "test")
    assert (value["split"], value["queries"]) == ("test", 6)
    assert set(value["retrievers"]) == {"bm25", "dense", "generative", "hybrid"}
    for row in value["retrievers"].values():
        assert set(row) == MEASURED | {"latency_ms"}
        assert all(set(row[name]) == {"mean", "low", "high"} for name in MEASURED)
        assert set(row["latency_ms"]) == {"p50", "p95"}
    assert len(shell("evaluate", small_build, "-r", "bm25", "-r", "dense")[1].splitlines()) == 8


def test_build_makes_what_search_opens(told, shell, small_folder, tmp_path):
    value = told("build", small_folder, "--out", tmp_path / "out", "--codes", 4, "--levels", 2, "--field", "genre", "--seed", 5)
    assert value["build"] == str(tmp_path / "out")
    assert value["spec"]["settings"] == {"levels": 2, "codes": 4}
    assert (value["spec"]["seed"], value["spec"]["fields"]) == (5, ["genre"])
    assert value["corpus"]["documents"] == 60
    assert len(told("search", tmp_path / "out", "comedy", "-r", "bm25", "-k", 2)["hits"]) == 2


def test_build_tells_its_progress_in_a_file_and_on_stderr(shell, small_folder, tmp_path):
    code, out, err = shell("build", small_folder, "--out", tmp_path / "out", "--codes", 4, "--progress", tmp_path / "p.json")
    assert code == 0
    assert out.startswith("sixty: 60 documents")
    assert "embeddings" in err
    progress = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert progress["state"] == "done"
    assert progress["stages_done"] == progress["stages"] == 9


def test_build_says_what_its_reader_left_aside_in_lines_and_in_json(shell, told, tmp_path):
    folder = tmp_path / "shop"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "1", "title": "Blue cup"}\n{"_id": "2", "title": "Rake"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "cup"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t1\nq\tgone\t1\n")
    made = ("build", folder, "--out", tmp_path / "out", "--ids", "atomic")
    (note,) = told(*made)["corpus"]["notes"]
    assert note.startswith("qrels/test.tsv: ")
    assert f"{note}\n" in shell(*made)[1]


def test_build_says_which_documents_were_left_out(shell, tmp_path):
    (tmp_path / "a.csv").write_text("id,title,text\n1,One,a ship\n2,,\n", "utf-8")
    assert "left out, having neither title nor text: 2" in shell("build", tmp_path / "a.csv", "--out", tmp_path / "out")[1]


def test_a_build_that_fails_says_so_in_its_progress_file(shell, tmp_path):
    (tmp_path / "a.csv").write_text("id,title\n1,One\n1,Two\n", "utf-8")
    code, out, _ = shell("build", tmp_path / "a.csv", "--out", tmp_path / "out", "--progress", tmp_path / "p.json")
    assert (code, out) == (2, "")
    progress = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert progress["state"] == "failed"
    assert "used before" in progress["message"]


def test_the_shell_itself_gives_the_same_as_the_command_here(small_build, told):
    done = process("search", small_build, "the king", "-r", "bm25", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["hits"] == told("search", small_build, "the king", "-r", "bm25")["hits"]


def test_the_shell_itself_exits_with_two_and_one_line(tmp_path):
    done = process("trie", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"triescope: {tmp_path}: not a build (there is no manifest.json in it)\n"


def test_build_says_what_was_left_aside_and_takes_columns_by_name(shell, tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"nr": 1, "was": "a cup"}\n{"nr": 2, "was": "a rake"}\n', "utf-8")
    (tmp_path / "qrels" / "test.csv").write_text("query-id,corpus-id,score\n", "utf-8")
    named = ("--ids", "atomic", "--column", "id=nr", "--column", "text=was")
    code, out, _ = shell("build", tmp_path, "--out", tmp_path / "made", *named)
    assert (code, out.splitlines()[-1]) == (0, "qrels/test.csv was left aside: it is no .tsv file")
    for wrong in ("nr", "id=", "titel=was"):
        code, _, err = shell("build", tmp_path, "--out", tmp_path / "other", "--column", wrong)
        assert (code, err) == (
            2,
            f"triescope: --column {wrong}: name a column like id=movieId; id, title, text, category and url can be named\n",
        )


@pytest.mark.parametrize("retriever", ANYWHERE)
def test_search_under_a_filter_finds_what_passes_and_says_how_many_do(told, shell, small_build, opened, retriever):
    query, asked = opened.corpus.queries["q1"], ("--filter", "year < 1960")
    early = {document.id for document in opened.documents if document.metadata["year"] < 1960}
    value = told("search", small_build, query, "-r", retriever, "-k", 3, *asked)
    assert {hit["id"] for hit in value["hits"]} <= early
    assert (value["filter"], value["documents"], value["left_aside"]) == ("year < 1960", len(early), [])
    first = shell("search", small_build, query, "-r", retriever, *asked)[1].splitlines()[0]
    assert first == f"filter: {len(early)} of 60 documents pass, and are searched"
    assert "filter" not in told("search", small_build, query, "-r", retriever)
