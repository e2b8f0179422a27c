"""RQ-VAE: residual quantization of a learned latent space (Lee et al. 2022), the semantic IDs of TIGER (Rajput et al. 2023).

An encoder compresses the embedding, and each level codes what the levels before left over of the *latent* vector. Its known
disease is collapse: with raw sentence embeddings, which are short and lie close together, most codes end up unused. So inputs are
standardised per dimension, and codebooks are started and kept alive as :mod:`engine.identifiers.rq_vae_model` says. How training
went is kept in ``arrays``, so that a collapse can be seen: ``history_loss`` float32 ``(epochs,)``, the squared error of the
reconstruction (a document, summed over dimensions, in units of the inputs); ``history_commitment`` float32 ``(epochs,)``, the
other part of the loss; ``history_usage`` float32 ``(epochs, levels)``, the share of codes in use.

The codes live in the latent space, where a query cannot be scored. ``codebooks`` are therefore their *effective* vectors in the
embedding space: see :func:`effective_codebooks`.
"""

import math
from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.nearest import nearest
from engine.identifiers.rq_kmeans import CODES, LEVELS, default_codes
from engine.identifiers.rq_vae_model import BATCH, train

# Training steps when the user does not say. On SciFact 2.5 times as many brought nothing (nDCG@10 .643, with these .645).
STEPS = 1000
MOST_EPOCHS = 300
# Entropy weights of the rounds of balancing, relative to half the range of the distances. LC-Rec (Zheng et al. 2024) takes 50
# rounds at .003; that many are far from balance unless the weight comes down to it from above (epsilon scaling, Schmitzer 2019).
SINKHORN_EPSILONS = (*np.geomspace(1, 0.003, 30).tolist(), *[0.003] * 20)
# Distances that balancing looks at; larger catalogues are sampled.
SINKHORN_ENTRIES = 1 << 22
# What to do where behaviour is asked for and there is none.
NOBODY = "join interactions to a build of it (`python -m engine interactions BUILD FILE`) and build that again"
# Rows encoded at once.
BLOCK = 8192


def default_epochs(documents: int) -> int:
    """Epochs when the user does not say: about 1,000 steps, and no more than 300 times round.

    >>> [default_epochs(n) for n in (50, 1200, 5183, 100_000)]
    [300, 300, 91, 6]
    """
    return min(MOST_EPOCHS, math.ceil(STEPS / math.ceil(documents / BATCH)))


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Train, then encode every row; see :class:`engine.identifiers.base.Scheme`.

    There are never more codes than different embeddings.
    """
    points = np.ascontiguousarray(material.embeddings, np.float32)
    codes = settings["codes"] or default_codes(len(points))
    # Counting different rows is slow, and only few rows can be too few.
    if len(points) < 64 * codes:
        codes = min(codes, len(np.unique(points, axis=0)))
    arrays = _standard(points) if settings["standardise"] in (None, 1) else _as_is(points)
    inputs = np.vstack([_inputs(arrays, block).astype(np.float32) for block in _blocks(points)])
    levels, latent, epochs = settings["levels"] or 3, settings["latent"] or 32, settings["epochs"] or default_epochs(len(points))
    together = settings.get("collaborative") or 0.0
    if together and material.behaviour is None:
        raise TriescopeError(f"rq-vae: collaborative={together:g} needs to know who took what; {NOBODY}")
    trained = train(
        inputs, levels, codes, latent, epochs, seed, progress, material.behaviour, together, settings.get("diverse") or 0.0
    )
    arrays |= {f"encoder_weight_{place}": weight for place, weight in enumerate(trained.weights)}
    arrays |= {f"encoder_bias_{place}": bias for place, bias in enumerate(trained.biases)}
    arrays |= {f"latent_codebook_{level}": book for level, book in enumerate(trained.codebooks)}
    arrays |= {"history_loss": trained.reconstruction, "history_commitment": trained.commitment, "history_usage": trained.usage}
    arrays["prices"] = np.zeros(codes)
    if settings["sinkhorn"]:
        arrays["prices"] = _prices_at_last_level(arrays, points)
    assigned = encode(arrays, points)
    vocabulary = (codes,) * assigned.shape[1]
    return Identifiers(assigned, vocabulary, effective_codebooks(points, assigned, vocabulary), arrays=arrays)


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Codes of new documents, int32 ``(n, levels)``: the trained encoder and its codebooks, in NumPy."""
    return encode(fitted.arrays, embeddings)


