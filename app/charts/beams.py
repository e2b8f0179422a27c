"""The beam picture: x is the step, y the rank; kept beams, pruned candidates, and the path that leads."""

import html
from collections.abc import Mapping
from typing import Any

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, RED
from engine.decoding.trace import Trace
from engine.pictures.beam_points import KEPT_DRAWN, Point

COLOURS = {"leading": ORANGE, "kept": BLUE, "gathered": BLUE, "pruned": GREY, "absent": PINK}
OPACITY = {"leading": 0.9, "kept": 0.45, "gathered": 0.3, "pruned": 0.25, "absent": 0.45}
RING = {"borderColor": RED, "borderWidth": 4}
# Pixels: a picture that has no room for words, room for titles on the right, and the bar of what was masked; its row.
# Milliseconds: how long a level is shown while the picture plays.
PLAY_MS = 900
NARROW = 600
TITLE_WIDTH, BAR, MASK_ROW = 160, 64, 0.3


def option(
    trace: Trace,
    drawn: list[Point],
    words: Mapping[int, str] | None = None,
    rows: int = 0,
    unit: str = "",
    chosen: str = "",
    begins: str = "query",
) -> dict[str, Any]:
    """ECharts option of the picture; data order is the order of ``drawn``.

    Parameters
    ----------
    trace : Trace
        The decode.
    drawn : list of Point
        As :func:`engine.pictures.beam_points.points` gives them.
    words : mapping, optional
        Place in ``drawn`` -> what stands beside the point.
    rows : int
        Rows that the picture has room for at least, so that two pictures side by side have one scale.
    unit : str
        Of the totals, where they have one.
    chosen : str
        Prefix of the node that is looked at, which has a ring.
    begins : str
        What stands below the first point: what was decoded.
    """
    words = words or {}
    looks = [_style(point) | (RING if chosen and point.prefix == chosen else {}) for point in drawn]
    deepest = max([rows, *(point.drawn_at for point in drawn)])
    size = 22 if deepest <= 14 else 17 if deepest <= 24 else 16 if deepest <= 32 else 10
    nodes = [
        {
            "name": str(place),
            "value": [point.step, point.drawn_at],
            "symbol": "roundRect" if point.state == "gathered" else "circle",
            "symbolSize": [2 * size, 0.8 * size]
            if point.state == "gathered"
            else size * (0.55 if point.state == "pruned" else 1),
            "itemStyle": looks[place],
            # What was clicked is drawn as what it is: what is chosen now, by whatever means, the ring says.
            "select": {"itemStyle": looks[place]},
            "label": _label(point, size),
            "tooltip": {"formatter": _tooltip(point, unit)},
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
    labels = [begins] + [f"level {s.level}" + (f"\n{s.masked_mass:.0%}\nmasked" if masks else "") for s in trace.steps]
    narrow: list[dict[str, Any]] = [{}, {"label": {"show": False}}, {}, *([{"data": []}] * 2 if masks else ())]
    return {
        "animationDuration": 250,
        "animationDurationUpdate": 250,
        "grid": {"left": 12, "right": TITLE_WIDTH if words else 16, "top": 28, "bottom": 8, "containLabel": True},
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
                "emphasis": {"focus": "adjacency"},
                "blur": {"itemStyle": {"opacity": 0.35}, "lineStyle": {"opacity": 0.12}},
            },
            _words(drawn, {place: text for place, text in words.items() if drawn[place].step < len(trace.steps)}, size),
            _words(drawn, {place: text for place, text in words.items() if drawn[place].step == len(trace.steps)}, size),
            *(_masked(trace) if masks else ()),
        ],
        # In a narrow picture words would lie on the next column, and the bars on each other; titles have their margin.
        "media": [
            {
                "query": {"maxWidth": NARROW},
                "option": {
                    "series": narrow,
                    "xAxis": {"data": [label.removesuffix("\nmasked") for label in labels], "axisLabel": {"fontSize": 10}},
                },
            }
        ],
    }


