"""Training of GenRet's identifiers (Sun et al. 2023): codebooks and a generator, learned together. Imports torch.

One network reads queries and documents. What it makes of a text, less the vectors of the codes so far, is the state that writes
the next code, by its squared distance to the vectors of the level and the code's price:

    state_t = x + change(x) - sum of the vectors of the codes before t
    log p(code | text, codes so far) = log softmax of -SCALE / 2 (|state_t - vector(code)|^2 + price(code))

Three losses, as in the paper: a document is found again from its codes among all others (reconstruction), it is likely to write
the codes that it has (commitment), and a query lies near its document and writes its codes (retrieval). Three guards keep codes
from falling together: levels are learned one after the other, each starting at k-means of what those before left over; a
document gets its codes by a balanced assignment, made anew every epoch; and the reconstruction. Without the guards it is what
DSI's learned identifiers warn of: all levels at once from vectors drawn at random, a document's code the one that it finds most
likely, and only agreement asked for, which one code for all fulfils.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, gelu, normalize

from engine.identifiers.base import Asked, Progress
from engine.identifiers.kmeans import kmeans
from engine.identifiers.rq_vae import balancing_prices
from engine.identifiers.rq_vae_model import one_thread

HIDDEN = 256
BATCH = 256
RATE = 1e-3
# Of log-probabilities, as the centroid scorer's of cosines; of the cosines that are held against each other.
SCALE, SHARP = 20.0, 20.0
# Documents that one is told from by its codes, at most.
AMONG = 4096
# Pairs and documents of an epoch, at most: drawn anew each time.
DRAWN = 20_000


class Trained(NamedTuple):
    """What training leaves: the change of a text's vector, two layers, float32; the codebooks, float32 ``(codes, d)`` a level;
    and of each epoch the mean reconstruction, the other losses, and the share of codes in use, float32."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    codebooks: list[np.ndarray]
    reconstruction: np.ndarray
    others: np.ndarray
    usage: np.ndarray


