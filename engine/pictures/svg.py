"""The beam picture as SVG: x is the step, y the rank; boxes of those kept and cut, lines to parents, masked shares to scale.

All levels are drawn. What a picture of fewer levels has not is hidden by a class, and the leading path is one too, so that a
few lines of a script can go through the steps without knowing anything of the decode.
"""

from functools import cache
from importlib import resources
from typing import NamedTuple

from engine.decoding.trace import Step
from engine.pictures.beam_points import KEPT_DRAWN, Point
from engine.pictures.labels import cut, escaped
from engine.pictures.shown import Drawn, Shown, drawn

# Pixels at full size: a box of a level and of the last, which holds titles; the room between levels; a row and the box in it.
BOX, LAST, GAP, ROW, TALL = 168, 250, 56, 27, 22
LEFT, TOP, EDGE, QUERY, BAR = 30, 64, 14, 56, 120
LETTER = 7.0  # pixels of a letter of common length
WIDEST, THINNEST = 7.0, 0.8


class Frame(NamedTuple):
    """Size of a picture, pixels."""

    width: int
    height: int
    levels: int

    def left(self, step: int) -> int:
        """Where the boxes of a step begin."""
        return LEFT if not step else LEFT + QUERY + GAP + (step - 1) * (BOX + GAP)

    def wide(self, step: int) -> int:
        """How wide they are."""
        return QUERY if not step else LAST if step == self.levels else BOX


@cache
def style() -> str:
    """Rules of the picture, light and dark."""
    return resources.files("engine.pictures").joinpath("picture.css").read_text("utf-8")


def frame_of(levels: int, rows: int) -> Frame:
    """Size of a picture of so many levels and rows."""
    last = Frame(0, 0, levels)
    return Frame(last.left(levels) + last.wide(levels) + EDGE, TOP + rows * ROW + EDGE, levels)


def svg(shown: Shown, level: int | None = None, rows: int = 0) -> str:
    """The picture of the first ``level`` levels, all unless told otherwise, as a file of its own.

    Parameters
    ----------
    shown : Shown
        The decode.
    level : int, optional
        Levels that are seen; the others are there, hidden.
    rows : int
        Rows that it has room for at least, so that two pictures have one scale.
    """
    found, levels = drawn(shown), len(shown.trace.steps)
    level = levels if level is None else min(max(level, 0), levels)
    deepest = max([rows, *(point.drawn_at for point in found.points)])
    frame = frame_of(levels, deepest)
    # What ever leads is drawn last, so that no other line lies on it.
    order = sorted(
        range(1, len(found.points)), key=lambda place: (bool(found.leads[place]), found.points[place].state != "pruned")
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width} {frame.height}" width="{frame.width}" '
        f'height="{frame.height}" class="ts" role="img" aria-label="{escaped(describe(shown, found))}">',
        f"<style>{style()}</style>",
        *(_room(step, frame) for step in range(levels + 1)),
        f'<rect class="paper" width="{frame.width}" height="{frame.height}"/>',
        *(_head(number, step, shown, frame, level) for number, step in enumerate(shown.trace.steps, 1)),
        *(f'<text class="quiet" x="4" y="{_middle(row) + 4}">{row}</text>' for row in range(1, min(KEPT_DRAWN, deepest) + 1)),
        *(_line(found, place, frame, level) for place in order),
        *(_box(found, place, shown, frame, level) for place in range(len(found.points))),
        "</svg>",
    ]
    return "\n".join(parts)


def describe(shown: Shown, found: Drawn) -> str:
    """Alternative text: what a person should take from the picture."""
    trace = shown.trace
    best = next((place for place in reversed(range(1, len(found.points))) if len(trace.steps) in found.leads[place]), None)
    cut_off = sum(len(step.pruned.node) for step in trace.steps)
    told = f"Decoding by {shown.told}: {len(trace.steps)} levels with {trace.beams:,} beams; {cut_off:,} candidates cut."
    return told if best is None else f"{told} First: {found.points[best].prefix}, {found.texts[best]}."


def tip(point: Point, unit: str) -> str:
    """What is told of a point that is pointed at."""
    if not point.step:
        return "the query"
    below = "1 document" if point.documents == 1 else f"{point.documents:,} documents"
    if point.gathered:
        return f"{point.name}, from rank {point.rank:,} on, not drawn one by one; {below} below"
    odds = f"step probability {point.probability:.1%}, total {point.total:.2f}{unit and f' {unit}'}"
    return f"{point.prefix}, {point.name}: rank {point.rank:,}, {called(point)}; {odds}; {below} below"


