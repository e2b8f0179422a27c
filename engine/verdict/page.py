"""A verdict as one HTML file to hand to a colleague: it has no script, needs no network and asks nobody for anything.

Its policy lets in the one text of style that stands in it, by its hash. What comes from people is text, everywhere.
"""

from functools import cache
from importlib import resources

from engine.pictures.labels import escaped
from engine.pictures.still import still
from engine.verdict.rule import RULES, told
from engine.verdict.shown import Cell, Section, Verdict
from engine.verdict.svg import svg

QUESTION = "Does generative retrieval suit this catalogue?"


def html(found: Verdict) -> str:
    """The whole file as text."""
    body = [
        f"<h1><bdi>{escaped(found.corpus)}</bdi>: does generative retrieval suit this catalogue?</h1>",
        f'<p class="quiet">{" · ".join(f"<bdi>{escaped(part)}</bdi>" for part in under(found))}</p>',
        _answer(found),
        *(_section(section) for section in found.sections),
    ]
    return still(f"{found.corpus}: {QUESTION}", style(), "\n".join(body))


def under(found: Verdict) -> list[str]:
    """What stands below the head: of what, when, where and how it was measured."""
    return [
        f"build {found.build}",
        f"{found.documents:,} documents",
        f"scorer {found.scorer}",
        f"{found.beams:,} beams",
        f"seed {found.seed}",
        found.judged_by,
        f"{found.made[:16].replace('T', ' ')} UTC",
        found.device,
        f"measured in {found.seconds:.0f} s",
    ]


@cache
def style() -> str:
    """Rules of the file, light and dark."""
    return resources.files("engine.verdict").joinpath("page.css").read_text("utf-8")


def shown(cell: Cell) -> str:
    """A cell of a table as text.

    >>> shown(1234), shown(0.25), shown(None), shown("a"), shown(12345.678)
    ('1,234', '0.25', '', 'a', '12,345.678')
    """
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int | float) else cell


def _answer(found: Verdict) -> str:
    if found.answer is None:
        return '<div class="answer"><p>Quality was not measured, so that there is no answer.</p></div>'
    because = "".join(f"<li><bdi>{escaped(one)}</bdi></li>" for one in found.answer.because)
    made_up = "<p>It rests on pseudo-queries, which nobody asked: see what is said of them below.</p>" if found.made_up else ""
    others = f'<p class="quiet">{escaped(found.busy)}</p>' if found.busy else ""
    return (
        f'<div class="answer"><strong>{escaped(told(found.answer))}</strong><ul>{because}</ul>{made_up}{others}</div>'
        f'<p class="quiet">The rule:</p><ul class="quiet">{"".join(f"<li>{escaped(one)}</li>" for one in RULES)}</ul>'
    )


def _section(section: Section) -> str:
    parts = [f"<section><h2>{escaped(section.title)}</h2><p><bdi>{escaped(section.says)}</bdi></p>"]
    for picture in filter(None, (section.picture, section.beside)):
        parts.append(f'<figure class="scroll" tabindex="0" role="group" aria-label="The picture">{svg(picture)}</figure>')
    if section.rows:
        parts.append(_table(section))
    if section.notes:
        notes = "".join(f"<li><bdi>{escaped(note)}</bdi></li>" for note in section.notes)
        parts.append(f"<details><summary>How it was measured</summary><ul>{notes}</ul></details>")
    parts.append(f"<p><code>{escaped(section.command)}</code></p></section>")
    return "".join(parts)


def _table(section: Section) -> str:
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in section.columns)
    rows = "".join(f"<tr>{''.join(f'<td><bdi>{escaped(shown(cell))}</bdi></td>' for cell in row)}</tr>" for row in section.rows)
    return (
        '<details open><summary>As a table</summary><div class="scroll" tabindex="0" role="group" aria-label="The table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
