"""The popularity dial's cost curve, drawn: the figures of ``benchmarks/results/recommendation.md`` as a picture beside it.

    python -m benchmarks.dial_picture

NDCG@10 as it is and weighed by inverse propensity, by the power of how often an item was taken that its score is divided by;
below each power stands how often the shown items were taken, on average. Writes ``benchmarks/results/dial.svg``.
"""

import re
from pathlib import Path
from typing import NamedTuple

from engine.pictures.colours import BLUE, ORANGE
from engine.pictures.labels import escaped

RESULTS = Path(__file__).parent / "results"
OUT = RESULTS / "dial.svg"
WIDTH, HEIGHT, LEFT, TOP, PANEL, HIGH = 620, 340, 60, 50, 420, 220
LEAST, MOST, STEP = 0.05, 0.08, 0.005


class Turned(NamedTuple):
    """The dial at a power: NDCG@10, the same weighed by inverse propensity, and how often what is shown was taken."""

    power: float
    plain: float
    weighed: float
    taken: float


def read(text: str) -> list[Turned]:
    """The rows of the table.

    >>> read("## The popularity dial" + chr(10) + "| 0.1 | 0.1082 | 0.0677 | 0.0653 | 27.2 |")
    [Turned(power=0.1, plain=0.0677, weighed=0.0653, taken=27.2)]
    """
    part = text.split("## The popularity dial")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (0(?:\.\d+)?) \| 0\.\d+ \| (0\.\d+) \| (0\.\d+) \| (\d+\.\d) \|$", part, re.M)
    return [Turned(*map(float, row)) for row in rows]


def drawn(rows: list[Turned]) -> str:
    """The picture as SVG; what it shows stands in its title too."""
    first, last = rows[0], rows[-1]
    said = (
        f"Turned from {first.power:g} to {last.power:g} the dial costs NDCG@10 {first.plain:.4f} to {last.plain:.4f} and gains "
        f"{first.weighed:.4f} to {last.weighed:.4f} weighed by inverse propensity"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="13" role="img">',
        f"<title>{escaped(said)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="{TOP - 22}" fill="#333">NDCG@10 by the power of how often an item was taken</text>',
    ]
    for step in range(round((MOST - LEAST) / STEP) + 1):
        value = LEAST + step * STEP
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + PANEL}" y1="{_y(value):.1f}" y2="{_y(value):.1f}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{_y(value) + 4:.1f}" text-anchor="end" fill="#666">{f"{value:.3f}"[1:]}</text>')
    for one in rows:
        for below, told in ((20, f"{one.power:g}"), (38, f"{one.taken:g}")):
            parts.append(f'<text x="{_x(one, last):.1f}" y="{TOP + HIGH + below}" text-anchor="middle" fill="#666">{told}</text>')
    parts.append(
        f'<text x="{LEFT}" y="{TOP + HIGH + 58}" fill="#666">above: the power; below: how often the shown were taken</text>'
    )
    for colour, told, values in (
        (BLUE, "as it is", [one.plain for one in rows]),
        (ORANGE, "weighed by|inverse propensity", [one.weighed for one in rows]),
    ):
        at = [(_x(one, last), _y(value)) for one, value in zip(rows, values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in at]
        x, y = at[-1]
        parts += [
            f'<text x="{x + 10:.1f}" y="{y + 4 + 16 * line:.1f}" fill="#333" font-size="11.5">{escaped(words)}</text>'
            for line, words in enumerate(told.split("|"))
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(one: Turned, last: Turned) -> float:
    return LEFT + 30 + (PANEL - 60) * one.power / last.power


def _y(value: float) -> float:
    return TOP + HIGH * (MOST - value) / (MOST - LEAST)


def main() -> None:
    """Draw it."""
    OUT.write_text(drawn(read((RESULTS / "recommendation.md").read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
