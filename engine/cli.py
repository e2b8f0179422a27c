"""The shell: ``python -m engine COMMAND``. ``--json`` gives the machine form, with stable keys."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.datasets import DATASETS
from engine.errors import TriescopeError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")]
Text = Annotated[str, typer.Argument(metavar="QUERY")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine form.")]
Beams = Annotated[int, typer.Option(min=1, help="Hypotheses kept after each level.")]
Names = Annotated[list[str] | None, typer.Option("-r", "--retriever", help="bm25, dense, dense-hnsw, generative or hybrid.")]


@app.command()
def datasets(as_json: AsJson = False) -> None:
    """List the data sets that have a name."""
    rows = [entry._asdict() for entry in DATASETS.values()]
    _print(rows, as_json, [f"{r['name']:10} {r['documents']:>6} documents  {r['summary']} ({r['licence']})" for r in rows])


@app.command()
def schemes(as_json: AsJson = False) -> None:
    """List the identifier schemes with their options."""
    from engine.identifiers import SCHEMES

    rows: list[dict[str, Any]] = [
        {
            "name": scheme.name,
            "summary": scheme.summary,
            "options": [
                {
                    "name": option.name,
                    "type": option.type.__name__,
                    "default": option.default,
                    "range": option.choices or ((option.low, option.high) if option.low is not None else None),
                    "help": option.help,
                }
                for option in scheme.options
            ],
            "resolvers": list(scheme.resolvers),
            "citation": scheme.citation,
        }
        for scheme in SCHEMES.values()
    ]
    lines = []
    for row in rows:
        lines.append(f"{row['name']:20} {row['summary']}")
        lines += [f"{'':20}   -o {o['name']}=...  {o['help']} (default: {o['default']})" for o in row["options"]]
    _print(rows, as_json, lines)


@app.command()
def build(
    corpus: Annotated[str, typer.Argument(help="A data set's name, a file (.jsonl, .csv, .tsv, .parquet) or a BEIR folder.")],
    out: Annotated[Path, typer.Option(help="Folder to make; it must not exist yet.")],
    ids: Annotated[str, typer.Option(help="Identifier scheme.")] = "rq-kmeans",
    option: Annotated[list[str] | None, typer.Option("-o", "--option", help="Setting of the scheme, name=value.")] = None,
    resolver: Annotated[str | None, typer.Option(help="What to do when documents share an identifier.")] = None,
    levels: Annotated[int | None, typer.Option(help="Codes in an identifier, before the collision code.")] = None,
    codes: Annotated[int | None, typer.Option(help="Codes a level; chosen from the corpus size unless given.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="Metadata column to search too; repeat for more.")] = None,
    model: Annotated[str | None, typer.Option(help="Encoder: a folder or a hub name.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    progress: Annotated[Path | None, typer.Option(help="Write progress into this file as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build a corpus: embeddings, identifiers, trie, scorer, indexes."""
    from engine.build import make, read_manifest
    from engine.datasets import default_fields, load
    from engine.identifiers import parse_setting
    from engine.progress import Progress
    from engine.spec import BuildSpec

    told = Progress(progress, quiet=as_json)
    try:
        settings: dict[str, int | float | str | None] = dict(parse_setting(ids, text) for text in option or [])
        settings |= {key: value for key, value in (("levels", levels), ("codes", codes)) if value is not None}
        fields = default_fields(corpus) if field is None else tuple(field)
        chosen = {"model": model} if model else {}
        spec = BuildSpec(scheme=ids, settings=settings, resolver=resolver, fields=fields, seed=seed, **chosen)
        manifest = read_manifest(make(load(corpus), spec, out, told))
    except TriescopeError as error:
        told.write("failed", str(error))
        raise
    told.write("done")
    known = manifest["corpus"]
    _print(
        {"build": str(out)} | manifest,
        as_json,
        [
            f"{known['name']}: {known['documents']:,} documents, {manifest['trie']['nodes']:,} trie nodes, "
            f"{sum(manifest['stages'].values()):.1f} s -> {out}",
            *([f"left out, having neither title nor text: {', '.join(known['left_out'])}"] if known["left_out"] else []),
        ],
    )


