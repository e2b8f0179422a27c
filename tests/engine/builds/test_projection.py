"""The map: the same again for a seed, sound on any corpus however odd, honest about what it keeps, and beside the build."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builds import map as stored_map
from engine.builds.map import map_folder, read, write
from engine.builds.preservation import knn_preservation
from engine.builds.projection import STAGES, project, sample
from engine.errors import TriescopeError
from engine.paths import ROOT


def unit(vectors) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Three tight clusters of twenty, and which document is in which."""
    random = np.random.default_rng(0)
    member = np.repeat(np.arange(3), 20)
    return unit(np.eye(16)[member] * 5 + random.normal(size=(60, 16)) * 0.3), member


@pytest.fixture(scope="module")
def laid(planted):
    return project(planted[0], seed=1)


def test_planted_clusters_lie_apart_on_the_map(planted, laid):
    assert (laid.facts.method, laid.xy.dtype, laid.xy.shape) == ("umap", np.float32, (60, 2))
    assert laid.rows.tolist() == list(range(60))
    distance = np.linalg.norm(laid.xy[:, None] - laid.xy[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (planted[1][distance.argmin(axis=1)] == planted[1]).all()


def test_a_seed_gives_one_map(planted, laid):
    assert np.array_equal(project(planted[0], seed=1).xy, laid.xy)
    assert not np.array_equal(project(planted[0], seed=2).xy, laid.xy)


def test_what_is_kept_lies_between_chance_and_all(laid):
    assert laid.chance == pytest.approx(10 / 59)
    assert laid.chance < laid.facts.preservation <= 1
    assert (laid.facts.neighbours, laid.facts.judged, laid.sampled) == (10, 60, False)


def test_copies_of_a_document_are_one_point(planted):
    made = project(np.concatenate([planted[0][:30], planted[0][:10]]), seed=0)
    assert np.array_equal(made.xy[:10], made.xy[30:])


@pytest.mark.parametrize("documents", range(1, 9))
def test_few_documents_have_a_map_too(planted, documents):
    made = project(planted[0][:documents], seed=0)
    assert made.xy.shape == (documents, 2)
    assert np.isfinite(made.xy).all()
    assert made.facts.method == ("umap" if documents >= 5 else "pca")
    assert made.facts.neighbours == min(10, documents - 1)
    # With so few, all others are the nearest.
    assert made.facts.preservation == (1.0 if documents > 1 else None)


def test_two_documents_make_a_line_as_long_as_their_distance(planted):
    made = project(planted[0][[0, 30]], seed=0)
    assert np.allclose(made.xy[:, 1], 0)
    assert np.isclose(np.ptp(made.xy[:, 0]), np.linalg.norm(planted[0][0] - planted[0][30]), rtol=1e-4)


def test_documents_that_are_all_the_same_are_one_point_and_nothing_is_lost():
    made = project(np.tile(unit([[1, 2, 3]]), (40, 1)), seed=0)
    assert np.ptp(made.xy, axis=0).tolist() == [0, 0]
    assert (made.facts.method, made.facts.preservation) == ("pca", 1.0)


@pytest.mark.parametrize(
    "vectors",
    [
        np.random.default_rng(0).normal(size=(12, 1)),
        np.concatenate([np.eye(6), -np.eye(6)]),
        np.concatenate([np.zeros((6, 3)), np.random.default_rng(0).normal(size=(8, 3))]),
        np.pad(np.random.default_rng(0).normal(size=(5, 1)), ((0, 0), (0, 1))),
        np.ones((9, 4)) + np.random.default_rng(0).normal(size=(9, 4)) * 1e-7,
    ],
    ids=["one-dimensional", "opposites", "zeros", "on a line", "nearly the same"],
)
def test_odd_vectors_have_a_map_without_holes(vectors):
    made = project(vectors.astype(np.float32), seed=0)
    assert np.isfinite(made.xy).all()
    assert 0 <= made.facts.preservation <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_said_with_its_document(planted, value):
    broken = planted[0].copy()
    broken[7, 3] = value
    with pytest.raises(TriescopeError, match="document 8 has a value that is no number"):
        project(broken, seed=0)


def test_no_documents_make_no_map():
    with pytest.raises(TriescopeError, match="no document"):
        project(np.zeros((0, 4), np.float32), seed=0)


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=200), st.integers(1, 100), st.integers(0, 9))
def test_a_sample_holds_every_stratum_in_proportion_give_or_take_one(codes, limit, seed):
    strata = np.array(codes)
    rows = sample(strata, limit, seed)
    assert len(rows) == min(limit, len(strata)) == len(set(rows.tolist()))
    assert np.array_equal(rows, np.sort(rows))
    assert np.array_equal(rows, sample(strata, limit, seed))
    for stratum in set(codes):
        fair = (strata == stratum).sum() * len(rows) / len(strata)
        # One for where the spacing starts, one for where the cut falls.
        assert abs((strata[rows] == stratum).sum() - fair) <= 2


def test_a_sampled_map_says_so_and_tells_which_rows_it_shows(planted):
    made = project(planted[0], seed=0, sample_limit=30, strata=planted[1])
    assert (made.sampled, made.facts.documents, len(made.rows), len(made.xy)) == (True, 60, 30, 30)
    assert np.bincount(planted[1][made.rows]).tolist() == [10, 10, 10]


