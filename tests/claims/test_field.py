"""Claims of the field as they came along: each verdict follows from its stored figures, and the README tells the same ones."""

import re

import pytest

from engine import paths
from engine.builds.opened import Build
from engine.claims import CLAIMS, kept, measure
from engine.data.figures import told

README = (paths.ROOT / "README.md").read_text("utf-8")
SYSTEMS = (paths.ROOT / "docs" / "systems.md").read_text("utf-8")
# What the list of systems tells of claims on other catalogues: a line each, by the catalogue, the claim's number and the verdict.
LINE = re.compile(r"^On ([\w ]+?) (?:\([^)]+\) )?claim (\d+) (holds(?: partly)?|does not hold(?: here)?)\b(.+)$", re.MULTILINE)
FOUND = {key: found for key in CLAIMS if (found := kept.read(kept.shipped_folder(), key))}
# Another processor's arithmetic turns a tie or two.
TOLERANCE = 0.01


def test_every_claim_came_along_with_the_films():
    assert list(FOUND) == list(CLAIMS)
    assert {found.corpus for found in FOUND.values()} == {"films"}


@pytest.mark.parametrize("key", FOUND)
def test_its_verdict_follows_from_its_figures(key):
    found = FOUND[key]
    assert found.verdict == (CLAIMS[key].judge(found.figures) if found.figures else "not testable here")
    assert found.section.title == CLAIMS[key].statement


def test_what_came_along_of_other_catalogues_follows_from_its_figures_too():
    others = [found for key in CLAIMS for found in kept.others(key)]
    assert [(found.key, found.corpus, found.documents) for found in others] == [
        ("labels-or-generation", "nfcorpus", 3_633),
        ("labels-or-generation", "scifact", 5_183),
        ("loses-at-scale", "nfcorpus", 3_633),
        ("loses-at-scale", "scifact", 5_183),
        ("loses-at-scale", "wordnet", 107_525),
        ("cold-items", "Amazon Beauty", 12_094),
        ("dynamic-corpora", "nfcorpus", 3_633),
        ("dynamic-corpora", "scifact", 5_183),
    ]
    assert all(found.verdict == CLAIMS[found.key].judge(found.figures) for found in others)


def test_the_list_of_systems_tells_what_came_along_of_other_catalogues():
    """Every verdict, and every figure of three places, whichever way round the difference is."""
    others = {(found.corpus.lower(), CLAIMS[key].number): found for key in CLAIMS for found in kept.others(key)}
    lines = LINE.findall(SYSTEMS)
    assert sorted((on.lower(), int(number)) for on, number, _, _ in lines) == sorted(others)
    for on, number, verdict, told_there in lines:
        found = others[on.lower(), int(number)]
        assert found.verdict.startswith(verdict), (on, number)
        cells = [cell for row in found.section.rows for cell in row if isinstance(cell, float)]
        known = {f"{abs(value):.3f}" for value in (*cells, *(part for of in found.figures.values() for part in of))}
        known.update(re.findall(r"\d\.\d{3}", found.section.says))
        told_figures = re.findall(r"(?<!\d)\.\d{3}\b", told_there)
        assert told_figures
        assert [figure for figure in told_figures if f"0{figure}" not in known] == [], (on, number)


def test_the_readme_tells_the_verdicts_that_came_along():
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", README.split("### Claims of the field")[1], re.MULTILINE)
    assert {(int(number), statement, verdict) for number, statement, verdict, _ in rows} == {
        (claim.number, claim.statement.rstrip("."), FOUND[key].verdict) for key, claim in CLAIMS.items()
    }
    for number, _, _, figures in rows:
        key = next(key for key, claim in CLAIMS.items() if claim.number == int(number))
        known = " ".join(told(of) + " " + told(of, sign=True) for of in FOUND[key].figures.values())
        for figure in re.findall(r"[+-]?0\.\d{3} \[[^]]+\]", figures):
            assert figure in known, (key, figure)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["nearby-prefixes", "tree-index", "bounded-recall"])
def test_made_anew_it_is_what_came_along(films_home, key):
    made = measure.finding(Build(films_home / "builds" / "films"), CLAIMS[key])
    assert made.verdict == FOUND[key].verdict
    for name, of in FOUND[key].figures.items():
        assert made.figures[name] == pytest.approx(of, abs=TOLERANCE)


def test_the_readme_tells_of_narrow_beams_what_was_measured():
    told_there = README.split("### Narrow beams, and what helps")[1].split("###")[0]
    measured = (paths.ROOT / "benchmarks" / "results" / "narrow.md").read_text("utf-8").split("## scifact, test")[1]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in measured.splitlines() if line.startswith("| ")]
    recall = {(row[0], row[2]): row[4].split()[0].lstrip("0") for row in cells if "lea" in row[0]}
    rows = re.findall(r"^\| (\d+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", told_there, re.MULTILINE)
    assert len(rows) == 4
    for beams, *figures in rows:
        assert figures == [recall[name, beams] for name in ("one leaf", "2 leaves", "3 leaves", "2 leaves, dealt at random")]
    size, scored = {row[0]: row[1] for row in cells}, {(row[0], row[2]): row[5] for row in cells if "lea" in row[0]}
    assert f"from {size['one leaf']} to {size['2 leaves']} and {size['3 leaves']} MB" in told_there
    assert f"{scored['2 leaves', '10']} nodes, 20 over one {scored['one leaf', '20']}" in told_there
    first = next(row for row in cells if row[0] == "1" and len(row) == 7)
    assert f"from {first[3].split()[0].lstrip('0')} to {first[4].split()[0].lstrip('0')} with one beam" in told_there


def test_the_readme_tells_of_ngrams_what_was_measured():
    told_there = README.split("### N-grams as identifiers")[1].split("\n\n###")[0]
    measured = (paths.ROOT / "benchmarks" / "results" / "ngrams.md").read_text("utf-8")
    rows = re.findall(r"^\| (films|NFCorpus|SciFact) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", told_there, re.MULTILINE)
    assert len(rows) == 3
    for name, *figures in rows:
        block = measured.split(f"## {name.lower()}, test")[1].split("## ")[0]
        found = dict(re.findall(r"^\| (\S+) \| (.+?) \|", block, re.MULTILINE))
        assert figures == [re.sub(r"\b0\.", ".", found[one]) for one in ("bm25", "dense", "seal", "minder")]
        assert re.search(r"; \S+ MB, (1\.[5-9]|2\.\d) times the text", block)