def player(
    trace: Trace, drawn: list[Point], words: Mapping[int, str] | None = None, rows: int = 0, unit: str = "", chosen: str = ""
) -> dict[str, Any]:
    """The same picture, played by the browser: level after level from the query on, once, with a bar to pause it and to go back.

    ``drawn`` has all levels; the data of fewer levels is the beginning of it, so a node has one place in all of them.
    """
    words = words or {}
    frames = []
    for shown in range(len(trace.steps) + 1):
        some = [point for point in drawn if point.step <= shown]
        here = {place: text for place, text in words.items() if place < len(some)}
        series = option(trace, some, here, rows, unit, chosen)["series"][:3]
        frames.append({"series": [{key: one[key] for key in ("data", "links") if key in one} for one in series]})
    whole = option(trace, drawn, words, rows, unit, chosen)
    names = ["query", *(f"level {step.level}" for step in trace.steps)]
    bar = {
        "axisType": "category",
        "data": names,
        "autoPlay": True,
        "loop": False,
        "playInterval": PLAY_MS,
        "currentIndex": 0,
        "bottom": 0,
        "left": "5%",
        "right": "5%",
        "controlStyle": {"showNextBtn": True, "showPrevBtn": True},
    }
    return {"baseOption": whole | {"timeline": bar, "grid": whole["grid"] | {"bottom": 56}}, "options": frames}


def _words(drawn: list[Point], words: Mapping[int, str], size: int) -> dict[str, Any]:
    """What stands beside the points: a series of its own, since a node has one label, its code."""
    data = [
        {"value": [drawn[place].step, drawn[place].drawn_at], "label": {"formatter": _unbraced(text)}}
        for place, text in words.items()
    ]
    label = {"show": True, "position": "right", "distance": size / 2 + 3, "fontSize": 10, "fontWeight": "normal"}
    return {
        "type": "scatter",
        "data": data,
        "symbolSize": 1,
        "silent": True,
        "label": label,
        "labelLayout": {"hideOverlap": False},
    }


def _masked(trace: Trace) -> list[dict[str, Any]]:
    """The share of probability that the mask took away at each level, to scale, above its column."""
    bar: dict[str, Any] = {"type": "scatter", "symbol": "rect", "silent": True, "label": {"show": False}}
    shares = [(step.level, step.masked_mass) for step in trace.steps]
    filled = [
        {"value": [level, MASK_ROW], "symbolSize": [BAR * share, 5], "symbolOffset": [-BAR * (1 - share) / 2, 0]}
        for level, share in shares
    ]
    track = [[level, MASK_ROW] for level, _ in shares]
    return [
        bar | {"data": track, "symbolSize": [BAR, 5], "itemStyle": {"color": GREY, "opacity": 0.25}},
        bar | {"data": filled, "itemStyle": {"color": GREY, "opacity": 0.9}},
    ]


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
    if point.state == "gathered":
        return style
    if point.state == "leading":
        style |= {"borderColor": "#B87A00", "borderWidth": 2}
    elif point.state in ("pruned", "absent"):
        style = {"color": "transparent", "borderColor": colour, "borderWidth": 1.5}
    return style | ({"borderColor": GREEN, "borderWidth": 4} if point.pinned else {})


def _label(point: Point, size: int) -> dict[str, Any]:
    if point.state == "gathered":
        return {"show": True, "formatter": f"+{point.gathered:,}", "color": "#FFFFFF", "fontSize": 10}
    if point.rank != point.drawn_at and (point.pinned or point.state != "pruned"):
        look = {"position": "right", "color": GREEN if point.pinned else GREY}
        return {"show": True, "formatter": f"rank {point.rank:,}"} | look
    shown = size > 15 and point.state != "pruned" and point.step > 0
    label = {"show": shown, "formatter": str(point.code)} | ({"color": PINK} if point.state == "absent" else {})
    return label | ({"fontSize": 9} if point.code > 99 and size < 22 else {})  # three digits have their place in a small circle


def _tooltip(point: Point, unit: str) -> str:
    """Tooltip templates are HTML and read braces; names come from people's documents, so both are escaped."""
    name = html.escape(point.name).replace("{", "&#123;").replace("}", "&#125;")
    if not point.step:
        return "the query"
    below = "1 document" if point.documents == 1 else f"{point.documents:,} documents"
    if point.gathered:
        return f"<b>{point.gathered:,} more kept</b><br>from rank {point.rank:,} on, not drawn one by one<br>{below} below"
    return (
        f"<b>{point.prefix}</b> · {name}<br>rank {point.rank}, {point.state}<br>"
        f"step probability {point.probability:.1%}<br>total {point.total:.2f}{unit and f' {unit}'}<br>{below} below"
    )


def _unbraced(text: str) -> str:
    """A label is a template: braces of people's words would be read as its places."""
    return text.replace("{", "(").replace("}", ")")