@app.command()
def search(
    folder: Folder,
    query: Text,
    retriever: Annotated[str, typer.Option("-r", "--retriever")] = "generative",
    k: Annotated[int, typer.Option("-k", min=1, max=1000)] = 10,
    beams: Beams = 50,
    as_json: AsJson = False,
) -> None:
    """Search a build with one retriever."""
    from engine.store import Build

    hits, ms = Build(folder).search(query, retriever, k, beams)
    _print(
        {"retriever": retriever, "query": query, "hits": [hit._asdict() for hit in hits], "ms": ms},
        as_json,
        [f"{hit.rank:>3}  {hit.score:>9.3f}  {hit.identifier:<14} {hit.title}  [{hit.source}]" for hit in hits],
    )


@app.command()
def decode(
    folder: Folder,
    query: Text,
    beams: Beams = 10,
    k: Annotated[int, typer.Option("-k", min=1, max=1000)] = 10,
    as_json: AsJson = False,
) -> None:
    """Decode a query and print the trace: every step, what was kept, what was cut."""
    from engine.store import Build

    opened = Build(folder)
    trace = opened.trace_json(query, opened.decode(query, beams), k)
    lines = []
    for step in trace["steps"]:
        lines.append(
            f"step {step['level']}: {len(step['kept'])} kept, {step['pruned_count']} pruned, "
            f"{step['masked_mass']:.1%} masked, {step['ms']:.2f} ms"
        )
        for beam in step["kept"][:5]:
            prefix = f"{beam['prefix']}-{beam['code']}".lstrip("-")
            lines.append(
                f"   {prefix:<14} log p {beam['log_prob']:>8.3f}  total {beam['total']:>8.3f}  {beam['documents']} below"
            )
    lines += [f"{hit['rank']:>3}  {hit['score']:>9.3f}  {hit['identifier']:<14} {hit['title']}" for hit in trace["hits"]]
    _print(trace, as_json, lines)


@app.command("trie")
def show_trie(
    folder: Folder,
    prefix: Annotated[str, typer.Option(help="Codes with hyphens, like 3-17; empty for the root.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what lies below a prefix of the trie."""
    from engine.store import Build, parse_prefix

    opened, codes = Build(folder), parse_prefix(prefix)
    node = opened.trie.find(codes)
    if node is None:
        raise TriescopeError(f"no identifier starts with {prefix}")
    counts = opened.trie.counts
    children = [
        {"code": int(opened.trie.code[child]), "documents": int(counts[child]), "name": opened.names[child]}
        for child in range(opened.trie.first_child[node], opened.trie.first_child[node + 1])
    ]
    value = {"prefix": prefix, "documents": int(counts[node]), "children": children}
    _print(value, as_json, [f"{c['code']:>5}  {c['documents']:>6}  {c['name']}" for c in children])


@app.command()
def evaluate(
    folder: Folder,
    split: Annotated[str, typer.Option()] = "test",
    retriever: Names = None,
    beams: Beams = 50,
    as_json: AsJson = False,
) -> None:
    """Measure retrievers on judged queries, with 95% intervals and latency."""
    from engine.evaluation import MEASURES
    from engine.evaluation import evaluate as run
    from engine.store import Build

    result = run(Build(folder), split, retriever or ["bm25", "dense", "generative", "hybrid"], beams)
    lines = [f"{result['corpus']}, {result['split']}: {result['queries']} queries, {result['device']}"]
    for name, row in result["retrievers"].items():
        figures = "  ".join(f"{m} {row[m]['mean']:.3f} [{row[m]['low']:.3f}, {row[m]['high']:.3f}]" for m in MEASURES)
        lines.append(f"{name:12} {figures}  p50 {row['latency_ms']['p50']:.2f} ms")
    _print(result, as_json, lines)


def _print(value: Any, as_json: bool, lines: list[str]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1) if as_json else "\n".join(lines))


def main() -> None:
    """Run the shell; what the user got wrong is one line on stderr and exit code 2."""
    try:
        app()
    except TriescopeError as error:
        print(f"\ntriescope: {error}" if sys.stderr.isatty() else f"triescope: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("\ntriescope: interrupted; the same command goes on from here", file=sys.stderr)
        raise SystemExit(130) from None
