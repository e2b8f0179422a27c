"""Generative retrieval with many vectors: the alignment matrix of a trained transformer.

Wu et al. (2024) write what a generator says of a document as

    sum over codes i and query tokens j of A[i, j] * (code i's output . what token j says)

with A the cross-attention while code i is written: as in late interaction, where each token of the query has one partner.
Here this is taken from the last block of our decoder (:mod:`engine.scorers.transformer_model`), with its layer norm held still:
what is left of the correction, the path that does not come from the query and the feed-forward layer, has no such form.
"""

from typing import NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.claims.trained import TRAIN
from engine.decoding import decode
from engine.evaluation.run import Tell
from engine.scorers import transformer
from engine.scorers.transformer import State, TransformerScorer
from engine.training.pairs.sources import SOURCES, Pairs
from engine.trie import Trie

SETTINGS = {option.name: option.default for option in transformer.KIND.options}
STEPS, BATCH, SMOOTHING, CLIP = 200, 256, 0.1, 1.0


class Aligned(NamedTuple):
    """A query and the prefixes of one document.

    Attributes
    ----------
    weights : np.ndarray
        Float64 ``(levels, slots)``, rows that sum to 1: A, the mean over the heads. The first slot is the query's one vector, the
        others are its tokens.
    direct : list of np.ndarray
        A level each, float64 ``(siblings, slots)``: what each slot gives to each code that may be written there.
    whole : list of np.ndarray
        A level each, float64 ``(siblings,)``: the decoder's whole correction.
    """

    weights: np.ndarray
    direct: list[np.ndarray]
    whole: list[np.ndarray]

    @property
    def agreement(self) -> float:
        """Correlation of the whole correction with its aligned part, over all siblings, each level about its mean; 0 where
        nothing varies."""
        ours = np.concatenate([of.sum(axis=1) - of.sum(axis=1).mean() for of in self.direct])
        theirs = np.concatenate([of - of.mean() for of in self.whole])
        scale = np.sqrt((ours @ ours) * (theirs @ theirs))
        return float(ours @ theirs / scale) if scale > 0 else 0.0


