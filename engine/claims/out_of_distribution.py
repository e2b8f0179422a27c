"""What a generator learned on one catalogue is of no use on another.

A node scorer has two parts: a vector a node, which is the catalogue itself and can go nowhere, and an adapter that moves a query
before it meets them. The adapter alone is trained here, over nodes that stay the means of their documents, and is carried to the
other catalogues on this machine whose encoder is the same: every one that has train queries teaches, every one is asked.
"""

from pathlib import Path

import numpy as np

from engine.builds import layout
from engine.builds.opened import Build
from engine.builds.opening import read_manifest
from engine.claims import learned_late
from engine.claims.base import JUDGES, Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.claims.learned_late import SETTINGS, Pairs
from engine.claims.loss_by_size import halved, pairs_of
from engine.claims.trained import TRAIN
from engine.data.figures import told
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.evaluation import interval, run_of
from engine.evaluation import measure as measured
from engine.evaluation.run import Tell
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.node import Adapter, adapter_of
from engine.trie import Trie
from engine.verdict.shown import Cell, Dot, Picture

MEASURE, DEPTH = "nDCG@10", 11
STEPS, LOOK, RATE, CHOOSING = 400, 50, 3e-4, 0.2
# Other catalogues, the smallest first; more would take longer than anybody waits.
MOST = 4
UNTRAINED, BESIDE = "nothing", "bm25"


def others(opened: Build) -> list[Build]:
    """Builds beside one, of other catalogues by the same encoder that have judged queries: at most one a catalogue, by name."""
    known, found = opened.manifest, dict[str, tuple[int, Path]]()
    for manifest in sorted(opened.folder.resolve().parent.glob(f"*/{layout.MANIFEST}")):
        try:
            of = read_manifest(manifest.parent)
        except TriescopeError:
            continue  # another version's, or damaged; the page Builds says so
        asked = any(of.corpus.queries.get(split) for split in JUDGES)
        if asked and of.encoder.sha256 == known.encoder.sha256 and of.corpus.name not in (known.corpus.name, *found):
            found[of.corpus.name] = of.corpus.documents, manifest.parent
    return [Build(folder) for _, folder in sorted(found.values())[:MOST]]


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """nDCG@10 of every adapter on every catalogue."""
    sets = {build.name: build for build in (opened, *others(opened))}
    teaching = [name for name, build in sets.items() if build.corpus.qrels.get(TRAIN)]
    adapters: dict[str, Adapter | None] = {UNTRAINED: None}
    taught: dict[str, int] = {}
    for place, name in enumerate(teaching):
        tell("claim", place, len(teaching) + len(sets))
        pairs = pairs_of(sets[name], TRAIN)
        adapters[name], taught[name] = adapted(sets[name], pairs, seed), len(pairs.row)
    values: dict[tuple[str, str], np.ndarray] = {}
    for place, (name, build) in enumerate(sets.items()):
        tell("claim", len(teaching) + place, len(teaching) + len(sets))
        qrels = build.corpus.qrels[judging(build)]
        texts = [build.corpus.queries[query] for query in qrels]
        queries, ids = Queries(texts, build.embed_queries(texts)), [document.id for document in build.documents]
        for learned, adapter in adapters.items():
            listed = _searched(build, adapter, queries)
            values[learned, name] = measured(qrels, run_of(qrels, listed, ids), [MEASURE])[MEASURE]
        listed = build.retriever(BESIDE).search(queries, DEPTH).rows
        values[BESIDE, name] = measured(qrels, run_of(qrels, listed, ids), [MEASURE])[MEASURE]
    gains = {(learned, name): interval(values[learned, name] - values[UNTRAINED, name]) for learned in teaching for name in sets}
    means = {key: interval(of) for key, of in values.items()}
    rows: list[tuple[Cell, ...]] = []
    for learned in (UNTRAINED, *teaching, BESIDE):
        for name in sets:
            gain = gains.get((learned, name))
            cells = [round(v, 4) for v in gain] if gain else [None] * 3
            rows.append((learned, name, *(round(v, 4) for v in means[learned, name]), *cells))
    own = gains[opened.name, opened.name]
    carried = ", ".join(f"{name} {told(gains[opened.name, name], sign=True)}" for name in sets if name != opened.name)
    came = ", ".join(f"{name} {told(gains[name, opened.name], sign=True)}" for name in teaching if name != opened.name)
    return Measured(
        figures={_name(learned, name): of for (learned, name), of in gains.items()},
        says=(
            f"What is learned on {opened.name} gains {told(own, sign=True)} {MEASURE} there over the untrained scorer; carried "
            f"to the others {carried}." + (f" What was learned elsewhere gains on {opened.name}: {came}." if came else "")
        ),
        picture=Picture(
            kind="dots",
            x=f"{MEASURE} gained over the untrained scorer, 95% interval",
            dots=tuple(
                Dot(name=_name(learned, name), **of._asdict(), strong=learned == name) for (learned, name), of in gains.items()
            ),
            at=0.0,
            at_told="untrained",
        ),
        columns=("Learned on", "Asked", MEASURE, "Low", "High", "Gain", "Low ", "High "),
        rows=tuple(rows),
        notes=(
            "Carried: the adapter of queries, two layers; the nodes of each catalogue are the means of its documents, trained "
            "nowhere. What a scorer learned about its documents themselves cannot be carried, nor judged here.",
            f"{STEPS} steps at most, the best by a fifth of the train queries, seed {seed}: "
            + ", ".join(f"{name} {number:,} pairs" for name, number in taught.items())
            + f". {DEFAULT_BEAMS} beams.",
            "Asked: "
            + ", ".join(f"{name} {len(build.corpus.qrels[judging(build)]):,}" for name, build in sets.items())
            + " queries; builds that lie beside this one, of the same encoder.",
        ),
        queries=sum(len(values[UNTRAINED, name]) for name in sets),
    )


