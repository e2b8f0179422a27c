"""Builds: all that were made here, side by side; renamed, handed on, taken in, deleted; their documents come and go."""

import streamlit as st

from app.builds import beside, changing, shelf
from app.common import address, exports, state
from engine.builds.listed import listed

st.title("Builds")
if said := st.session_state.pop(shelf.SAID, ""):
    st.success(state.plain(said), icon=":material/check:")
shelf.deleted()
rows, faults = listed()
rows = shelf.measured(rows)
for name, fault in faults.items():
    st.warning(f"{state.plain(name)} is not listed: {state.plain(fault)}", icon=":material/broken_image:")

if not rows:
    st.write(
        "There is no build yet. Hand over a catalogue of your own, build the bundled films, or take in a build from someone."
    )
    with st.container(horizontal=True):
        st.page_link("../pages/catalogue.py", label="Your own catalogue", icon=":material/upload_file:")
        st.page_link("../pages/start.py", label="The bundled films", icon=":material/home:")
else:
    frame = shelf.table(rows, st.session_state.get(state.BUILD, ""))
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "Build": st.column_config.TextColumn(pinned=True),
            "Documents": st.column_config.NumberColumn(format="localized"),
            "nDCG@10": st.column_config.TextColumn(help="Of the newest evaluation, page Evaluate.", alignment="right"),
            "Judged": st.column_config.NumberColumn(format="localized"),
            "MB": st.column_config.NumberColumn(format="%.1f"),
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
        },
        alt="Builds with what they are made of",
    )
    exports.offer("Table, CSV", exports.csv(frame), "builds.csv")
    if later := sum(not row.health for row in rows):
        st.caption(f"{later:,} not judged yet: small ones are at once, large ones on the page Identifiers.")
    st.header("One of them")
    known = {row.name: row for row in rows}
    asked = address.one_of("one", list(known), st.session_state.get(state.BUILD, next(iter(known))), "build to act on")
    chosen = st.selectbox("Build to act on", list(known), width=300, **address.own("one", asked))
    row = known[chosen]
    st.caption(
        f"{row.documents:,} documents of {state.plain(row.catalogue)}, {state.plain(row.scheme)} {row.codes}, seed {row.seed}, "
        f"encoder {state.plain(row.encoder)}, made {row.created[:10]} in {row.seconds:,.1f} s."
    )
    shelf.act(row)
    st.header(f"Documents of {state.plain(chosen)}")
    changing.of(chosen)
    if len(known) > 1:
        st.header("Two of them")
        beside.offer(list(known), chosen)

st.header("Take in a build")
st.caption(
    "A build from someone else is opened as a stranger's: names, sizes, hashes and indexes are checked before it gets its place."
)
shelf.take_in()
if shelf.judge(rows):  # behind all that is drawn
    st.session_state.update({shelf.SAID: said} if said else {})
    st.rerun()