def taught(opened: Build, seed: int, tell: Tell) -> TransformerScorer:
    """A transformer of a build's tree after :data:`STEPS` steps on its judged train queries, as it is after the last."""
    import torch

    from engine.training.losses.codes import next_code
    from engine.training.models.transformer import create

    pairs = pairs_of(opened)
    queries = transformer.encode(pairs.texts, opened.embed_queries(pairs.texts), opened.parts, {})
    model = create(opened.parts, SETTINGS, seed)
    model.prime(np.asarray(opened.embeddings), pairs, queries)
    leaf_of = opened.trie.leaves_of(np.arange(len(opened.embeddings))).astype(np.int64)
    optimiser = torch.optim.AdamW(model.groups())
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in range(STEPS):
            if step % 10 == 0:
                tell("claim", step, STEPS)
            some = np.random.default_rng([seed, step]).integers(0, len(pairs.row), BATCH)
            asked, place = np.unique(pairs.query[some], return_inverse=True)
            encoded = model.encode([queries[query] for query in asked])
            levels = model.candidates(encoded, torch.from_numpy(place), torch.from_numpy(leaf_of[pairs.row[some]]))
            loss = next_code(levels, BATCH, SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimiser.step()
    return model.eval().scorer()


def pairs_of(opened: Build) -> Pairs:
    """Judged train queries with the documents that answer them and have an identifier."""
    qrels = opened.corpus.qrels[TRAIN]
    found = [
        (place, opened.row_of[document], grade)
        for place, grades in enumerate(qrels.values())
        for document, grade in grades.items()
        if grade > 0 and document in opened.row_of and opened.codes[opened.row_of[document], 0] >= 0
    ]
    query, row, grade = (np.array(column) for column in zip(*found, strict=True))
    texts = [opened.corpus.queries[query] for query in qrels]
    return Pairs(texts, query, row, np.full(len(row), SOURCES.index("judged"), np.int8), grade.astype(np.float32))


def align(scorer: TransformerScorer, query: np.ndarray, leaf: int) -> Aligned:
    """How the codes of a leaf meet a query (as :func:`engine.scorers.transformer.encode` makes it)."""
    tree, state = scorer.trie, scorer.start(query)
    path = path_of(tree, leaf)
    weights, drawn, expected = _read(scorer, state, path[:-1])
    direct, whole = [], []
    for level, node in enumerate(path[:-1]):
        outputs = scorer.outputs[scorer.code[tree.children(np.array([node])).node]].astype(np.float64)
        direct.append(outputs @ drawn[level].T)
        whole.append(outputs @ expected[level])
    return Aligned(weights.mean(axis=0), direct, whole)


def path_of(tree: Trie, leaf: int) -> list[int]:
    """The nodes from the root to a leaf, both included.

    >>> from engine.trie import build
    >>> path_of(build(np.array([[0, 1], [3, 2]], np.int32)), 4)
    [0, 2, 4]
    """
    path = [leaf]
    while path[-1]:
        path.append(int(tree.parent(np.array(path[-1:]))[0]))
    return path[::-1]


def searched(scorer: TransformerScorer, queries: list[np.ndarray], beams: int, k: int) -> np.ndarray:
    """Rows that it finds, int64 ``(queries, k)``, -1 where there are no more."""
    rows = np.full((len(queries), k), -1, np.int64)
    for place, trace in enumerate(decode(scorer.trie, scorer, queries, beams)):
        found = np.asarray(trace.documents(scorer.trie, k)[0])
        rows[place, : len(found)] = found
    return rows


def evenly(scorer: TransformerScorer) -> TransformerScorer:
    """The same scorer with every slot attended to alike: A without what it learned."""
    import copy

    import torch

    even = copy.copy(scorer)
    even.decoder = copy.deepcopy(scorer.decoder)
    with torch.no_grad():
        for block in even.decoder.blocks:
            for weights in block.ask.parameters():  # type: ignore[union-attr]
                weights.zero_()
    return even


def _read(scorer: TransformerScorer, state: State, path: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Attention ``(heads, positions, slots)`` of the last block, what each slot adds to what is expected by it alone
    ``(positions, slots, width)``, and all that is expected ``(positions, width)``, float64; ``path`` are nodes from the root."""
    import torch

    decoder, seen = scorer.decoder, dict[str, torch.Tensor]()
    block, keys, values = decoder.blocks[-1], state.memory.keys[-1], state.memory.values[-1]
    rows = torch.tensor([[0, *(1 + int(scorer.code[node]) for node in path[1:])]])
    hooks = [
        block.ask.register_forward_hook(lambda module, given, out: seen.update(asked=out)),  # type: ignore[union-attr]
        decoder.norm.register_forward_pre_hook(lambda module, given: seen.update(states=given[0])),
    ]
    try:
        with torch.inference_mode():
            expected, _ = decoder(state.memory, rows)
            asked = seen["asked"].unflatten(-1, (keys.shape[1], -1)).transpose(1, 2)
            weights = (asked @ keys.transpose(-1, -2) / keys.shape[-1] ** 0.5).softmax(-1)
            heads = torch.einsum("nhps,nhsw->npshw", weights, values).flatten(-2)
            said = heads @ block.out_of_cross.weight.T  # type: ignore[union-attr, operator]
            spread = (seen["states"].var(-1, unbiased=False) + decoder.norm.eps).sqrt()[..., None, None]
            drawn = (said - said.mean(-1, keepdim=True)) / spread * decoder.norm.weight @ decoder.head.weight.T
    finally:
        for hook in hooks:
            hook.remove()
    return weights[0].numpy(), drawn[0].numpy(), expected[0].numpy()
