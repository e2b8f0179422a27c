"""The command that evaluates retrievers on judged queries, writes tables and runs, and keeps what was found."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Names, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.jobs.process import OWNER
from engine.retrievers import usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.evaluation import weighted

Reveal = Annotated[bool, typer.Option("--reveal", help="Show the figures of a private query set; each look is counted.")]


@app.command()
def evaluate(
    folder: Folder,
    split: Annotated[str, typer.Option()] = "test",
    retriever: Names = None,
    against: Annotated[str, typer.Option(help="Retriever that the others are compared with; the first unless given.")] = "",
    measure: Annotated[
        list[str] | None,
        typer.Option("-m", "--measure", help="Like nDCG@20; repeat for more, five usual ones unless given."),
    ] = None,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    run: Annotated[
        list[Path] | None,
        typer.Option("--run", help="A TREC run of another system, or the name of one that is kept, beside ours; repeat."),
    ] = None,
    save_runs: Annotated[Path | None, typer.Option(help="Write what each found there as TREC runs, and the judgements.")] = None,
    latex: Annotated[Path | None, typer.Option(help="Write the table there, for a paper.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write figures and all pairs there, for a spreadsheet.")] = None,
    groups: Annotated[
        bool,
        typer.Option(
            "--groups", help="By kind of query too: length, documents to find, rare and unknown words, what train knows, ids."
        ),
    ] = False,
    widths: Annotated[bool, typer.Option("--widths", help="Those that decode at several beam widths too.")] = False,
    by: Annotated[str, typer.Option(help="Whom the first ten show, by the values of this column (parity, exposure).")] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep it in the workspace, query by query, for the page Evaluate.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(help="A query log, a file or the name of one that is kept: means by how often people ask, too."),
    ] = None,
    reveal: Reveal = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure retrievers on judged queries: quality and differences, with 95% intervals, and latency.

    Under a filter only documents that pass are searched, and only judgements of them count.
    """
    from engine import evaluation, workspace
    from engine.builds.opened import Build
    from engine.data import query_logs
    from engine.data.coverage import told as told_of_coverage
    from engine.evaluation import parity, seeds, tables, trec, weighted
    from engine.evaluation.filtered import told as told_of_filter
    from engine.files import replace_bytes
    from engine.filters.facets import facets
    from engine.progress import Progress

    names, opened = retriever or usual(), Build(folder)
    whose = os.environ.get(OWNER, "")
    corpus = workspace.shelf(opened.catalogue, whose)
    hidden = split in workspace.private.names(corpus)
    if hidden and not reveal and (not keep or save_runs or latex or csv):
        workspace.private.check(corpus, split)
    runs = dict(_run(corpus, path) for path in run or ())
    if len(runs) < len(run or ()):
        raise TriescopeError("two of the runs have one name")
    measures, asked = measure or evaluation.MEASURES, None
    if split not in opened.corpus.qrels and (judged := workspace.of_split(opened.catalogue, split, whose)):
        asked = evaluation.Asked(judged.queries, judged.qrels)
    if by:
        facets(opened.columns, by)  # a column that is none is refused before it is measured
    with Progress(progress, quiet=as_json or not (keep or progress)) as told:
        found = evaluation.evaluate(opened, split, names, beams, against, measures, filter_text, runs, asked, told, widths)
        of_column = parity.of_evaluation(opened, found, by, filter_text) if by else None
        of_value = {"parity": of_column.as_json()} if of_column else {}
        if keep:
            spec = {"split": split, "retrievers": list(found.retrievers), "beams": beams, "filter": filter_text}
            spec |= {"measures": list(measures), "versions": opened.manifest.versions}
            number = workspace.evaluations.keep(corpus, opened.folder.name, spec, found.as_json() | found.by_query() | of_value)
    if hidden and not reveal:
        line = f"{_kept(number)}; {split} is private, so its figures are shown where somebody asks for them."
        show({"kept": number, "private": split}, as_json, [line])
        return
    table = tables.Table({name: row.measures for name, row in found.retrievers.items()}, found.pairs)
    for path, content in ((latex, tables.latex(table)), (csv, tables.rows(table))):
        if path:
            replace_bytes(path, content.encode())
    if save_runs:
        if len({trec.tag_of(name) for name in found.runs}) < len(found.runs):
            raise TriescopeError("two of the runs would have one file name; evaluate them one after the other")
        for name, of_name in found.runs.items():
            trec.write_run(save_runs / f"{trec.tag_of(name)}.trec", of_name, name)
        trec.write_qrels(save_runs / f"qrels-{trec.tag_of(split)}.txt", found.qrels)
    lines = [f"{found.corpus}, {found.split}: {found.queries} queries, {found.device}"]
    lines += told_of_filter(found.filtered) if found.filtered else []
    for name, row in found.retrievers.items():
        figures = "  ".join(f"{m} {evaluation.told(of)}" for m, of in row.measures.items())
        lines.append(f"{name:12} {figures}" + (f"  p50 {row.latency_ms.p50:.2f} ms" if row.latency_ms else ""))
    lines.append(f"Latency: one query at a time, warm, {found.timed} of {found.queries} queries.")
    first = measures[0]
    if pairs := found.pairs[first]:
        several = f"; p corrected for {len(pairs)} comparisons (Holm)" if len(pairs) > 1 else ""
        lines.append(f"{first}, differences, 95% interval, paired test{several}")
    for pair in pairs:
        of = f"{evaluation.told(pair.difference, sign=True)}  p {evaluation.told_p(pair.difference)}"
        lines.append(f"{pair.ours} less {pair.theirs}: {of}; {tables.told(pair)}")
    again = seeds.repeated(opened, {name: row.measures[first].mean for name, row in found.retrievers.items()})
    lines += [f"{first} of one training at several seeds: {seeds.told(of)}" for of in again]
    asked_for = {}
    if log:
        known = _log(corpus, log, {one: (asked.queries if asked else opened.corpus.queries)[one] for one in found.qrels})
        weights = np.array([known.counts[query] for query in found.qrels])
        asked_for = {name: weighted.mean(found.values[name][first], weights) for name in found.retrievers}
        lines.append(f"{first} by how often people ask: {weighted.told(known)}")
        lines += [f"{name:12} {evaluation.told(of)}" for name, of in asked_for.items()]
    of_groups = []
    if groups:
        of_groups = evaluation.groups(found.features, {name: found.values[name][first] for name in found.retrievers})
        lines.append(f"{first} by kind of query, 95% interval; a group says where to look, not who wins")
    for group in of_groups:
        means = "  ".join(f"{name} {evaluation.told(of)}" for name, of in group.means.items())
        lines.append(f"{group.label:40} n {group.queries:<5} {means}")
    for name, of_widths in found.widths.items():
        for one in of_widths:
            lines.append(f"{name}, {one.beams} beams: {first} {evaluation.told(one.measures[first])}, {one.ms:.2f} ms")
    for name, seen in found.exposure.items() if groups else ():
        lines.append(f"{name:12} shows {seen.shown:.1%} of the documents among its first ten, Gini {seen.gini:.2f}")
    lines += parity.lines(of_column) if of_column else []
    if query_logs.are_clicks(found.qrels):
        lines.append(f"{split} is {query_logs.CLICKS}.")
    shares = ", ".join(f"{name} {share:.0%}" for name, share in found.judged.items() if share is not None)
    lines.append(f"Judged of the first ten: {shares}; the others count as not relevant, though nobody has looked.")
    if amiss := told_of_coverage(split, found.coverage):
        lines.append(amiss)
    if found.left_out:
        lines.append(f"{found.left_out} queries are documents of the corpus; their own document was left out of their results.")
    for name, row in found.retrievers.items():
        if row.shorter:
            lines.append(
                f"{name}: {row.shorter} lists end before place {found.deepest}, which bounds what is measured that deep."
            )
    if hidden:
        lines.append(f"{split} is private: this was look {workspace.private.look(corpus, split)} at its figures.")
    if keep:
        lines.append(f"{_kept(number)}.")
    value = found.as_json() | of_value | ({"kept": number} if keep else {})
    value |= {"seeds": [of._asdict() for of in again]} if again else {}
    value |= {"by_log": {name: of._asdict() for name, of in asked_for.items()}} if log else {}
    value |= {"groups": [group.as_json() for group in of_groups]} if groups else {}
    show(value, as_json, lines)


