"""A run's history and tuning as they were stored: read into values, written as they were, and said where they are damaged."""

import json
import math
from pathlib import Path

import pytest

from engine.builds import runs
from engine.builds.history import Evaluation, Finding
from engine.errors import TriescopeError
from engine.files import replace_json

FORMAT_2 = Path(__file__).parent / "format_2" / "thirteen"
KNOWN = json.loads((FORMAT_2 / "trained" / "node" / "run.json").read_text("utf-8"))


@pytest.fixture
def begun(tmp_path):
    """Writes the history of an unfinished training."""

    def write(content):
        folder = runs.partial_of(tmp_path, "node")
        folder.mkdir(parents=True)
        (folder / "history.jsonl").write_text(content, "utf-8")
        return runs.history(tmp_path, "node")

    return write


def test_a_run_of_format_2_is_written_as_it_was_but_for_its_tuning():
    run = runs.read(FORMAT_2, "node")
    written = run.as_json()
    grown = ("tuning", "dev", "history")  # what later versions keep beside what there was
    assert {key: written[key] for key in KNOWN if key not in grown} == {
        key: value for key, value in KNOWN.items() if key not in grown
    }
    assert all(now.items() >= was.items() for now, was in zip(written["history"], KNOWN["history"], strict=True))
    assert written["dev"].items() >= KNOWN["dev"].items()
    assert isinstance(KNOWN["tuning"]["weights"], list)
    assert run.tuning.weights == dict(zip(("bm25", "dense", "generative"), KNOWN["tuning"]["weights"], strict=True))
    assert [entry.step for entry in run.history] == [entry["step"] for entry in KNOWN["history"]]
    assert run.history[0].detectors[0] == Finding(**KNOWN["history"][0]["detectors"][0])


def test_the_history_ends_before_a_line_that_is_being_written(begun):
    whole = [json.dumps(entry) for entry in KNOWN["history"]]
    assert [entry.step for entry in begun("\n".join([*whole, whole[0][:60]]))] == [entry["step"] for entry in KNOWN["history"]]


def test_an_evaluation_of_an_older_version_has_no_line_to_cross(begun):
    (found,) = begun(json.dumps({key: value for key, value in KNOWN["history"][0].items() if key != "centroid"}))
    assert found.centroid == {}


def test_a_figure_that_is_no_number_is_not_written_as_something_else():
    entry = Evaluation.model_validate(KNOWN["history"][0])
    broken = entry.model_copy(update={"detectors": (Finding(name="first code", value=math.nan, verdict="broken", says=""),)})
    with pytest.raises(ValueError, match="not JSON compliant"):
        json.dumps(broken.model_dump(mode="json"), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"history": [{"step": 0}]}, "history.0"),
        (
            {"history": [KNOWN["history"][0] | {"detectors": [{"name": "x", "value": 1.0, "verdict": "fine", "says": ""}]}]},
            "history.0",
        ),
        ({"tuning": {}}, "tuning"),
        ({"dev": KNOWN["dev"] | {"measure": "MRR@7"}}, "dev"),
        ({"dev": KNOWN["dev"] | {"beside": {"bm25": {}}}}, "dev"),
        ({"history": [KNOWN["history"][0] | {"dev": {}}]}, "nDCG@10 is missing after step"),
        ({"history": [KNOWN["history"][0] | {"centroid": {"Hit@1": 0.5}}]}, "nDCG@10 is missing after step"),
        ({"tuning": KNOWN["tuning"] | {"weights": [0, 0, 0]}}, "tuning"),
    ],
)
def test_a_damaged_run_is_said_in_one_line_with_its_field(tmp_path, change, field):
    folder = tmp_path / "trained" / "node"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(KNOWN | change), "utf-8")
    with pytest.raises(TriescopeError, match=r"run.json: the run is damaged \(.*" + field):
        runs.read(tmp_path, "node")


def test_a_run_is_read_once_and_again_when_its_file_is_another(tmp_path):
    folder = tmp_path / "trained" / "node"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(KNOWN), "utf-8")
    first = runs.read(tmp_path, "node")
    assert runs.read(tmp_path, "node") is first
    replace_json(folder / "run.json", KNOWN | {"seed": KNOWN["seed"] + 1})
    assert runs.read(tmp_path, "node").seed == KNOWN["seed"] + 1
    (folder / "run.json").unlink()
    with pytest.raises(TriescopeError, match="no trained scorer 'node'"):
        runs.read(tmp_path, "node")
