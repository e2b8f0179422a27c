"""One vector or a decoder, drawn: the figures of ``benchmarks/results/recommendation.md`` as a picture beside it.

    python -m benchmarks.squeezed_picture

Left, the item-item matrix squeezed into one vector a history, by its numbers; right, the same matrix summed over a tree and
written code by code, by its beams. Both have the matrix itself as their ceiling. Writes ``benchmarks/results/squeezed.svg``.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from engine.pictures.colours import BLUE, GREEN, GREY, ORANGE, PINK
from engine.pictures.labels import escaped

RESULTS = Path(__file__).parent / "results"
OUT = RESULTS / "squeezed.svg"
WIDTH, HEIGHT, LEFT, TOP, PANEL, HIGH, GAP = 830, 340, 60, 50, 340, 240, 60
MOST = 0.12
# Which identifiers are drawn, as the table names them, and in which colours.
DRAWN = {
    "RQ-KMeans 2 x 32 on behaviour": BLUE,
    "RQ-KMeans 3 x 256 on text": GREEN,
    "dealt out at random": PINK,
}
Points = Sequence[tuple[int, float]]


def read(text: str) -> tuple[float, Points, dict[str, Points]]:
    """The matrix itself, R@10 by numbers of a vector, and by beams for each kind of identifiers.

    >>> rows = ["exactly: 0.11.", "| identifiers | beam 5 |", "| dealt out at random, so | 0.05 |", "| 128 numbers | 0.06 |"]
    >>> read(chr(10).join(rows))
    (0.11, [(128, 0.06)], {'dealt out at random': [(5, 0.05)]})
    """
    exact = float(re.findall(r"exactly: (0\.\d+)", text)[0])
    vectors = [(int(one), float(value)) for one, value in re.findall(r"^\| (\d+) numbers \| (0\.\d+) \|", text, re.M)]
    beams = [
        int(one) for one in re.findall(r"beam (\d+)", next(line for line in text.split("\n") if line.startswith("| identifiers")))
    ]
    lines = {}
    for name in DRAWN:
        row = re.search(rf"^\| {re.escape(name)}[^|]*\|([^\n]*)\|$", text, re.M)
        if row:
            lines[name] = list(zip(beams, (float(cell) for cell in row[1].split("|")), strict=True))
    return exact, vectors, lines


def drawn(exact: float, vectors: Points, lines: dict[str, Points]) -> str:
    """The picture as SVG; what it shows stands in its title too."""
    said = f"R@10: one vector of 512 numbers {dict(vectors).get(512, 0):.3f}; the matrix itself {exact:.3f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="13" role="img">',
        f"<title>{escaped(said)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    right = LEFT + PANEL + GAP
    parts += _panel(LEFT, "as one vector a history, by its numbers", [one for one, _ in vectors], exact)
    parts += _panel(
        right, "summed over a tree and written code by code, by beams", [one for one, _ in next(iter(lines.values()))], exact
    )
    parts += _line(LEFT, vectors, ORANGE)
    for name, points in lines.items():
        parts += _line(right, points, DRAWN[name])
    for place, (name, colour) in enumerate(one for one in DRAWN.items() if one[0] in lines):
        y = TOP + HIGH - 62 + 18 * place
        parts.append(f'<rect x="{right + PANEL - 205}" y="{y - 9}" width="12" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{right + PANEL - 188}" y="{y - 3}" fill="#333" font-size="11.5">{escaped(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _y(value: float) -> float:
    return TOP + HIGH * (1 - value / MOST)


def _panel(left: int, title: str, ticks: Sequence[int], exact: float) -> list[str]:
    parts = [f'<text x="{left}" y="{TOP - 22}" fill="#333">{escaped(title)}</text>']
    for step in range(0, 13, 3):
        y = _y(step / 100)
        parts.append(f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e5e5"/>')
        parts.append(
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#666">{f"{step / 100:.2f}".lstrip("0")}</text>'
        )
    y = _y(exact)
    parts.append(f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" stroke-dasharray="5 4"/>')
    parts.append(
        f'<text x="{left + 4}" y="{y - 6:.1f}" fill="{GREY}" font-size="11.5">the matrix itself, R@10 {exact:.3f}</text>'
    )
    for place, tick in enumerate(ticks):
        parts.append(
            f'<text x="{_x(left, place, len(ticks)):.1f}" y="{TOP + HIGH + 20}" text-anchor="middle" fill="#666">{tick}</text>'
        )
    return parts


def _x(left: int, place: int, count: int) -> float:
    return left + 30 + (PANEL - 60) * place / max(count - 1, 1)


def _line(left: int, points: Points, colour: str) -> list[str]:
    at = [(_x(left, place, len(points)), _y(value)) for place, (_, value) in enumerate(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    marks = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in at]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>', *marks]


def main() -> None:
    """Draw it."""
    OUT.write_text(drawn(*read((RESULTS / "recommendation.md").read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
