"""A build made of one that has interactions: its identifiers know of them, and they go along."""

import shutil

import numpy as np
import pytest
from scipy import sparse

from engine.builds.given import Given
from engine.builds.opened import Build
from engine.builds.sources import source_of
from engine.builds.spec import BuildSpec
from engine.errors import TriescopeError
from engine.recommending import kinds, on_disk, rebuilt
from engine.recommending.factors import factors
from engine.recommending.judging import judge


@pytest.mark.parametrize("rank", [1, 4, 11, 30])
@pytest.mark.parametrize("whole", [0, 1000])
def test_factors_are_the_nearest_matrix_of_their_rank(rank, whole, monkeypatch):
    monkeypatch.setattr("engine.recommending.factors.WHOLE", whole)
    weights = sparse.random(12, 12, 0.5, random_state=0, format="csr", dtype=np.float32)
    found = factors(weights, rank).astype(float)
    left, values, right = np.linalg.svd(weights.toarray())
    kept = min(rank, 11)
    assert np.allclose(found[:, :rank] @ found[:, rank:].T, (left[:, :kept] * values[:kept]) @ right[:kept], atol=1e-4)
    assert not factors(sparse.csr_matrix((5, 5), dtype=np.float32), 2).any()


def test_interactions_go_along_and_say_what_is_taken_together(told, build, tmp_path):
    source, spec = source_of(str(told[0])), BuildSpec(scheme="rq-behaviour", settings={"share": 0.0, "codes": 4})
    assert "the interactions of sixty went along: 40 people" in rebuilt.build(source, spec, tmp_path / "made")[0]
    made = Build(tmp_path / "made")
    known, of = on_disk.Interactions(made), on_disk.Interactions(build)
    assert (known.matrix.weights != of.matrix.weights).nnz == 0
    assert known.test.targets.tolist() == of.test.targets.tolist()
    # People walk along the catalogue, so neighbours there are taken together; begin alike more often than by text.
    alike = [float(np.mean(one.codes[1:, 0] == one.codes[:-1, 0])) for one in (made, build)]
    assert alike[0] > alike[1] + 0.2
    wide = kinds.Opened(made, 60).get("counting")
    assert judge(wide, known.test).values["R@10"].mean() > 0.5
    # The same again is that build; of other interactions it is another one.
    assert rebuilt.build(source, spec, tmp_path / "made") == []
    with pytest.raises(TriescopeError, match="a build of other interactions in this folder"):
        rebuilt.make(source.corpus, spec, tmp_path / "made", given=Given(behaviour=np.ones((60, 4))))


def test_other_fields_leave_them_behind_and_changes_are_folded_in_first(told, build, tmp_path, monkeypatch):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    spec = build.manifest.spec.model_copy(update={"fields": ("genre",)})
    monkeypatch.setattr(rebuilt, "read_manifest", lambda out: build.manifest.model_copy(update={"spec": spec}))
    shutil.copytree(told[0], tmp_path / "bare", ignore=shutil.ignore_patterns(on_disk.FOLDER))
    assert rebuilt.carry(Build(folder), tmp_path / "bare") == [
        "the interactions of sixty are of other documents or other fields: join them again"
    ]
    grown = Build(folder)
    grown.base = grown
    with pytest.raises(TriescopeError, match="fold them in and join the interactions again"):
        rebuilt.behaviour_of(grown, "rq-behaviour", {}, 0)
    assert rebuilt.behaviour_of(grown, "rq-behaviour", {"share": 1.0}, 0) is None
    assert rebuilt.behaviour_of(grown, "rq-kmeans", {}, 0) is None