@given(st.integers(2, 40), st.integers(1, 10), st.integers(0, 20))
def test_preservation_is_the_overlap_of_two_lists_of_neighbours(documents, k, seed):
    random = np.random.default_rng(seed)
    vectors, xy = unit(random.normal(size=(documents, 5))), random.normal(size=(documents, 2)).astype(np.float32)
    k = min(k, documents - 1)
    overlap = 0.0
    for one in range(documents):
        others = [other for other in range(documents) if other != one]
        by_cosine = sorted(others, key=lambda other: -float(vectors[one] @ vectors[other]))[:k]
        on_map = sorted(others, key=lambda other: float(np.linalg.norm(xy[one] - xy[other])))[:k]
        overlap += len(set(by_cosine) & set(on_map)) / k / documents
    assert knn_preservation(vectors, xy, k, documents, seed) == pytest.approx(overlap, abs=1e-4)


def test_preservation_of_a_plane_on_itself_is_whole_also_with_many_copies():
    around = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    circle = np.column_stack([np.cos(around), np.sin(around)]).astype(np.float32)
    assert knn_preservation(circle, circle, 9, 20, seed=0) == 1.0
    copies = np.repeat(circle[:4], 30, axis=0)
    assert knn_preservation(copies, copies, 10, 120, seed=0) == 1.0


def test_progress_goes_through_the_stages_in_order(planted):
    told: list[tuple[str, int, int]] = []
    project(planted[0], seed=0, report=lambda *state: told.append(state))
    stages = [stage for stage, _, _ in told if stage != "build"]
    assert list(dict.fromkeys(stages)) == list(STAGES)
    assert [done for stage, done, _ in told if stage == "build"] == [1, 2]
    counted = [(done, total) for stage, done, total in told if stage == "layout" and total]
    assert counted == sorted(counted)
    assert counted[-1] == (500, 500)


class TestBesideTheBuild:
    @pytest.fixture
    def folder(self, tmp_path):
        return tmp_path / ".maps" / "one"

    def test_what_is_written_is_read_back(self, laid, folder):
        write(laid, folder)
        again = read(folder, 60)
        assert np.array_equal(again.rows, laid.rows)
        assert np.array_equal(again.xy, laid.xy)
        assert again[2:] == laid[2:]
        assert sorted(os.listdir(folder.parent)) == ["one"]
        assert json.loads((folder / "map.json").read_text())["preservation"] == laid.facts.preservation

    def test_where_there_is_none_none_is_read(self, folder):
        assert read(folder, 60) is None

    def test_a_new_map_takes_the_place_of_the_old_one_and_of_what_was_left_half_written(self, laid, folder):
        write(laid, folder)
        left = folder.with_name(".one.partial")
        left.mkdir()
        (left / "map.parquet").write_text("half")
        write(laid._replace(facts=laid.facts.model_copy(update={"seed": 9})), folder)
        assert read(folder, 60).facts.seed == 9
        assert not left.exists()

    @pytest.mark.parametrize("name", ["map.json", "map.parquet"])
    @pytest.mark.parametrize("text", ["", "{}", "[1]", "no such thing"])
    def test_a_damaged_map_is_said_in_a_line(self, laid, folder, name, text):
        write(laid, folder)
        (folder / name).write_text(text)
        with pytest.raises(TriescopeError, match="the map is damaged"):
            read(folder, 60)

    def test_the_map_of_another_number_of_documents_is_not_taken(self, laid, folder):
        write(laid, folder)
        with pytest.raises(TriescopeError, match="damaged"):
            read(folder, 61)

    def test_a_map_that_points_outside_the_corpus_is_not_taken(self, laid, folder):
        write(laid._replace(rows=laid.rows + 1), folder)
        with pytest.raises(TriescopeError, match="damaged"):
            read(folder, 60)

    def test_the_folder_is_named_by_what_was_built(self, opened):
        manifest = opened.manifest
        name = f"{opened.folder.name}-{manifest.spec_sha256[:12]}-{manifest.corpus.sha256[:12]}"
        assert map_folder(opened) == opened.folder.parent / ".maps" / name

    def test_making_a_map_leaves_the_build_as_it_was_and_is_done_once(self, opened, monkeypatch):
        shutil.rmtree(map_folder(opened), ignore_errors=True)  # of another test, which workers may run before this one
        before = {path: path.stat().st_mtime_ns for path in opened.folder.rglob("*")}
        made = stored_map.make(opened)
        assert (made.facts.documents, made.facts.seed) == (len(opened.codes), opened.manifest.spec.seed)
        assert {path: path.stat().st_mtime_ns for path in opened.folder.rglob("*")} == before
        monkeypatch.setattr(stored_map, "project", None)
        assert np.array_equal(stored_map.make(opened).xy, made.xy)

    def test_a_damaged_map_is_made_anew(self, opened, laid, monkeypatch):
        write(laid, map_folder(opened))
        (map_folder(opened) / "map.json").write_text("{")
        monkeypatch.setattr(stored_map, "project", lambda *given: laid)
        assert stored_map.make(opened) is laid
        assert np.array_equal(read(map_folder(opened), 60).xy, laid.xy)


def test_no_umap_is_loaded_until_there_is_something_to_lay_out():
    code = "import sys, engine.builds.map; print('umap' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
