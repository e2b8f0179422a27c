"""What is known of a cross-encoder that was fine-tuned here: a file beside its weights. Knows nothing of training."""

from pathlib import Path

from engine.data.figures import CERTAIN, Stored, StoredDifference, StoredInterval, better, told_p
from engine.data.figures import told as told_figure
from engine.data.values import counted
from engine.stored import described
from engine.text.tuned import Course

ABOUT = "cross.json"


class Ordered(Stored):
    """A list of candidates on development queries: the mean of the measure as it was found, by the cross-encoder, and at random;
    what the second is ahead of the others."""

    found: StoredInterval
    crossed: StoredInterval
    shuffled: StoredInterval
    ahead: StoredDifference
    ahead_of_chance: StoredDifference


class CrossTuned(Course):
    """All that is known of it.

    ``encoder`` and ``encoder_key`` are the name and the fingerprint of whose weights it began with, ``build`` whose pairs it
    learned from. ``orders`` has, a retriever each, what the order of its first ``depth`` is worth on ``judged`` development
    queries; ``apart`` says whether nothing was chosen on them.
    """

    build: str
    encoder: str
    encoder_key: str
    depth: int
    judged: int
    apart: bool
    told: str
    orders: dict[str, Ordered]


def is_there(folder: Path) -> bool:
    """Whether a model's folder holds one that was made here."""
    return (folder / ABOUT).is_file()


def read(folder: Path) -> CrossTuned:
    """What is known of it.

    Raises
    ------
    TriescopeError
        The file is not there, or is damaged.
    """
    return described.read(folder / ABOUT, CrossTuned)


def told(known: CrossTuned) -> list[str]:
    """What a person should know of it, a sentence each."""
    kept = next(turn for turn in known.history if turn.step == known.best_step)
    apart = "that nothing was chosen on" if known.apart else "that its weights were chosen on, which flatters it"
    lines = [
        f"{counted(known.seen, 'pair', verb='was')} seen in {counted(known.steps, 'step')}, of {known.pairs:,} there are "
        f"({counted(known.queries, 'query', 'queries')}); "
        f"{known.seconds / 60:.1f} minutes on {known.device}, seed {known.seed}; {known.stopped}.",
        f"The weights after step {known.best_step:,} are kept: {known.measure} of its order of what search finds was "
        f"{known.history[0].dev:.3f} before the first step, {kept.dev:.3f} then, on "
        f"{counted(known.chosen_on, 'development query', 'development queries')}.",
        f"On {counted(known.judged, 'query', 'queries')} ({known.told}) {apart}, {known.measure} of the "
        f"first {known.depth} in its order:",
    ]
    return [*lines, *(line(name, of) for name, of in known.orders.items())]


def line(name: str, of: Ordered) -> str:
    """How its order of one list compares with the list's own and with chance."""
    behind = of.ahead.high < 0 and of.ahead.p < CERTAIN
    sure = "ahead of" if better(of.ahead) else "behind" if behind else "not certainly ahead of"
    chance = "" if better(of.ahead_of_chance) else ", which it is not certainly ahead of either"
    return (
        f"of {name} {told_figure(of.crossed)}, {sure} its own, {told_figure(of.found)}: {told_figure(of.ahead, sign=True)}, "
        f"paired p {told_p(of.ahead)}; at random {told_figure(of.shuffled)}{chance}."
    )