def adapted(opened: Build, pairs: Pairs, seed: int) -> Adapter:
    """The adapter that a catalogue teaches; that of step 0, which changes nothing, where no step is better for the queries that
    choose."""
    import torch

    from engine.training.losses.codes import next_code
    from engine.training.models.node import create

    train, choosing = halved(pairs, CHOOSING, seed)
    model = create(opened.parts, SETTINGS | {"adapter_rate": RATE}, seed)
    model.vectors.requires_grad_(False)
    model.bias.requires_grad_(False)
    leaf_of = opened.trie.leaves_of(np.arange(len(opened.embeddings))).astype(np.int64)
    optimiser = torch.optim.AdamW(model.groups())

    def loss(of: Pairs) -> torch.Tensor:
        encoded = model.encode(list(of.vectors))
        levels = model.candidates(encoded, torch.arange(len(of.row)), torch.from_numpy(leaf_of[of.row]))
        return next_code(levels, len(of.row))

    some = np.random.default_rng(seed).permutation(len(choosing.row))[: 4 * learned_late.BATCH]
    watched = Pairs(choosing.vectors[some], choosing.row[some])
    best, state = float("inf"), {}
    for step in range(STEPS + 1):
        if step % LOOK == 0:
            model.eval()
            with torch.inference_mode():
                now = float(loss(watched))
            if now < best:
                best, state = now, {key: value.detach().numpy().copy() for key, value in model.state_dict().items()}
            model.train()
        chosen = np.random.default_rng([seed, step]).integers(0, len(train.row), learned_late.BATCH)
        value = loss(Pairs(train.vectors[chosen], train.row[chosen]))
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    return adapter_of(state, opened.embeddings.shape[1])


def _searched(opened: Build, adapter: Adapter | None, queries: Queries) -> np.ndarray:
    """Rows that the centroid scorer finds for adapted queries."""
    assert queries.vectors is not None
    moved = queries.vectors if adapter is None else np.stack([adapter(vector) for vector in queries.vectors])
    tree: Trie = opened.trie
    return GenerativeRetriever(tree, opened.scorer("centroid"), DEFAULT_BEAMS).search(Queries(queries.texts, moved), DEPTH).rows


def _name(learned: str, name: str) -> str:
    return f"learned on {learned}, asked on {name}"


def _refuses(opened: Build) -> str:
    if why := needs_queries(opened) or ("" if opened.corpus.qrels.get(TRAIN) else "there are no train queries to learn from"):
        return why
    return "" if others(opened) else f"there is no build of another catalogue with judged queries in {Path('builds')}"


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    own, away = {}, []
    for name, of in figures.items():
        learned, asked = name.removeprefix("learned on ").split(", asked on ")
        if learned == asked:
            own[asked] = of
        else:
            away.append((asked, of))
    if not any(of.low > 0 for of in own.values()):
        return "not testable here"
    gaining = [asked for asked, of in away if of.low > 0]
    if not gaining:
        return "holds"
    return "holds partly" if len(gaining) < len(away) else "does not hold here"


CLAIM = Claim(
    number=9,
    key="out-of-distribution",
    statement="What a generator learned on one catalogue is of no use on another.",
    source="Chen et al. 2023 (Understanding differential search index); robustness of generative retrieval (Liu et al. 2023)",
    rule=(
        "It holds where what was learned on one catalogue certainly gains on no other, partly where it gains on some of those "
        "asked; it is not testable where nothing certainly gains even at home."
    ),
    change="An encoder that learns too, whose documents would be embedded anew, or catalogues that are nearer to each other.",
    seconds=60,
    refuses=_refuses,
    measure=measure,
    judge=judge,
)
