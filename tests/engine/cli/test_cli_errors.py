"""Whatever a person gets wrong: exit code 2, one line on stderr, nothing on stdout."""

import io
import json
import shutil
import sys

import pytest

from engine.cli import main as cli
from engine.data.datasets import DATASETS, Dataset
from engine.retrievers import RETRIEVERS


@pytest.fixture
def refused(shell):
    """Run a command that must be refused; gives the line on stderr."""

    def run(*arguments):
        code, out, err = shell(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("triescope: ")
        assert err.endswith("\n")
        assert len(err.splitlines()) == 1
        return err.removeprefix("triescope: ").rstrip("\n")

    return run


@pytest.mark.parametrize("command", [["search", "x"], ["decode", "x"], ["trie"], ["evaluate"]])
def test_a_path_that_is_no_build(refused, tmp_path, command):
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert refused(command[0], folder, *command[1:]) == f"{folder}: not a build (there is no manifest.json in it)"


@pytest.mark.parametrize("command", [["search", "x"], ["decode", "x"], ["trie"], ["evaluate"]])
def test_a_build_that_is_damaged(refused, small_build, tmp_path, command):
    folder = shutil.copytree(small_build, tmp_path / "build")
    (folder / "embeddings.npy").write_bytes(b"")
    assert refused(command[0], folder, *command[1:]).endswith(
        "the build is damaged (embeddings.npy is missing or has another size)"
    )


@pytest.mark.parametrize("command", ["search", "decode"])
@pytest.mark.parametrize("query", ["", "  ", "?!", "\n\t"])
def test_a_query_without_a_word(refused, small_build, command, query):
    assert refused(command, small_build, query) == "the query is empty"


@pytest.mark.parametrize("command", ["search", "decode"])
def test_a_query_that_is_not_utf_8(refused, small_build, command):
    # How Python hands over the argument b"caf\xe9".
    assert refused(command, small_build, "caf\udce9")


def test_an_unknown_retriever(refused, small_build):
    for command in (["search", small_build, "x", "-r", "tfi"], ["evaluate", small_build, "-r", "tfi"]):
        assert refused(*command) == f"unknown retriever 'tfi'; there are {', '.join(RETRIEVERS)}"


@pytest.mark.parametrize("prefix", ["x", "1-", "-1", "1--2", "1.5", "٣", "99999999"])
def test_a_prefix_that_is_none(refused, small_build, prefix):
    assert (
        refused("trie", small_build, f"--prefix={prefix}") == f"{prefix!r} is not a prefix; write codes with hyphens, like 3-17"
    )


@pytest.mark.parametrize("prefix", ["4000", "9999999", "0-4000", "0-0-0-0-0-0-0"])
def test_a_prefix_that_no_identifier_has(refused, small_build, prefix):
    assert refused("trie", small_build, "--prefix", prefix) == f"no identifier starts with {prefix}"


def test_an_unknown_split(refused, small_build):
    message = refused("evaluate", small_build, "--split", "train")
    assert message == "sixty has no judged queries in split 'train'; it has dev, test"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--ids", "lsh"], "unknown identifier scheme 'lsh'; there are rq-kmeans"),
        (["--levels", "99"], "rq-kmeans: levels must lie between 1 and 8, not 99"),
        (["--codes", "1"], "rq-kmeans: codes must lie between 2 and 4096, not 1"),
        (["--field", "colour"], "sixty has no metadata column 'colour'"),
        (["--model", "nobody/has-this"], "encoder 'nobody/has-this' is neither a folder here nor a model"),
    ],
)
def test_a_build_asked_for_wrongly(refused, small_folder, tmp_path, options, fault):
    assert fault in refused("build", small_folder, "--out", tmp_path / "out", "--json", *options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", ["atlantis", "/nowhere/corpus.csv"])
def test_a_corpus_that_is_not_there(refused, tmp_path, source):
    assert refused("build", source, "--out", tmp_path / "out").startswith(f"{source}: no such file or folder")


def test_a_public_set_whose_source_does_not_answer(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(
        DATASETS, "unanswered", Dataset("unanswered", "", 1, "", "http://127.0.0.1:9/unanswered.zip", "md5:" + "0" * 32)
    )
    assert refused("build", "unanswered", "--out", tmp_path / "out").startswith(
        "data set unanswered: could not be fetched from its source"
    )


def test_a_corpus_that_is_malformed(refused, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "1", "text": "x"}\n{"id"\n', "utf-8")
    assert refused("build", tmp_path / "a.jsonl", "--out", tmp_path / "out") == (
        f"{tmp_path / 'a.jsonl'}, row 2, column 6: not valid JSON (Expecting ':' delimiter)"
    )


def test_an_output_folder_that_holds_something_else(refused, small_build, small_folder, tmp_path):
    assert refused("build", small_folder, "--out", tmp_path).endswith("not a build (there is no manifest.json in it)")
    assert "there is another build in this folder" in refused("build", small_folder, "--out", small_build, "--seed", 9)


def test_an_output_folder_that_cannot_be_made(refused, small_folder, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert refused("build", small_folder, "--json", "--out", tmp_path / "file" / "out")


def test_a_progress_file_that_cannot_be_made(refused, small_folder, tmp_path):
    assert refused("build", small_folder, "--json", "--out", tmp_path / "out", "--progress", tmp_path / "no" / "p.json")


@pytest.mark.parametrize(
    "arguments", [["search", "-k", 0], ["search", "--beams", 0], ["build", "--seed", -1], ["build", "--seed", 1 << 31]]
)
def test_an_option_out_of_its_range_is_no_fault_of_ours(capfd, monkeypatch, small_folder, tmp_path, arguments):
    command, option, value = arguments
    rest = ["--out", str(tmp_path / "out")] if command == "build" else ["ship"]
    monkeypatch.setattr(sys, "argv", ["triescope", command, str(small_folder), *rest, option, str(value)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capfd.readouterr()
    assert (left.value.code, out) == (2, "")
    assert option.lstrip("-") in err


def test_a_terminal_without_the_characters_gets_others_and_json_escapes(small_build, monkeypatch):
    def narrow(*arguments):
        out, err = (io.TextIOWrapper(io.BytesIO(), "ascii") for _ in range(2))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "argv", ["triescope", *map(str, arguments)])
        with pytest.raises(SystemExit):
            cli.main()
        out.flush()
        err.flush()
        return out.buffer.getvalue().decode("ascii"), err.buffer.getvalue().decode("ascii")

    assert json.loads(narrow("search", small_build, "café", "-r", "bm25", "--json")[0])["query"] == "café"
    assert "n?where" in narrow("search", "nöwhere", "café")[1]


# How Python hands over bytes that are no UTF-8.
HALF = "caf\udce9"


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "BUILD", HALF],
        ["search", "BUILD", "x", "-r", HALF],
        ["decode", "BUILD", "x", f"--filter={HALF}"],
        ["decode", "BUILD", "x", "--filter", HALF],
        ["decode", "BUILD", "x", f"--ban={HALF}"],
        ["why", "BUILD", "x", HALF],
        ["trie", "BUILD", "--prefix", HALF],
        ["evaluate", "BUILD", "--split", HALF],
        ["train", "BUILD", f"--watch={HALF}"],
        ["train", "BUILD", "--watch", HALF],
        ["train", "BUILD", f"--name={HALF}"],
        ["train", "BUILD", f"--generator={HALF}"],
        ["use", "BUILD", HALF],
        ["trie", HALF],
        ["build", HALF, "--out", "nowhere"],
        ["build", "BUILD", "--out", HALF],
        ["build", "BUILD", "--out", "nowhere", f"--field={HALF}"],
    ],
)
def test_an_argument_that_is_no_text_is_refused_by_itself(refused, small_build, arguments):
    given = [str(small_build) if one == "BUILD" else one for one in arguments]
    assert refused(*given) == f"an argument is not valid UTF-8: {next(one for one in given if HALF in one)!a}"


def test_a_folder_may_be_called_what_is_no_text(told, small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / HALF)
    assert told("trie", folder)["documents"] == 60
