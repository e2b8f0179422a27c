"""Runs of a build: side by side, and one in detail with its curves, its detectors and its watched queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts import curves, sharpen
from app.common import guard, state
from engine import evaluation
from engine.builds import runs
from engine.builds.history import Evaluation
from engine.builds.opened import Build, parse_prefix
from engine.builds.trained import Cold, Run, rests_on
from engine.errors import TriescopeError

MEASURE, RECALL = "nDCG@10", "Recall@100"
HALVES = "Curve and line are of the queries that the weights were chosen on; the sentence above is of others, which judged them."
# Columns of the table for what stands beside a trained scorer: the first two have seen no label, the others the same.
BESIDE = {"BM25": "bm25", "Dense": "dense", "Moved": "moved", "Tuned": "tuned"}
VERDICTS = {"broken": ("error", ":material/error:"), "watch": ("warning", ":material/visibility:")}


def read_all(build: Build) -> tuple[dict[str, Run], list[str]]:
    """Finished runs by name, newest first, and what is wrong with those that cannot be read."""
    found, errors = {}, []
    for name in runs.names(build.folder):
        try:
            found[name] = runs.read(build.folder, name)
        except TriescopeError as error:
            errors.append(str(error))
    return dict(sorted(found.items(), key=lambda item: item[1].created, reverse=True)), errors


def table(found: Mapping[str, Run], default: str) -> pd.DataFrame:
    """One row a finished run, best first, with its difference to the centroid scorer on the same queries; each p is corrected for
    all the runs of the table."""
    known = [run.dev.difference for run in found.values() if run.dev.difference is not None]
    corrected = iter(evaluation.together(known))
    rows = []
    for name, run in found.items():
        measure, ours, floor = run.dev.measure, run.dev.trained, run.dev.centroid
        difference = next(corrected) if run.dev.difference is not None else None
        rows.append(
            {
                "Run": name,
                "Scorer": run.scorer,
                "Default": name == default,
                "Beats centroid": run.surely_better,
                measure: ours[measure].mean,
                "Low": ours[measure].low,
                "High": ours[measure].high,
                "Centroid": floor[measure].mean,
                **{label: _mean(run, retriever, measure) for label, retriever in BESIDE.items()},
                "Difference": "" if difference is None else evaluation.told(difference, sign=True),
                "p": f"{run.dev.p:.4f}" if difference is None else evaluation.told_p(difference),
                "Asked": run.asked,
                "Rests on": rests_on(run) or "judged queries that nothing was chosen on",
                **{f"{told}{RECALL}": of[RECALL].mean for told, of in (("", ours), ("Centroid ", floor)) if RECALL in of},
                "Steps": run.steps,
                "Kept step": run.best_step,
                "Minutes": run.seconds / 60,
                "Parameters": run.parameters,
                "MB": run.bytes / 1e6,
                "Pairs": sum(run.pairs.values()),
                "Seed": run.seed,
                "Queries": f"{run.dev.queries:,}, {run.dev.source}",
                "Device": run.device,
                "Made": run.created,
            }
        )
    frame = pd.DataFrame(rows)
    frame = frame.drop(columns=[label for label in BESIDE if label in frame and frame[label].isna().all()])
    return frame.sort_values(MEASURE, ascending=False, ignore_index=True) if MEASURE in frame else frame


def floor(run: Run) -> curves.Floor:
    """What needs no training on the queries of a run's curve, those that the weights were chosen on; where older versions did not
    keep it, what the centroid scorer has on those that judged the run."""
    measure = run.dev.measure
    if run.dev.apart and run.history and measure in run.history[0].centroid:
        return floor_of(run.history[0], measure)
    found = run.dev.centroid[measure]
    beside = {name: mean for name in BESIDE if (mean := _mean(run, BESIDE[name], measure)) is not None}
    return curves.Floor(found.mean, (found.low, found.high), beside)


def floor_of(entry: Evaluation, measure: str) -> curves.Floor:
    """The same of a run that is not finished."""
    beside = {name: entry.beside[key][measure] for name, key in BESIDE.items() if key in entry.beside}
    return curves.Floor(entry.centroid[measure], None, beside)


def _mean(run: Run, retriever: str, measure: str) -> float | None:
    """What a retriever reaches on the queries of a run; None in runs of older versions."""
    found = run.dev.beside.get(retriever)
    return found[measure].mean if found else None


def differences(specs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """What was asked differently: a row a setting in which the runs differ, a column a run; absent settings are empty.

    >>> differences({"a": {"seed": 0, "settings": {"x": 1}}, "b": {"seed": 0, "settings": {}}}).to_dict("list")
    {'Setting': ['settings: x'], 'a': ['1'], 'b': ['']}
    """
    flat = {name: _flat(spec) for name, spec in specs.items()}
    keys = dict.fromkeys(key for values in flat.values() for key in values)
    rows = {key: [values.get(key, "") for values in flat.values()] for key in keys}
    told = [[key, *values] for key, values in rows.items() if len(set(values)) > 1]
    return pd.DataFrame(told, columns=["Setting", *flat])


def _flat(spec: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            found |= {f"{key.replace('_', ' ')}: {name}": str(given) for name, given in value.items()}
        elif isinstance(value, list | tuple):
            found[key] = " · ".join(map(str, value))
        else:
            found[key.replace("_", " ")] = str(value)
    return found


def facts(run: Run) -> str:
    """What it took, in a line."""
    pairs = ", ".join(f"{count:,} {source}" for source, count in run.pairs.items())
    kept = f"after step {run.best_step:,}" if run.best_step else "before the first step"
    chosen = (
        f"chosen on {run.dev.chosen_on:,} {'other ' if run.dev.apart else ''}development queries. " if run.dev.chosen_on else ""
    )
    return (
        f"{run.scorer}, {run.steps:,} steps in {run.seconds / 60:.1f} minutes; {run.stopped}; the weights kept are those {kept}. "
        f"{chosen.capitalize()}{run.parameters:,} parameters, {run.bytes / 1e6:.1f} MB. Pairs: {pairs}. Seed {run.seed}, "
        f"{run.device}. Evaluated at {run.dev.beams} beams; intervals are 95%, over queries."
    )


def cold(found: Cold) -> None:
    """What the scorer makes of documents that it never saw in training."""
    said = f"**New documents.** {found.documents:,} documents were kept out of the training; "
    if not found.queries:
        st.caption(f"{said}no development query asks for these alone, so nothing can be said of them.")
        return
    rows = [(measure, evaluation.told(of), evaluation.told(found.centroid[measure])) for measure, of in found.trained.items()]
    st.caption(f"{said}{found.queries} development queries ask for these alone:")
    st.dataframe(pd.DataFrame(rows, columns=["Measure", "Trained", "Centroid"]), hide_index=True)


def detectors(entry: Evaluation) -> None:
    """What the collapse detectors say of an evaluation: those that are not healthy as messages, all in a table."""
    found = entry.detectors
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in ("broken", "watch", "healthy")}
    for kind, (element, icon) in VERDICTS.items():
        for one in found:
            if one.verdict == kind:
                getattr(st, element)(state.plain(one.says), icon=icon)
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    with st.expander(f"Collapse detectors after step {entry.step:,}: {said or 'none'}"):
        frame = pd.DataFrame([(one.verdict, one.name, one.value, one.says) for one in found])
        if len(frame):
            frame.columns = ["Verdict", "Figure", "Value", "What it says"]
            st.dataframe(frame, hide_index=True, column_config={"Value": st.column_config.NumberColumn(format="%.3g")})


def pictures(history: Sequence[Evaluation], floor: curves.Floor | None, kept: int, at: int, key: str, best: int | None) -> None:
    """The curve of quality and beside it the watched queries, codes and losses on demand; ``kept`` and ``at`` are places in the
    history, ``best`` a step."""
    rows, steps = curves.table(history), [entry.step for entry in history]
    measure = MEASURE if MEASURE in rows else next(iter(history[0].dev))
    line = steps[at] if best is not None else None
    with st.grid(2, min_column_width=480, gap="large") as grid:
        with grid.cell():
            st.markdown("**Does it get better?**")
            figure = curves.quality(rows, measure, floor, best, line)
            st.plotly_chart(figure, key=f"{key}-quality", alt=curves.describe(rows, measure, floor))
        with grid.cell():
            st.markdown("**Watch it sharpen**")
            for place, query in enumerate(history[kept].watched):
                st.text(query.query)
                seen = [entry.watched[place] for entry in history]
                figure = sharpen.figure(steps, seen, kept, at)
                st.plotly_chart(figure, key=f"{key}-watched-{place}", alt=sharpen.describe(steps, seen, kept))
            st.caption(
                "For the document that comes first with the weights kept (so far, while it trains): left, the share of the "
                "beam's probability on its codes, a line a level; right, the ranks of the first hits, that document in orange. "
                "A line that ends has left the first five."
            )
    more = st.expander("Codes predicted right, and the losses", key=f"{key}-more", on_change="rerun")
    if more.open:
        with more, st.grid(2, min_column_width=480, gap="large") as grid:
            with grid.cell():
                st.plotly_chart(curves.accuracy(rows, line), key=f"{key}-accuracy", alt=curves.describe_accuracy(rows))
            with grid.cell():
                st.plotly_chart(curves.losses(rows, line), key=f"{key}-losses", alt=curves.describe_losses(rows))


def shown(build: Build, history: Sequence[Evaluation], at: int) -> None:
    """Hits and beams of the watched queries at one evaluation."""
    entry, before = history[at], history[at - 1] if at else None
    with st.grid(3, min_column_width=330) as grid:
        for place, now in enumerate(entry.watched):
            with grid.cell():
                st.text(now.query)
                if now.judged_rank is not None:
                    st.caption(f"The first document judged relevant has rank {now.judged_rank}.")
                hits = sharpen.hits_table(now, before.watched[place] if before else None)
                two = st.column_config.NumberColumn(format="%.2f")
                st.dataframe(hits, hide_index=True, column_config={"Total": two})
                share = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0, width="small")
                words = {beam.prefix: _words(build, beam.prefix) for level in now.levels for beam in level.kept}
                st.dataframe(
                    sharpen.beams_table(now, words),
                    hide_index=True,
                    height=250,
                    column_config={"Share": share, "Total": two},
                    column_order=["Level", "Prefix", "Share", "Words", "Total"],
                )


def _words(build: Build, prefix: str) -> str:
    node = build.trie.find(parse_prefix(prefix))
    return "" if node is None else build.names[node]


@guard.changes
def use(build: Build, name: str) -> None:
    """Make a scorer the build's default, or say why not."""
    try:
        runs.choose(build.folder, name)
    except TriescopeError as error:
        st.session_state["train-said"] = str(error)


@guard.changes
def delete(build: Build, name: str) -> None:
    """Delete a run, or say why not."""
    try:
        runs.remove(build.folder, name)
    except TriescopeError as error:
        st.session_state["train-said"] = str(error)