def train(
    points: np.ndarray, pairs: Asked, shape: tuple[int, int], epochs: int, guarded: bool, seed: int, tell: Progress
) -> Trained:
    """Train on float32 ``(n, d)`` documents, ``n`` at least the codes of a level.

    Parameters
    ----------
    points : np.ndarray
        The documents' vectors.
    pairs : Asked
        What asks for them. Every document also asks for itself.
    shape : tuple of int
        Levels, and codes a level.
    epochs : int
        Times round the pairs and documents, a level; all levels together as often without the guards.
    guarded : bool
        Whether the guards stand.
    seed : int
        Of everything random.
    tell : callable
        ``(epochs done, epochs in all)``.
    """
    levels, codes = shape
    rng = np.random.default_rng(seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Generator(torch.tensor(points), levels, codes)
        texts = torch.from_numpy(np.concatenate([pairs.vectors, points]).astype(np.float32))
        asks = np.concatenate([pairs.text, len(pairs.vectors) + np.arange(len(points))])
        rows = np.concatenate([pairs.row, np.arange(len(points))])
        optimiser = torch.optim.Adam(model.parameters(), RATE)
        history: list[tuple[float, float, list[float]]] = []
        if not guarded:
            model.start_at_random()
        assigned = np.zeros((len(points), levels), np.int64)
        for stage in range(levels):
            known = stage + 1 if guarded else levels
            if guarded:
                model.start(stage, kmeans(model.states(assigned[:, :stage]), codes, seed + stage))
            for _ in range(epochs):
                for level in range(stage if guarded else 0, known):
                    assigned[:, level] = model.assign(assigned[:, :level], level, guarded)
                parts, done = np.zeros(2), 0
                for at in _batches(len(rows), rng):
                    losses = model.losses(texts[asks[at]], rows[at], assigned[:, :known], guarded, rng)
                    optimiser.zero_grad()
                    sum(losses).backward()  # type: ignore[union-attr]
                    optimiser.step()
                    parts, done = parts + [len(at) * float(loss.detach()) for loss in losses], done + len(at)
                used = [len(np.unique(assigned[:, level])) / codes if level < known else 0.0 for level in range(levels)]
                history.append((parts[0] / done, parts[1] / done, used))
                tell(len(history), epochs * levels)
        layers = (model.widen, model.narrow)
        return Trained(
            [layer.weight.detach().numpy().copy() for layer in layers],
            [layer.bias.detach().numpy().copy() for layer in layers],
            [book.detach().numpy().copy() for book in model.books],
            np.array([one[0] for one in history], np.float32),
            np.array([one[1] for one in history], np.float32),
            np.array([one[2] for one in history], np.float32),
        )


def _batches(pairs: int, rng: np.random.Generator) -> list[np.ndarray]:
    chosen = rng.permutation(pairs)[:DRAWN]
    return np.array_split(chosen, -(-len(chosen) // BATCH))


class Generator(nn.Module):
    """Codebooks, and the change of a vector that reads texts."""

    def __init__(self, points: Tensor, levels: int, codes: int):
        super().__init__()
        width = points.shape[1]
        self.points = points
        self.widen, self.narrow = nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, width)
        # Zero at the start: texts are what the encoder made of them.
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)
        self.books = nn.ParameterList(torch.zeros(codes, width) for _ in range(levels))
        self.prices = [torch.zeros(codes) for _ in range(levels)]

    def start(self, level: int, book: np.ndarray) -> None:
        """Begin a level at these vectors."""
        self.books[level].data[: len(book)] = torch.from_numpy(book)

    def start_at_random(self) -> None:
        """Begin all levels at vectors that say nothing."""
        for book in self.books:
            book.data = normalize(torch.randn(book.shape), dim=1)

    def read(self, texts: Tensor) -> Tensor:
        """Vectors as the generator sees them."""
        change: Tensor = self.narrow(gelu(self.widen(texts)))
        return texts + change

    @torch.no_grad()
    def states(self, assigned: np.ndarray) -> np.ndarray:
        """What the codes so far leave over of every document."""
        left = self.read(self.points)
        for level, column in enumerate(assigned.T):
            left = left - self.books[level][torch.from_numpy(column)]
        return left.numpy()

    def assign(self, before: np.ndarray, level: int, balanced: bool) -> np.ndarray:
        """A level's code of every document, by the states now."""
        left = self.states(before)
        if balanced:
            prices = balancing_prices(left, self.books[level].detach().numpy())
            self.prices[level] = torch.from_numpy(prices).float()
        with torch.no_grad():
            return self.logits(torch.from_numpy(left), level).argmax(dim=1).numpy()

    def logits(self, states: Tensor, level: int) -> Tensor:
        """Log-probability of each code, up to a constant."""
        book = self.books[level]
        return SCALE * (states @ book.T - (book.square().sum(dim=1) + self.prices[level]) / 2)

    def losses(
        self, texts: Tensor, rows: np.ndarray, assigned: np.ndarray, rebuild: bool, rng: np.random.Generator
    ) -> list[Tensor]:
        """Reconstruction, and commitment with retrieval, a mean over the pairs."""
        codes, place = torch.from_numpy(assigned[rows]), torch.from_numpy(rows)
        documents, asked = self.read(self.points[place]), self.read(texts)
        left = {"document": documents, "query": asked}
        rebuilt, written = torch.zeros_like(documents), documents.new_zeros(())
        for level, column in enumerate(codes.T):
            for state in left.values():
                written = written + cross_entropy(self.logits(state, level), column)
            soft = self.logits(left["document"], level).softmax(dim=1) @ self.books[level]
            # The code's own vector, and the gradient of the choice.
            rebuilt = rebuilt + self.books[level][column] + soft - soft.detach()
            left = {name: state - self.books[level][column] for name, state in left.items()}
        met = _told_apart(asked, documents, place)
        if not rebuild:
            return [documents.new_zeros(()), written + met]
        among = torch.from_numpy(np.unique(np.append(rng.choice(len(self.points), min(AMONG, len(self.points)), False), rows)))
        logits = SHARP * normalize(rebuilt, dim=1) @ normalize(self.points[among], dim=1).T
        return [cross_entropy(logits, torch.searchsorted(among, place)), written + met]


def _told_apart(asked: Tensor, documents: Tensor, place: Tensor) -> Tensor:
    """Nats of finding a text's own document among those of the batch; another pair's same document is not held against it."""
    logits = SHARP * normalize(asked, dim=1) @ normalize(documents, dim=1).T
    same = (place[:, None] == place[None]) & ~torch.eye(len(place), dtype=torch.bool)
    return cross_entropy(logits.masked_fill(same, -torch.inf), torch.arange(len(place)))
