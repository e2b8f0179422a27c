import json

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.sources import source_of
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields
from engine.errors import TriescopeError
from engine.text import embed


def test_a_build_is_a_source_with_its_fields_and_its_encoder(small_corpus, tmp_path, home):
    made = make(small_corpus, BuildSpec(settings={"codes": 4}, fields=("mood",)), tmp_path / "moods")
    source = source_of(str(made))
    assert source.corpus == small_corpus
    assert (source.fields, source.model) == (("mood",), embed.DEFAULT_MODEL)


def test_a_file_and_a_name_are_sources_too(small_folder, small_corpus):
    assert source_of(str(small_folder)) == (small_corpus, (), embed.DEFAULT_MODEL, None)
    assert source_of("films").fields == default_fields("films") != ()


def test_a_damaged_build_is_said(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(TriescopeError, match="the manifest is damaged"):
        source_of(str(tmp_path))


def test_a_build_of_a_build_differs_in_its_identifiers_alone(small_build, tmp_path, told):
    out = tmp_path / "other"
    told("build", small_build, "--out", out, "--ids", "pq", "-o", "levels=2", "-o", "codes=8", "--resolver", "leave")
    first, other = Build(small_build), Build(out)
    assert other.corpus == first.corpus
    assert (np.asarray(other.embeddings) == np.asarray(first.embeddings)).all()
    spec = other.manifest.spec.model_dump(include={"scheme", "settings", "resolver"})
    assert spec == {"scheme": "pq", "settings": {"levels": 2, "codes": 8}, "resolver": "leave"}
    assert other.codes.shape == (60, 2)


def test_the_report_says_what_to_press_as_flags_of_the_shell(small_build, tmp_path, told, shell):
    out = tmp_path / "crowded"
    told("build", small_build, "--out", out, "-o", "levels=1", "-o", "codes=2", "--resolver", "leave")
    rows = {row["figure"]: row for row in told("report", out)["verdicts"]}
    assert rows["unique_rate"]["press"] == {
        "ids": "rq-kmeans",
        "settings": {"levels": 1, "codes": 2},
        "resolver": "extra-code",
    }
    assert "(--ids rq-kmeans -o levels=1 -o codes=2 --resolver extra-code)" in shell("report", out)[1]
    assert json.dumps(rows)


def test_a_build_brings_its_language_unless_another_is_named(small_corpus, tmp_path, home, told):
    made = make(small_corpus, BuildSpec(language="german", settings={"codes": 4}), tmp_path / "german")
    assert source_of(str(made)).usual()["language"] == "german"
    assert told("build", made, "--out", tmp_path / "again", "--codes", 4)["spec"]["language"] == "german"
