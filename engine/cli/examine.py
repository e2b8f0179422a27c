"""The command that looks a file through before anything is built of it, and what it has in common with those that read one."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Encoding, app, show
from engine.data.lines import UNICODE
from engine.errors import TriescopeError


@app.command("examine")
def examine_file(
    file: Annotated[Path, typer.Argument(help="A .jsonl, .csv, .tsv or .parquet file; .gz and .zst too; or a BEIR folder.")],
    column: Annotated[list[str] | None, typer.Option(help="Which column is the id, title or text: id=NAME.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all rows that are wrong there.")] = None,
    encoding: Encoding = UNICODE,
    as_json: AsJson = False,
) -> None:
    """What a file holds and which of its rows are wrong, before a build is made of it."""
    from engine.data.corpus import documents_of
    from engine.data.examined import examine, faults_csv
    from engine.files import replace_bytes

    found = examine(documents_of(file), columns_asked(column or []), encoding)
    if csv:
        replace_bytes(csv, faults_csv(found.faults).encode())
    lines = [
        f"{file}: {found.rows:,} rows read, {found.documents:,} documents, {len(found.left_out):,} with neither title nor text, "
        f"{found.wrong:,} wrong",
        *(f"{part:6} {name}" for part, name in found.names.items()),
        *(f"column {c.name}: {c.filled:,} filled, {c.kinds}; {' | '.join(c.examples)}" for c in found.columns),
        *(f"row {fault.row}{f', column {fault.column}' if fault.column else ''}: {fault.what}" for fault in found.faults[:20]),
        *([f"and {found.wrong - 20:,} more wrong rows; --csv FILE writes them all"] if found.wrong > 20 else []),
    ]
    value = found._asdict() | {name: [one._asdict() for one in getattr(found, name)] for name in ("faults", "columns")}
    del value["characters"], value["seen"]
    show(value, as_json, lines)


PARTS = ("id", "title", "text", "category", "url")


def columns_asked(asked: list[str]) -> dict[str, str]:
    """Column names by what they hold, from ``id=NAME`` as typed."""
    named = dict(text.partition("=")[::2] for text in asked)
    if wrong := [text for text in asked if text.partition("=")[0] not in PARTS or not text.partition("=")[2]]:
        raise TriescopeError(
            f"--column {wrong[0]}: name a column like id=movieId; {', '.join(PARTS[:-1])} and {PARTS[-1]} can be named"
        )
    return named
