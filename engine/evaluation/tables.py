"""An evaluation as a table for a paper and as one for a spreadsheet."""

import csv
import io
import math
from typing import NamedTuple

from engine.data.figures import CERTAIN, Interval
from engine.evaluation.pairs import Pair

_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {c: f"\\{c}" for c in "&%$#_{}"}
COLUMNS = "system against measure mean low high p holm wins ties losses shows needed".split()


class Table(NamedTuple):
    """What is written: system -> measure -> figure, and measure -> every pair of systems."""

    figures: dict[str, dict[str, Interval]]
    pairs: dict[str, list[Pair]]


def marks(table: Table) -> dict[str, dict[str, str]]:
    """System -> measure -> letters of those that it is better than, corrected p below :data:`CERTAIN`; ``a`` is the first."""
    letters = {name: _letter(place) for place, name in enumerate(table.figures)}
    told: dict[str, dict[str, list[str]]] = {name: {one: [] for one in table.pairs} for name in table.figures}
    for one, of_measure in table.pairs.items():
        for pair in of_measure:
            if pair.difference.holm < CERTAIN and pair.ours in letters and pair.theirs in letters:
                better, worse = (pair.ours, pair.theirs) if pair.difference.mean > 0 else (pair.theirs, pair.ours)
                told[better][one].append(letters[worse])
    return {name: {one: "".join(sorted(of)) for one, of in of_name.items()} for name, of_name in told.items()}


def latex(table: Table) -> str:
    """A ``tabular``: means, in bold the best of a measure, raised letters for the systems that one is better than."""
    better, measures = marks(table), list(next(iter(table.figures.values())))
    best = {one: max(round(of[one].mean, 3) for of in table.figures.values()) for one in measures}
    lines = [rf"\begin{{tabular}}{{ll{'c' * len(measures)}}}", " & ".join(["", "system", *map(_tex, measures)]) + r" \\ \hline"]
    for place, (name, of) in enumerate(table.figures.items()):
        cells = []
        for one in measures:
            mean = f"{of[one].mean:.3f}"
            mean = rf"\textbf{{{mean}}}" if round(of[one].mean, 3) == best[one] else mean
            letters = better[name].get(one, "")
            cells.append(f"{mean}$^{{{letters}}}$" if letters else mean)
        lines.append(" & ".join([_letter(place), _tex(name), *cells]) + r" \\")
    return "\n".join([*lines, r"\end{tabular}", ""])


def rows(table: Table) -> str:
    """CSV: a line a system and measure, then a line a pair of systems and measure."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for name, of in table.figures.items():
        for one, interval in of.items():
            writer.writerow({"system": name, "measure": one} | interval._asdict())
    for one, of_measure in table.pairs.items():
        for pair in of_measure:
            value = pair.as_json()
            names = {"system": value.pop("ours"), "against": value.pop("theirs"), "measure": one}
            writer.writerow(names | {key: "" if of is None else of for key, of in value.items()})
    return out.getvalue()


def told(pair: Pair) -> str:
    """What a pair could show, in words.

    >>> from engine.data.figures import Difference
    >>> pair = Pair("a", "b", Difference(0.02, -0.01, 0.05, 0.2, 0.2), 30, 50, 20, 0.043, 462)
    >>> told(pair)
    'won 30, tied 50, lost 20; so many queries show 0.043, this difference needs 462'
    """
    needs = f", this difference needs {pair.needed:,}" if pair.needed else ""
    shows = "" if math.isnan(pair.shows) else f"; so many queries show {pair.shows:.3f}{needs}"
    return f"won {pair.wins}, tied {pair.ties}, lost {pair.losses}{shows}"


def _letter(place: int) -> str:
    return chr(ord("a") + place % 26) + (str(place // 26 + 1) if place >= 26 else "")


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
