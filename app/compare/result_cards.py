"""The results of all retrievers as cards, a column each; equal ranks stand in one row.

A card is one text: each element of a page is a message of its own to the browser, a hundred bytes before it says anything, and
twenty results of four retrievers are eighty cards.
"""

from collections.abc import Mapping

import streamlit as st

from app.common import documents, metadata, state
from app.common.marked import bold
from app.compare import comparing
from app.compare.comparing import Column
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.data.corpus import Document
from engine.pictures.labels import cut
from engine.retrievers import method_of
from engine.text.matched import one_line, wanted

# Narrower than this a card is not readable: the grid then scrolls sideways.
NARROWEST = 136
# Letters of a title that stands alone in its line.
SHORT = 34
# Ends a line without ending the paragraph.
BREAK = "  \n"


def show(
    build: Build,
    query: str,
    columns: Mapping[str, Column],
    pinned: str,
    grades: Mapping[str, int],
    compact: bool = False,
) -> None:
    """Draw them. ``pinned`` is a document's id or empty; ``grades`` are the judgements of the query, by document; ``compact``
    leaves a line of each: rank, title, marks, and where no other list has it a sign of that."""
    found = {name: column.hits for name, column in columns.items()}
    listed = {hit.id: _document(build, hit).metadata for hits in found.values() for hit in hits}
    stems = wanted(query, build.language)
    pictures = False if compact else metadata.offer_pictures(listed.values())
    told = {document: metadata.line(of, stems) for document, of in listed.items()}
    framed = {"gap": ("xxsmall", "small")} if compact else {"gap": ("xsmall", "small"), "border": True}
    grid = st.grid(len(columns), min_column_width=NARROWEST, wrap=False, key="lines" if compact else "cards", **framed)
    for name, column in columns.items():
        with grid.cell():
            st.markdown(f"### {state.plain(name.replace(':', ' · '))}")
            method = method_of(name)[0]
            st.caption(state.plain(method.summary if column.error else comparing.says(build, name)))
            if column.error:
                st.error(state.plain(column.error), icon=":material/error:")
            elif not column.hits:
                st.info(method.empty)
    for place in range(max((len(hits) for hits in found.values()), default=0)):
        for name, column in columns.items():
            if place >= len(column.hits):
                grid.empty()
                continue
            hit = column.hits[place]
            marks = f"{' :orange[:material/push_pin:]' if hit.id == pinned else ''}{_graded(grades.get(hit.id))}"
            title = state.plain(one_line(documents.title_of(_document(build, hit))))
            others = [f"{comparing.short(n)} {r.rank}" for n, hits in found.items() if n != name for r in hits if r.id == hit.id]
            evidence = state.plain(f"{' · '.join(others) or 'only here'} · {column.evidence[place]}")
            if compact:
                alone = "" if others else " :gray[:material/star:]"
                short = state.plain(cut(one_line(documents.title_of(_document(build, hit))), SHORT))
                grid.markdown(f":small[**{hit.rank}** {short}]{marks}{alone}")
                continue
            lines = [f"**{hit.rank} {title}**{marks}", f":small[:gray[{evidence}]]"]
            lines += [f":small[{text}]" for text in (bold(column.snippets[place]),) if text]
            lines += [f":small[:gray[{text}]]" for text in (told[hit.id],) if text]
            lines[1:1] = map(metadata.picture, metadata.pictures(listed[hit.id])) if pictures else ()
            grid.markdown(BREAK.join(lines))


def _graded(grade: int | None) -> str:
    return f" :green[:material/check_circle: {grade}]" if grade else ""


def _document(build: Build, hit: Hit) -> Document:
    return build.documents[build.row_of[hit.id]]
