"""A comparison as one HTML file to hand on: the question, the ranks joined by lines, what is lacking and why, and the lists."""

from functools import cache
from importlib import resources

from engine.evaluation.comparison import Comparison, Entry
from engine.pictures.labels import cut, escaped
from engine.pictures.still import still

# Of the picture, in its own units: a column of ranks and a row of them.
COLUMN, ROW, TOP, LEFT = 150, 22, 44, 40
LONGEST = 18
ERRORS = (
    "Exact rank: with a beam without limit. Search error: the list would then have it, so the beam lost it. Model error: not "
    "even then, the scorer ranks it too low."
)


def html(found: Comparison) -> str:
    """The whole file as text."""
    told = [f"build {found.build}", f"{found.documents:,} documents", f"{found.k} results", f"{found.beams:,} beams"]
    told += [f"filter {found.filter}"] if found.filter else []
    parts = [
        f"<h1><bdi>{escaped(found.query)}</bdi></h1>",
        f'<p class="quiet">{" · ".join(f"<bdi>{escaped(one)}</bdi>" for one in told)}</p>',
        f'<figure class="scroll" tabindex="0" role="group" aria-label="Ranks">{picture(found)}</figure>',
        '<p class="quiet">A line a document, from list to list; one that a list lacks runs to the row below.</p>',
        *_alike(found),
        *_lacking(found),
        f'<h2>The lists</h2><div class="lists">{"".join(_list(name, entries) for name, entries in found.lists.items())}</div>',
    ]
    return still(found.query, style(), "\n".join(parts))


def picture(found: Comparison) -> str:
    """The ranks of every document in every list, joined, as SVG; those that all lists have stand out."""
    names, outside = list(found.lists), found.k + 1
    places: dict[str, dict[str, int]] = {}
    titles: dict[str, str] = {}
    for name, entries in found.lists.items():
        for entry in entries:
            places.setdefault(entry.id, {})[name] = entry.rank
            titles[entry.id] = entry.title
    wide, high = LEFT + COLUMN * (len(names) - 1) + LEFT, TOP + ROW * outside + 10
    told = f"Ranks of {len(places)} documents in {', '.join(names)}"
    drawn = [f'<svg class="ranks" viewBox="0 0 {wide + 80} {high}" role="img" aria-label="{escaped(told)}">']
    for place, name in enumerate(names):
        label = escaped(cut(name, LONGEST))
        drawn.append(f'<text class="quiet" x="{_x(place)}" y="16" text-anchor="middle">{label}</text>')
    for rank in range(1, outside + 1):
        told = str(rank) if rank < outside else f"&gt; {found.k}"
        drawn.append(f'<text class="quiet" x="{LEFT + 24}" y="{_y(rank) + 4}" text-anchor="end">{told}</text>')
    # Those that stand out are drawn last.
    for document, of in sorted(places.items(), key=lambda one: len(one[1])):
        ranks = [of.get(name, outside) for name in names]
        look = "all" if len(of) == len(names) else "some" if len(of) > 1 else "one"
        points = " ".join(f"{_x(place)},{_y(rank)}" for place, rank in enumerate(ranks))
        dots = "".join(f'<circle cx="{_x(at)}" cy="{_y(rank)}" r="4"/>' for at, rank in enumerate(ranks) if rank < outside)
        drawn.append(f'<g class="{look}"><title>{escaped(titles[document])}</title><polyline points="{points}"/>{dots}</g>')
    return "".join([*drawn, "</svg>"])


@cache
def style() -> str:
    """Rules of the file, light and dark."""
    return resources.files("engine.evaluation").joinpath("sheet.css").read_text("utf-8")


def _x(place: int) -> int:
    return LEFT + 40 + COLUMN * place


def _y(rank: int) -> int:
    return TOP + ROW * (rank - 1)


def _alike(found: Comparison) -> list[str]:
    if not found.alike:
        return []
    rows = [
        (f"{one} → {other}", of.shared, f"{of.rbo:.2f}", "" if of.tau is None else f"{of.tau:.2f}", of.up, of.down)
        for one, other, of in found.alike
    ]
    head = ("Pair", f"Shared of {found.k}", "RBO", "Tau", "Up", "Down")
    note = "RBO: rank-biased overlap, p .9, extrapolated. Tau: Kendall's, of the documents that both have."
    return ["<h2>What the lists share</h2>", _table(head, rows), f'<p class="quiet">{note}</p>']


def _lacking(found: Comparison) -> list[str]:
    if not found.judged:
        return []
    absent = f"; {found.absent:,} are not in this catalogue" if found.absent else ""
    count = f"{len(found.lacking):,} of {found.judged:,} documents judged relevant are missing from at least one list{absent}."
    if not found.lacking:
        return [f"<p>{count}</p>"]
    rows = [(one.title, one.grade, *(one.told[name] for name in found.lists)) for one in found.lacking]
    note = f'<p class="quiet">{ERRORS}</p>'
    table = _table(("Document", "Grade", *found.lists), rows)
    return ["<h2>Relevant documents that a list lacks</h2>", table, f"<p>{count}</p>", note]


def _table(head: tuple[str, ...], rows: list[tuple]) -> str:
    names = "".join(f'<th scope="col">{escaped(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(f'<td><bdi>{escaped(cell)}</bdi></td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="group" aria-label="A table">{table}</div>'


def _list(name: str, entries: list[Entry]) -> str:
    items = "".join(map(_entry, entries)) or "<li>Nothing was found.</li>"
    return f"<section><h3><bdi>{escaped(name)}</bdi></h3><ol>{items}</ol></section>"


def _entry(entry: Entry) -> str:
    text = "".join(f"<mark>{escaped(part)}</mark>" if marked else _spaced(part) for part, marked in entry.snippet.parts())
    grade = f' <span class="grade">judged {entry.grade}</span>' if entry.grade is not None else ""
    said = f'<p class="quiet"><bdi>{escaped(entry.evidence)}</bdi></p>'
    return f"<li><strong><bdi>{escaped(entry.title)}</bdi></strong>{grade}{said}<p><bdi>{text}</bdi></p></li>"


def _spaced(part: str) -> str:
    """A piece of a text between two marks, with the blanks at its ends."""
    return f"{' ' if part[:1].isspace() else ''}{escaped(part)}{' ' if part[-1:].isspace() else ''}"
