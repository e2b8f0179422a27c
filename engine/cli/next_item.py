"""Commands of recommendation: join interactions to a build, recommend, judge, train."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import flags
from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.recommending.models.spec import SequenceSpec, spec_of

Models = Annotated[
    list[str] | None,
    typer.Option(
        "-m",
        "--model",
        help="counting, item-item, knn, content, popularity, ease, liger, p5:NAME (a language model), a trained one, or a "
        "sum: item-item+sasrec.",
    ),
]
Width = Annotated[int, typer.Option(min=1, help="Hypotheses kept after each level, of models that decode.")]
Seen = Annotated[bool, typer.Option("--seen", help="Let items of the history come again.")]
Arrangement = Annotated[
    str,
    typer.Option(
        "--slate",
        help="Not ten of the same: quota=N of one first code, mmr=SHARE of the score, rare=POWER of how often an item was taken, "
        "or several with commas.",
    ),
]
History = Annotated[str, typer.Option(help="Item ids, oldest first, with commas between.")]


@app.command("interactions")
def run_join(
    folder: Folder,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A table of user, item, time; lines of user, item, item (.txt); or a set by name: movielens, amazon-beauty, ...",
        ),
    ],
    column: Annotated[list[str] | None, typer.Option(help="Which column is user, item, time or rating: user=NAME.")] = None,
    shortest: Annotated[int, typer.Option(min=1, help="Leave out people with fewer interactions.")] = 3,
    core: Annotated[
        int, typer.Option(min=0, help="Leave out people and items with fewer, as often as it takes; 0 for no core.")
    ] = 0,
    least_rating: Annotated[float | None, typer.Option(help="Leave out lower ratings.")] = None,
    dev_from: Annotated[str, typer.Option(help="Split by time: development begins here, a date or seconds.")] = "",
    test_from: Annotated[str, typer.Option(help="Split by time: the test begins here.")] = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Join interactions to a build: who took what, split, and made into the item-item matrix."""
    from engine.builds.opened import Build
    from engine.data.datasets import interactions_of
    from engine.data.interactions import Rules
    from engine.progress import Progress
    from engine.recommending import joined, on_disk

    if bool(dev_from) != bool(test_from):
        raise TriescopeError("a split by time needs both dates: --dev-from and --test-from")
    columns = dict(one.partition("=")[::2] for one in column or [])
    dates = (dev_from, test_from) if dev_from else None
    with Progress(progress, quiet=as_json) as told:
        known = joined.join(
            on_disk.as_made(Build(folder)), interactions_of(file), columns, Rules(shortest, least_rating, core), dates, told
        )
    rule = (
        "the last item of each person is the test, the one before it development"
        if known.split == "last"
        else (f"by time: development from {known.dates[0]}, test from {known.dates[1]}")
    )
    show(
        known.model_dump(mode="json"),
        as_json,
        [
            f"{known.users:,} people, {known.items:,} items, {known.interactions:,} interactions joined to {folder.name}",
            f"split: {rule}; {known.train:,} to learn from, {known.dev:,} to choose by, {known.test:,} to judge by",
            f"matrix: text counts {known.text_share:g} beside behaviour's .4 (chosen on development)",
            *(f"note: {note}" for note in known.notes),
        ],
    )


@app.command()
def recommend(
    folder: Folder,
    history: History = "",
    less: Annotated[str, typer.Option(help="Item ids whose branches may not come.")] = "",
    user: Annotated[str, typer.Option(help="A person of the interactions, in place of a history.")] = "",
    model: Models = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Length of the list.")] = 10,
    beams: Width = DEFAULT_BEAMS,
    seen: Seen = False,
    slate: Arrangement = "",
    as_json: AsJson = False,
) -> None:
    """What comes next after a history of items."""
    from engine.builds.opened import Build
    from engine.recommending import asked, kinds, on_disk, slates

    build = on_disk.as_made(Build(folder))
    opened = kinds.Opened(build, max(beams, k))
    taken = asked.of_user(opened, user) if user else asked.of_text(build, history)
    banned = asked.banned_for(build, asked.of_text(build, less)) if less else None
    found = {
        name: asked.recommended(opened, name, taken, k, seen, banned, slates.parse(slate))
        for name in model or [asked.default(build)]
    }
    lines = [f"history: {', '.join(asked.title(build, row) for row in taken)}"]
    for name, hits in found.items():
        lines.append(name)
        lines += [
            f"{hit.rank:>3}  {hit.title}  [{hit.identifier}]  {hit.score:.4g}"
            + (f"  because of {hit.because}" if hit.because else "")
            for hit in hits
        ]
    value = {
        "history": [build.documents[row].id for row in taken],
        "lists": {name: [hit._asdict() for hit in hits] for name, hits in found.items()},
    }
    show(value, as_json, lines)


