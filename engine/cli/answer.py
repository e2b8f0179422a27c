"""The command that answers from what a search found."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Name, Text, app, show
from engine.data.values import counted
from engine.decoding import DEFAULT_BEAMS


@app.command("answer")
def run_answer(
    folder: Folder,
    query: Text,
    retriever: Name = "hybrid",
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Documents that it rests on.")] = 5,
    lm: Annotated[
        str,
        typer.Option(help="A language model of `models`, to write the answer, an experiment; sentences are taken over else."),
    ] = "",
    titles: Annotated[
        bool,
        typer.Option("--titles", help="Let the language model write titles, freely and held to those there are; an experiment."),
    ] = False,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    as_json: AsJson = False,
) -> None:
    """Answer from the hits, each sentence with the documents that it rests on."""
    from engine.answers import extract, written
    from engine.answers import titles as of_titles
    from engine.builds.opened import Build
    from engine.errors import TriescopeError
    from engine.text import language_model, models

    if titles and not lm:
        raise TriescopeError("titles are written by a language model: name one with --lm")
    opened = Build(folder)
    model = language_model.load(models.folder_of(lm, "lm")) if lm else None
    if titles and model:
        found = of_titles.write(opened, query, model)
        lines = [
            "free:",
            *(f"  {one}{'' if there else '  (no such document)'}" for one, there in zip(found.free, found.exists, strict=True)),
        ]
        lines += [
            f"{found.made_up:.0%} of them do not exist; held to the titles that there are:",
            *(f"  {one}" for one in found.held),
        ]
        lines += [f"{counted(found.left_out, 'document', verb='has')} no title that can be written"] if found.left_out else []
        show(found._asdict() | {"made_up": found.made_up}, as_json, lines)
        return
    hits = opened.search(query, retriever, k, beams, filter=filter_text).hits
    answer = written.write(opened, query, hits, model) if model else extract.extract(opened, query, hits)
    shares = answer.shares()
    lines = [f"{one.text} {''.join(f'[{rank}]' for rank in one.cited)}".strip() for one in answer.sentences] or [
        "Nothing was found."
    ]
    lines += ["", *(f"[{hit.rank}] {hit.title}  {shares[hit.rank]:.0%}" for hit in hits), *(f"({note})" for note in answer.notes)]
    show({"query": query, "retriever": retriever} | answer.json(), as_json, lines)
