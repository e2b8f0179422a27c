"""Sets of the Hugging Face hub: by a name, one file, and nobody is asked unless somebody says so. The hub is a stand-in."""

from types import SimpleNamespace

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled

from engine.builds.sources import source_of
from engine.data import hub_sets
from engine.data.datasets import load
from engine.data.hub_sets import Hosted, chosen
from engine.errors import TriescopeError

FILES = {"corpus.csv": "id,title\n1,Kite\n", "README.md": "x", "queries.parquet": ""}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one set; gives what was asked of it."""
    asked = []

    class Api:
        def dataset_info(self, name, files_metadata, token):
            if constants.HF_HUB_OFFLINE:
                raise OfflineModeIsEnabled("offline")
            asked.append(name)
            files = [SimpleNamespace(rfilename=path, size=len(content)) for path, content in FILES.items()]
            return SimpleNamespace(siblings=files, sha="abc")

    def download(name, path, repo_type, revision, token, cache_dir):
        assert token is False
        asked.append((name, path, repo_type, revision))
        (tmp_path / path).write_text(FILES[path])
        return str(tmp_path / path)

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return asked


def test_a_file_is_fetched_by_its_name_and_the_commit_that_it_is_of(hub):
    made = load("hf:someone/kites:corpus.csv", online=True)
    assert (made.name, [one.title for one in made.documents]) == ("kites", ["Kite"])
    assert hub == ["someone/kites", ("someone/kites", "corpus.csv", "dataset", "abc")]
    assert constants.HF_HUB_OFFLINE is True
    assert source_of("hf:someone/kites:corpus.csv", online=True).corpus.name == "kites"


def test_nobody_is_asked_where_the_environment_says_so_unless_it_is_said(hub):
    with pytest.raises(TriescopeError, match=r"HF_HUB_OFFLINE is set.*--fetch"):
        load("hf:someone/kites:corpus.csv")
    assert hub == []


@pytest.mark.parametrize("name", ["hf:", "hf:kites", "hf:../x/y", "hf:a/../b", "hf:a/b/c", "hf:a/b:", "hf:https://x/y"])
def test_what_is_no_name_is_refused_before_anybody_is_asked(hub, name):
    with pytest.raises(TriescopeError, match="is named like hf:OWNER/NAME"):
        load(name, online=True)
    assert hub == []


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        ([Hosted("a.csv", 1), Hosted("b.parquet", 1)], None, "which file.*hf:o/n:a.csv; there are a.csv, b.parquet"),
        ([Hosted("a.csv", 1), Hosted("x.py", 1)], "x.py", "there is no file 'x.py' that is read; there are a.csv"),
        ([Hosted("x.py", 1)], None, "no file of a kind that is read"),
        ([Hosted("a.csv", hub_sets.LARGEST + 1)], None, "at most"),
    ],
)
def test_which_file_is_meant_is_asked_for_and_never_guessed(found, wanted, told):
    with pytest.raises(TriescopeError, match=told):
        chosen("o/n", found, wanted)
    assert chosen("o/n", [Hosted("a.csv.gz", -1), Hosted("x.py", 1)], None).path == "a.csv.gz"


def test_a_fault_of_the_hub_is_a_line(hub, monkeypatch):
    def broken(*given, **more):
        raise OSError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", broken)
    with pytest.raises(TriescopeError, match=r"could not be fetched from the hub \(no route\)$"):
        load("hf:someone/kites:corpus.csv", online=True)
