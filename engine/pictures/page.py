"""Decodes as one HTML file: it plays step by step, needs no network, and stands in a blog by one iframe.

Nothing in it may ask anybody for anything: its policy lets in the two texts of style and the one script that stand in it, by
their hashes, and images that are made inside it. What comes from people is text, everywhere.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from engine.pictures.labels import escaped
from engine.pictures.shown import Shown, drawn, told_of
from engine.pictures.svg import called, style, svg

HITS = 10
LEGEND = (
    "x is the step, y the rank. Kept is blue, cut is grey and dashed (the nearest are drawn), the best path is orange, a pinned "
    "document green. A line's width is the probability of the code among its siblings."
)
MASKED = " The bar above a level is the share of probability that lay on codes which no document has there."
COLUMNS = ("Level", "Rank", "Prefix", "Words", "What became of it", "Step probability", "Total", "Documents below")


class Asked(NamedTuple):
    """What was asked, for the head of the file: the query, the build, the scorer and what else is to be said."""

    query: str
    build: str
    scorer: str
    notes: tuple[str, ...] = ()


def page(asked: Asked, decodes: Sequence[Shown]) -> str:
    """The whole file as text.

    Parameters
    ----------
    asked : Asked
        What its head says.
    decodes : sequence of Shown
        One decode, or several of the query, drawn below each other on one scale and played together.
    """
    levels = max(len(shown.trace.steps) for shown in decodes)
    rows = max(point.drawn_at for shown in decodes for point in drawn(shown).points)
    look, script = _file("page.css"), _file("player.js")
    policy = f"default-src 'none'; style-src {_hash(look)} {_hash(style())}; script-src {_hash(script)}; img-src data:; "
    policy += "base-uri 'none'; form-action 'none'"
    beams = " and ".join(dict.fromkeys(f"{shown.trace.beams:,}" for shown in decodes))
    under = [f"build {asked.build}", f"scorer {asked.scorer}", f"{beams} beams", *asked.notes]
    several = len(decodes) > 1
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy).replace("&#x27;", chr(39))}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
            f'<link rel="icon" href="data:,"><title>{escaped(asked.query)} · Triescope</title>',
            f"<style>{look}</style></head><body><main>",
            f"<h1><bdi>{escaped(asked.query)}</bdi></h1>",
            f'<p class="quiet">{" · ".join(f"<bdi>{escaped(part)}</bdi>" for part in under)}</p>',
            _bar(levels),
            *(_figure(shown, rows, several) for shown in decodes),
            f'<p class="quiet">{LEGEND}{MASKED if _masks(decodes) else ""}</p>',
            *(_hits(shown, several) for shown in decodes),
            *(_table(shown, several) for shown in decodes),
            '<p class="quiet">Made with Triescope. This file asks nobody for anything.</p>',
            f"</main><script>{script}</script></body></html>\n",
        ]
    )


def _bar(levels: int) -> str:
    """Controls; a browser without scripts shows the whole picture and none of them."""
    return (
        '<div class="bar" role="group" aria-label="Steps of the picture" hidden><button class="play" type="button">Play</button>'
        '<button class="back" type="button" aria-label="One level back" title="Left arrow">‹</button>'
        '<button class="on" type="button" aria-label="One level on" title="Right arrow">›</button>'
        f'<label>Levels shown <input type="range" min="0" max="{levels}" value="{levels}"></label>'
        '<button class="png" type="button">Save as PNG</button></div>'
    )


def _figure(shown: Shown, rows: int, several: bool) -> str:
    last = len(shown.trace.steps)
    says = "".join(
        f'<li data-say="{level}"{"" if level == last else " hidden"}><bdi>{escaped(told_of(shown, level))}</bdi></li>'
        for level in range(last + 1)
    )
    head = f"<h2><bdi>{escaped(shown.told)}</bdi></h2>" if several else ""
    return (
        f'{head}<figure><ul class="says" aria-live="polite">{says}</ul>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="The picture">{svg(shown, rows=rows)}</div></figure>'
    )


def _hits(shown: Shown, several: bool) -> str:
    rows, scores = shown.trace.documents(shown.seen, HITS)
    items = "".join(
        f'<li><bdi>{escaped(shown.title(int(row)))}</bdi> <span class="quiet">{_spelled(shown, int(row))} · {score:.2f}'
        f"{escaped(shown.unit and f' {shown.unit}')}</span></li>"
        for row, score in zip(rows, scores, strict=True)
    )
    return f"<h2>What it wrote{_of(shown, several)}</h2>" + (f'<ol class="hits">{items}</ol>' if items else "<p>Nothing.</p>")


def _spelled(shown: Shown, row: int) -> str:
    path = shown.tree.path(row)
    return "-".join(map(str, shown.tree.prefix(path[-1]))) if path else "no identifier"


def _table(shown: Shown, several: bool) -> str:
    """The picture as a table: each point that is drawn."""
    found = drawn(shown)
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    rows = []
    for point, text in zip(found.points[1:], found.texts[1:], strict=True):
        odds = "" if point.gathered else f"{point.probability:.1%}"
        words = f"<bdi>{escaped(text)}</bdi>"
        cells = (
            point.step,
            f"{point.rank:,}",
            point.prefix,
            words,
            called(point),
            odds,
            f"{point.total:.2f}",
            f"{point.documents:,}",
        )
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return (
        f"<details><summary>The picture as a table{_of(shown, several)}</summary>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="The table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _of(shown: Shown, several: bool) -> str:
    return f": <bdi>{escaped(shown.told)}</bdi>" if several else ""


def _masks(decodes: Sequence[Shown]) -> bool:
    return any(step.masked_mass for shown in decodes for step in shown.trace.steps)


@cache
def _file(name: str) -> str:
    return resources.files("engine.pictures").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """How a policy names a text that stands in the file."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
