"""One vector is not enough: what d dimensions of an embedding keep, and what a decoder that reads d numbers a step keeps.

On this catalogue: documents squeezed into their first d principal components are one side. The other is a tree in which the
children of every node are told apart by d directions of that node's own, so a step reads d numbers of the query, but which ones
depends on the prefix. A tree of one level is the first, so what differs is the decoding alone.

On a synthetic set every two of n documents are asked for together, as in LIMIT (Weller et al. 2025): an embedding of few
dimensions has no vector for each pair, however it is trained. The vectors are free here, nothing reads a text; beside them a
decoder reads a vector of as many dimensions, free too, and writes two codes.
"""

from itertools import combinations

import numpy as np

from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.data.figures import told
from engine.evaluation import interval, run_of
from engine.evaluation import measure as measured
from engine.evaluation.run import Tell
from engine.kernels.top_k import top_k
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import Trie
from engine.verdict.shown import Cell, Picture, Point

DIMENSIONS, K = (2, 4, 8, 16, 32, 64, 128), 10
ONE, TREE = "one vector", "a decoder"
# The figures of this catalogue are those of so many dimensions; and so many of each are enough on the synthetic set.
AT, SMALL = 8, 4
DOCUMENTS, SIDE, FREE, STEPS, HIDDEN = 36, 6, (2, 4, 6, 8, 12), 1500, 64


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Share of the ten nearest that both keep on this catalogue, nDCG@10, and pairs found on the synthetic set, by dimensions."""
    split = judging(opened)
    qrels, ids = opened.corpus.qrels[split], [document.id for document in opened.documents]
    queries = opened.embed_queries([opened.corpus.queries[query] for query in qrels])
    vectors, tree = np.asarray(opened.embeddings, np.float32), opened.trie
    exact = np.stack([top_k(line, K) for line in queries @ vectors.T])
    dimensions = [number for number in DIMENSIONS if number < min(vectors.shape)]
    kept: dict[tuple[str, int], np.ndarray] = {}
    quality: dict[tuple[str, int], np.ndarray] = {}
    for place, number in enumerate(dimensions):
        tell("claim", place, len(dimensions) + len(FREE))
        flat = squeezed(vectors, number)
        found = {
            ONE: np.stack([top_k(line, K) for line in queries @ flat.T]),
            TREE: _decoded(tree, by_node(tree, vectors, number), queries),
        }
        for name, listed in found.items():
            kept[name, number] = np.array([np.isin(true, of).mean() for of, true in zip(listed, exact, strict=True)])
            quality[name, number] = measured(qrels, run_of(qrels, listed, ids), ["nDCG@10"])["nDCG@10"]
    pairs: dict[tuple[str, int], np.ndarray] = {}
    for place, number in enumerate(FREE):
        tell("claim", len(dimensions) + place, len(dimensions) + len(FREE))
        pairs[ONE, number], pairs[TREE, number] = free_vectors(number, seed), free_decoder(number, seed)
    at = max(number for number in dimensions if number <= AT)
    lines = {
        f"{name}, {what}": {number: interval(of[name, number]) for number in sizes}
        for what, of, sizes in (("here", kept, dimensions), ("synthetic", pairs, FREE))
        for name in (ONE, TREE)
    }
    rows: list[tuple[Cell, ...]] = [
        (name, number, *(round(v, 4) for v in one)) for name, line in lines.items() for number, one in line.items()
    ]
    rows += [(f"{name}, here, nDCG@10", number, *(round(v, 4) for v in interval(of))) for (name, number), of in quality.items()]
    figures = {
        f"{TREE} less {ONE}, here": interval(kept[TREE, at] - kept[ONE, at]),
        f"{TREE} less {ONE}, synthetic": interval(pairs[TREE, SMALL] - pairs[ONE, SMALL]),
        f"{ONE}, synthetic": lines[f"{ONE}, synthetic"][SMALL],
    }
    return Measured(
        figures=figures,
        says=(
            f"With {at} numbers a step a decoder over this build's tree keeps {told(lines[f'{TREE}, here'][at])} of the ten "
            f"nearest documents, an embedding of {at} dimensions {told(lines[f'{ONE}, here'][at])}. Where every two of "
            f"{DOCUMENTS} documents are asked for together, free vectors of {SMALL} dimensions put "
            f"{told(lines[f'{ONE}, synthetic'][SMALL])} of the pairs first, a decoder that reads as many "
            f"{told(lines[f'{TREE}, synthetic'][SMALL])}."
        ),
        picture=Picture(
            kind="lines",
            x="dimensions",
            y="share kept, or of pairs found",
            lines={
                name: tuple(Point(x=number, y=of.mean, low=of.low, high=of.high) for number, of in line.items())
                for name, line in lines.items()
            },
        ),
        columns=("Of", "Dimensions", "Share", "Low", "High"),
        rows=tuple(rows),
        notes=(
            f"Here: {len(qrels):,} {split} queries, documents squeezed by principal components; the decoder is the centroid "
            "scorer with a beam as wide as the catalogue, so that nothing is cut. It stores more: directions a node.",
            f"Synthetic: {DOCUMENTS} documents, {len(list(combinations(range(DOCUMENTS), 2)))} queries, one a pair; both sides "
            f"see the answers that they are asked for, so this is what can be held, not what is learned. {STEPS:,} steps of "
            f"Adam, a decoder with {HIDDEN} hidden units, two codes of {SIDE}. Ours, after the source's construction.",
        ),
        queries=len(qrels),
    )


def squeezed(vectors: np.ndarray, number: int) -> np.ndarray:
    """Vectors on their first principal components, back in the old space: float32 ``(n, d)``.

    >>> squeezed(np.array([[0.0, 1.0], [4.0, 1.1], [8.0, 1.0]], np.float32), 1).round(1).tolist()
    [[0.0, 1.0], [4.0, 1.0], [8.0, 1.0]]
    """
    centre = vectors.mean(axis=0)
    axes = np.linalg.svd(vectors - centre, full_matrices=False)[2][:number]
    return (centre + (vectors - centre) @ axes.T @ axes).astype(np.float32)


def by_node(tree: Trie, vectors: np.ndarray, number: int) -> np.ndarray:
    """Vectors of nodes when the children of each are told apart by so many directions of its own: float32 ``(nodes, d)``.

    From the root down a child lies where its parent lies, plus what the first principal components of all children's means,
    around their parent's, keep of the difference. With as many directions as children it is the mean itself.
    """
    means = node_means(tree, vectors)
    made = means.copy()
    for node in range(len(tree.code)):
        children = np.arange(tree.first_child[node], tree.first_child[node + 1])
        if not len(children):
            continue
        apart = means[children] - means[node]
        if number < len(children):
            axes = np.linalg.svd(apart, full_matrices=False)[2][:number]
            apart = apart @ axes.T @ axes
        made[children] = made[node] + apart
    return made


def _decoded(tree: Trie, means: np.ndarray, queries: np.ndarray) -> np.ndarray:
    scorer = CentroidScorer(tree, means, [])
    everything = int(tree.counts[0])
    return GenerativeRetriever(tree, scorer, everything).search(Queries([""] * len(queries), queries), K).rows


def free_vectors(number: int, seed: int) -> np.ndarray:
    """Whether each pair of documents comes first for its query: bool, when the vectors of both are free to be anything of so many
    dimensions."""
    import torch

    rows = np.array(list(combinations(range(DOCUMENTS), 2)))
    torch.manual_seed(seed)
    asked = torch.nn.Parameter(torch.randn(len(rows), number))
    documents = torch.nn.Parameter(torch.randn(DOCUMENTS, number))

    def scores() -> torch.Tensor:
        unit = torch.nn.functional.normalize
        return 20 * unit(asked, dim=1) @ unit(documents, dim=1).T

    _learn([asked, documents], lambda: -scores().log_softmax(1).gather(1, torch.from_numpy(rows)).mean())
    return _first_two(scores().detach().numpy(), rows)


def free_decoder(number: int, seed: int) -> np.ndarray:
    """The same for a decoder that reads a free vector of so many dimensions and writes two codes."""
    import torch

    rows = np.array(list(combinations(range(DOCUMENTS), 2)))
    torch.manual_seed(seed)
    asked = torch.nn.Parameter(torch.randn(len(rows), number))
    first = torch.nn.Sequential(torch.nn.Linear(number, HIDDEN), torch.nn.GELU(), torch.nn.Linear(HIDDEN, SIDE))
    second = torch.nn.Sequential(torch.nn.Linear(number + SIDE, HIDDEN), torch.nn.GELU(), torch.nn.Linear(HIDDEN, SIDE))
    prefixes = torch.eye(SIDE)

    def scores() -> torch.Tensor:
        unit = torch.nn.functional.normalize(asked, dim=1)
        before = first(unit).log_softmax(1)
        behind = torch.cat([unit[:, None].expand(-1, SIDE, -1), prefixes.expand(len(unit), -1, -1)], dim=2)
        return (before[:, :, None] + second(behind).log_softmax(2)).flatten(1)

    weights = [asked, *first.parameters(), *second.parameters()]
    _learn(weights, lambda: -scores().gather(1, torch.from_numpy(rows)).mean())
    return _first_two(scores().detach().numpy(), rows)


def _learn(weights, loss) -> None:
    import torch

    optimiser = torch.optim.Adam(weights, lr=2e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        schedule.step()


def _first_two(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    found = np.sort(np.argsort(-scores, axis=1, kind="stable")[:, :2], axis=1)
    return (found == rows).all(axis=1).astype(np.float64)


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    here, synthetic = (figures[f"{TREE} less {ONE}, {what}"].low > 0 for what in ("here", "synthetic"))
    return "holds" if here and synthetic else "holds partly" if here or synthetic else "does not hold here"


CLAIM = Claim(
    number=11,
    key="one-vector",
    statement="One vector is not enough: a decoder keeps what an embedding of as many dimensions cannot.",
    source="Weller et al. 2025 (On the theoretical limitations of embedding-based retrieval)",
    rule=(
        f"It holds where a decoder certainly keeps more than one vector of as many dimensions, both of the ten nearest here "
        f"({AT} dimensions) and of the pairs of the synthetic set ({SMALL}); partly where one of the two is so."
    ),
    change="As many dimensions as an encoder has: there both keep nearly all, here and on the synthetic set.",
    seconds=40,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
