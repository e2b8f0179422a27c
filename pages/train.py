"""Train: teach a scorer on this machine, watch it learn, and hold what came out against the centroid scorer."""

import streamlit as st

from app.charts import curves, sharpen
from app.common import address, exports, jobs, resources, state
from app.train import crossing, layers, preferring, tuning
from app.train import form as train_form
from app.train import job as training
from app.train import runs as trained
from engine.builds import runs
from engine.builds.trained import head_start, rests_on, verdict
from engine.studies import bundled

st.title("Train a scorer")
build = resources.open_build()
folder = build.folder
job = jobs.registry().get(training.job_name(folder)) if jobs.running(training.job_name(folder)) else None
found, damaged = trained.read_all(build)
default = build.default_scorer

training.say_how_it_ended(folder, list(found))
for error in damaged:
    st.error(state.plain(error), icon=":material/broken_image:")
if said := st.session_state.pop("train-said", ""):
    st.error(state.plain(said), icon=":material/error:")

if job is not None:
    st.header(f"Training {state.plain(job.label)}")
    jobs.panel(training.job_name(folder))
    training.live(build, job.label)
training.offer_left(build, None if job is None else job.label)

if job is None:
    if not found:
        st.write(
            "A scorer says how likely each next code of an identifier is. The centroid scorer of "
            f"{state.plain(build.name)} is not trained; one that has learned from queries and their documents can do better, and "
            "takes its place by itself only where judged queries make that certain."
        )
    # Counting pairs takes a moment, so it waits until someone asks; with nothing else to see, it is what the page is for.
    another = {"label": "Train another scorer", "icon": ":material/model_training:", "key": "another", "on_change": "rerun"}
    form = st.expander(**another) if found else st.container(border=True)
    if not found or form.open:
        with form:
            train_form.offer(build, list(found))

tuning.offer(build)
crossing.offer(build)
preferring.offer(build)
found = {name: run for name, run in found.items() if run.history}  # an update by preferences has none, and its own part above

if not found:
    st.stop()

st.header("Runs side by side")
rows = trained.table(found, default)
three = st.column_config.NumberColumn(format="%.3f")
figures = [trained.MEASURE, "Low", "High", "Centroid", *trained.BESIDE, "Recall@100", "Centroid Recall@100"]
st.dataframe(
    rows,
    hide_index=True,
    column_config=dict.fromkeys(figures, three)
    | {
        "Run": st.column_config.TextColumn(pinned=True),
        "Minutes": st.column_config.NumberColumn(format="%.1f"),
        "MB": st.column_config.NumberColumn(format="%.1f"),
    },
)
st.caption(
    f"{trained.MEASURE} with its 95% interval, on the queries that the column Asked names. Centroid is the untrained scorer on "
    "the same queries; BM25 and Dense are keyword and exact vector search on them, Moved and Tuned dense search with the same "
    "labels, where they can be had. Difference is to Centroid, query by query; "
    "Beats is ticked where its interval excludes zero and the paired test agrees; p is corrected for the runs of this table "
    f"(Holm). The default, which `generative` search uses, is **{state.plain(default)}**. It changes by itself only for a scorer "
    "that is better on judged queries that nothing was chosen on."
)
if len(found) > 1:
    histories = {name: curves.table(run.history) for name, run in found.items()}
    floors = {name: trained.floor(run).mean for name, run in found.items()}
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure = curves.side_by_side(histories, trained.MEASURE, floors)
        st.plotly_chart(figure, key="runs", alt=curves.describe_runs(histories, trained.MEASURE))
    with right:
        st.markdown("**What was asked differently**")
        st.dataframe(trained.differences({name: run.spec for name, run in found.items()}), hide_index=True)

asked = address.one_of(state.RUN, list(found), next(iter(found)), "run")
name = st.selectbox("Run", list(found), width=300, **address.own(state.RUN, asked))
run = found[name]
history, steps = run.history, [entry.step for entry in run.history]
kept = steps.index(run.best_step) if run.best_step in steps else len(steps) - 1
st.header(f"What {state.plain(name)} learned")
if told := bundled.came_along(build, "trained", name):
    st.caption(told)
certain = st.success if run.certain else st.info
(certain if run.beats_centroid else st.warning)(state.plain(verdict(run)))
if told := head_start(run):
    st.info(state.plain(told), icon=":material/start:")
with st.container(horizontal=True, vertical_alignment="center"):
    st.button(
        "Use this one",
        on_click=trained.use,
        args=(build, name),
        disabled=name == default or not run.beats_centroid,
        icon=":material/check_circle:",
        help="Make it the build's default: what `generative` search decodes with. " + state.plain(rests_on(run)),
    )
    if default != runs.CENTROID:
        st.button("Use the centroid scorer", on_click=trained.use, args=(build, runs.CENTROID), icon=":material/undo:")
    with st.popover("Delete", icon=":material/delete:"):
        st.button(f"Delete {state.plain(name)} for good", on_click=trained.delete, args=(build, name))
    st.page_link(state.DECODE, label="Decode with it", icon=":material/conversion_path:", query_params={state.SCORER: name})
    compared = {state.COLUMNS: ["bm25", "dense", f"generative:{runs.CENTROID}", f"generative:{name}", f"hybrid:{name}"]}
    st.page_link(state.COMPARE, label="Compare with it", icon=":material/compare_arrows:", query_params=compared)
at = st.select_slider(
    "Look at the evaluation after step",
    steps,
    steps[kept],
    key=f"at-{name}-{run.weights}",
    help="The dotted line in the pictures, and the hits and beams below.",
)
place = steps.index(at)
floor = trained.floor(run)
trained.pictures(history, floor, kept, place, f"run-{name}", run.best_step)
asked_of = "The grey band is the interval of the centroid scorer." if floor.interval else trained.HALVES
st.caption(
    f"{state.plain(trained.facts(run))} The ring marks the weights that were kept. {asked_of} Next codes are predicted given the "
    "true codes before them, on judged pairs of the development queries."
)
st.markdown(f"**What it writes after step {at:,}**")
trained.shown(build, history, place)
trained.detectors(history[place])
if run.cold:
    trained.cold(run.cold)
layers.offer(build, run)
flat, watched = curves.table(history), sharpen.rows(history)
with st.expander("The pictures as tables"):
    st.dataframe(flat, hide_index=True)
    st.dataframe(watched, hide_index=True)


def offline() -> str:
    """The curves as a file."""
    figures = [curves.quality(flat, run.dev.measure, floor, run.best_step), curves.accuracy(flat), curves.losses(flat)]
    return curves.page(f"{name} on {build.name}", f"{verdict(run)} {trained.facts(run)}", figures)


with st.container(horizontal=True):
    exports.offer("Run, JSON", exports.as_json(run.as_json()), f"{name}.json")
    exports.offer("History, CSV", exports.csv(flat), f"{name}-history.csv")
    exports.offer("Watched queries, CSV", exports.csv(watched), f"{name}-watched.csv")
    exports.offer("Runs, CSV", exports.csv(rows), "runs.csv")
    exports.offer("Curves, HTML", offline, f"{name}-curves.html")
