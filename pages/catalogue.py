"""Catalogue: hand over a file of one's own, say which column is what, see what is wrong with it, and build it."""

import streamlit as st

from app.catalogue import beside, building, handing, mapping, public
from app.common import state
from engine.data.corpus import documents_of
from engine.errors import TriescopeError

st.title("Your own catalogue")
building.at_work()
path = handing.choose()
public.offer()
if path is None:
    st.stop()

st.header("Which column is what")
documents = documents_of(path)
written = mapping.encoding(documents)
try:
    columns = mapping.ask(documents, written)
    found = mapping.examine(documents, columns, written) if columns else None
except TriescopeError as error:  # where it lies on the server is nobody's business
    st.error(state.said(str(error).replace(str(documents), documents.name)), icon=":material/error:")
    st.stop()
if columns is None or found is None:
    st.stop()
if told := mapping.judged(path):
    st.caption(state.plain(told))
leave_out = mapping.show(found, path.name.split(".")[0])

st.header("What is searched")
fields = mapping.searched(found)
passages = mapping.passages(found)

others = beside.ask(path)

st.header("Build it")
building.offer(path, found, columns, fields, leave_out, written, others, passages)
