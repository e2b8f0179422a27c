"""What the README says of recommendation is what the results file holds; what needs no training is counted anew with the data."""

import os
import re
from pathlib import Path

import pytest

from benchmarks.recommendation import Bench
from engine import paths
from engine.recommending.base import Ranked
from engine.recommending.judging import judge
from tests.claims.test_readme import README

RESULTS = (paths.ROOT / "benchmarks" / "results" / "recommendation.md").read_text("utf-8")
SECTION = README.split("### What comes next")[1].split("\n### ")[0]


def rows(text):
    """Name -> (R@10, NDCG@10) of the main table."""
    found = {}
    for line in text.split("\n## ")[0].splitlines():
        cells = [cell.strip().strip("*") for cell in line.strip("| ").split("|")]
        if len(cells) > 5 and cells[0] != "model" and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cells[0]):
            found.setdefault(cells[0], (float(cells[3].replace("*", "").split()[0]), float(cells[4].split()[0])))
    return found


def test_the_readme_quotes_the_results():
    quoted = dict(re.findall(r"^\| [^|]* \| `([a-z0-9-]+)` \| [^|]* \| ([^|]*\| \**\.\d{4})", SECTION, re.MULTILINE))
    held = rows(RESULTS)
    assert set(quoted) <= set(held)
    assert {
        "item-item",
        "counting",
        "counting-10",
        "counting-random",
        "sasrec",
        "hybrid",
        "knn",
        "popularity",
        "tree-distilled",
    } <= set(quoted)
    for name, text in quoted.items():
        found = [float(one) for one in re.findall(r"\.\d{4}", text)]
        assert (found[0], found[-1]) == held[name], name
    (own,) = re.findall(r"our own after half an hour of these cores (\.\d{4})", SECTION)
    assert float(own) == held["tiger"][0]


def test_the_counting_scorer_keeps_what_it_marginalises():
    held = rows(RESULTS)
    assert abs(held["counting"][0] - held["item-item"][0]) <= 0.002
    assert held["counting-10"][0] >= 0.1
    assert held["item-item"][0] >= 0.109
    assert held["item-item"][1] >= 0.065


@pytest.mark.slow
def test_what_needs_no_training_is_counted_again():
    folder = Path(os.environ.get("TRIESCOPE_DATASETS", "")) / "amazon_beauty"
    if not folder.is_dir():
        pytest.skip("TRIESCOPE_DATASETS names no folder with amazon_beauty")
    bench, held = Bench(folder), rows(RESULTS)
    found = judge(Ranked(bench.matrix), bench.split.test).values
    assert (found["R@10"].mean(), found["NDCG@10"].mean()) == pytest.approx(held["item-item"], abs=0.0005)
