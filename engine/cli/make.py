"""Commands that make and judge: data sets, schemes, builds, report cards, studies, maps."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.builds.spec import BuildSpec, spec_of
from engine.cli import flags
from engine.cli.examine import columns_asked
from engine.cli.shell import AsJson, Encoding, Folder, ProgressFile, app, show
from engine.data.datasets import DATASETS
from engine.data.lines import UNICODE
from engine.data.values import names_of
from engine.errors import TriescopeError
from engine.options import described

if TYPE_CHECKING:
    from engine.health.card import JudgedFigure, JudgedLevel


@app.command()
def datasets(as_json: AsJson = False) -> None:
    """List the data sets that have a name."""
    rows = [entry.told() for entry in DATASETS.values()]
    show(rows, as_json, [f"{r['name']:13} {r['documents']:>6} documents  {r['summary']} ({r['licence']})" for r in rows])


@app.command()
def schemes(as_json: AsJson = False) -> None:
    """List the identifier schemes with their options."""
    from engine.identifiers import SCHEMES

    rows: list[dict[str, Any]] = [
        {
            "name": scheme.name,
            "summary": scheme.summary,
            "options": described(scheme.options),
            "resolvers": list(scheme.resolvers),
            "citation": scheme.citation,
        }
        for scheme in SCHEMES.values()
    ]
    lines = []
    for row in rows:
        lines.append(f"{row['name']:20} {row['summary']}")
        lines += [f"{'':20}   -o {o['name']}=...  {o['help']} (default: {o['default']})" for o in row["options"]]
    show(rows, as_json, lines)


@app.command()
@flags.of_spec(BuildSpec)
def build(
    corpus: Annotated[
        str,
        typer.Argument(
            help="A data set's name, a file (.jsonl, .csv, .tsv, .parquet; .gz and .zst too), a BEIR folder, or another build."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; it must not exist yet.")],
    asked: dict[str, Any],
    levels: Annotated[int | None, typer.Option(help="Codes in an identifier, before the collision code.")] = None,
    codes: Annotated[int | None, typer.Option(help="Codes a level; chosen from the corpus size unless given.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Which column is the id, title, text, category or url: id=NAME.")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out rows that are wrong, and say how many, in place of refusing the file.")
    ] = False,
    encoding: Encoding = UNICODE,
    identifiers: Annotated[
        Path | None,
        typer.Option(help="A JSON file of document id and tokens (LC-Rec), or a table by row (GRID): identifiers to import."),
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Ask the Hugging Face hub for hf:OWNER/NAME also where HF_HUB_OFFLINE is set.")
    ] = False,
    queries: Annotated[
        Path | None, typer.Option(help="Judged queries that come with it (a table, JSON lines, TREC topics); with --qrels.")
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="Their judgements: TREC's lines or BEIR's table; the split test.")] = None,
    interactions: Annotated[
        Path | None, typer.Option(help="Who took what, joined once it is built, as `engine interactions` does.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="The documents' vectors, ready-made: .npy, a row a document; some are held to the encoder (--model)."),
    ] = None,
    query_vectors: Annotated[
        Path | None,
        typer.Option(help="Of queries, with --vectors whose encoder is not here (--model none): .npy, rows as in their file."),
    ] = None,
    recall: Annotated[
        list[float] | None,
        typer.Option(
            "--recall", help="Choose widths for this share of the exact list too, as `engine widths` does; repeat for more."
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--engine", help="local, or ray: Ray's workers (extra `ray`), here or at RAY_ADDRESS, embed, assign, sort."),
    ] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Of Ray, each with an encoder and a core.")] = 2,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Build a corpus: embeddings, identifiers, trie, scorer, indexes."""
    from engine import paths
    from engine.builds import names, ready, widths
    from engine.builds.given import Given
    from engine.builds.opened import Build
    from engine.builds.opening import read_manifest
    from engine.builds.searched import texts_of
    from engine.builds.sources import source_of
    from engine.data.datasets import interactions_of
    from engine.data.identified import COLUMN, with_identifiers
    from engine.data.query_files import read_query_file, with_queries
    from engine.identifiers import parse_setting
    from engine.progress import Progress
    from engine.recommending import joined, on_disk, rebuilt
    from engine.retrievers.recall import told as recall_told
    from engine.scale import on_ray, on_ray_stages
    from engine.studies.bundled import install
    from engine.text import fast_encoder, static_encoder
    from engine.text.hub import NONE

    with Progress(progress, quiet=as_json) as told:
        asked = ({"scheme": "imported"} if identifiers else {}) | asked
        scheme = str(asked.get("scheme", BuildSpec().scheme))
        settings = dict(parse_setting(scheme, text) for text in asked.get("settings", ()))
        settings |= {key: value for key, value in (("levels", levels), ("codes", codes)) if value is not None}
        source = source_of(corpus, columns_asked(column or []), leave_out, encoding, fetch)
        if identifiers:
            if scheme != "imported":
                raise TriescopeError(f"--identifiers are imported; leave out --ids {scheme}, which makes its own")
            source = source._replace(corpus=with_identifiers(source.corpus, identifiers))
            settings = {"column": COLUMN} | settings
        if bool(queries) != bool(qrels):
            raise TriescopeError("queries need judgements, and judgements queries: --queries and --qrels")
        if queries and qrels:
            source = source._replace(corpus=with_queries(source.corpus, queries, qrels))
        texts_asked = read_query_file(queries) if queries else source.corpus.queries
        spec = spec_of(source.usual() | asked | {"settings": settings})
        if spec.model == static_encoder.NAME:
            spec = spec.model_copy(update={"model": str(static_encoder.kept(told))})
        if spec.model == NONE and not vectors and not source.build:
            raise TriescopeError("without an encoder (--model none) the documents' vectors have to be there: --vectors FILE")
        if spec.fast:
            fast_encoder.precision()  # says what is missing before anything is made
        if query_vectors and not (vectors and spec.model == NONE):
            raise TriescopeError("--query-vectors are for --vectors whose encoder is not here: --model none")
        taken = ready.take(vectors, source.corpus, spec) if vectors else None
        asked_by = (
            ready.take_queries(query_vectors, texts_asked, source.corpus, taken.vectors) if query_vectors and taken else None
        )
        said = tuple(one.told() for one in (taken, asked_by) if one)
        source = source._replace(corpus=source.corpus._replace(notes=(*source.corpus.notes, *said)))
        if by not in ("local", "ray"):
            raise TriescopeError(f"there is no engine {by!r}; there are local, ray")
        with on_ray.running(workers) if by == "ray" else nullcontext():
            if by == "ray" and not vectors:
                texts = [text for of in texts_of(source.corpus.documents, spec) for text in of]
                on_ray.fill(texts, spec.model, workers, partial(told, "embeddings"))
            ways = on_ray_stages.ways(workers) if by == "ray" else {}
            given = Given(vectors=taken.vectors if taken else None, queries=asked_by.known if asked_by else None)
            notes = rebuilt.build(source, spec, out, told, given, ways)
        manifest = read_manifest(out)
        came = install(out)
        if interactions:
            who = joined.join(on_disk.as_made(Build(out)), interactions_of(interactions), tell=told)
            notes = [*notes, f"{who.users:,} people, {who.interactions:,} interactions joined", *who.notes]
        chosen = widths.make(out, recall, told) if recall else None
    known = manifest.corpus
    hidden = names.fault(out.name) if out.resolve().parent == paths.builds() else ""
    show(
        {"build": str(out)}
        | manifest.model_dump(mode="json")
        | ({"came_along": came} if came else {})
        | ({"widths": chosen.model_dump()} if chosen else {}),
        as_json,
        [
            f"{known.name}: {known.documents:,} documents, {manifest.trie.nodes:,} trie nodes, "
            f"{sum(manifest.stages.values()):.1f} s -> {out}",
            *([f"queries: {', '.join(f'{split} {count:,}' for split, count in known.queries.items())}"] if known.queries else []),
            *([f"left out, having neither title nor text: {names_of(known.left_out)}"] if known.left_out else []),
            *known.notes,
            *manifest.identifiers.notes,
            *notes,
            *filter(None, [manifest.encoder.told()]),
            *came,
            *([f"recall {target.asked:g}: {recall_told(target, chosen)}" for target in chosen.targets] if chosen else []),
            *([f"the app does not list it: {hidden}"] if hidden else []),
        ],
    )