def encode(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    """Int32 ``(n, levels)`` codes of float32 ``(n, d)`` embeddings.

    At the last level each code has a price (squared latent distance), zero unless Sinkhorn balanced that level. In float64, so
    that a document alone gets the codes that it got among others, however BLAS orders its sums.
    """
    books = _codebooks(arrays)
    found = [_quantize(arrays, books, block)[0] for block in _blocks(embeddings)]
    return np.vstack([np.empty((0, len(books)), np.int32), *found])


def _blocks(rows: np.ndarray) -> list[np.ndarray]:
    """Views of a few thousand rows each, so that a million documents need no second copy in float64."""
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def _quantize(arrays: dict[str, np.ndarray], books: list[np.ndarray], embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes, and what the last level had to code: float64 ``(n, latent)``."""
    left = _latents(arrays, embeddings)
    columns = []
    for book in books[:-1]:
        columns.append(nearest(left, book))
        left -= book[columns[-1]]
    # One dimension more, in which every document is 0, makes a price a part of the squared distance.
    priced = np.column_stack([books[-1], np.sqrt(arrays["prices"])])
    columns.append(nearest(np.pad(left, ((0, 0), (0, 1))), priced))
    return np.column_stack(columns), left


def _latents(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    value = _inputs(arrays, embeddings)
    layers = sum(name.startswith("encoder_weight_") for name in arrays)
    for place in range(layers):
        value = value @ arrays[f"encoder_weight_{place}"].T.astype(np.float64) + arrays[f"encoder_bias_{place}"]
        if place < layers - 1:
            value = np.maximum(value, 0)
    return value


def _codebooks(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"latent_codebook_{level}"] for level in range(arrays["history_usage"].shape[1])]


def _standard(points: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and standard deviation of each dimension, float64; one that is constant but for rounding keeps its scale."""
    mean, deviation = points.mean(axis=0, dtype=np.float64), points.std(axis=0, dtype=np.float64)
    return {"mean": mean, "scale": np.where(deviation > 1e-6 * np.abs(mean), deviation, 1.0)}


def _as_is(points: np.ndarray) -> dict[str, np.ndarray]:
    return {"mean": np.zeros(points.shape[1]), "scale": np.ones(points.shape[1])}


def _inputs(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    return (embeddings - arrays["mean"]) / arrays["scale"]


def _prices_at_last_level(arrays: dict[str, np.ndarray], points: np.ndarray) -> np.ndarray:
    books = _codebooks(arrays)
    rows = max(SINKHORN_ENTRIES // len(books[-1]), 2 * len(books[-1]))
    sample = points[:: -(-len(points) // rows)]
    return balancing_prices(_quantize(arrays, books, sample)[1], books[-1])


def balancing_prices(points: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    """Price of each code, float64 ``(codes,)`` >= 0, at which the points spread over the codes about evenly.

    LC-Rec (Zheng et al. 2024) gives the last level by optimal transport with equal shares for all codes, which Sinkhorn's
    iteration (Cuturi 2013) solves. Its solution is a price for each code: the transport plan is largest where squared distance
    plus price is smallest. Prices, unlike the plan, also place documents that were not there.

    >>> points, codebook = np.array([[0.0], [1.0], [2.0], [9.0]]), np.array([[1.0], [9.0]])
    >>> nearest(points, codebook).tolist(), balancing_prices(points, codebook).argmax().item()
    ([0, 0, 0, 1], 0)
    """
    from scipy.special import logsumexp

    book = codebook.astype(np.float64)
    distance = (points**2).sum(axis=1)[:, None] - 2 * (points @ book.T) + (book**2).sum(axis=1)
    half_range = float(np.ptp(distance)) / 2
    price = np.zeros(len(book))
    if half_range == 0:
        return price
    cost, share = (distance / half_range).astype(np.float32), math.log(len(points) / len(book))
    for epsilon in SINKHORN_EPSILONS:
        closeness = cost / -np.float32(epsilon)
        of_point = logsumexp(closeness - (price / epsilon).astype(np.float32), axis=1, keepdims=True)
        price = epsilon * (logsumexp(closeness - of_point, axis=0) - share)
    return half_range * (price - price.min()).astype(np.float64)


def effective_codebooks(points: np.ndarray, codes: np.ndarray, vocabulary: tuple[int, ...]) -> list[np.ndarray]:
    """What each code stands for in the embedding space: float32 ``(codes, d)`` a level.

    A code's vector is the mean, over its documents, of what the vectors of their earlier codes leave over of the embedding: with
    the earlier levels as they are, no vectors approximate the embeddings better. A code that no document has gets zeros.
    """
    from scipy.sparse import csr_array

    left = points.astype(np.float32)
    codebooks = []
    for column, size in zip(codes.T, vocabulary, strict=True):
        sums = np.zeros((size, points.shape[1]))
        for block, of_block in zip(_blocks(left), _blocks(column), strict=True):
            chosen = csr_array((np.ones(len(of_block)), of_block, np.arange(len(of_block) + 1)), shape=(len(of_block), size))
            sums += chosen.T @ block.astype(np.float64)
        book = (sums / np.maximum(np.bincount(column, minlength=size), 1)[:, None]).astype(np.float32)
        left -= book[column]
        codebooks.append(book)
    return codebooks


SCHEME = Scheme(
    name="rq-vae",
    summary="Residual codes of a learned latent space: what TIGER uses; takes a minute to train.",
    citation="Rajput et al. 2023 (TIGER); Lee et al. 2022 (RQ-VAE); Zheng et al. 2024 (LC-Rec); Wang et al. 2024 (LETTER)",
    options=(
        LEVELS,
        CODES,
        Option(name="latent", type=int, default=32, low=1, high=512, help="Dimensions of the latent vector that is quantized."),
        Option(
            name="epochs",
            type=int,
            default=None,
            low=1,
            high=20_000,
            help="Times round the catalogue: about 1,000 steps of 512 documents, at most 300.",
        ),
        Option(
            name="standardise",
            type=int,
            default=1,
            low=0,
            high=1,
            help="1: each dimension gets mean 0 and deviation 1 first. 0: codes may collapse.",
        ),
        Option(
            name="sinkhorn",
            type=int,
            default=0,
            low=0,
            high=1,
            help="1: the last level is balanced, so that its codes are used about equally often.",
        ),
        Option(
            name="collaborative",
            type=float,
            default=0.0,
            low=0.0,
            high=10_000.0,
            help="LETTER: weight of what is taken together; needs interactions. The reconstruction is hundreds. An experiment.",
        ),
        Option(
            name="diverse",
            type=float,
            default=0.0,
            low=0.0,
            high=10_000.0,
            help="LETTER: weight of holding the vectors of a codebook apart; they learn by gradients then. An experiment.",
        ),
    ),
    fit=fit,
    assign=assign,
    behaviour=lambda settings: bool(settings.get("collaborative")),
)
