"""LETTER's two regularisers of an RQ-VAE (Wang et al. 2024).

The collaborative one: a document's quantized latent should lie nearer to a projection of its own behaviour than to those of the
others of its batch (a contrastive loss, as CLIP's). The codes still come from the text, so a new document has some.

The one of diversity: the vectors of a codebook are put into even groups, and a vector that a document takes should lie nearer to
another one of its group than to the rest, so that none lies alone where all documents come. It needs codebooks that learn by
gradients, where those of :mod:`engine.identifiers.rq_vae_model` else follow their documents by moving averages.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.identifiers.kmeans import kmeans

if TYPE_CHECKING:
    import torch

# Temperature of the cosines: the one that CLIP starts from is .07.
TEMPERATURE = 0.1
# Of the vectors of a codebook, as the paper has them; fewer where a group would have no two.
GROUPS = 10


class Collaborative:
    """The loss, and the projection of behaviour that is learned with it.

    Parameters
    ----------
    behaviour : np.ndarray
        Float32 ``(n, r)``, zero rows for documents that nobody took: nothing is asked of these.
    weight : float
        Of the loss.
    latent : int
        Dimensions of the latent space.
    """

    def __init__(self, behaviour: np.ndarray, weight: float, latent: int):
        import torch

        self.weight = weight
        lengths = np.linalg.norm(behaviour, axis=1, keepdims=True)
        self.behaviour = torch.from_numpy((behaviour / np.maximum(lengths, 1e-12)).astype(np.float32))
        self.there = torch.from_numpy(lengths[:, 0] > 0)
        self.project = torch.nn.Linear(behaviour.shape[1], latent, bias=False)

    def __call__(self, rows: "torch.Tensor", quantized: "torch.Tensor") -> "torch.Tensor":
        """The loss, weighed, of documents ``rows`` and their quantized latents ``(b, latent)``."""
        there = self.there[rows]
        if not bool(there.any()):
            return quantized.new_zeros(())
        return self.weight * contrast(quantized[there], self.project(self.behaviour[rows[there]]))


def contrast(ours: "torch.Tensor", theirs: "torch.Tensor") -> "torch.Tensor":
    """Mean nats of picking, among all of ``theirs`` ``(b, d)``, the one that belongs to each of ``ours``, by cosine."""
    import torch
    from torch.nn.functional import cross_entropy, normalize

    logits = normalize(ours, dim=1) @ normalize(theirs, dim=1).T / TEMPERATURE
    return cross_entropy(logits, torch.arange(len(ours)))


class Diverse:
    """The loss of diversity, and the groups that it goes by.

    Parameters
    ----------
    weight : float
        Of the loss.
    seed : int
        Of the groups.
    """

    def __init__(self, weight: float, seed: int):
        self.weight, self.seed = weight, seed
        self.groups: list[torch.Tensor] = []

    def group(self, books: "Sequence[torch.Tensor]") -> None:
        """Put the vectors of each codebook ``(codes, latent)`` into groups anew."""
        import torch

        self.groups = [torch.from_numpy(even_groups(book.detach().numpy(), self.seed)) for book in books]

    def __call__(self, books: "Sequence[torch.Tensor]", codes: "torch.Tensor") -> "torch.Tensor":
        """The loss, weighed, of documents with ``codes`` ``(b, levels)``."""
        import torch

        levels = zip(books, self.groups, codes.T, strict=True)
        return self.weight * torch.stack([apart(book, mates(groups), column) for book, groups, column in levels]).sum()


def even_groups(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Group of each of float32 ``(n, d)`` vectors, int64 ``(n,)``: at most :data:`GROUPS`, whose sizes differ by one at most.

    k-means, then the places of its centroids dealt out at the least sum of squared distances, which is what a k-means of bounded
    groups (Bradley et al. 2000) does at each of its steps.

    >>> even_groups(np.array([[0], [1], [2], [9]], np.float32), 0).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    from scipy.optimize import linear_sum_assignment

    centroids = kmeans(vectors, max(1, min(GROUPS, len(vectors) // 2)), seed)
    place = np.arange(len(vectors)) % len(centroids)
    distance = ((vectors[:, None] - centroids[place][None]) ** 2).sum(axis=2)
    return place[linear_sum_assignment(distance)[1]]


def mates(groups: "torch.Tensor") -> "torch.Tensor":
    """For each vector another one of its group, drawn anew, int64 ``(n,)``; itself where it is alone."""
    import torch

    drawn = torch.randperm(len(groups))
    order = drawn[torch.argsort(groups[drawn], stable=True)]
    of = groups[order]
    last = of != torch.cat([of[1:], of.new_full((1,), -1)])
    mate = torch.empty_like(order)
    mate[order] = torch.where(last, order[torch.searchsorted(of, of)], order.roll(-1))
    return mate


def apart(book: "torch.Tensor", mate: "torch.Tensor", codes: "torch.Tensor") -> "torch.Tensor":
    """Mean nats of picking, by inner product with the vector of each of ``codes`` ``(b,)``, its mate among all other vectors."""
    import torch
    from torch.nn.functional import cross_entropy

    logits = book[codes] @ book.T
    own = torch.arange(len(book)) == codes[:, None]
    return cross_entropy(logits.masked_fill(own & (mate[codes] != codes)[:, None], -torch.inf), mate[codes])
