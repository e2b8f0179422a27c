"""What the shell's commands share: the application, arguments that recur, and how a result is printed."""

import codecs
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.builds.names import find
from engine.data.lines import ENCODINGS
from engine.retrievers import RETRIEVERS
from engine.text.matched import Snippet
from engine.training.crew import beside_another

app = typer.Typer(
    help="The shell of Triescope. --json gives the machine form, with stable keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Ours are named; those of other packages would have to be loaded first, and `retrievers` lists them too.
OF_RETRIEVERS = (
    f"{', '.join(RETRIEVERS.ours)}; generative:NAME decodes with that scorer, bm25:k1=0.9,b=0.4,method=atire is another formula, "
    ".3*bm25+.7*dense fuses the two (bm25+dense@rrf by rank, @dev as development queries choose), bm25~dense ranks what the "
    "first finds by the second, bm25~cross:NAME by a cross-encoder of `models`."
)


def _found(folder: Path | None) -> Path | None:
    return folder and find(folder)


Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A build folder, or the name of one under the home.", callback=_found)
]
OptionalFolder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="A build, to list what was trained on it too.", callback=_found)
]
Text = Annotated[str, typer.Argument(metavar="QUERY")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine form.")]
Beams = Annotated[int, typer.Option(min=1, help="Hypotheses kept after each level.")]
Names = Annotated[list[str] | None, typer.Option("-r", "--retriever", help=OF_RETRIEVERS)]
Name = Annotated[str, typer.Option("-r", "--retriever", help=OF_RETRIEVERS)]
Filter = Annotated[str, typer.Option("--filter", help="Only documents that pass, like: year > 1990 and genre has Drama.")]
Temperature = Annotated[float, typer.Option(min=0.01, max=100.0, help="Of the scorer; above 1 evens the odds.")]
Encoding = Annotated[
    str,
    typer.Option(help=f"Of a text file: {', '.join(ENCODINGS)}. UTF-8 stands for UTF-16 and UTF-32 too; others are not guessed."),
]
ProgressFile = Annotated[Path | None, typer.Option("--progress", help="Write progress into this file as JSON.")]


def marked(snippet: Snippet) -> str:
    """A snippet as a line; on a terminal the words of the query are bold."""
    bold = sys.stdout.isatty()
    return "".join(typer.style(part, bold=True) if found and bold else part for part, found in snippet.parts())


def show(value: Any, as_json: bool, lines: list[str]) -> None:
    """Print a result: the value as JSON, or its lines for a person.

    Where stdout cannot hold every character, JSON escapes them; in lines they are replaced (:func:`engine.cli.main.main`).
    """
    if beside_another():  # which shows it
        return
    unicode = codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")
    print(json.dumps(value, ensure_ascii=not unicode, indent=1) if as_json else "\n".join(lines), flush=True)
