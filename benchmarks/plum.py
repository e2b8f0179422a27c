"""A language model that writes identifiers (scorer ``plum``), tuned four ways: ``python -m benchmarks.plum [WAY ...]``.

Films, the model `smollm2` (``make lm``), so few steps that a core has them in minutes; half precision where it computes. Each way
is kept when it is done, and the block of ``benchmarks/results/learned.md`` is written from those that are. Nothing is chosen: the
last step is judged, on the first queries of test.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.blocks import replace_block
from benchmarks.learned import HEAD, OUT, SHOWN, head, line
from benchmarks.narrow import built
from benchmarks.training import Values, measured, test_of
from engine import evaluation, paths
from engine.builds.opened import Build
from engine.decoding import decode
from engine.scorers.kinds import kind
from engine.training import dev
from engine.training.batches import Batches
from engine.training.loop import WARM_UP
from engine.training.material import prepare
from engine.training.models import plum
from engine.training.source import open_source
from engine.training.spec import WITH_LABELS, TrainSpec, complete

STEPS, BATCH, BEAMS, FEW = 150, 16, 20, 100
# All weights take the longest a step.
FEWER = {"full": 60, "full, pre-trained": 60}
ASKED: dict[str, dict[str, Any]] = {
    "full": {"tuned": "full"},
    "full, pre-trained": {"tuned": "full", "pretrain": 50},
    "lora": {"tuned": "lora"},
    "prompt": {"tuned": "prompt", "rank": 20},
}


def main() -> None:
    """Tune the ways that are named, all where none is, and write what there is."""
    torch.set_num_threads(1)
    opened = built("films")
    qrels = dict(list(test_of(opened).items())[:FEW])
    for way in sys.argv[1:] or ASKED:
        if not kept(way).is_file():
            tune(opened, way, qrels)
    body = "\n".join(lines(opened, qrels))
    told = f"`python -m benchmarks.plum`. {evaluation.device()}.\n\n{body}\n"
    replace_block(f"PLUM, identifiers as words of a language model: {opened.name}", told, OUT, HEAD)


def steps_of(way: str) -> int:
    """Steps of a way."""
    return FEWER.get(way, STEPS)


def kept(way: str) -> Path:
    """Where the figures of a way stand."""
    return paths.cache() / "learned" / f"plum-{way.replace(', ', '-')}-{steps_of(way)}.npz"


def tune(opened: Build, way: str, qrels: dict[str, dict[str, int]]) -> None:
    """Tune one way and judge it."""
    settings = {option.name: option.default for option in kind("plum").options} | ASKED[way]
    spec = complete(TrainSpec(scorer="plum", settings=settings, batch=BATCH), True)
    source = open_source(opened.folder)
    made = prepare(source, spec, lambda *told: None)
    start = time.process_time()
    model = plum.create(source.parts, spec.settings, spec.seed)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model.prime(np.asarray(source.embeddings), made.material.pairs, made.material.queries)
    batches = Batches(source, made.material, WITH_LABELS, spec.losses, BATCH, spec.seed, "cpu")
    optimiser = torch.optim.AdamW(model.groups(), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / WARM_UP))
    losses = []
    steps = steps_of(way)
    for step in range(steps):
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, _ = batches.loss(model, step, step / steps)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 10 == 9:
            print(way, step + 1, round(float(np.mean(losses[-10:])), 3), f"{time.process_time() - start:.0f} s", flush=True)
    minutes = (time.process_time() - start) / 60
    scorer, start = model.eval().scorer(), time.process_time()
    with torch.inference_mode():
        texts = [opened.corpus.queries[query] for query in qrels]
        asked = kind("plum").encode(texts, np.empty((len(texts), 0)), source.parts, spec.settings)
        rows = dev.ranked(source, decode(source.parts.trie, scorer, asked, BEAMS))
    seconds = (time.process_time() - start) / len(rows)
    run = evaluation.run_of(qrels, rows, [document.id for document in opened.documents])
    values = evaluation.measure(qrels, run, SHOWN)
    took = np.array([model.network.share, minutes, np.mean(losses[:10]), np.mean(losses[-10:]), seconds])
    kept(way).parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept(way), took=took, **values)


def lines(opened: Build, qrels: dict[str, dict[str, int]]) -> list[str]:
    """The table."""
    node = measured(opened, "generative:node", qrels, BEAMS)
    found = [*head("node"), line("node scorer", node, "came with the films")]
    found.append(line("dense", measured(opened, "dense", qrels), "none", node))
    for way in (way for way in ASKED if kept(way).is_file()):
        with np.load(kept(way)) as known:
            values: Values = {name: known[name] for name in SHOWN}
            share, minutes, first, last, seconds = known["took"].tolist()
        told = f"{share:.2%} of the weights, {minutes:.1f} min of a processor, loss {first:.2f} to {last:.2f}"
        told = f"{steps_of(way)} steps, {told}; {seconds:.1f} s a query"
        found.append(line(f"plum, {way}", values, told, node))
    more = f"Steps of {BATCH} pairs, the last one judged; beam {BEAMS}; the first {len(qrels)} test queries."
    return [*found, "", more]


if __name__ == "__main__":
    main()
