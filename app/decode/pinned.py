"""Why this document, and why not that one: a pinned document's way through a decode."""

import pandas as pd
import streamlit as st

from app.common import because, documents, state, turns
from app.decode import decoding, intervening
from app.decode.decoding import Decoded
from engine.builds.opened import Build
from engine.builds.turns import branch
from engine.data.values import counted
from engine.explaining.survival import Stage, survival
from engine.explaining.why import Why


def choose(build: Build, decoded: Decoded, pinned: str) -> None:
    """The pin box."""
    first = [build.corpus.documents[row].id for row in decoded.trace.documents(decoded.tree, 10)[0]]
    documents.pick(build, "Pin a document: how far does it come?", "decode-pin", pinned, first=first)


def explain(build: Build, query: str, decoded: Decoded, document: str) -> Why:
    """Ranks, the level where it was cut, what displaced it, and the smallest width that keeps it."""
    _turn(build, document)
    asked, row = decoded.asked, build.row_of[document]
    vector = decoding.vector_of(build, query, asked)
    found = build.why(query, document, asked.beams, vector, decoded.tree, asked.temperature, asked.scorer)
    st.text(f"{documents.title(build, document)} · identifier {build.identifier(row) or 'none'}")
    if asked.strategy != "beam":
        st.caption("The figures are those of beam search with this width; the table follows the strategy chosen.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.metric("Rank in the beam", found.beam_rank or "cut", width="content")
        st.metric("Rank if nothing were cut", f"{found.exact_rank:,}", width="content")
        st.metric("Smallest width that keeps it", f"{found.smallest_beams:,}", width="content")
        if found.smallest_beams != asked.beams:
            wide = (state.BEAMS, str(found.smallest_beams))
            st.button("Use that width", on_click=state.focus, args=wide, icon=":material/unfold_more:")
    st.write(found.verdict)
    if found.displaced_by:
        last = found.displaced_by[-1]
        st.text(f"The last place went to {'-'.join(map(str, last.prefix))}: {build.names[last.node]}")
    # Scores are known at every level, ranks among candidates only as far as the prefix was considered at all.
    stages = survival(decoded.trace, build.trie, row)
    rows = [
        (s.level, s.code, build.names[s.node], w.score, w.log_prob, s.rank, w.rank_of_all, _fate(s))
        for s, w in zip(stages, found.steps, strict=False)
    ]
    columns = ["Level", "Code", "Words", "Total", "Log-probability", "Rank among candidates", "Rank of all", "Fate"]
    three = st.column_config.NumberColumn(format="%.3f")
    shown = pd.DataFrame(rows, columns=columns).astype({"Rank among candidates": "Int64"})
    st.dataframe(shown, hide_index=True, column_config={"Total": three, "Log-probability": three})
    listed = [build.corpus.documents[place].id for place in decoded.trace.documents(decoded.tree, because.ABOVE)[0]]
    because.show(build, query, document, vector, found, listed, decoded.tree is build.trie)
    return found


def _turn(build: Build, document: str) -> None:
    """More like it, less like it; and less of its branch, which bans that in the tree."""
    turns.offer(build, document)
    if (prefix := branch(build, document)) and prefix not in intervening.banned():
        below = int(build.trie.counts[build.trie.find(tuple(map(int, prefix.split("-"))))])
        label = state.plain(f"Nothing below {prefix} ({counted(below, 'document')})")
        st.button(label, key="ban-branch", icon=":material/block:", on_click=intervening.ban, args=(prefix,), type="tertiary")


def _fate(stage: Stage) -> str:
    return "kept" if stage.kept else "cut" if stage.rank else "gone"