@app.command("evaluate-next")
def run_evaluation(
    folder: Folder,
    model: Models = None,
    beams: Width = DEFAULT_BEAMS,
    seen: Seen = False,
    slate: Arrangement = "",
    split: Annotated[str, typer.Option(help="test or dev.")] = "test",
    by: Annotated[str, typer.Option(help="Whom the first ten show, by the values of this column (parity, exposure).")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep it with the interactions, for the page Sessions.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge recommenders on what people took next: the whole catalogue is ranked, with intervals and paired tests."""
    from engine.builds.opened import Build
    from engine.evaluation import parity
    from engine.filters.facets import facets
    from engine.progress import Progress
    from engine.recommending import evaluated, kept_judging, kinds, on_disk, slates

    build = on_disk.as_made(Build(folder))
    if by:
        facets(build.columns, by)  # a column that is none is refused before it is measured
    opened = kinds.Opened(build, beams)
    held, names = kept_judging.questions(opened.known, split), model or kinds.usual(build)
    with Progress(progress, quiet=as_json) as told:
        asked, arranged = {name: opened.get(name, told) for name in names}, slates.parse(slate)
        if not arranged.plain:
            known = build.trie, build.embeddings, opened.known.popularity
            asked = {name: slates.Arranged(of, arranged, *known) for name, of in asked.items()}
        found = evaluated.evaluate(
            asked,
            held,
            opened.known.popularity,
            build.embeddings,
            seen,
            lambda _, done, total: told("judging", done, total),
        )
    shown = kept_judging.by_column(opened, split, found, by) if by else None
    judged = kept_judging.judging(opened, split, seen, arranged, found, shown)
    if keep:
        kept_judging.keep(build, judged)
    head = f"{judged.questions:,} questions ({split}: {kept_judging.protocol(judged)}); "
    head += f"{beams} beams; the whole catalogue is ranked{f', then arranged: {judged.slate}' if judged.slate else ''}"
    lines = [head, *evaluated.lines(found), *(parity.lines(shown, "questions", "what was taken next") if shown else [])]
    show(judged.model_dump(mode="json"), as_json, lines)


@app.command("train-next")
@flags.of_spec(SequenceSpec)
def run_training(
    folder: Folder,
    asked: dict[str, Any],
    name: Annotated[str, typer.Option(help="What to call it; the model's name unless given.")] = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Train SASRec, BERT4Rec, a tree, TIGER or another model of histories on a build's interactions. Goes on where an interrupted
    one stopped."""
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.recommending import kinds, on_disk, queries
    from engine.recommending.models import train

    spec = spec_of(asked)
    kinds.check_name(name or spec.model)
    interactions = on_disk.Interactions(on_disk.as_made(Build(folder)))
    out = interactions.folder / on_disk.MODELS / (name or spec.model)
    with Progress(progress, quiet=as_json) as told:
        material = interactions.material
        if spec.model == "joint":
            told("queries", 0, 0)
            build = interactions.build
            made = queries.of_catalogue(material.said, material.embeddings, build.embed_queries, spec.seed)
            material = material._replace(queries=made)
        known = train.train(material, spec, out, told)
    figures = ", ".join(f"{measure} {value:.4f}" for measure, value in known.dev.items())
    show(
        known.model_dump(mode="json"),
        as_json,
        [
            f"{out.name}: {known.steps:,} steps in {known.seconds / 60:.1f} minutes on {known.device}; {known.stopped}",
            f"the weights after step {known.best_step:,} are kept, chosen on {known.chosen_on:,} development questions",
            f"on {f'{known.judged_on:,} of the' if known.judged_on else 'all'} development questions: {figures}",
        ],
    )


@app.command("search-next")
def run_search(
    folder: Folder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    model: Annotated[str, typer.Option("-m", "--model", help="A trained model of both tasks.")] = "joint",
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Length of the list.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Ask a model that was trained to answer histories and queries (train-next --model joint) by a query."""
    from engine.builds.opened import Build
    from engine.recommending import kinds, on_disk, worded

    opened = kinds.Opened(on_disk.as_made(Build(folder)))
    hits = worded.search(opened, model, query, k)[model]
    show(
        {"query": query, "model": model, "hits": [hit._asdict() for hit in hits]},
        as_json,
        [f"{hit.rank:>3}  {hit.title}  [{hit.identifier}]  {hit.score:.3g}" for hit in hits],
    )


@app.command("tune-titles")
def run_titles(
    folder: Folder,
    model: Annotated[str, typer.Argument(help="A language model by name (python -m engine models).")],
    out: Annotated[Path, typer.Argument(help="Folder to write the tuned model to; it must not exist yet.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps, of four histories each; seconds apiece on a core.")] = 100,
    rank: Annotated[int, typer.Option(min=1, max=256, help="Of LoRA.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the order.")] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Teach a language model the next titles of a build's histories by LoRA: an experiment; recommend -m p5:NAME asks it."""
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.recommending import on_disk, titled_tuned
    from engine.text import models

    interactions = on_disk.Interactions(on_disk.as_made(Build(folder)))
    with Progress(progress, quiet=as_json) as told:
        known = titled_tuned.tune(
            interactions.build, interactions.train, models.folder_of(model, "lm"), out, steps, rank, seed=seed, tell=told
        )
    show(
        known._asdict(),
        as_json,
        [
            f"{out}: {known.steps:,} steps, {known.share:.2%} of the weights learned",
            f"nats a token of a title: {known.first:.2f} at first, {known.last:.2f} at last",
            f"python -m engine models NAME {out}    # then: recommend -m p5:NAME",
        ],
    )
