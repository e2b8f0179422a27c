"""A claim made anew: measured, judged by its own rule, and written down with where and how."""

import time
from datetime import UTC, datetime

from engine import evaluation
from engine.builds import layout
from engine.builds.opened import Build
from engine.claims.base import Claim, Finding
from engine.evaluation.run import Tell, _silent
from engine.files import sha256
from engine.verdict.shown import Section


def finding(opened: Build, claim: Claim, seed: int = 0, tell: Tell = _silent) -> Finding:
    """Make a claim anew on a build.

    Where it cannot be tested there, the verdict says so, and why; nothing is measured.
    """
    start = time.perf_counter()
    tell("claim", 0, 1)
    why = claim.refuses(opened)
    found = None if why else claim.measure(opened, seed, tell)
    tell("claim", 1, 1)
    section = Section(
        key=claim.key,
        title=claim.statement,
        says=found.says if found else f"It cannot be tested on {opened.folder.name}: {why}.",
        picture=found.picture if found else None,
        beside=found.beside if found else None,
        columns=found.columns if found else (),
        rows=found.rows if found else (),
        notes=found.notes if found else (),
        command=command(claim, opened, seed),
    )
    return Finding(
        key=claim.key,
        build=opened.folder.name,
        corpus=opened.name,
        manifest=sha256(opened.folder / layout.MANIFEST),
        documents=len(opened.documents),
        queries=found.queries if found else 0,
        seed=seed,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        device=evaluation.device(),
        seconds=round(time.perf_counter() - start, 1),
        figures=found.figures if found else {},
        verdict=claim.judge(found.figures) if found else "not testable here",
        section=section,
    )


def command(claim: Claim, opened: Build, seed: int) -> str:
    """The line of the shell that makes it anew."""
    return f"python -m engine claims {opened.folder.name} --only {claim.key}" + (f" --seed {seed}" if seed else "")
