"""The same query decoded in a second build, B, beside the open one: both pictures on one scale, and what each wrote."""

import json
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.common import documents, exports, resources, second, state, turns
from app.decode import branching, decoding, pictures
from app.decode.decoding import EXACT, Asked, Decoded
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.pictures import beam_points
from engine.pictures.beam_points import Point

KEY = "b-picture"


class Theirs(NamedTuple):
    """A decode in B with what of the question was left aside there; none, and why, where there can be none."""

    build: Build
    decoded: Decoded | None
    told: list[str]


def decode(b: Build, query: str, asked: Asked, planned: bool) -> Theirs:
    """Ask B the same. ``planned`` says that widths a level were chosen for A, which mean nothing there."""
    here, told = asked_of(b, asked, planned)
    try:
        resources.encoded(b, query)
        return Theirs(b, decoding.run(b, query, here), told)
    except TriescopeError as error:
        return Theirs(b, None, [str(error)])


def asked_of(b: Build, asked: Asked, planned: bool = False) -> tuple[Asked, list[str]]:
    """What is asked of B, and sentences on what cannot be asked there: codes are names of one build."""
    told = ["Forced and banned prefixes are A's: B decodes without them"] if asked.force or asked.ban else []
    told += ["The branch of the address is A's, and is drawn where there is no B"] if branching.asked_for() else []
    here = replace(asked, force="", ban=())
    if planned:
        here = replace(here, strategy="beam", settings={})
        told.append("Widths for a recall were chosen for A: B keeps one width")
    if asked.scorer and asked.scorer not in b.scorer_names:
        here = replace(here, scorer="")
        told.append(f"B has no scorer {asked.scorer}: {b.default_scorer} decodes there")
    found = turns.read(b, asked.turns)
    if gone := len(asked.turns) - len(found.more) - len(found.less):
        told.append(f"{gone} of the turns name documents that B does not have")
    return here, told


def points(theirs: Theirs, step: int, last: bool, document: str) -> list[Point]:
    """Points of B's picture after ``step`` levels, after all of them on A's ``last``; the path of a document, by its id, is
    marked."""
    if not theirs.decoded:
        return []
    b = theirs.build
    shown = b.trie.levels if last else min(step, b.trie.levels)
    return beam_points.points(theirs.decoded.trace, b.trie, b.names, shown, marked(b, document))


def marked(b: Build, document: str) -> frozenset[int]:
    """The path of a document in B, by its id; nothing where B does not have it."""
    return frozenset(b.trie.path(b.row_of[document])) if document in b.row_of else frozenset()


def draw(theirs: Theirs, column: DeltaGenerator, drawn: list[Point], rows: int, height: int) -> None:
    """B's picture in its column; why there is none where there is none."""
    with column:
        if theirs.decoded:
            st.text(named("B", theirs.build, theirs.decoded.asked))
            pictures.draw(theirs.build, theirs.decoded, drawn, rows, KEY, height, narrow=True)
            a, b = st.session_state[state.BUILD], theirs.build.folder.name
            label = "Swap A and B: what is behind a node is shown of A"
            st.button(label, icon=":material/swap_horiz:", type="tertiary", key="b-swap", on_click=second.swap, args=(a, b))
        for one in theirs.told:
            told = f"{state.plain(one)}."
            st.caption(told) if theirs.decoded else st.info(f"B: {told}", icon=":material/block:")


def named(letter: str, build: Build, asked: Asked) -> str:
    """What stands above a picture: which build, and how it decodes."""
    return f"{letter}, {build.folder.name}: {decoding.named(replace(asked, scorer=asked.scorer or build.default_scorer))}"


def show(a: Build, query: str, decoded: Decoded, theirs: Theirs) -> None:
    """What the two wrote, document by document, and files of it."""
    st.header("What the two wrote")
    st.caption(second.documents_told(a, theirs.build))
    if not theirs.decoded:
        return
    frame = written(a, decoded, theirs.build, theirs.decoded)
    ranks = {name: st.column_config.NumberColumn(width="small") for name in ("Rank in A", "Rank in B")}
    st.dataframe(frame, hide_index=True, column_config=ranks, height=min(420, 38 + 35 * max(len(frame), 1)))
    both = int((frame["Rank in A"].notna() & frame["Rank in B"].notna()).sum())
    st.caption(
        f"{both} of the first {EXACT} are in both. An identifier stands also where a document was not written; it is empty where "
        "the build does not have it."
    )
    with st.container(horizontal=True):
        exports.offer("Both, CSV", exports.csv(frame), "decode-two-builds.csv")
        exports.offer("B's trace, JSON", partial(_trace, theirs.build, query, theirs.decoded), "trace-b.json")


def written(a: Build, decoded: Decoded, b: Build, theirs: Decoded) -> pd.DataFrame:
    """A row a document of the first ten of either, in A's order and then in B's."""
    of = [(build, _ranks(build, one)) for build, one in ((a, decoded), (b, theirs))]
    ids: Collection[str] = dict.fromkeys([*of[0][1], *of[1][1]])
    rows = []
    for document in ids:
        title = documents.title(a if document in a.row_of else b, document)
        places = [(known.get(document), _identifier(build, document)) for build, known in of]
        rows.append((title, *places[0], *places[1], document))
    columns = ["Title", "Rank in A", "Identifier in A", "Rank in B", "Identifier in B", "Id"]
    return pd.DataFrame(rows, columns=columns).astype({"Rank in A": "Int64", "Rank in B": "Int64"})


def _ranks(build: Build, decoded: Decoded) -> dict[str, int]:
    rows = decoded.trace.documents(decoded.tree, EXACT)[0]
    return {build.documents[row].id: rank for rank, row in enumerate(rows, 1)}


def _identifier(build: Build, document: str) -> str:
    return build.identifier(build.row_of[document]) if document in build.row_of else ""


def _trace(b: Build, query: str, decoded: Decoded) -> str:
    told = b.trace_json(query, decoded.trace, tree=decoded.tree) | {"build": b.folder.name}
    return json.dumps(told, ensure_ascii=False, indent=1)