def _run(corpus: str, path: Path) -> tuple[str, dict[str, list[str]]]:
    """What a run is called and what is in it: a file, else one that the workspace keeps by that name."""
    from engine import workspace
    from engine.evaluation import trec

    kept = not path.exists() and str(path) in workspace.runs.listed(corpus)
    return (str(path), workspace.runs.read(corpus, str(path))) if kept else (path.stem, trec.read_run(path))


def _log(corpus: str, path: Path, queries: "Mapping[str, str]") -> "weighted.Log":
    """A query log of judged queries: of a file, else one that the workspace keeps by that name."""
    from engine import workspace
    from engine.evaluation import weighted

    if path.exists() or str(path) not in workspace.logs.listed(corpus):
        return weighted.read(path, queries)
    known = weighted.matched(workspace.logs.read(corpus, str(path)), queries)
    if not known.judged:
        raise TriescopeError(f"{path}: none of its {known.searches:,} searches is of a judged query")
    return known


def _kept(number: int) -> str:
    beside = "Kept beside the workspace, which another program has open: whoever opens it next takes it in"
    return f"Kept as evaluation {number}" if number else beside


@app.command("runs")
def keep_run(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="What the run is called; evaluate takes it as --run.")] = "",
    file: Annotated[Path | None, typer.Argument(help="A TREC run of another system.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the run of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs of other systems, kept to stand beside ours; without a name: which there are."""
    from engine import workspace
    from engine.builds.opened import Build
    from engine.evaluation import trec

    corpus = Build(folder).catalogue
    if forget:
        workspace.runs.remove(corpus, name)
    elif name:
        if not file:
            raise TriescopeError("give the file too")
        workspace.runs.keep(corpus, name, trec.read_run(file))
    kept = workspace.runs.listed(corpus)
    show(kept, as_json, [f"{one}  {queries:,} queries" for one, queries in kept.items()])


@app.command()
def evaluations(
    folder: Folder,
    number: Annotated[int | None, typer.Argument(help="One that was kept; without it: which there are.")] = None,
    before: Annotated[int | None, typer.Argument(help="Another one: what changed since.")] = None,
    measure: Annotated[str, typer.Option("-m", "--measure", help="By which the two are compared.")] = "nDCG@10",
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Evaluations of a catalogue that were kept, and what changed between two of them, query by query."""
    from engine import evaluation, workspace
    from engine.builds.opened import Build
    from engine.evaluation.beside import beside, differs

    corpus = Build(folder).catalogue
    kept = {one.number: one for one in workspace.evaluations.listed(corpus)}
    if unknown := [one for one in (number, before) if one is not None and one not in kept]:
        raise TriescopeError(f"there is no evaluation {unknown[0]} of this catalogue")
    if number is None or before is None:
        some = [one for one in kept.values() if number in (None, one.number)]
        lines = [f"{of.number}  {of.made}  {of.build}, {of.asked['split']}: {', '.join(of.asked['retrievers'])}" for of in some]
        show([one._asdict() for one in some], as_json, lines or ["none was kept; evaluate with --keep"])
        return
    for split in dict.fromkeys(kept[one].asked["split"] for one in (number, before)):
        if split in workspace.private.names(corpus):
            if not reveal:
                workspace.private.check(corpus, split)
            workspace.private.look(corpus, split)
    found = beside(workspace.evaluations.read(number), workspace.evaluations.read(before), measure)
    otherwise = differs(kept[number].asked, kept[before].asked)
    lines = [f"evaluation {before}: {one}" for one in otherwise]
    lines.append(f"{measure}, {number} less {before}, on {found.queries} queries that both have, 95% interval")
    for of in found.changes:
        told = f"{evaluation.told(of.difference, sign=True)}  p {evaluation.told_p(of.difference)}"
        lines.append(f"{of.name:16} {of.before:.3f}, now {of.now:.3f}: {told}")
    lines += [f"in one of the two alone: {', '.join(found.alone)}"] if found.alone else []
    show(found._asdict() | {"changes": [of.as_json() for of in found.changes], "differs": otherwise}, as_json, lines)
