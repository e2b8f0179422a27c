"""Which codes are used: a heat map of levels and codes, and the Lorenz curve of each level."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, RAMP, RED, SKY
from engine.health.usage import GivenPrefix

# Cells a level that a browser draws and a person can still hit; what is left out are the least used codes.
COLUMNS = 512
# So many codes a level say under the pointer what they hold; those behind them, two pixels wide, say which they are, and a click
# the rest. With all of it for each of a thousand cells a rerun would weigh 280 kB.
TOLD = 40
# Up to here a cell is wide enough for its number.
NUMBERED = 40
# The same in a picture of fewer pixels than this.
FEW, NARROW = 12, 600
LINES = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
DASHES = ("solid", "dashed", "dotted")
DEAD = "rgba(140,152,164,0.2)"
# Above 0, where the dead are, and below every count and share.
TINY = 1e-9


class Cell(NamedTuple):
    """One code. ``place`` is its column, ``share`` its part of the level's documents, ``within`` its mean part of the documents
    of the prefixes it comes after (NaN when dead)."""

    level: int
    code: int
    place: int
    documents: int
    share: float
    prefixes: int
    within: float
    words: str


def shown_codes(counts: Sequence[np.ndarray], limit: int = COLUMNS) -> list[np.ndarray]:
    """Codes of each level that are drawn, most used first, ties by number.

    >>> [codes.tolist() for codes in shown_codes([np.array([1, 0, 4, 1])], 3)]
    [[2, 0, 3]]
    """
    return [np.argsort(-level, kind="stable")[:limit] for level in counts]


def cells(counts: Sequence[np.ndarray], given: Sequence[GivenPrefix], words: Sequence[Mapping[int, str]]) -> list[Cell]:
    """Cells of all levels, level by level, in the order of :func:`shown_codes`."""
    result = []
    for level, codes in enumerate(shown_codes(counts)):
        total = max(int(counts[level].sum()), 1)
        for place, code in enumerate(codes.tolist()):
            documents, inside = int(counts[level][code]), given[level]
            prefixes, within = int(inside.prefixes[code]), float(inside.share[code])
            said = words[level].get(code, "")
            result.append(Cell(level + 1, code, place, documents, documents / total, prefixes, within, said))
    return result


def heat_map(
    drawn: list[Cell], counts: Sequence[np.ndarray], counting: set[int], conditional: bool, chosen: tuple[int, int] | None = None
) -> dict[str, Any]:
    """ECharts heat map: a row a level, columns from the most to the least used code; data order is the order of ``drawn``.

    Parameters
    ----------
    drawn : list of Cell
        From :func:`cells`.
    counts : sequence of np.ndarray
        Documents a code, for each level, also of the codes that are not drawn: the row says how many are dead.
    counting : set of int
        Levels, from 1, whose codes only count documents with the same codes.
    conditional : bool
        Colour by the mean share within the prefix, not by the number of documents.
    chosen : tuple, optional
        Level and code that are marked.
    """
    values = [(0.0 if not c.documents else c.within) if conditional else float(c.documents) for c in drawn]
    # Counting codes are no measure: nearly all documents have number 0, which would leave one colour for the rest.
    measured = [value for cell, value in zip(drawn, values, strict=True) if cell.level not in counting] or values
    edges = _edges([value for value in measured if value > 0], whole=not conditional)
    colours = [RAMP[place] for place in np.linspace(len(RAMP) - 1, 0, len(edges)).round().astype(int)][::-1]
    columns = max((cell.place for cell in drawn), default=0) + 1
    data: list[dict[str, Any]] = []
    for cell, value in zip(drawn, values, strict=True):
        band = max((i for i, low in enumerate(edges) if value >= low), default=0)
        item: dict[str, Any] = {
            # Without names of their own, all cells of a column would be selected together.
            "name": f"{cell.level}-{cell.code}",
            "value": [cell.place, cell.level - 1, round(value, 6)],
        }
        if cell.place < TOLD:
            item["tooltip"] = {"formatter": _tooltip(cell, cell.level in counting)}
        if columns <= NUMBERED:
            ink = GREY if not cell.documents else "#FFFFFF" if colours[band] in RAMP[4:] else "#10202C"
            item["label"] = {"formatter": str(cell.code), "color": ink}
        data.append(item)
    mark = next((c for c in drawn if (c.level, c.code) == chosen), None)
    rows = []
    for level, documents in enumerate(counts, 1):
        dead = f"{(documents == 0).sum():,} of {len(documents):,} dead" if (documents == 0).any() else "none dead"
        # Numbers may start behind other codes; those before them are not dead.
        rows.append(f"level {level}\n{'only counts' if level in counting else dead}")
    pieces: list[dict[str, Any]] = [{"gte": -1, "lt": TINY, "label": "dead", "color": DEAD}]
    for low, high, colour in zip(edges, [*edges[1:], None], colours, strict=True):
        ends = {"gte": low if len(pieces) > 1 else TINY} | ({"lt": high} if high else {})
        pieces.append(ends | {"label": _label(low, high, conditional), "color": colour})
    return {
        "animation": False,
        "grid": {"left": 8, "right": 12, "top": 44, "bottom": 34, "containLabel": True},
        "tooltip": {"confine": True, "formatter": "level-code {b}"},
        "xAxis": {
            "type": "category",
            "data": [str(place + 1) for place in range(columns)],
            "name": "codes, most used first",
            "nameLocation": "middle",
            "nameGap": 24,
            "axisTick": {"show": False},
            "splitLine": {"show": False},
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": rows,
            "axisLabel": {"lineHeight": 16, "interval": 0},
            "axisTick": {"show": False},
            "splitLine": {"show": False},
        },
        "visualMap": {
            "type": "piecewise",
            "dimension": 2,
            "orient": "horizontal",
            "left": "right",
            "top": 0,
            "selectedMode": False,
            "itemWidth": 14,
            "itemHeight": 14,
            "itemGap": 12,
            "pieces": pieces,
        },
        "series": [
            {
                "type": "heatmap",
                "data": data,
                "selectedMode": "single",
                "cursor": "pointer",
                "itemStyle": {"borderColor": GREY, "borderWidth": 0.6 if columns <= 2 * NUMBERED else 0},
                "label": {"show": columns <= NUMBERED, "fontSize": 11},
                "emphasis": {"itemStyle": {"borderColor": ORANGE, "borderWidth": 2}},
                "select": {"itemStyle": {"borderColor": ORANGE, "borderWidth": 3}},
                "markPoint": {
                    "silent": True,
                    "symbol": "pin",
                    "symbolSize": 32,
                    "itemStyle": {"color": RED},
                    "animation": False,
                    "label": {"show": False},
                    "data": [{"coord": [mark.place, mark.level - 1]}] if mark else [],
                },
            }
        ],
        # In a narrow picture the numbers of many codes would run into each other.
        "media": [{"query": {"maxWidth": NARROW}, "option": {"series": [{"label": {"show": columns <= FEW}}]}}],
    }


def describe_heat_map(counts: Sequence[np.ndarray]) -> str:
    """Alternative text."""
    parts = [f"level {level}: {(c > 0).sum():,} of {len(c):,} codes used" for level, c in enumerate(counts, 1)]
    return "Documents a code; " + "; ".join(parts) + "."


def note(drawn: list[Cell], counts: Sequence[np.ndarray], conditional: bool) -> str:
    """How to read the map, and what it leaves out."""
    darker = (
        "Darker: the code has a larger part of each prefix it comes after; a prefix with a single document counts as 100%."
        if conditional
        else "Darker: more documents have the code; the scale is logarithmic."
    )
    hidden = sum(map(len, counts)) - len(drawn)
    return (
        f"{darker} Each level is sorted by itself, so codes in one column have nothing in common. Click a cell to see what is "
        "behind it." + (f" The {hidden:,} least used codes are not drawn." if hidden else "")
    )


def lorenz_curves(curves: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """ECharts lines, one a level, below the diagonal of even use; curves are ``(points, 2)``, by
    :func:`engine.health.usage.lorenz`."""
    lines = [
        {
            "type": "line",
            "name": name,
            "showSymbol": False,
            "data": _thinned(points).round(4).tolist(),
            "lineStyle": {"width": 2, "type": DASHES[place % len(DASHES)], "color": LINES[place % len(LINES)]},
            "itemStyle": {"color": LINES[place % len(LINES)]},
            "emphasis": {"focus": "series"},
        }
        for place, (name, points) in enumerate(curves.items())
    ]
    even = {
        "type": "line",
        "name": "even use",
        "showSymbol": False,
        "data": [[0, 0], [1, 1]],
        "silent": True,
        "lineStyle": {"width": 1, "type": "dashed", "color": GREY},
        "itemStyle": {"color": GREY},
    }
    axis = {"type": "value", "min": 0, "max": 1, "nameLocation": "middle", "interval": 0.25}
    return {
        "animation": False,
        "grid": {"left": 44, "right": 16, "top": 34, "bottom": 44},
        "legend": {"top": 0, "left": 0, "type": "scroll", "data": list(curves)},
        "tooltip": {"trigger": "item", "confine": True},
        "xAxis": axis | {"name": "share of codes, least used first", "nameGap": 26},
        "yAxis": axis | {"name": "share of documents", "nameGap": 32},
        "series": [even, *lines],
    }


def describe_lorenz(curves: Mapping[str, np.ndarray]) -> str:
    """Alternative text: what the less used half of the codes holds."""
    held = [f"{name} {np.interp(0.5, points[:, 0], points[:, 1]):.0%}" for name, points in curves.items()]
    return "Share of documents that the less used half of the codes holds: " + ", ".join(held) + "."


def _edges(values: list[float], whole: bool) -> list[float]:
    """Lower ends of the bands of the colour scale, which grow by a constant factor; counts get whole numbers.

    >>> _edges([1.0, 4.0, 30.0], True), _edges([], True)
    ([1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 19.0], [])
    """
    if not values:
        return []
    edges = np.geomspace(1.0 if whole else min(values), max(values) + whole, len(RAMP) + 1)[:-1]
    edges = np.unique(np.ceil(edges - 1e-9) if whole else edges)
    return edges[edges <= max(values)].tolist()


def _label(low: float, high: float | None, conditional: bool) -> str:
    """Words of a band; the last one is open.

    >>> _label(1, 2, False), _label(4, 9, False), _label(9, None, False), _label(0.01, 0.125, True)
    ('1', '4–8', '≥ 9', '1–12%')
    """
    if conditional:
        return f"≥ {_percent(low)}%" if high is None else f"{_percent(low)}–{_percent(high)}%"
    return f"≥ {low:,.0f}" if high is None else f"{low:,.0f}" if high - low == 1 else f"{low:,.0f}–{high - 1:,.0f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.2g}"


def _thinned(points: np.ndarray, limit: int = 200) -> np.ndarray:
    """At most ``limit`` points; both ends stay."""
    return points[np.unique(np.linspace(0, len(points) - 1, min(limit, len(points))).astype(int))]


def _tooltip(cell: Cell, counts: bool) -> str:
    """Tooltip templates are HTML and read braces; words come from people's documents, so both are escaped."""
    words = html.escape(cell.words).replace("{", "&#123;").replace("}", "&#125;")
    head = f"<b>level {cell.level}, code {cell.code}</b>" + (f" · {words}" if words else "")
    if not cell.documents:
        return f"{head}<br>dead: no document has it"
    documents = "1 document" if cell.documents == 1 else f"{cell.documents:,} documents"
    prefixes = "1 prefix" if cell.prefixes == 1 else f"{cell.prefixes:,} prefixes"
    tail = "<br>numbers documents whose other codes are the same" if counts else ""
    return f"{head}<br>{documents}, {cell.share:.1%} of the level<br>in {prefixes}, on average {cell.within:.1%} of each{tail}"
