"""Compare: one query, four retrievers, the same documents joined by lines."""

import html
import json
import statistics

import pandas as pd
import streamlit as st

from app import exports, resources, state
from app.charts import latency, ranks
from engine.decode import exact_search
from engine.evaluation import device
from engine.retrievers.sparse import matched_terms
from engine.store import Hit
from engine.survival import survival, verdict

NAMES = ("bm25", "dense", "generative", "hybrid")
SAYS = {
    "bm25": "keywords: words in common, rare ones count more",
    "dense": "vectors: nearest of all documents, exact",
    "generative": "writes identifiers, one code at a time",
    "hybrid": "fuses the three by rank",
}
REPEATS = 20

st.title("Compare retrievers")
build = resources.open_build()
documents = build.corpus.documents
titles = {document.id: document.title or document.id for document in documents}
query = resources.ask()
first, second = st.columns(2)
k = first.slider("Results shown", 5, 20, 10, key="k", bind="query-params")
beams = second.slider("Beams kept", 1, 100, 50, key=state.BEAMS, bind="query-params")

vector, encode_ms = resources.query_vector(build, query)
results: dict[str, list[Hit]] = {}
medians: dict[str, dict[str, float]] = {}
for name in NAMES:
    runs = [build.search(query, name, k, beams, vector) for _ in range(REPEATS)]
    results[name] = runs[0][0]
    medians[name] = {
        "encode": encode_ms if name != "bm25" else 0.0,
        "search": statistics.median(ms["search"] for _, ms in runs),
    }

grades = next(
    (
        judged.get(i, {})
        for i, text in build.corpus.queries.items()
        if text == query
        for judged in build.corpus.qrels.values()
        if i in judged
    ),
    {},
)
pinned = state.parameter(state.DOCUMENT)
pinned = pinned if pinned in build.row_of else ""


everywhere = list(ranks.ranks(results))
choices = everywhere + [i for i in titles if i not in set(everywhere)]
st.selectbox(
    "Pin a document: where is it in each list, and where was it cut?", choices,
    index=choices.index(pinned) if pinned else None, key="pin", on_change=state.take, args=("pin", state.DOCUMENT),
    format_func=lambda i: f"{titles[i]}  ({i})", placeholder="Type a title; results come first",
)  # fmt: skip

if pinned:
    row = build.row_of[pinned]
    with st.container(border=True):
        st.text(f"{titles[pinned]} · identifier {build.identifier(row) or 'none'}")
        trace = build.decode(query, beams, vector)
        order, _ = exact_search(build.trie, build.scorer, vector)
        path = build.trie.path(row)
        with st.container(horizontal=True):
            for name in ("bm25", "dense"):
                full = build.search(query, name, len(documents), beams, vector)[0]
                place = next((hit.rank for hit in full if hit.id == pinned), None)
                st.metric(f"{name} rank", place or "not found", width="content")
            exact = int((order == path[-1]).argmax()) + 1 if path else None
            deep = {name: build.search(query, name, 100, beams, vector)[0] for name in ("generative", "hybrid")}
            for name, hits in deep.items():
                place = next((hit.rank for hit in hits if hit.id == pinned), None)
                st.metric(f"{name} rank", place or "> 100" if name == "hybrid" else place or "cut", width="content")
            st.metric("rank if nothing were cut", exact or "no identifier", width="content")
        stages = survival(trace, build.trie, row)
        st.write(verdict(stages, beams))
        st.dataframe(
            pd.DataFrame(
                [
                    (s.level, s.code, build.names[s.node], s.rank, "kept" if s.kept else "cut" if s.rank else "gone")
                    for s in stages
                ],
                columns=["Level", "Code", "Words", "Rank among candidates", "Fate"],
            ),
            hide_index=True,
        )

for column, name in zip(st.columns(4), NAMES, strict=True):
    with column:
        st.markdown(f"#### {name}")
        st.caption(SAYS[name])
        if not results[name]:
            st.info("No document shares a word with the query.")
        for hit in results[name]:
            document = documents[build.row_of[hit.id]]
            with st.container(border=True, gap="xxsmall"):
                mark = " :orange[:material/push_pin:]" if hit.id == pinned else ""
                grade = f" :green[:material/check_circle: {grades[hit.id]}]" if grades.get(hit.id) else ""
                with st.container(horizontal=True, gap="xsmall"):
                    st.markdown(f"**{hit.rank}**{mark}{grade}", width="content")
                    st.text(titles[hit.id])
                others = [f"{n} {r.rank}" for n in NAMES if n != name for r in results[n] if r.id == hit.id]
                st.caption(" · ".join(others) or "only here")
                if name == "bm25":
                    st.caption(
                        "words: "
                        + (", ".join(matched_terms(query, document.searched_text(build.manifest["spec"]["fields"]))) or "none")
                    )
                elif name == "generative":
                    st.caption(f"codes {hit.identifier}")
                elif name == "hybrid":
                    st.caption(f"from {hit.source}")
                else:
                    st.caption(f"cosine {hit.score:.3f}")

if grades:
    st.caption(f"This is a judged query: a green mark is a document judged relevant (grade 1 or 2); {len(grades)} are.")

lines, numbers = st.columns([3, 2], gap="large")
with lines:
    st.subheader("The same documents, joined")
    st.plotly_chart(
        ranks.figure(results, {i: html.escape(t) for i, t in titles.items()}, pinned, k),
        key="bump",
        alt=ranks.describe(results, k),
    )
    st.caption(f"Blue: in all four lists. Grey: missing somewhere; it then runs to the row > {k}. Orange: the pinned one.")
with numbers:
    st.subheader("What the lists share")
    shared = pd.DataFrame(ranks.overlaps(results))
    shared.columns = ["Pair", f"Shared of {k}", "Moved up", "Moved down", "Unmoved"]
    st.dataframe(shared, hide_index=True)
    st.subheader("Where the time goes")
    st.plotly_chart(latency.figure(medians), key="latency", alt=latency.describe(medians))
    st.caption(f"Medians of {REPEATS} warm runs, one query at a time. Grey is encoding the query, measured once. {device()}.")

table = pd.DataFrame(
    [{"id": i, "title": titles[i]} | {name: places.get(name) for name in NAMES} for i, places in ranks.ranks(results).items()]
)
with st.expander("The pictures as tables"):
    st.dataframe(table, hide_index=True)
    st.dataframe(pd.DataFrame(medians).T.rename_axis("retriever").reset_index(), hide_index=True)
with st.container(horizontal=True):
    exports.offer("Ranks, CSV", table.to_csv(index=False), "compare.csv")
    exports.offer(
        "Results, JSON",
        lambda: json.dumps({n: [h._asdict() for h in hits] for n, hits in results.items()}, ensure_ascii=False, indent=1),
        "compare.json",
    )  # fmt: skip
