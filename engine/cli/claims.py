"""The command that makes claims of the field anew on a build, and lists what is known of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.shell import AsJson, OptionalFolder, ProgressFile, app, show
from engine.errors import TriescopeError

if TYPE_CHECKING:
    from engine.claims.base import Claim, Finding


@app.command("claims")
def make_claims(
    folder: OptionalFolder = None,
    only: Annotated[list[str] | None, typer.Option(help="Key of a claim; repeat for more, all unless given.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1, help="Of every draw.")] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make claims of the field anew on a build, for the page Claims; without a build, list them with what came along."""
    from engine.builds.opened import Build
    from engine.claims import CLAIMS, kept, measure
    from engine.progress import Progress

    for key in only or ():
        if key not in CLAIMS:
            raise TriescopeError(f"there is no claim {key!r}; there are {', '.join(CLAIMS)}")
    found: list[tuple[Claim, Finding | None]] = []
    with Progress(progress, quiet=as_json or not (folder and progress)) as told:
        opened = Build(folder) if folder else None
        for key in only or CLAIMS:
            if opened is None:
                made = kept.read(kept.shipped_folder(), key)
            else:
                made = measure.finding(opened, CLAIMS[key], seed, told)
                kept.keep(kept.folder(opened), made)
            found.append((CLAIMS[key], made))
            if not as_json:  # all of them take minutes: each is told when it is made
                show({}, False, _lines(CLAIMS[key], made))
    value = [claim._asdict() | {"found": one.model_dump(mode="json") if one else None} for claim, one in found]
    for entry in value:
        for name in ("refuses", "measure", "judge"):
            del entry[name]
    if as_json:
        show(value, True, [])


def _lines(claim: "Claim", found: "Finding | None") -> list[str]:
    """A claim, and what came of it."""
    told = f"   {found.verdict} on {found.corpus}: {found.section.says}" if found else "   not made anew yet"
    return [f"{claim.number}. {claim.statement} ({claim.key}; {claim.source})", told]
