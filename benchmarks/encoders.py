"""With the same labels: dense search whose encoder learned, and generation whose encoder learned.

    python -m benchmarks.encoders films [TUNE_STEPS JOINT_STEPS]
    python -m benchmarks.encoders FOLDER [TUNE_STEPS JOINT_STEPS]     a BEIR folder with train pairs

One block a set of ``benchmarks/results/encoders.md``. Steps, not minutes, so that another machine takes the same course; what was
done before with the same steps is taken from the build. Development queries choose, test queries judge, once.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.training import SHOWN, STEPS, Values, built, measured, spent, test_of, trained
from engine import evaluation
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.trained import Run
from engine.data.datasets import load
from engine.decoding import DEFAULT_BEAMS
from engine.text import tuned
from engine.training.encoder.spec import TuneSpec
from engine.training.encoder.tune import tune

OUT = Path(__file__).parent / "results" / "encoders.md"
TUNE_STEPS, JOINT_STEPS = 228, 300
# A step of the joint scorer encodes its queries anew; fewer of them than a frozen encoder's.
JOINT_BATCH = 64
# What is compared, and with what: each with the neighbour that had the same labels.
COMPARED = (
    ("generative:joint-tuned", "tuned"),
    ("generative:joint-tuned", "tuned-moved"),
    ("generative:joint-node", "tuned"),
    ("generative:joint-node", "generative:node"),
    ("generative:joint", "tuned"),
    ("generative:node", "tuned"),
    ("tuned", "moved"),
    ("hybrid:joint-tuned", "bm25+tuned"),
)


def main() -> None:
    """Train what is missing, judge everything on test, put the block into the file."""
    source = sys.argv[1] if len(sys.argv) > 1 else "films"
    tune_steps, joint_steps = (int(one) for one in sys.argv[2:4]) if len(sys.argv) > 3 else (TUNE_STEPS, JOINT_STEPS)
    opened = built(load(source), source)
    known = tuned.read(opened.folder) if tuned.is_there(opened.folder) else None
    if known is None or known.spec.get("steps") != tune_steps:
        known = tune(opened.folder, TuneSpec(steps=tune_steps, patience=99), lambda stage, done, total: None)
    asked = {
        "node": {"scorer": "node", "steps": STEPS},
        "joint": {"scorer": "joint", "steps": joint_steps, "batch": JOINT_BATCH},
        "joint-tuned": {"scorer": "joint", "steps": joint_steps, "batch": JOINT_BATCH, "settings": {"start": "tuned"}},
        "joint-node": {"scorer": "joint", "steps": joint_steps, "batch": JOINT_BATCH, "settings": {"start": "node"}},
    }
    made = {name: _run(opened, name, fields) for name, fields in asked.items()}
    command = f"python -m benchmarks.encoders {Path(source).name} {tune_steps} {joint_steps}"
    body = "\n".join(_table(Build(opened.folder), known, made))
    block = f"## {opened.name}\n\n`{command}`. {evaluation.device()}.\n\n{body}\n"
    old = OUT.read_text("utf-8") if OUT.is_file() else "# Encoders that learn\n"
    pattern = re.compile(rf"^## {re.escape(opened.name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = pattern.sub(lambda _: block + "\n", old) if pattern.search(old) else f"{old.rstrip()}\n\n{block}"
    OUT.write_text(new.rstrip() + "\n", "utf-8")
    print(block)


def _run(opened: Build, name: str, fields: dict) -> Run:
    """A run of these steps, trained now unless it is there."""
    if name in runs.names(opened.folder) and runs.read(opened.folder, name).spec["steps"] == fields["steps"]:
        return runs.read(opened.folder, name)
    return trained(opened, name, patience=99, **fields) if name != "node" else trained(opened, name, **fields)


def _table(opened: Build, known: tuned.Tuned, made: dict[str, Run]) -> Iterator[str]:
    """Means with intervals of all on test, then the differences that matter."""
    told = {
        "bm25": "no label",
        "dense": "no label",
        "moved": "labels, no training",
        "tuned": f"{known.seen:,} pairs seen in {known.steps} steps, {known.seconds / 60:.0f} min; best at {known.best_step}",
        "tuned-moved": "the same, documents moved",
        "bm25+tuned": "fused, equal weights",
    }
    told |= {f"generative:{name}": spent(run) for name, run in made.items()} | {"hybrid:joint-tuned": "weights of development"}
    qrels, values = test_of(opened), dict[str, Values]()
    yield f"| | {' | '.join(SHOWN)} | what it learned from |\n|---|{'---|' * (len(SHOWN) + 1)}"
    for name in told:
        values[name] = measured(opened, name, qrels, DEFAULT_BEAMS)
        cells = (evaluation.interval(values[name][measure]) for measure in SHOWN)
        yield f"| {name} | {' | '.join(f'{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]' for i in cells)} | {told[name]} |"
    found = evaluation.together([evaluation.difference(values[a][SHOWN[0]], values[b][SHOWN[0]]) for a, b in COMPARED])
    yield f"\nBeam {DEFAULT_BEAMS}, {len(qrels)} test queries, seed 0."
    yield f"{SHOWN[0]}, differences, p corrected for {len(found)} (Holm):\n"
    for (ours, theirs), one in zip(COMPARED, found, strict=True):
        yield f"- {ours} less {theirs}: {evaluation.told(one, sign=True)}, p {evaluation.told_p(one)}"


if __name__ == "__main__":
    main()