def called(point: Point) -> str:
    """What became of a point, in a word or two."""
    return {"pruned": "cut", "leading": "kept", "absent": "kept, though no document has it"}.get(point.state, point.state)


def _room(step: int, frame: Frame) -> str:
    """What texts of a step are clipped to: a letter may be wider than others."""
    return f'<clipPath id="w{step}"><rect x="0" y="{-TALL / 2:g}" width="{frame.wide(step) - 4}" height="{TALL}"/></clipPath>'


def _head(number: int, step: Step, shown: Shown, frame: Frame, level: int) -> str:
    """A level's name, and the share that the mask took away, to scale; nothing of a mask where the scorer only weighs codes that
    exist."""
    x = frame.left(number)
    parts = [f'<text class="code" x="{x}" y="20">level {step.level}</text>']
    if any(one.masked_mass for one in shown.trace.steps):
        parts += [
            f'<rect class="track" x="{x}" y="28" width="{BAR}" height="6"/>',
            f'<rect class="masked" x="{x}" y="28" width="{BAR * step.masked_mass:.1f}" height="6"/>',
            f'<text class="quiet" x="{x}" y="48">{step.masked_mass:.0%} masked</text>',
        ]
    return _group(number, level, "", *parts)


def _line(found: Drawn, place: int, frame: Frame, level: int) -> str:
    point = found.points[place]
    above = found.points[point.parent]
    x, y = frame.left(above.step) + frame.wide(above.step), _middle(above.drawn_at)
    to, at = frame.left(point.step), _middle(point.drawn_at)
    half = (x + to) / 2
    width = THINNEST + (WIDEST - THINNEST) * point.probability
    path = f'd="M{x} {y:g}C{half:g} {y:g} {half:g} {at:g} {to} {at:g}" stroke-width="{width:.1f}"'
    return f"<path {_classes(found, place, level, 'line')} {path}/>"


def _box(found: Drawn, place: int, shown: Shown, frame: Frame, level: int) -> str:
    point, wide = found.points[place], frame.wide(found.points[place].step)
    code = "query" if not point.step else "" if point.gathered else str(point.code)
    rank = f"#{point.rank:,}" if point.step and not point.gathered and point.rank != point.drawn_at else ""
    begin = 7 + (len(code) * 7.2 + 5 if code else 0)
    room = int((wide - begin - 6 - len(rank) * 6.5) / LETTER)
    text = point.name if point.gathered else found.texts[place] if point.step else ""
    parts = [
        f"<title>{escaped(tip(point, shown.unit))}</title>",
        f'<rect class="box" y="{-TALL / 2:g}" width="{wide}" height="{TALL}" rx="5"/>',
        f'<text class="code" x="7" y="4">{code}</text>' if code else "",
        f'<text x="{begin:g}" y="4" clip-path="url(#w{point.step})">{escaped(cut(text, room))}</text>' if text else "",
        f'<text class="quiet" x="{wide - 5}" y="4" text-anchor="end">{rank}</text>' if rank else "",
    ]
    at = f'transform="translate({frame.left(point.step)} {_middle(point.drawn_at):g})"'
    return f"<g {_classes(found, place, level)} {at}>{''.join(parts)}</g>"


def _classes(found: Drawn, place: int, level: int, also: str = "") -> str:
    """Classes of a point or of the line to it, and the numbers that the script goes by."""
    point = found.points[place]
    state = "kept" if point.state == "leading" else point.state
    names = [also, state, "pinned" if point.pinned else "", "lead" if level in found.leads[place] else ""]
    names.append("off" if point.step > level else "")
    leads = f' data-l="{" ".join(map(str, found.leads[place]))}"' if found.leads[place] else ""
    return f'class="{" ".join(filter(None, names))}" data-s="{point.step}"{leads}'


def _group(step: int, level: int, also: str, *parts: str) -> str:
    names = " ".join(filter(None, [also, "off" if step > level else ""]))
    return f'<g class="{names}" data-s="{step}">{"".join(parts)}</g>'


def _middle(row: int) -> float:
    return TOP + (row - 0.5) * ROW
