"""The beam picture: x is the step, y the rank; kept beams, pruned candidates, and the path that leads."""

import html
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK
from engine.decoding.trace import Trace
from engine.trie import Trie

# Drawn per step: the first that were kept, and of those cut the ones that nearly made it.
KEPT_DRAWN, PRUNED_DRAWN = 10, 8
COLOURS = {"leading": ORANGE, "kept": BLUE, "pruned": GREY, "absent": PINK}
OPACITY = {"leading": 0.9, "kept": 0.45, "pruned": 0.25, "absent": 0.45}


class Point(NamedTuple):
    """One candidate of one step.

    ``parent`` is the place of its parent in the list of points; ``drawn_at`` is its row in the picture, from 1: the rank, as long
    as none above it is left out. ``state`` is leading, kept, pruned, or absent (kept, though no document has the prefix).
    """

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
    pinned: bool = False
    drawn_at: int = 1


def points(
    trace: Trace, trie: Trie, names: list[str], shown: int, pinned: Collection[int] = (), kept_drawn: int | None = KEPT_DRAWN
) -> list[Point]:
    """Candidates of the first ``shown`` steps; the path of the best identifier, as far as shown, is marked.

    Of what a step kept, the first ``kept_drawn`` are there (all for None), and where a later one that is drawn came from; of what
    it cut, the :data:`PRUNED_DRAWN` that nearly made it; and ``pinned`` nodes, however far down.
    """
    counts = trie.counts
    result = [Point(0, 1, "", 0, "the query", 1.0, 0.0, int(counts[0]), "leading", -1)]
    leading = _leading(trace, shown)
    kept_before = {0: 0}
    for index, (step, places) in enumerate(zip(trace.steps[:shown], _drawn(trace, pinned, kept_drawn), strict=False)):
        kept_now, width = {}, len(step.kept.node)
        for row, place in enumerate(places, 1):
            part, at = (step.kept, place) if place < width else (step.pruned, place - width)
            node, parent = int(part.node[at]), kept_before[int(part.parent[at])]
            state = "pruned" if place >= width else "leading" if (index, place) in leading else "kept"
            if place < width:
                kept_now[place] = len(result)
            prefix = trace.prefix(trie, node)
            result.append(
                Point(
                    step=index + 1,
                    rank=place + 1,
                    prefix="-".join(map(str, prefix)),
                    code=prefix[-1],
                    name=names[node] if node >= 0 else "no document",
                    probability=float(np.exp(part.log_prob[at])),
                    total=float(part.total[at]),
                    documents=int(counts[node]) if node >= 0 else 0,
                    state="absent" if node < 0 and place < width else state,
                    parent=parent,
                    pinned=node in pinned,
                    drawn_at=row,
                )
            )
        kept_before = kept_now
    return result


def _drawn(trace: Trace, pinned: Collection[int], kept_drawn: int | None) -> list[list[int]]:
    """For each step the ranks, from 0, of what is drawn; kept candidates come before those cut. Worked out from the last step
    back, since what is drawn needs its parent, and for all steps, so that a picture of fewer of them is a part of this one."""
    found: list[list[int]] = []
    parents: set[int] = set()
    leading = _leading(trace, len(trace.steps))
    for index in reversed(range(len(trace.steps))):
        step = trace.steps[index]
        width = len(step.kept.node)
        near = range(width if kept_drawn is None else min(kept_drawn, width))
        marked = np.isin(step.kept.node, list(pinned))
        kept = {*near, *parents, *np.flatnonzero(marked).tolist(), *(place for at, place in leading if at == index)}
        far = np.flatnonzero(np.isin(step.pruned.node, list(pinned))).tolist()
        cut = {*range(min(PRUNED_DRAWN, len(step.pruned.node))), *far}
        found.append([*sorted(kept), *(width + place for place in sorted(cut))])
        parents = {int(step.kept.parent[place]) for place in kept} | {int(step.pruned.parent[place]) for place in cut}
    return found[::-1]


def _leading(trace: Trace, shown: int) -> set[tuple[int, int]]:
    """(step, place) of the beams that lead to the best identifier found, or to the first beam of the last step shown."""
    if not shown or not len(trace.steps[shown - 1].kept.node):
        return set()
    place = 0
    if len(trace.leaves) and shown == len(trace.steps):
        at = np.flatnonzero(trace.steps[-1].kept.node == trace.leaves[0])
        place = int(at[0]) if len(at) else 0
    return set(enumerate(trace.beam_path(shown - 1, place)))


