"""Late interaction on Compare: how the tokens of the query and of a document met, and the job that makes token vectors."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.charts import alignment
from app.common import documents, exports, state
from app.compare import making
from app.compare.making import Made
from engine.builds import tokens
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import method_of
from engine.retrievers.late_interaction import METHOD, LateRetriever
from engine.text import token_vectors

NAME = METHOD.name
TOKENS = Made(
    key="late",
    command="tokens",
    folder=token_vectors.FOLDER,
    retriever=NAME,
    job="token vectors",
    title="Late interaction: a vector a token",
    icon=":material/grid_view:",
    there="there are",
    at_work="Token vectors in the making",
    failed="Making token vectors failed",
    cancelled="Making token vectors was cancelled.",
    elsewhere="A shell is making them.",
    start="Make token vectors",
    again="Make them anew",
    delete="Delete the token vectors",
    is_there=token_vectors.is_there,
    remove=tokens.remove,
)


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
        st.error(state.said(str(error)), icon=":material/error:")
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
    making.offer(TOKENS, build, _form)


def _form(build: Build) -> Sequence[str]:
    st.caption(
        "MaxSim, ColBERT's operator: each token of the query looks for its nearest token of the document. Every token's vector "
        "is kept, 8 bits a number. Then the columns `late` (all documents compared, nothing missed) and `dense~late` (the first "
        "two hundred of dense search, reordered) can be had, here, on Evaluate and in fusions, and `hybrid` is weighed with "
        "them."
    )
    model = st.text_input(
        "Encoder of tokens",
        key="late-model",
        placeholder="the build's own encoder",
        help="A folder or a name of an encoder trained for late interaction (ColBERT, PyLate); weights as safetensors.",
    ).strip()
    st.markdown(
        f":material/schedule: {len(build.documents):,} documents are encoded anew, about as long as the build's embeddings took. "
        "Cancelled, it goes on from where it was."
    )
    return ["--model", model] if model else []
