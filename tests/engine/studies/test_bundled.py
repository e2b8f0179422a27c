"""What comes with the catalogue is what its manifest says, goes to its own build alone, and is left aside where it is not."""

import json
import shutil

import pytest

from engine import evaluation, paths
from engine.builds import layout, runs
from engine.builds import map as stored_map
from engine.builds.examples import shipped
from engine.builds.opened import Build
from engine.data.halves import halves
from engine.files import sha256
from engine.studies import bundle, bundled, schemes
from engine.studies.bundled import KINDS, RUN
from tests.maps import thrown_down

MOST_BYTES = 12_000_000
COUNT = 10


@pytest.fixture
def films(films_home, tmp_path):
    """A build of the films, the test's own to change."""
    return shutil.copytree(films_home / "builds" / "films", tmp_path / "builds" / "films")


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """What came along, to be tampered with."""
    folder = shutil.copytree(bundled.folder(), tmp_path / "found")
    monkeypatch.setattr(bundled, "folder", lambda: folder)
    return folder


def beside(films):
    """Everything beside and in a build, with its time."""
    return {str(path): path.stat().st_mtime_ns for path in films.parent.rglob("*")}


def test_the_files_are_those_of_the_manifest_and_small():
    found, folder = bundled.read(), bundled.folder()
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {bundled.MANIFEST, *found.files}
    assert {name.split("/")[0] for name in found.files} == set(KINDS)
    for name, known in found.files.items():
        assert (known.bytes, known.sha256) == ((folder / name).stat().st_size, sha256(folder / name))
    assert sum(path.stat().st_size for path in (paths.bundled() / "films").rglob("*") if path.is_file()) < MOST_BYTES


def test_it_is_put_where_the_app_looks_and_once(films):
    (told,) = bundled.install(films)
    assert all(name in told for name in KINDS.values())
    opened = Build(films)
    assert opened.scorer_names == ["centroid", RUN]
    assert stored_map.read(stored_map.map_folder(opened), len(opened.documents)).facts.method == "umap"
    assert set(schemes.read(opened).schemes) == set(schemes.SCHEMES)
    assert set(bundled.evaluated(opened)["retrievers"]) == set(bundle.JUDGED)
    assert opened.search("a heist that happens inside dreams", f"generative:{RUN}")[0][0].id == "inception-2010"
    assert all(bundled.came_along(opened, kind, RUN) for kind in KINDS)
    assert not bundled.came_along(opened, "trained", "other")
    before = beside(films)
    assert bundled.install(films) == []
    assert beside(films) == before


def test_the_default_is_the_one_that_the_rule_gives(films):
    bundled.install(films)
    run = runs.read(films, RUN)
    assert runs.default(films) == (RUN if run.certain else runs.CENTROID)
    half = halves(Build(films).corpus.qrels["dev"])
    assert (run.dev.queries, run.dev.chosen_on, run.labelled) == (len(half.judging), len(half.choosing), True)
    assert set(run.dev.beside) == {"bm25", "dense", "moved"}


def test_what_a_person_deletes_stays_deleted_until_the_build_is_made_anew(films, films_home):
    bundled.install(films)
    runs.remove(films, RUN)
    assert bundled.install(films) == []
    assert runs.names(films) == []
    shutil.rmtree(films)
    shutil.copytree(films_home / "builds" / "films", films)
    (told,) = bundled.install(films)  # its map and study had stayed beside it
    assert KINDS["trained"] in told
    assert KINDS["map"] not in told
    assert runs.names(films) == [RUN]


