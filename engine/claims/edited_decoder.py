"""A decoder (the transformer scorer) that has to learn documents which arrive after its training.

overlay
    New identifiers come into the tree and what was trained stays (:func:`engine.scorers.transformer.KIND.carry`).
editing
    Then steps of gradient on what arrived, over one layer alone: the feed-forward layer that writes identifiers most, as patching
    says (:mod:`engine.training.patching`). DOME (2026) edits so, with targets that go from soft to hard: what dense search says
    of all documents at first, the right code alone in the end. ``editing, hard`` has the right code throughout.
fine-tuning
    The same steps over all weights.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.claims.arriving import DEPTH, Search, Slices
from engine.decoding import decode
from engine.live.overlay import Overlay
from engine.retrievers import Queries
from engine.retrievers.moved import moved
from engine.scorers import transformer
from engine.scorers.carried import Change
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.trie import Trie, build

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.models.base import Candidates
    from engine.training.models.transformer import TransformerModel
    from engine.training.patching import Patched

WAYS = ("overlay", "editing", "editing, hard", "fine-tuning")
SETTINGS: dict[str, Any] = {option.name: option.default for option in transformer.KIND.options} | {"size": "small"}
STEPS, MORE, BATCH, SMOOTHING, BEAMS = 150, 40, 128, 0.1, 20
# Of a batch, titles, so that a document that nobody asks for is learned too.
INDEXING = 1 / 3
# Documents that a soft target speaks of, and what their cosines are divided by.
NEAREST, TEMPERATURE = 20, 0.05


class Asked(NamedTuple):
    """What is learned from: queries as the scorer encodes them, their vectors, float32 ``(queries, d)``, and of each the document
    row that it asks for, int64; rows are in the order of arrival. ``titles``: how many of them, the first, are titles."""

    queries: Sequence[np.ndarray]
    vectors: np.ndarray
    row: np.ndarray
    titles: int

    def among(self, low: int, high: int) -> np.ndarray:
        """Places of those that ask for rows from ``low`` up to ``high``."""
        return np.flatnonzero((self.row >= low) & (self.row < high))


class Taught(NamedTuple):
    """A trained decoder: its parts and its weights."""

    parts: Parts
    state: dict[str, np.ndarray]


def begun(tree: Trie, vectors: np.ndarray, asked: Asked, encoder: str, seed: int) -> Taught:
    """Trained on the documents of a tree; ``vectors`` are theirs."""
    parts = Parts(tree, node_means(tree, vectors), [], encoder)
    some = asked.among(0, len(vectors))
    judged = some[some >= asked.titles]
    primed = moved(vectors, asked.vectors[judged], asked.row[judged], float(SETTINGS["expand"])) if len(judged) else vectors
    model = transformer_model(parts, None, seed)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()} | {"means": node_means(tree, primed)}
    return Taught(parts, stepped(Taught(parts, state), asked, some, vectors, STEPS, seed))


def transformer_model(parts: Parts, state: dict[str, np.ndarray] | None, seed: int) -> "TransformerModel":
    """The model with some weights, in evaluation."""
    import torch

    from engine.training.models.transformer import create

    model = create(parts, SETTINGS, seed)
    if state is not None:
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    return model.eval()


def grown(known: Taught, codes: np.ndarray, vectors: np.ndarray) -> Taught:
    """With more documents: ``codes`` are theirs, and ``vectors`` those of all, old and new."""
    before = known.parts
    overlay = Overlay.of(before.trie, len(vectors) - len(codes)).add(codes)
    tree, nodes = overlay.compact(), overlay.nodes
    means = node_means(tree, vectors)
    change = Change(before.trie, tree, before.means, means, np.where(nodes < len(before.trie.code), nodes, -1))
    assert transformer.KIND.carry is not None
    return Taught(before._replace(trie=tree, means=means), dict(transformer.KIND.carry(known.state, change, SETTINGS)))


def layers_of(known: Taught, asked: Asked, some: np.ndarray, seed: int) -> "Patched":
    """Which layers write identifiers, looked at with some of what is asked."""
    from engine.training.patching import patched

    leaf = known.parts.trie.leaves_of(asked.row[some]).astype(np.int64)
    model = transformer_model(known.parts, known.state, seed)
    return patched(model, [asked.queries[at] for at in some], np.arange(len(some)), leaf)


def stepped(
    known: Taught,
    asked: Asked,
    some: np.ndarray,
    vectors: np.ndarray,
    number: int,
    seed: int,
    only: str | tuple[str, ...] = "",
    anneal: bool = False,
) -> dict[str, np.ndarray]:
    """Weights after steps on some of what is asked; on those alone whose name begins with ``only``, all others as they were, bit
    for bit. With ``anneal`` the targets go from soft to hard; ``vectors`` are those of all documents that are there."""
    import torch

    tree, model = known.parts.trie, transformer_model(known.parts, known.state, seed)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(only))
    groups = [group | {"params": [one for one in group["params"] if one.requires_grad]} for group in model.groups()]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]])
    leaf_of = tree.leaves_of(np.arange(len(vectors))).astype(np.int64)
    titles, judged = some[some < asked.titles], some[some >= asked.titles]
    indexing = round(BATCH * INDEXING) if len(judged) else BATCH
    model.train()
    for step in range(number):
        rng = np.random.default_rng([seed, step])
        drawn = [titles[rng.integers(0, len(titles), indexing)]]
        drawn += [judged[rng.integers(0, len(judged), BATCH - indexing)]] if len(judged) else []
        chosen = np.concatenate(drawn)
        encoded = model.encode([asked.queries[at] for at in chosen])
        levels = model.candidates(encoded, torch.arange(BATCH), torch.from_numpy(leaf_of[asked.row[chosen]]))
        loss = nats(levels, tree, asked.vectors[chosen] @ vectors.T, (step + 1) / number if anneal else 1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


def nats(levels: "list[Candidates]", tree: Trie, cosines: np.ndarray, hard: float) -> "Tensor":
    """Cross-entropy with the right codes at ``hard`` 1, with what dense search says of the nearest documents at 0, a mix between.

    ``cosines`` are those of each pair's query with all documents, float32 ``(pairs, documents)``.
    """
    import torch

    from engine.training.losses.codes import next_code, soft
    from engine.training.losses.marginal import marginalise, places_of

    right = next_code(levels, len(cosines), SMOOTHING)
    if hard == 1:
        return right
    start, stop = (torch.from_numpy(np.asarray(bound, np.int64)) for bound in (tree.doc_start, tree.doc_stop))
    best = np.argsort(-cosines, axis=1)[:, :NEAREST]
    mass = torch.from_numpy(np.exp(np.take_along_axis(cosines, best, axis=1) / TEMPERATURE))
    places = torch.from_numpy(places_of(tree, cosines.shape[1])[best])
    targets = [marginalise(level, places, mass, start, stop) for level in levels]
    return hard * right + (1 - hard) * soft(levels, targets, len(cosines))


def ways(
    slices: Slices, codes: np.ndarray, vectors: np.ndarray, asked: Asked, known: dict[str, np.ndarray], encoder: str, seed: int
) -> "tuple[dict[str, Search], Patched]":
    """A search for each of :data:`WAYS`, asked slice by slice, and the layers as they were before anything arrived: the strongest
    feed-forward one is edited.

    ``codes`` and ``vectors`` are of all documents in the order of arrival; ``known`` has every query's text as the scorer encodes
    it.
    """
    ends = slices.ends
    first = begun(build(codes[: ends[0]]), vectors[: ends[0]], asked, encoder, seed)
    patched = layers_of(first, asked, asked.among(0, ends[0])[-300:], seed)

    def grow(now: Taught, step: int) -> Taught:
        return grown(now, codes[ends[step - 1] : ends[step]], vectors[: ends[step]])

    def learn(now: Taught, step: int, only: str | tuple[str, ...] = "", anneal: bool = False) -> Taught:
        there, some = grow(now, step), asked.among(ends[step - 1], ends[step])
        return there._replace(state=stepped(there, asked, some, vectors[: ends[step]], MORE, seed + step, only, anneal))

    layer = tuple(f"blocks.{patched.strongest('feed-forward') - 1}.{name}" for name in ("widen", "narrow"))
    by = {
        "overlay": grow,
        "editing": lambda now, step: learn(now, step, layer, True),
        "editing, hard": lambda now, step: learn(now, step, layer),
        "fine-tuning": learn,
    }
    return {way: _search(slices, first, step, known) for way, step in by.items()}, patched


def _search(slices: Slices, first: Taught, way: Callable[[Taught, int], Taught], known: dict[str, np.ndarray]) -> Search:
    states = [first]

    def search(step: int, queries: Queries) -> np.ndarray:
        while len(states) <= step:
            states.append(way(states[-1], len(states)))
        at = states[step]
        scorer = transformer.KIND.open(at.parts, at.state, SETTINGS)
        found = np.full((len(queries.texts), DEPTH), -1, np.int64)
        traces = decode(at.parts.trie, scorer, [known[text] for text in queries.texts], BEAMS)
        for place, trace in enumerate(traces):
            rows, _ = trace.documents(at.parts.trie, DEPTH)
            found[place, : len(rows)] = slices.order[rows]
        return found

    return search
