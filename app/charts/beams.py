"""The beam picture: x is the step, y the rank; kept beams, pruned candidates, and the path that leads."""

import html
from typing import Any, NamedTuple

import numpy as np

from app.charts.palette import BLUE, GREY, ORANGE
from engine.trace import Trace
from engine.trie import Trie

# Pruned candidates drawn per step: the ones that nearly made it.
PRUNED_DRAWN = 8


class Point(NamedTuple):
    """One candidate of one step. ``parent`` is the place of its parent in the list of points."""

    step: int
    rank: int
    prefix: str
    code: int
    name: str
    probability: float
    total: float
    documents: int
    state: str
    parent: int


def points(trace: Trace, trie: Trie, names: list[str], shown: int) -> list[Point]:
    """Candidates of the first ``shown`` steps; the leading path of the last one shown is marked."""
    counts = trie.counts
    result = [Point(0, 1, "", 0, "the query", 1.0, 0.0, int(counts[0]), "leading", -1)]
    leading = set(enumerate(trace.beam_path(shown - 1, 0))) if shown and len(trace.steps[shown - 1].kept.node) else set()
    kept_before = {0: 0}
    for index, step in enumerate(trace.steps[:shown]):
        kept_now = {}
        width = len(step.kept.node)
        for part, first in ((step.kept, 0), (step.pruned, width)):
            limit = width if first == 0 else PRUNED_DRAWN
            for place in range(min(limit, len(part.node))):
                node, parent = int(part.node[place]), kept_before[int(part.parent[place])]
                state = "pruned" if first else "leading" if (index, place) in leading else "kept"
                if not first:
                    kept_now[place] = len(result)
                prefix = "-".join(map(str, trie.prefix(node)))
                result.append(
                    Point(
                        index + 1, first + place + 1, prefix, int(trie.code[node]), names[node],
                        float(np.exp(part.log_prob[place])), float(part.total[place]), int(counts[node]), state, parent,
                    )
                )  # fmt: skip
        kept_before = kept_now
    return result


def option(trace: Trace, drawn: list[Point], animate: bool = True) -> dict[str, Any]:
    """ECharts option of the picture; data order is the order of ``drawn``."""
    deepest = max((point.rank for point in drawn), default=1)
    size = 22 if trace.beams <= 12 else 13 if trace.beams <= 30 else 8
    nodes = [
        {
            "name": str(place),
            "value": [point.step, point.rank],
            "symbolSize": size * (1 if point.state != "pruned" else 0.55),
            "itemStyle": _style(point.state),
            "label": {"show": size > 20 and point.state != "pruned" and point.step > 0, "formatter": str(point.code)},
            "tooltip": {"formatter": _tooltip(point)},
        }
        for place, point in enumerate(drawn)
    ]
    edges = [
        {
            "source": str(point.parent),
            "target": str(place),
            "lineStyle": {
                "width": 0.6 + 6 * point.probability,
                "color": ORANGE if point.state == "leading" else BLUE if point.state == "kept" else GREY,
                "opacity": 0.9 if point.state == "leading" else 0.45 if point.state == "kept" else 0.25,
                "type": "dashed" if point.state == "pruned" else "solid",
            },
            "tooltip": {"show": False},
        }
        for place, point in enumerate(drawn)
        if point.parent >= 0
    ]
    labels = ["query"] + [f"level {s.level}\n{s.masked_mass:.0%} masked" for s in trace.steps]
    return {
        "animation": animate,
        "animationDuration": 250,
        "animationDurationUpdate": 250,
        "grid": {"left": 12, "right": 16, "top": 28, "bottom": 8, "containLabel": True},
        "tooltip": {"confine": True},
        "xAxis": {"type": "category", "data": labels, "axisLabel": {"lineHeight": 16, "interval": 0},
                  "splitLine": {"show": True}},
        "yAxis": {
            "type": "value", "inverse": True, "min": 0, "max": deepest + 1, "name": "rank", "nameLocation": "start",
            "minInterval": 1, "axisLabel": {"showMinLabel": False, "showMaxLabel": False}, "splitLine": {"show": False},
        },
        "series": [
            {
                "type": "graph", "coordinateSystem": "cartesian2d", "data": nodes, "links": edges,
                "selectedMode": "single", "cursor": "pointer",
                "label": {"color": "#FFFFFF", "fontSize": 11},
                "select": {"itemStyle": {"borderColor": "#D55E00", "borderWidth": 4}},
                "emphasis": {"focus": "adjacency"},
                "blur": {"itemStyle": {"opacity": 0.35}, "lineStyle": {"opacity": 0.12}},
            }
        ],
    }  # fmt: skip


def describe(trace: Trace, drawn: list[Point]) -> str:
    """Alternative text: what a person should take from the picture."""
    last = max(point.step for point in drawn)
    best = next((p for p in drawn if p.step == last and p.state == "leading"), None)
    cut = sum(len(step.pruned.node) for step in trace.steps[:last])
    lead = f" Leading: {best.prefix}, {best.name}." if best and last else ""
    return f"Beam search after {last} of {len(trace.steps)} levels with {trace.beams} beams; {cut} candidates cut.{lead}"


def _style(state: str) -> dict[str, Any]:
    if state == "leading":
        return {"color": ORANGE, "borderColor": "#B87A00", "borderWidth": 2}
    return {"color": BLUE} if state == "kept" else {"color": "transparent", "borderColor": GREY, "borderWidth": 1.5}


def _tooltip(point: Point) -> str:
    """Tooltip templates are HTML and read braces; names come from people's documents, so both are escaped."""
    name = html.escape(point.name).replace("{", "&#123;").replace("}", "&#125;")
    if not point.step:
        return "the query"
    below = "1 document" if point.documents == 1 else f"{point.documents:,} documents"
    return (
        f"<b>{point.prefix}</b> · {name}<br>rank {point.rank}, {point.state}<br>"
        f"step probability {point.probability:.1%}<br>total {point.total:.2f} nats<br>{below} below"
    )
