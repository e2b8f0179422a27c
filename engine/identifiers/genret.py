"""GenRet: identifiers learned together with what writes them (Sun et al. 2023), by discrete auto-encoding.

Other schemes code what a document says. Here the codes are learned so that a query writes the codes of its document, that a
document can be told from its codes, and that all codes are used; :mod:`engine.identifiers.genret_model` says how. The paper
trains a T5 for hours; ours keeps the encoder's vectors as they are and learns a small change of them, so a minute is enough.
Queries are the train queries, with the documents they were judged relevant for; where there are none a document's vector with
noise asks for it, and the notes say so. How training went is kept in ``arrays`` as :mod:`engine.identifiers.rq_vae` has it.

A document's codes are read at the end by the network as it is then, each level balanced once more; how many kept the first code
that they were trained on stands in the notes, and so does a level that has collapsed.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Asked, Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.collapse import collapsed
from engine.identifiers.nearest import nearest
from engine.identifiers.rq_kmeans import CODES, LEVELS, default_codes
from engine.identifiers.rq_vae import balancing_prices, effective_codebooks

EPOCHS = 12
# Of the noise that stands for a query where nobody asks, in lengths of a vector.
NOISE = 0.5
UNASKED = "no train queries: documents' own vectors with noise stood for queries"


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Train, then read the codes of every document; see :class:`engine.identifiers.base.Scheme`.

    There are never more codes than different embeddings.
    """
    from engine.identifiers.genret_model import train

    points = np.ascontiguousarray(material.embeddings, np.float32)
    codes = settings["codes"] or default_codes(len(points))
    if len(points) < 64 * codes:  # counting different rows is slow, and only few rows can be too few
        codes = min(codes, len(np.unique(points, axis=0)))
    levels, guarded = settings["levels"] or 3, settings["guarded"] in (None, 1)
    asked, notes = material.asked, []
    if asked is None or not len(asked.row):
        noise = np.random.default_rng(seed).normal(size=points.shape) * NOISE / np.sqrt(points.shape[1])
        rows = np.arange(len(points))
        asked, notes = Asked((points + noise).astype(np.float32), rows, rows), [UNASKED]
    trained = train(points, asked, (levels, codes), settings["epochs"] or EPOCHS, guarded, seed, progress)
    arrays = {f"change_weight_{place}": weight for place, weight in enumerate(trained.weights)}
    arrays |= {f"change_bias_{place}": bias for place, bias in enumerate(trained.biases)}
    arrays |= {f"latent_codebook_{level}": book for level, book in enumerate(trained.codebooks)}
    arrays |= {"history_loss": trained.reconstruction, "history_commitment": trained.others, "history_usage": trained.usage}
    arrays["prices"] = np.zeros((levels, codes))
    if guarded:
        _balance(arrays, points)
    assigned = encode(arrays, points)
    vocabulary = (codes,) * levels
    notes += collapsed(assigned, vocabulary)
    books = effective_codebooks(points, assigned, vocabulary)
    return Identifiers(assigned, vocabulary, books, arrays=arrays, notes=tuple(notes))


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Codes of new documents, int32 ``(n, levels)``: what was trained, and the prices, in NumPy."""
    return encode(fitted.arrays, embeddings)


def encode(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    """Int32 ``(n, levels)`` codes of float32 ``(n, d)`` embeddings, in float64."""
    left, columns = _read(arrays, embeddings), []
    for level in range(len(arrays["prices"])):
        columns.append(_nearest(arrays, left, level))
        left -= arrays[f"latent_codebook_{level}"][columns[-1]]
    return np.column_stack(columns).astype(np.int32)


def _balance(arrays: dict[str, np.ndarray], points: np.ndarray) -> None:
    """Prices at which every level of these documents is balanced, one level after the other."""
    left = _read(arrays, points)
    for level in range(len(arrays["prices"])):
        book = arrays[f"latent_codebook_{level}"]
        arrays["prices"][level] = balancing_prices(left, book)
        left -= book[_nearest(arrays, left, level)]


def _nearest(arrays: dict[str, np.ndarray], left: np.ndarray, level: int) -> np.ndarray:
    # One dimension more, in which every document is 0, makes a price a part of the squared distance.
    priced = np.column_stack([arrays[f"latent_codebook_{level}"], np.sqrt(arrays["prices"][level])])
    return nearest(np.pad(left, ((0, 0), (0, 1))), priced)


def _read(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    first, second = (arrays[f"change_weight_{place}"].T.astype(np.float64) for place in (0, 1))
    points = np.asarray(embeddings, np.float64)
    hidden = points @ first + arrays["change_bias_0"]
    hidden *= (1 + erf(hidden / np.sqrt(2))) / 2
    return points + hidden @ second + arrays["change_bias_1"]


SCHEME = Scheme(
    name="genret",
    summary="Codes learned with what writes them: a query writes the codes of its document. An experiment.",
    citation="Sun et al. 2023 (GenRet), arXiv:2304.04171; Tay et al. 2022 (DSI)",
    options=(
        LEVELS,
        CODES,
        Option(name="epochs", type=int, default=EPOCHS, low=1, high=1000, help="Times round pairs and documents, a level."),
        Option(
            name="guarded",
            type=int,
            default=1,
            low=0,
            high=1,
            help="1: level by level, balanced, documents told apart. 0: none of that (DSI, learned): codes fall together.",
        ),
    ),
    fit=fit,
    assign=assign,
    asks=lambda settings: True,
)
