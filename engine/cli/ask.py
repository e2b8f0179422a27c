"""Commands that ask a build: search, decode, trie."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Name, Names, Temperature, Text, app, marked, show
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.options import described
from engine.retrievers import RETRIEVERS, method_of, usual

if TYPE_CHECKING:
    from engine.builds.opened import Build

More = Annotated[list[str] | None, typer.Option("--more", help="Id of a document to find more like; repeat for more.")]
Rewrite = Annotated[bool, typer.Option("--rewrite", help="Undo typing errors and leave out what only asks; it is told.")]
Less = Annotated[list[str] | None, typer.Option("--less", help="Id of one to find less like; it is left out.")]


@app.command()
def search(
    folder: Folder,
    query: Text,
    retriever: Name = "generative",
    k: Annotated[int, typer.Option("-k", min=1, max=1000)] = 10,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    more: More = None,
    less: Less = None,
    rewrite: Rewrite = False,
    as_json: AsJson = False,
) -> None:
    """Search a build with one retriever: titles, and of each text the part that shows most words of the query."""
    from engine.builds.answers import filter_json, hits_json, read_json
    from engine.builds.opened import Build
    from engine.builds.turns import without
    from engine.text.matched import Snippet

    opened = Build(folder)
    query, changed = _rewritten(opened, query, rewrite)
    vector = opened.turned(query, more or (), less or ()) if more or less else None
    filter_text = without(filter_text, less or ())
    hits, ms = opened.search(query, retriever, k, beams, vector, filter_text)
    method, named = method_of(retriever)
    listed, lines = hits_json(opened, query, retriever, hits), []
    for hit, of in zip(hits, listed, strict=True):
        words = "" if _stands_there(of["evidence"], hit.identifier) else f"  {of['evidence']}"
        lines.append(f"{hit.rank:>3}  {hit.score:>9.3f}  {hit.identifier:<14} {hit.title}  [{hit.source}]{words}")
        lines += [f"     {marked(Snippet(of['snippet'], of['marks']))}"] if of["snippet"] else []
    value: dict[str, Any] = {"retriever": retriever, "query": query, "hits": listed, "ms": ms}
    lines = lines or [method.empty, *filter(None, [method.told(opened, named)])]
    allowed = opened.allowed(filter_text)
    value |= read_json(opened, query, retriever, allowed)
    lines = [*value.get("read", ()), *lines]
    if allowed is not None:
        value |= filter_json(opened, filter_text, int(allowed.sum()))
        told = f"filter: {value['documents']:,} of {len(allowed):,} documents pass, and are searched"
        lines = [told, *(f"filter, {one}" for one in value["left_aside"]), *lines]
    value |= {"rewritten": changed} if rewrite else {}
    show(value, as_json, [*_told(changed), *lines])


def _stands_there(evidence: str, identifier: str) -> bool:
    """Whether the line of a hit says it already: an identifier, a score, or who found it."""
    return evidence.endswith(f"codes {identifier}") or evidence.startswith(("cosine ", "score ", "logit ", "from "))


def _rewritten(opened: "Build", query: str, wanted: bool) -> tuple[str, list[str]]:
    """The query as it is searched, and what was changed of it, in words; as it is unless that is wanted."""
    found = opened.rewritten(query) if wanted else None
    return (found.text, [change.told() for change in found.changes]) if found else (query, [])


def _told(changed: list[str]) -> list[str]:
    return [f"rewritten: {', '.join(changed)}"] if changed else []


def _looked_up(opened: "Build", query: str, filter_text: str, wanted: bool) -> tuple[str, str, list[str]]:
    """The rest of a query, the filter with what it names, and what was read, in sentences; as it is unless that is wanted."""
    from engine.filters.facets import both
    from engine.retrievers.look_up import reader

    if not wanted:
        return query, filter_text, []
    found = reader(opened).read(query, opened.allowed(filter_text))
    return found.rest, both(filter_text, found.filter), found.told()


@app.command()
def lost(
    folder: Folder,
    query: Text,
    retriever: Names = None,
    document: Annotated[
        list[str] | None, typer.Option("-d", "--document", help="Id of one; repeat for more. Those judged relevant unless given.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Length of the lists.")] = 10,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    as_json: AsJson = False,
) -> None:
    """Relevant documents that lists lack, and why each list lost them."""
    from engine import workspace
    from engine.builds.opened import Build

    opened = Build(folder)
    grades = opened.corpus.grades(query) | workspace.of_query(opened.catalogue, query)
    wanted = document or [known for known, grade in grades.items() if grade > 0]
    if not wanted:
        raise TriescopeError("this query has no document judged relevant; name some: -d ID")
    asked = list(dict.fromkeys(known for known in wanted if document or known in opened.row_of))
    there, lines, lists = len(asked), [], []
    if absent := len(set(wanted)) - there:
        lines.append(f"{absent} judged relevant are not in this catalogue")
    names = retriever or usual()
    needed = any(opened.retriever(name, beams).needs_vectors for name in names)
    vector = opened.encode(query)[0] if needed else None
    for name in names:
        hits = {hit.id for hit in opened.search(query, name, k, beams, vector, filter_text)[0]}
        lacks = [known for known in asked if known not in hits]
        reasons = opened.lost(query, lacks, name, k, beams, vector, filter_text)
        lists.append({"retriever": name, "lacks": [{"id": i} | of._asdict() for i, of in zip(lacks, reasons, strict=True)]})
        lines.append(f"{name} lacks {len(lacks)} of {there} in its first {k}")
        lines += [
            f"  {of.told:<70}  {opened.documents[opened.row_of[i]].title or i}" for i, of in zip(lacks, reasons, strict=True)
        ]
    show({"query": query, "k": k, "beams": beams, "documents": asked, "lists": lists}, as_json, lines)


@app.command()
def decode(
    folder: Folder,
    query: Text,
    beams: Beams = DEFAULT_BEAMS,
    recall: Annotated[
        float | None,
        typer.Option(min=0.5, max=1, help="In place of one width: those that `engine widths` chose for this recall."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000)] = 10,
    strategy: Annotated[str, typer.Option(help="How to search: see `python -m engine strategies`.")] = "beam",
    option: Annotated[
        list[str] | None, typer.Option("-o", help="An option of the strategy, like alpha=0.6; repeat for more.")
    ] = None,
    filter_text: Filter = "",
    force: Annotated[str, typer.Option(help="A prefix that every identifier must begin with, like 3-17.")] = "",
    ban: Annotated[list[str] | None, typer.Option(help="A prefix that none may begin with; repeat for more.")] = None,
    branch: Annotated[
        str, typer.Option(help="A candidate prefix, like 3-17: go back to its step, keep it alone there, and go on.")
    ] = "",
    temperature: Temperature = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    scorer: Annotated[str, typer.Option(help="Who says how likely a code is; the build's default unless given.")] = "",
    more: More = None,
    less: Less = None,
    rewrite: Rewrite = False,
    look_up: Annotated[
        bool, typer.Option("--look-up", help="Write only what has the values of columns that the query names; it is told.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decode a query and print the trace: every step, what was kept, what was cut."""
    from engine.builds import runs
    from engine.builds.answers import decoded
    from engine.builds.opened import Build
    from engine.builds.results import branched_at
    from engine.builds.turns import without
    from engine.decoding import strategies
    from engine.decoding.strategies import narrowed
    from engine.retrievers.recall import plan_of

    opened = Build(folder)
    if recall is not None:
        if strategy != "beam" or scorer not in ("", runs.CENTROID):
            raise TriescopeError("--recall is of beam search by the centroid scorer; leave out --strategy and --scorer")
        strategy, scorer = narrowed.STRATEGY.name, runs.CENTROID
        option = [f"{name}={value}" for name, value in narrowed.written(plan_of(folder, recall).plan).items()]
    settings = dict(strategies.parse_setting(strategy, text) for text in option or ())
    query, changed = _rewritten(opened, query, rewrite)
    query, filter_text, read = _looked_up(opened, query, without(filter_text, less or ()), look_up)
    vector = opened.turned(query, more or (), less or ()) if more or less else None
    asked = (query, beams, k, strategy, settings, filter_text, force, ban or (), branch, temperature, seed, scorer)
    found, trace = decoded(opened, *asked, vector=vector)
    aside = trace.get("left_aside", [])
    scored = f"{strategy}: {trace['scored']:,} nodes scored"
    trace |= ({"rewritten": changed} if rewrite else {}) | ({"read": read} if look_up else {})
    lines = [
        *_told(changed),
        *read,
        *(f"filter, {told}" for told in aside),
        scored + (f", {branched_at(branch)}" if branch else ""),
    ]
    if strategy == "unconstrained":
        lines.append(f"{strategies.existing_share(found):.0%} of its outputs are identifiers of a document")
    for step in trace["steps"]:
        lines.append(
            f"step {step['level']}: {len(step['kept']):,} kept, {step['pruned_count']:,} pruned, "
            f"{step['masked_mass']:.1%} masked, {step['ms']:.2f} ms"
        )
        for beam in step["kept"][:5]:
            prefix = f"{beam['prefix']}-{beam['code']}".lstrip("-")
            lines.append(
                f"   {prefix:<14} log p {beam['log_prob']:>8.3f}  total {beam['total']:>8.3f}  {beam['documents']:,} below"
            )
    lines += [f"{hit['rank']:>3}  {hit['score']:>9.3f}  {hit['identifier']:<14} {hit['title']}" for hit in trace["hits"]]
    show(trace, as_json, lines)


