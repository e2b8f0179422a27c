"""A node scorer that has to learn documents which arrive after its training, in three ways.

overlay
    New identifiers come into the tree, what was trained stays, and a new node begins as the mean of its documents, shifted by
    what training added above it (:mod:`engine.scorers.carried`): what ``engine add`` does.
editing
    The same, but new documents stand where their own train queries draw them (Brauen 1971): a closed form that writes the rows of
    new nodes and leaves all other weights as they are, bit for bit.
fine-tuning
    Steps of gradient on the pairs of what arrived alone, over all weights, from where the step before ended.
"""

from typing import Any, NamedTuple

import numpy as np

from engine.live.overlay import Overlay
from engine.retrievers.moved import moved
from engine.scorers import node
from engine.scorers.base import Scorer
from engine.scorers.carried import Change
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.trie import Trie

WAYS = ("overlay", "editing", "fine-tuning")
SETTINGS: dict[str, Any] = {option.name: option.default for option in node.KIND.options}
STEPS, MORE, BATCH, SMOOTHING = 150, 40, 256, 0.1
# Of a batch, pairs of a document's own vector with itself, so that one that nobody asks for is learned too.
INDEXING = 1 / 3


class Pairs(NamedTuple):
    """Train queries, float32 ``(pairs, d)``, and the document row that each answers, int64 ``(pairs,)``."""

    vectors: np.ndarray
    row: np.ndarray

    def among(self, low: int, high: int) -> "Pairs":
        """Those that rows from ``low`` up to ``high`` answer."""
        some = (self.row >= low) & (self.row < high)
        return Pairs(self.vectors[some], self.row[some])


class Taught(NamedTuple):
    """A trained scorer: its tree, the means that it began from, and its weights."""

    tree: Trie
    means: np.ndarray
    state: dict[str, np.ndarray]

    @property
    def scorer(self) -> Scorer:
        """It, to decode with."""
        return node.KIND.open(parts_of(self.tree, self.means), self.state, SETTINGS)


def parts_of(tree: Trie, means: np.ndarray) -> Parts:
    """What a model is made of."""
    return Parts(tree, means, [], "")


def drawn(vectors: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Documents where their queries draw them; as they are where there are none."""
    return moved(vectors, pairs.vectors, pairs.row, float(SETTINGS["expand"])) if len(pairs.row) else vectors


def begun(tree: Trie, vectors: np.ndarray, pairs: Pairs, seed: int) -> Taught:
    """Trained from the start on the documents of a tree; ``vectors`` are all rows'."""
    means = node_means(tree, drawn(vectors, pairs))
    there = np.asarray(tree.documents, np.int64)
    state = steps(parts_of(tree, means), None, vectors, there, pairs, STEPS, seed)
    return Taught(tree, node_means(tree, vectors), state)


def grown(known: Taught, codes: np.ndarray, vectors: np.ndarray) -> Taught:
    """With more documents: ``codes`` are theirs, int32 ``(new, levels)``, and ``vectors`` those of all rows, old and new."""
    rows = len(vectors) - len(codes)
    overlay = Overlay.of(known.tree, rows).add(codes)
    return _over(known, overlay, vectors)


def shrunk(known: Taught, rows: int, vectors: np.ndarray) -> Taught:
    """Over its first documents alone; ``vectors`` are those of all that it knows."""
    overlay = Overlay.of(known.tree, len(vectors)).remove(np.arange(rows, len(vectors)))
    return _over(known, overlay, vectors)


def tuned(known: Taught, vectors: np.ndarray, rows: np.ndarray, pairs: Pairs, seed: int) -> Taught:
    """After steps on the pairs of the documents ``rows`` alone."""
    return known._replace(state=steps(parts_of(known.tree, known.means), known.state, vectors, rows, pairs, MORE, seed))


def _over(known: Taught, overlay: Overlay, vectors: np.ndarray) -> Taught:
    tree, nodes = overlay.compact(), overlay.nodes
    means = node_means(tree, vectors)
    came = np.where(nodes < len(known.tree.code), nodes, -1)
    change = Change(known.tree, tree, known.means, means, came)
    return Taught(tree, means, dict(node.carry(known.state, change, SETTINGS)))


def steps(
    parts: Parts, state: dict[str, np.ndarray] | None, vectors: np.ndarray, rows: np.ndarray, pairs: Pairs, number: int, seed: int
) -> dict[str, np.ndarray]:
    """Weights after a number of steps of next-code cross-entropy on pairs and on the documents ``rows`` themselves."""
    import torch

    from engine.training.losses.codes import next_code
    from engine.training.models.node import create

    model = create(parts, SETTINGS, seed)
    if state is not None:
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    leaf_of = parts.trie.leaves_of(np.arange(len(vectors)))
    optimiser = torch.optim.AdamW(model.groups())
    indexing = round(BATCH * INDEXING) if len(pairs.row) else BATCH
    model.train()
    for step in range(number):
        rng = np.random.default_rng([seed, step])
        own = rows[rng.integers(0, len(rows), indexing)]
        asked = rng.integers(0, max(1, len(pairs.row)), BATCH - indexing)
        row = np.concatenate([own, pairs.row[asked]])
        encoded = model.encode(list(np.concatenate([vectors[own], pairs.vectors[asked]])))
        levels = model.candidates(encoded, torch.arange(BATCH), torch.from_numpy(leaf_of[row].astype(np.int64)))
        loss = next_code(levels, BATCH, SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}
