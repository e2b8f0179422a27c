"""Late interaction on Compare: how the tokens of the query and of a document met, and the job that makes token vectors."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.charts import alignment
from app.common import commands, documents, exports, guard, jobs, state
from engine import files
from engine.builds import layout, tokens
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import method_of
from engine.retrievers.late_interaction import METHOD, LateRetriever
from engine.text import token_vectors

NAME = METHOD.name
TITLE = "Late interaction: a vector a token"


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"token vectors of {build.folder.name}"


def by_tokens(names: Sequence[str]) -> str:
    """The first of some retrievers that ranks by tokens; empty where none does.

    >>> by_tokens(["bm25", "dense~late"]), by_tokens(["bm25"])
    ('dense~late', '')
    """
    return next((name for name in names if NAME in (name, *method_of(name)[1].members[1:])), "")


def show(build: Build, query: str, results: Mapping[str, Sequence[Hit]], pinned: str) -> None:
    """The heat map of the pinned document, else of the first that was found; nothing where no list is by tokens."""
    name = by_tokens(list(results))
    document = pinned or next((hit.id for hit in results[name]), "") if name else ""
    if not document:
        return
    st.header("Which tokens met")
    by = build.retriever(NAME)
    assert isinstance(by, LateRetriever)
    try:
        met = by.align(query, build.row_of[document])
    except TriescopeError as error:
        st.error(state.plain(str(error)), icon=":material/error:")
        return
    which = "the pinned document" if pinned else f"the first of {name}"
    st.text(f"{documents.title(build, document)} ({which})")
    if not met.cosines.size:
        st.caption("It has no token that counts: punctuation is left out.")
        return
    drawn = alignment.shown(met)
    st.plotly_chart(alignment.figure(met), key="tokens", alt=alignment.describe(met))
    st.caption(
        f"A row a token of the query, darker for nearer; the number stands where its nearest is. {len(drawn.places)} of the "
        f"document's {drawn.of:,} tokens are drawn: those nearest to some token of the query, and their neighbours. The score is "
        f"the mean of the numbers, {met.cosines.max(axis=1).mean():.3f}."
    )
    table = alignment.table(met)
    with st.expander("The picture as a table"):
        two = st.column_config.NumberColumn(format="%.3f")
        share = st.column_config.NumberColumn(format="percent")
        st.dataframe(table, hide_index=True, column_config={"Cosine": two, "Share of the score": share})
        exports.offer("Tokens, CSV", exports.csv(table), "tokens.csv")


def offer(build: Build) -> None:
    """The job where one runs, what there is, and the form that starts another."""
    name, there = job_name(build), token_vectors.is_there(build.folder)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "Making token vectors failed", "Making token vectors was cancelled. It goes on from where it was.")
    if jobs.running(name):
        st.header("Token vectors in the making")
        jobs.panel(name)
        return
    label = f"{TITLE} ({'there are' if there else 'not made yet'})"
    with st.expander(label, icon=":material/grid_view:", key="late-box", on_change="rerun") as box:
        if box.open:
            _inside(build, there)


def _inside(build: Build, there: bool) -> None:
    st.caption(
        "MaxSim, ColBERT's operator: each token of the query looks for its nearest token of the document. Every token's vector "
        "is kept, 8 bits a number. Then the columns `late` (all documents compared, nothing missed) and `dense~late` (the first "
        "two hundred of dense search, reordered) can be had, here, on Evaluate and in fusions."
    )
    if there:
        try:
            st.markdown(state.plain(METHOD.told(build, method_of(NAME)[1])))
        except TriescopeError as error:
            st.error(state.plain(str(error)), icon=":material/broken_image:")
    model = st.text_input(
        "Encoder of tokens",
        key="late-model",
        placeholder="the build's own encoder",
        help="A folder or a name of an encoder trained for late interaction (ColBERT, PyLate); weights as safetensors.",
    ).strip()
    arguments = ["tokens", build.folder.name, *(["--model", model] if model else [])]
    st.markdown(
        f":material/schedule: {len(build.documents):,} documents are encoded anew, about as long as the build's embeddings took. "
        "Cancelled, it goes on from where it was."
    )
    commands.offer(commands.line(arguments))
    if files.held(layout.partial_of(build.folder / token_vectors.FOLDER)):
        st.info("A shell is making them.", icon=":material/terminal:")
        return
    with st.container(horizontal=True):
        label = "Make them anew" if there else "Make token vectors"
        if st.button(label, type="primary", icon=":material/play_arrow:", key="late-start"):
            jobs.start_command(job_name(build), ["tokens", str(build.folder), *arguments[2:]], label="token vectors")
            st.rerun()
        if there:
            with st.popover("Delete", icon=":material/delete:"):
                st.button("Delete the token vectors", on_click=_delete, args=(build,), icon=":material/delete:")


@guard.changes
def _delete(build: Build) -> None:
    tokens.remove(build.folder)
