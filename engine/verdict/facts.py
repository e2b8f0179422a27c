"""Sections of what is known of a build already, or measured elsewhere: the report card, what comes back, cold documents."""

from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.runs import CENTROID
from engine.builds.trained import Cold
from engine.errors import TriescopeError
from engine.evaluation.reachability import DEPTHS, QUERIES, Reachability
from engine.health.card import Card
from engine.verdict.rule import FEWEST
from engine.verdict.shown import Cell, Dot, Picture, Section

# Of a run's measures on cold documents, those that are shown where it has them.
MEASURES = ("nDCG@10", "Recall@100")


def health_section(card: Card, build: str) -> Section:
    """Identifier health, from the report card."""
    amiss = [row for row in card.verdicts if row.verdict != "healthy"]
    levels = [row for row in card.levels if row.verdict not in (None, "healthy")]
    says = f"The identifiers are {'to be watched' if card.verdict == 'watch' else card.verdict}: "
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
        f"{of.shares[found.retriever][deep].mean:.1%} of documents for {'one of ' if of.kind == QUERIES else ''}their {of.kind}"
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


def nothing_to_ask_by(build: str) -> Section:
    """That a catalogue without titles and judged queries has nothing that a document could be asked for by."""
    says = (
        "Which documents come back is not known: none has a title, or a query that it was judged to answer, to be asked for by."
    )
    command = f"python -m engine reachability {build}"
    return Section(key="reachability", title="Which documents come back", says=says, command=command)


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
    kept: dict[str, Cold] = {}
    notes: list[str] = []
    for name in runs.names(opened.folder):
        try:
            cold = runs.read(opened.folder, name).cold
        except TriescopeError as error:
            notes.append(f"{name} is left aside: {error}.")
            continue
        if cold and cold.queries:
            kept[name] = cold
    command = f"python -m engine train {build} --cold .2"
    if not kept:
        says = "Whether documents that no training saw are found is not known: no run of this build kept any out."
        return Section(key="cold", title="Cold documents", says=says, notes=tuple(notes), command=command)
    rows: list[tuple[Cell, ...]] = []
    dots: list[Dot] = []
    for name, cold in kept.items():
        for measure in _measures(cold):
            for scorer, found in ((CENTROID, cold.centroid[measure]), (name, cold.trained[measure])):
                rows.append((name, measure, scorer, *(round(value, 4) for value in found), cold.documents, cold.queries))
                dots.append(Dot(name=f"{scorer}, {measure}, run {name}", **found._asdict(), strong=scorer == name))
    name, cold = next(iter(kept.items()))
    measure = _measures(cold)[0]
    says = (
        f"Documents that the training of {name} did not see: on the {cold.queries:,} queries that ask for these alone it has "
        f"{cold.trained[measure].mean:.3f} {measure}, the centroid scorer, which is untrained, {cold.centroid[measure].mean:.3f}."
    )
    return Section(
        key="cold",
        title="Cold documents",
        says=says + (" So few queries tell little." if cold.queries < FEWEST else ""),
        picture=Picture(kind="dots", x="mean on queries for cold documents, 95% interval", dots=tuple(dots)),
        columns=("Run", "Measure", "Scorer", "Mean", "Low", "High", "Cold documents", "Queries"),
        rows=tuple(rows),
        notes=tuple(notes),
        command=command,
    )


def _measures(cold: Cold) -> list[str]:
    """Of the measures of a run, those that are shown; all where it has none of these."""
    return [one for one in MEASURES if one in cold.trained] or list(cold.trained)
