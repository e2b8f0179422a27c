"""What the README says of quicker encoders is what the table of the benchmark holds; the vectors themselves by a slow test."""

import os
import re
from pathlib import Path

import pytest

from engine.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
TABLE = (ROOT / "benchmarks" / "results" / "encoding.md").read_text("utf-8")


def rows() -> dict[str, list[float]]:
    """Way -> short and long texts a second, nDCG@10 of SciFact and NFCorpus."""
    found = {}
    for line in (line for line in TABLE.splitlines()[6:] if line.startswith("|")):
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[name] = [float(cells[place].split()[0].replace(",", "")) for place in (0, 1, 2, 4)]
    return found


def test_the_figures_of_the_readme_are_those_of_the_table():
    known = rows()
    own, fast, static = known["the encoder itself"], known["OpenVINO, bf16"], known["static"]
    told = re.search(r"come (\S+) times as fast where texts are short and (\S+) times where they are long", README)
    assert [float(one) for one in told.groups()] == [round(fast[place] / own[place], 1) for place in (0, 1)]
    for place in (0, 1):
        assert fast[place] >= 2 * own[place]
        assert static[place] > 100 * own[place]
    for place, name in ((2, "SciFact"), (3, "NFCorpus")):
        assert abs(fast[place] - own[place]) < 0.005
        assert f"{fast[place]:.4f} in place of {own[place]:.4f} on {name}".replace("0.", ".") in README
    assert f"far weaker: {static[2]:.3f} and {static[3]:.3f}".replace(" 0.", " .") in README


@pytest.mark.slow
def test_by_openvino_nothing_is_lost_on_scifact():
    pytest.importorskip("openvino")
    from benchmarks.encoding import quality
    from engine.data.corpus import read
    from engine.text import encoders, fast_encoder

    folder = Path(os.environ.get("TRIESCOPE_DATASETS", "")) / "scifact"
    if not (folder / "corpus.jsonl").is_file():
        pytest.skip("TRIESCOPE_DATASETS names no folder with scifact")
    corpus, own = read(folder), encoders.load()
    assert quality(corpus, fast_encoder.load(own.name), own).mean() == pytest.approx(0.6452, abs=0.0005)
