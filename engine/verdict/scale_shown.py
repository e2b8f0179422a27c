"""Time and memory by size of the catalogue, as two sections of a verdict."""

from engine.builds.opened import Build
from engine.builds.runs import CENTROID
from engine.evaluation import DEPTH
from engine.verdict.scale import Scale
from engine.verdict.shown import Picture, Point, Section


def sections(opened: Build, found: Scale, beams: int, command: str) -> list[Section]:
    """Time, and memory."""
    notes = _notes(opened, found, beams)
    return [_time(found, notes, command), _memory(found, notes, command)]


def _time(found: Scale, notes: tuple[str, ...], command: str) -> Section:
    first, last = found.sizes[0], found.sizes[-1]
    return Section(
        key="speed",
        title="Time of a search as the catalogue grows",
        says=(
            f"Today, with {first.documents:,} documents, half of the searches take at most {first.generative.p50:.2f} ms "
            f"(exact dense search {first.dense.p50:.2f}); with {last.documents:,} documents {last.generative.p50:.2f} ms "
            f"({last.dense.p50:.2f}). Of the first ten of exact search generative search then has {last.agree:.0%}, today "
            f"{first.agree:.0%}."
        ),
        picture=Picture(
            kind="lines",
            x="documents",
            y="ms of a search, median",
            log=True,
            lines={
                "generative": tuple(Point(x=one.documents, y=one.generative.p50) for one in found.sizes),
                "dense, exact": tuple(Point(x=one.documents, y=one.dense.p50) for one in found.sizes),
            },
        ),
        columns=(
            "Documents",
            "Generative, ms (p50)",
            "Generative, ms (p95)",
            "Dense, ms (p50)",
            "Dense, ms (p95)",
            "First ten shared",
            "Made in, s",
            "Identifiers",
        ),
        rows=tuple(
            (one.documents, *one.generative, *one.dense, round(one.agree, 3), round(one.made_s, 1), one.told)
            for one in found.sizes
        ),
        notes=notes,
        command=command,
    )


def _memory(found: Scale, notes: tuple[str, ...], command: str) -> Section:
    first, last = found.sizes[0], found.sizes[-1]
    return Section(
        key="memory",
        title="Memory as the catalogue grows",
        says=(
            f"Generative search holds {_size(first.tree_bytes)} today and {_size(last.tree_bytes)} with {last.documents:,} "
            f"documents, exact dense search {_size(first.dense_bytes)} and {_size(last.dense_bytes)}."
        ),
        picture=Picture(
            kind="lines",
            x="documents",
            y="MB held",
            log=True,
            lines={
                "generative": tuple(Point(x=one.documents, y=one.tree_bytes / 1e6) for one in found.sizes),
                "dense, exact": tuple(Point(x=one.documents, y=one.dense_bytes / 1e6) for one in found.sizes),
            },
        ),
        columns=("Documents", "Generative, MB", "Dense, MB", "Generative, bytes a document", "Dense, bytes a document"),
        rows=tuple(
            (
                one.documents,
                round(one.tree_bytes / 1e6, 2),
                round(one.dense_bytes / 1e6, 2),
                round(one.tree_bytes / one.documents),
                round(one.dense_bytes / one.documents),
            )
            for one in found.sizes
        ),
        notes=(
            notes[0],
            "Generative: the trie, a mean vector a node, and a rough copy of these. Dense: the vectors.",
            *notes[2:],
        ),
        command=command,
    )


def _notes(opened: Build, found: Scale, beams: int) -> tuple[str, ...]:
    spread = found.spread
    first = (
        f"More documents than there are were made: those there are, and copies with noise of {spread.value:.3f} of a vector's "
        f"length, which is how far the {spread.documents:,} documents that share a node of level {spread.level} lie from its "
        "mean. "
        "The noise has no direction of its own, and nobody wrote such documents: times and memory are measured, quality is not."
    )
    second = f"{found.queries} queries one by one, warm, after encoding, one thread; {beams} beams, the first {DEPTH} documents."
    other = opened.default_scorer
    trained = (
        [f"The default scorer, {other}, has learned from this catalogue and cannot grow: the centroid scorer decodes here."]
        if other != CENTROID
        else []
    )
    return (first, second, *trained, *found.limits, "Keyword search is not here: the copies have no words.")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