def test_what_is_there_already_is_not_replaced_and_not_said_to_have_come_along(films):
    opened = Build(films)
    stored_map.write(thrown_down(1201, method="pca"), stored_map.map_folder(opened))
    (told,) = bundled.install(films)
    assert KINDS["map"] not in told
    assert stored_map.read(stored_map.map_folder(opened), 1201).facts.method == "pca"
    assert not bundled.came_along(opened, "map")
    assert bundled.came_along(opened, "study")


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_was_tampered_with_is_left_aside_with_a_line_and_the_others_are_not(films, ours, kind):
    path = max((ours / kind).iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done, fault = bundled.install(films)
    assert KINDS[kind] not in done
    assert path.name in fault
    assert sum(name in done for name in KINDS.values()) == len(KINDS) - 1
    assert not bundled.came_along(Build(films), kind, RUN)


def test_one_that_is_missing_is_left_aside_and_a_path_that_leads_elsewhere_too(films, ours):
    (ours / "map" / layout.POINTS).unlink()
    manifest = json.loads((ours / bundled.MANIFEST).read_text("utf-8"))
    manifest["files"]["study/../../x"] = manifest["files"]["study/study.json"]
    (ours.parent / "x").write_bytes((ours / "study" / "study.json").read_bytes())
    (ours / bundled.MANIFEST).write_text(json.dumps(manifest), "utf-8")
    _, *faults = bundled.install(films)
    assert len(faults) == 2
    assert not stored_map.map_folder(Build(films)).exists()
    assert not schemes.study_folder(Build(films)).exists()


@pytest.mark.parametrize(
    ("change", "lines"),
    [({"corpus": "0" * 64}, 0), ({"spec": "0" * 64}, 1), ({"format": 99}, 1), ({"files": 3}, 1)],
)
def test_a_build_of_another_catalogue_or_spec_gets_nothing(films, ours, change, lines):
    path = ours / bundled.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    before = beside(films)
    told = bundled.install(films)
    assert len(told) == lines
    assert all("left aside" in one for one in told)
    assert {name: time for name, time in beside(films).items() if ".lock" not in name} == before
    assert not any(bundled.came_along(Build(films), kind, RUN) for kind in KINDS)
    assert bundled.evaluated(Build(films)) is None


def test_a_catalogue_that_brings_nothing_along_is_no_fault(films, ours):
    shutil.rmtree(ours)
    assert bundled.install(films) == []


def test_the_shell_puts_it_beside_the_films_and_says_so_and_beside_no_others(told, tmp_path, small_folder):
    assert KINDS["trained"] in told("build", "films", "--out", tmp_path / "films")["came_along"][0]
    other = told("build", "films", "--out", tmp_path / "other", "--seed", 1)
    assert "left aside" in other["came_along"][0]
    assert runs.names(tmp_path / "other") == []
    assert "came_along" not in told("build", small_folder, "--out", tmp_path / "sixty", "--codes", 4)


@pytest.mark.slow
def test_made_anew_it_finds_the_same(films, tmp_path, monkeypatch):
    bundled.install(films)
    made = tmp_path / "made"
    bundle.remake(made, lambda stage, done, total: None)
    again = shutil.copytree(films, tmp_path / "again" / "films", ignore=shutil.ignore_patterns("trained"))
    monkeypatch.setattr(bundled, "folder", lambda: made)
    bundled.install(again)
    first, second = Build(films), Build(again)
    for example in shipped()[1]:
        one, other = ([hit.id for hit in of.search(example.query, f"generative:{RUN}", COUNT)[0]] for of in (first, second))
        assert one == other, example.query
    for name in (f"generative:{RUN}", f"hybrid:{RUN}"):
        two = [
            evaluation.evaluate(of, bundle.SPLIT, [name], measures=["nDCG@10"]).retrievers[name].measures["nDCG@10"].mean
            for of in (first, second)
        ]
        assert two[0] == pytest.approx(two[1], abs=0.005)
    studies = [schemes.read(of).schemes for of in (first, second)]
    for name, row in studies[0].items():
        for measure, of in row.quality.items():
            assert of.mean == pytest.approx(studies[1][name].quality[measure].mean, abs=0.005), (name, measure)
    maps = [stored_map.read(stored_map.map_folder(of), 1201).facts.preservation for of in (first, second)]
    assert maps[0] == pytest.approx(maps[1], abs=0.01)
