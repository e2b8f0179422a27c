"""The front door of a notebook: ``engine.open`` and ``engine.make``."""

import subprocess
import sys

import pytest

import engine
from engine.errors import TriescopeError
from engine.paths import ROOT


def test_a_file_is_built_by_its_path_as_text_and_what_was_made_is_open(tmp_path):
    (tmp_path / "shop.csv").write_text("id,title,maker\nt1,Blue cup,Ayo\nt2,Red bowl,Ben\nt3,Green plate,Ayo\n", "utf-8")
    told = []
    build = engine.make(
        str(tmp_path / "shop.csv"),
        str(tmp_path / "shop"),
        scheme="atomic",
        fields=["maker"],
        seed=3,
        report=lambda stage, done, total: told.append(stage),
    )
    assert [hit.id for hit in build.search("Ben", "bm25")[0]] == ["t2"]
    assert (build.manifest.spec.scheme, build.manifest.spec.seed) == ("atomic", 3)
    assert "embeddings" in told
    again = engine.open(str(tmp_path / "shop"))
    assert again.manifest == build.manifest


def test_another_build_brings_its_fields_and_what_is_named_goes_before(small_build, tmp_path):
    build = engine.make(small_build, tmp_path / "other", scheme="atomic")
    assert build.manifest.spec.fields == engine.open(small_build).manifest.spec.fields
    assert build.trie.levels == 1


@pytest.mark.parametrize(
    ("spec", "said"),
    [({"sceme": "pq"}, "sceme: "), ({"seed": -1}, "seed: "), ({"scheme": "nosuch"}, "unknown identifier scheme")],
)
def test_a_field_that_is_off_is_one_line_and_makes_nothing(small_corpus, tmp_path, spec, said):
    with pytest.raises(TriescopeError, match=said) as caught:
        engine.make(small_corpus, tmp_path / "none", **spec)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_bm25_query_of_a_cold_process_waits_for_no_library_that_it_does_without(small_build):
    idle = ["torch", "sentence_transformers", "transformers", "pandas", "duckdb", "faiss", "umap", "plotly", "scipy.spatial"]
    code = (
        "import sys, engine; found = engine.open(sys.argv[1]).search('a film', 'bm25');"
        f"print([name for name in {idle} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(small_build)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
