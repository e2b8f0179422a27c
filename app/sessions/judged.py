"""Which recommender to use: all of them asked for what people took next, by a job; means, differences, and who is served."""

import pandas as pd
import streamlit as st

from app.charts import systems
from app.common import address, commands, exports, guard, jobs, state
from app.evaluate import exposed
from engine.builds.opened import Build
from engine.data.figures import Difference, better, told, told_p
from engine.errors import TriescopeError
from engine.recommending import evaluated, kept_judging, kinds
from engine.recommending.kept_judging import Judging, OfRecommender

SPLIT, SHOWN = "judged-by", ("R@10", "NDCG@10", "MRR")
SPLITS = {"dev": "Development, to choose", "test": "Test, to report"}


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"judging {build.folder.name}"


def show(build: Build, beams: int) -> None:
    """The job where one runs, what was found last, and the form that judges anew."""
    name = job_name(build)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "The recommenders could not be judged", "Judging was cancelled; nothing of it was kept.")
    if jobs.running(name):
        st.header("Asking for what people took next")
        jobs.panel(name)
        return
    with st.expander("Which of them to use", icon=":material/balance:", key="judged-box", on_change="rerun") as box:
        if box.open:
            _inside(build, beams)


def _inside(build: Build, beams: int) -> None:
    st.caption(
        "Each is given the history of everyone and asked for the one item that came next, which it never saw; the whole "
        "catalogue is ranked, items of the history left out. Choose by development, then look at the test once."
    )
    split = address.one_of(SPLIT, list(SPLITS), "dev", "split")
    split = st.segmented_control(
        "Questions", list(SPLITS), format_func=SPLITS.__getitem__, required=True, **address.own(SPLIT, split)
    )
    try:
        found = kept_judging.read(build, split)
        if found:
            _found(build, found)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        found = None
    _form(build, split, beams, [one.name for one in found.models] if found else kinds.usual(build))


def _form(build: Build, split: str, beams: int, before: list[str]) -> None:
    there = kinds.there(build)
    options = [*there, *(name for name in before if name not in there)]
    told_of = "The first one is what the others are held against; the names of several with + between stand for their sum."
    with st.form("judge-next", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.multiselect("Recommenders to judge", options, before, help=told_of, accept_new_options=True)
        columns = [name for name in build.columns.names if name not in ("id", "title")]
        by = st.selectbox("Whom they show, by a column", columns, None, placeholder="none", key="judged-shown-by", width=260)
        sent = st.form_submit_button("Judge them", icon=":material/play_arrow:")
    arguments = ["--split", split, "--beams", str(beams), *(part for name in names for part in ("-m", name))]
    arguments += ["--by", by] if by else []
    commands.offer(commands.line(["evaluate-next", build.folder.name, *arguments]))
    if sent:
        members = [member.strip() for name in names for member in name.split("+")]
        if unknown := [member for member in members if member not in there]:
            st.error(f"There is no recommender {state.plain(', '.join(unknown))}.", icon=":material/error:")
        elif not names:
            st.error("Choose one at least.", icon=":material/error:")
        else:
            _start(build, arguments)
            st.rerun()


@guard.changes
def _start(build: Build, arguments: list[str]) -> None:
    jobs.start_command(job_name(build), ["evaluate-next", str(build.folder), *arguments, "--keep"], label=build.folder.name)


def _found(build: Build, found: Judging) -> None:
    if since := kept_judging.trained_since(build, found):
        st.info(f"Trained anew since this was measured: {state.plain(', '.join(since))}.", icon=":material/history:")
    st.markdown(state.plain(said(found)))
    value = {"queries": found.questions, "retrievers": {one.name: _plain(one) for one in found.models}}
    st.plotly_chart(
        systems.figure(value, evaluated.COMPARED_BY), key="judged", alt=systems.describe(value, evaluated.COMPARED_BY)
    )
    whole, by_often = table(found), groups(found)
    st.dataframe(whole, hide_index=True, alt="Recommenders judged")
    arranged = f"; lists arranged: {state.plain(found.slate)}" if found.slate else ""
    st.caption(
        f"{found.questions:,} questions ({found.split}: {state.plain(kept_judging.protocol(found))}); beam "
        f"{found.beams}{arranged}. Means with 95% bootstrap intervals; p of the paired test, corrected for all of the table. "
        "*Rare ones weigh more*: NDCG@10 where a question weighs by one over the root of how often its item was taken. "
        "Shown are the first ten: their share of the catalogue, how unevenly they come (Gini), how often they were taken in "
        "training, and how far apart those of a list lie (one less the cosine). "
        f"{state.plain(found.device)}, {found.made[:16].replace('T', ' ')}."
    )
    st.dataframe(by_often, hide_index=True, alt="R@10 by how often the item was taken in training")
    st.caption("R@10 by how often the item that came next was taken in training, with the number of questions.")
    if found.parity:
        st.markdown(f"**Whom the first ten show, by {state.plain(found.parity.column)}**")
        exposed.inside(found.parity.model_dump(), f"exposure-{found.split}.csv", "questions", "what was taken next")
    with st.container(horizontal=True):
        exports.offer("Judging, CSV", exports.csv(whole), f"judged-{found.split}.csv")
        exports.offer("Judging, JSON", exports.as_json(found.model_dump(mode="json")), f"judged-{found.split}.json")


def said(found: Judging) -> str:
    """Which one is best, and how sure that is, in a sentence."""
    first, *others = found.models
    best = max(found.models, key=lambda one: one.means[evaluated.COMPARED_BY].mean)
    has = f"{best.name} has the highest {evaluated.COMPARED_BY}, {told(best.means[evaluated.COMPARED_BY])}"
    if not others:
        return f"{has}; there is nothing beside it."
    if best is first:
        alike = [one.name for one in others if one.ahead and not better(_turned(one.ahead))]
        return f"{has}; not told apart from it: {', '.join(alike)}." if alike else f"{has}, and all others are below it."
    assert best.ahead is not None
    sure = "above" if better(best.ahead) else "not told apart from"
    return f"{has}, {sure} {first.name} ({told(best.ahead, sign=True)}, p {told_p(best.ahead)})."


def _turned(found: Difference) -> Difference:
    """The same comparison told of the other one."""
    return found._replace(mean=-found.mean, low=-found.high, high=-found.low)


def table(found: Judging) -> pd.DataFrame:
    """A row a recommender."""
    first = found.models[0].name
    return pd.DataFrame(
        [
            {"Recommender": one.name}
            | {measure: told(one.means[measure]) for measure in SHOWN}
            | {f"Against {first}": told(one.ahead, sign=True) if one.ahead else "", "p": told_p(one.ahead) if one.ahead else ""}
            | {
                "Rare ones weigh more": "" if one.fair is None else f"{one.fair:.3f}",
                "Catalogue shown": f"{one.shown.covered:.1%}",
                "Gini": round(one.shown.gini, 2),
                "Taken": round(one.shown.popularity, 1),
                "Apart": "" if one.shown.apart is None else f"{one.shown.apart:.2f}",
            }
            for one in found.models
        ]
    )


def groups(found: Judging) -> pd.DataFrame:
    """A row a recommender: R@10 in each group of items."""
    return pd.DataFrame(
        [
            {"Recommender": one.name}
            | {f"{evaluated.often(of.low)} ({of.questions:,})": round(of.values["R@10"], 4) for of in one.groups}
            for one in found.models
        ]
    )


def _plain(one: OfRecommender) -> dict[str, dict[str, float]]:
    return {measure: of._asdict() for measure, of in one.means.items()}
