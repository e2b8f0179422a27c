"""Sections of what is known of a build already, or measured elsewhere: the report card, what comes back, cold documents."""

from engine.builds import runs
from engine.builds.opened import Build
from engine.data.figures import Interval
from engine.errors import TriescopeError
from engine.evaluation.reachability import DEPTHS, QUERIES, Reachability
from engine.health.card import Card
from engine.verdict.shown import Cell, Dot, Picture, Section


def health_section(card: Card, build: str) -> Section:
    """Identifier health, from the report card."""
    amiss = [row for row in card.verdicts if row.verdict != "healthy"]
    levels = [row for row in card.levels if row.verdict not in (None, "healthy")]
    says = f"The identifiers are {'healthy' if card.verdict == 'healthy' else f'to be called {card.verdict}'}: "
    says += f"{card.content_unique_rate:.0%} of the documents have one of their own before numbers tell them apart"
    if amiss or levels:
        named = [row.figure.replace("_", " ") for row in amiss] + [f"level {row.level}" for row in levels]
        says += f"; not as they should be: {', '.join(named)}"
    dots = [Dot(name="identifiers of their own", mean=card.content_unique_rate, strong=True)]
    for row in card.levels:
        if row.verdict is not None:
            dots.append(Dot(name=f"level {row.level}, codes used", mean=row.used / row.codes))
            dots.append(Dot(name=f"level {row.level}, evenness", mean=row.entropy_ratio))
    rows: list[tuple[Cell, ...]] = [
        (
            f"level {row.level}",
            f"{row.used} of {row.codes} codes used",
            row.verdict or "only numbers documents",
            row.rule,
            row.remedy,
        )
        for row in card.levels
    ]
    rows += [(row.figure.replace("_", " "), f"{row.value:,.4g}", row.verdict, row.rule, row.remedy) for row in card.verdicts]
    return Section(
        key="health",
        title="Health of the identifiers",
        says=f"{says}.",
        picture=Picture(kind="dots", x="share, or evenness from 0 to 1", dots=tuple(dots)),
        columns=("Figure", "Value", "Verdict", "Rule", "Remedy"),
        rows=tuple(rows),
        notes=("Evenness: the entropy of a level's codes over the most that so many codes allow.",),
        command=f"python -m engine report {build}",
    )


def reachability_sections(found: Reachability, build: str, sample: int) -> list[Section]:
    """What comes back, beside the neighbours; and what does not, where there is any."""
    deep = DEPTHS[-1]
    told = [
        f"{of.shares[found.retriever][deep].mean:.1%} for {'one of ' if of.kind == QUERIES else ''}their {of.kind}"
        for of in found.kinds
    ]
    dots = [
        Dot(
            name=f"{'generative' if name == found.retriever else name}, {of.kind}, first {depth}",
            **shares[depth]._asdict(),
            strong=name == found.retriever,
        )
        for of in found.kinds
        for depth in DEPTHS
        for name, shares in of.shares.items()
    ]
    rows: list[tuple[Cell, ...]] = []
    for of in found.kinds:
        for name, shares in of.shares.items():
            figures = [round(value, 4) for depth in DEPTHS for value in shares[depth]]
            rows.append((of.kind, name, *figures, of.documents, of.there))
    drawn = [f"{of.documents:,} of {of.there:,} documents with {of.kind}" for of in found.kinds]
    command = f"python -m engine reachability {build} --beams {found.beams} --sample {sample} --seed {found.seed}"
    whole = Section(
        key="reachability",
        title="Which documents come back",
        says=(
            f"Within its first {deep}, generative search brings back {' and '.join(told)}; {found.unreached:,} of "
            f"{found.looked_at:,} documents come back neither for their title nor for a query."
        ),
        picture=Picture(kind="dots", x="share of the documents that come back, 95% interval", dots=tuple(dots)),
        columns=(
            "Asked for by",
            "Retriever",
            *(f"First {depth}{part}" for depth in DEPTHS for part in ("", ", low", ", high")),
            "Documents asked for",
            "Documents there",
        ),
        rows=tuple(rows),
        notes=(
            "A document comes back where at least one of its judged test and development queries, or its title, has it among the "
            f"first {' or '.join(map(str, DEPTHS))}. Beam {found.beams}.",
            f"Asked for were {' and '.join(drawn)} (seed {found.seed}).",
        ),
        command=command,
    )
    return [whole, *([_unreached(found, command)] if found.listed else [])]


def _unreached(found: Reachability, command: str) -> Section:
    listed = f"The first {len(found.listed)} of {found.unreached:,}" if found.unreached > len(found.listed) else "All"
    return Section(
        key="unreached",
        title="Documents that do not come back",
        says=f"{listed} documents that generative search brings neither for their title nor for a query of their own, with why.",
        columns=("Title", "Id", "It has", "Why"),
        rows=tuple((one.title, one.id, one.asked_by, one.why) for one in found.listed),
        command=command,
    )


def cold_section(opened: Build, build: str) -> Section:
    """Documents that a training kept out, where a run has them."""
    rows: list[tuple[Cell, ...]] = []
    dots: list[Dot] = []
    notes: list[str] = []
    for name in runs.names(opened.folder):
        try:
            cold = runs.read(opened.folder, name).cold
        except TriescopeError as error:
            notes.append(f"{name} is left aside: {error}.")
            continue
        if not cold or not cold.queries:
            continue
        for measure in cold.trained:
            of: dict[str, Interval] = {"centroid": cold.centroid[measure], name: cold.trained[measure]}
            for scorer, found in of.items():
                rows.append((name, measure, scorer, *(round(value, 4) for value in found), cold.documents, cold.queries))
                dots.append(Dot(name=f"{scorer}, {measure}, run {name}", **found._asdict(), strong=scorer == name))
    command = f"python -m engine train {build} --cold .2"
    if not rows:
        says = "Whether documents that no training saw are found is not known: no run of this build kept any out."
        return Section(key="cold", title="Cold documents", says=says, notes=tuple(notes), command=command)
    first = rows[0]
    return Section(
        key="cold",
        title="Cold documents",
        says=(
            f"Documents that the training of {first[0]} did not see: on the {first[7]:,} queries that ask for these alone it has "
            f"{dots[1].mean:.3f} {first[1]}, the centroid scorer, which is not trained, {dots[0].mean:.3f}."
        ),
        picture=Picture(kind="dots", x="mean on queries for cold documents, 95% interval", dots=tuple(dots)),
        columns=("Run", "Measure", "Scorer", "Mean", "Low", "High", "Cold documents", "Queries"),
        rows=tuple(rows),
        notes=tuple(notes),
        command=command,
    )