@app.command("strategies")
def list_strategies(as_json: AsJson = False) -> None:
    """Ways to decode, with their options."""
    from engine.decoding.strategies import STRATEGIES

    listed = [
        {"name": s.name, "summary": s.summary, "options": described(s.options), "citation": s.citation}
        for s in STRATEGIES.values()
    ]
    lines = []
    for strategy in STRATEGIES.values():
        lines.append(f"{strategy.name:20} {strategy.summary}")
        lines += [f"{'':20}   -o {o.name}=...  {o.help} (default: {o.default})" for o in strategy.options]
    show(listed, as_json, lines)


@app.command("retrievers")
def list_retrievers(as_json: AsJson = False) -> None:
    """Ways to retrieve."""
    listed, lines = [], []
    for method in RETRIEVERS.values():
        known = {"name": method.name, "summary": method.summary, "decodes": method.decodes, "citation": method.citation}
        listed.append(known | {"options": described(method.options)})
        lines.append(f"{method.name:12} {method.summary}")
        lines += [f"{'':12}   {method.name}:{of.name}=...  {of.help} (default: {of.default})" for of in method.options]
    show(listed, as_json, lines)


@app.command("why")
def show_why(
    folder: Folder,
    query: Text,
    document: Annotated[str, typer.Argument(help="Id of a document.")],
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    temperature: Temperature = 1.0,
    as_json: AsJson = False,
) -> None:
    """Why a document comes back, in sentences, or at which level it is cut and what displaced it."""
    from engine.builds.answers import explained
    from engine.builds.opened import Build

    found, value = explained(Build(folder), query, document, beams, filter_text, temperature)
    lines = [*(f"filter, {told}" for told in value.get("left_aside", [])), found.verdict]
    lines += [f"  {clause['says']}" for clause in value["because"]]
    for step in value["steps"]:
        rank = f"rank {step['rank']}" if step["rank"] else "gone"
        lines.append(
            f"level {step['level']}: code {step['code']}, score {step['score']:.3f}, {rank}, {'kept' if step['kept'] else 'cut'}"
        )
    show(value, as_json, lines)


@app.command("trie")
def show_trie(
    folder: Folder,
    prefix: Annotated[str, typer.Option(help="Codes with hyphens, like 3-17; empty for the root.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what lies below a prefix of the trie."""
    from engine.builds.answers import trie_json
    from engine.builds.opened import Build

    value = trie_json(Build(folder), prefix)
    show(value, as_json, [f"{c['code']:>5}  {c['documents']:>6}  {c['name']}" for c in value["children"]])