def option(trace: Trace, drawn: list[Point], animate: bool = True) -> dict[str, Any]:
    """ECharts option of the picture; data order is the order of ``drawn``."""
    deepest = max((point.drawn_at for point in drawn), default=1)
    size = 22 if deepest <= 20 else 16 if deepest <= 32 else 10
    nodes = [
        {
            "name": str(place),
            "value": [point.step, point.drawn_at],
            "symbolSize": size * (1 if point.state != "pruned" else 0.55),
            "itemStyle": _style(point),
            "label": _label(point, size),
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
                "color": GREEN if point.pinned else COLOURS[point.state],
                "opacity": 0.9 if point.pinned else OPACITY[point.state],
                "type": "dashed" if point.state == "pruned" else "solid",
            },
            "tooltip": {"show": False},
        }
        for place, point in enumerate(drawn)
        if point.parent >= 0
    ]
    # Some scorers only weigh codes that exist: then there is nothing to say of a mask.
    masks = any(step.masked_mass for step in trace.steps)
    labels = ["query"] + [f"level {s.level}" + (f"\n{s.masked_mass:.0%}\nmasked" if masks else "") for s in trace.steps]
    return {
        "animation": animate,
        "animationDuration": 250,
        "animationDurationUpdate": 250,
        "grid": {"left": 12, "right": 16, "top": 28, "bottom": 8, "containLabel": True},
        "tooltip": {"confine": True},
        "xAxis": {
            "type": "category",
            "data": labels,
            "axisLabel": {"lineHeight": 16, "interval": 0},
            "splitLine": {"show": True},
        },
        "yAxis": {
            "type": "value",
            "inverse": True,
            "min": 0,
            "max": deepest + 1,
            "name": "rank",
            "nameLocation": "start",
            "minInterval": 1,
            # Below the first rows some ranks are left out: there each point says its own.
            "axisLabel": {"customValues": list(range(1, min(KEPT_DRAWN, deepest) + 1))},
            "axisTick": {"show": False},
            "splitLine": {"show": False},
        },
        "series": [
            {
                "type": "graph",
                "coordinateSystem": "cartesian2d",
                "data": nodes,
                "links": edges,
                "selectedMode": "single",
                "cursor": "pointer",
                "label": {"color": "#FFFFFF", "fontSize": 11},
                "select": {"itemStyle": {"borderColor": "#D55E00", "borderWidth": 4}},
                "emphasis": {"focus": "adjacency"},
                "blur": {"itemStyle": {"opacity": 0.35}, "lineStyle": {"opacity": 0.12}},
            }
        ],
    }


def describe(trace: Trace, drawn: list[Point]) -> str:
    """Alternative text: what a person should take from the picture."""
    last = max(point.step for point in drawn)
    best = next((p for p in drawn if p.step == last and p.state == "leading"), None)
    cut = sum(len(step.pruned.node) for step in trace.steps[:last])
    lead = f" Leading: {best.prefix}, {best.name}." if best and last else ""
    done = f"Decoding by {trace.strategy} after {last} of {len(trace.steps)} levels with {trace.beams} beams"
    return f"{done}; {cut} candidates cut.{lead}"


def _style(point: Point) -> dict[str, Any]:
    colour = COLOURS[point.state]
    style: dict[str, Any] = {"color": colour}
    if point.state == "leading":
        style |= {"borderColor": "#B87A00", "borderWidth": 2}
    elif point.state in ("pruned", "absent"):
        style = {"color": "transparent", "borderColor": colour, "borderWidth": 1.5}
    return style | ({"borderColor": GREEN, "borderWidth": 4} if point.pinned else {})


def _label(point: Point, size: int) -> dict[str, Any]:
    if point.rank != point.drawn_at and (point.pinned or point.state != "pruned"):
        look = {"position": "right", "color": GREEN if point.pinned else GREY}
        return {"show": True, "formatter": f"rank {point.rank:,}"} | look
    shown = size > 15 and point.state != "pruned" and point.step > 0
    return {"show": shown, "formatter": str(point.code)} | ({"color": PINK} if point.state == "absent" else {})


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