@app.command("report")
def show_report(
    folder: Folder,
    again: Annotated[
        bool, typer.Option("--again", help="Fit its scheme twice more, and say which documents stay below the same prefix.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report card of a build's identifiers: how healthy its codes are, with the rule and the remedy."""
    from engine.builds.card import health
    from engine.builds.opened import Build
    from engine.recommending.probed import probed

    opened = Build(folder)
    card, probes = health(opened), probed(opened, again)
    lines = [f"{opened.name}, {opened.manifest.spec.scheme}: {card.verdict}"]
    for row in card.levels:
        lines.append(
            f"level {row.level}: {row.used} of {row.codes} codes used, perplexity {row.perplexity:.1f}, "
            f"largest share {row.largest_share:.1%}; given the prefix {row.given_prefix.perplexity:.1f} and "
            f"{row.given_prefix.largest_share:.1%}  {row.verdict or 'only numbers documents'}{_remedy(row)}"
        )
    for figure in card.verdicts:
        value = f"{figure.value:,.4g}"
        lines.append(f"{figure.figure.replace('_', ' ')}: {value}  {figure.verdict} ({figure.rule}){_remedy(figure)}")
    for shared in card.prefix_cosine:
        lines.append(
            f"first {shared.shared} codes in common: mean cosine {shared.mean_cosine:.3f} over {shared.pairs:,} pairs "
            f"(any two documents {card.random_pair_cosine:.3f})"
        )
    for cost in card.resolvers:
        lines.append(f"resolver {cost.resolver}: {cost.moved:.1%} moved, cosine to the sum of codes {cost.cosine:.4f}")
    show(card.as_json() | {"probes": probes.as_json()}, as_json, [*lines, *probes.lines()])


def _remedy(judged: "JudgedLevel | JudgedFigure") -> str:
    told = f" ({judged.press.flags()})" if judged.press else ""
    return f"  -> {judged.remedy}{told}" if judged.remedy else ""


@app.command("study")
def run_study(
    folder: Folder,
    scheme: Annotated[list[str] | None, typer.Option("--ids", help="Scheme to study; repeat for more, all unless given.")] = None,
    split: Annotated[str, typer.Option(help="Whose queries choose; those of test only judge the best scheme.")] = "dev",
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Fit every scheme on a build's catalogue and set them side by side."""
    from engine.builds.opened import Build
    from engine.data.figures import told as told_figure
    from engine.data.figures import told_p
    from engine.progress import Progress
    from engine.studies import schemes as study
    from engine.studies.found import told as told_best

    with Progress(progress, quiet=as_json) as told:
        opened = Build(folder)
        found = study.run(opened, scheme or (), split, seed, told)
    lines = [f"{found.corpus}: {found.documents:,} documents, {found.queries} {found.split} queries, beam {found.beams}"]
    for name, row in found.schemes.items():
        if row.report is None:
            lines.append(f"{name:20} {row.error}")
            continue
        quality = "  ".join(f"{m} {told_figure(of)}" for m, of in row.quality.items())
        card = row.report
        lines.append(f"{name:20} {card.verdict:8} unique {card.content_unique_rate:.1%}  {quality}  fit {row.fit_seconds:.1f} s")
    if found.best:
        others = {name: row.behind for name, row in found.schemes.items() if row.behind}
        lines.append(
            f"difference to {found.best.scheme} at beam {study.NARROW}; p corrected for {len(others)} comparisons (Holm)"
        )
        lines += [f"{name:20} {told_figure(of, sign=True)}  p {told_p(of)}" for name, of in others.items()]
        lines.append(told_best(found.best))
    elif not found.queries:
        there = ", ".join(opened.corpus.qrels) or "none"
        lines.append(f"no judged queries in split {split!r}, so no quality; there are {there}: choose with --split")
    show(found.as_json(), as_json, lines)


@app.command("map")
def make_map(folder: Folder, progress: ProgressFile = None, as_json: AsJson = False) -> None:
    """Lay a build's documents out on a plane with UMAP, for the Map page; kept beside the build."""
    from engine.builds import map as stored_map
    from engine.builds.opened import Build
    from engine.progress import Progress

    with Progress(progress, quiet=as_json) as told:
        made = stored_map.make(Build(folder), told)
    facts = stored_map.facts(made)
    show(facts, as_json, [f"{name}: {value}" for name, value in facts.items()])
