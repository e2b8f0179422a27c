"""Training of the RQ-VAE: an encoder, residual codebooks in its latent space, and a decoder, learned together.

Only :func:`train` knows of torch and vector-quantize-pytorch. What it returns is plain arrays, so encoding later needs neither.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.identifiers.base import Progress
from engine.identifiers.letter import Collaborative, Diverse

if TYPE_CHECKING:
    import torch

HIDDEN = (256, 128)
BATCH = 512
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-4
# Of codebooks that learn by gradients: at this rate they reconstruct as moving averages do (209 for 208 on 3,000 items of Amazon
# Beauty), at that of the encoder not (288).
BOOK_RATE = 3e-2
# Weight of the commitment loss, the beta of van den Oord et al. 2017; the value of Lee et al. 2022 and of TIGER.
COMMITMENT = 0.25
# Of the moving averages that are the codebooks. The encoder moves fast in the first epochs, and codebooks that follow more slowly
# (.99) have lost most of their codes by then: measured on SciFact, .16 of them in use after a tenth of the training, not 1.
DECAY = 0.9
# A code with fewer documents than this part of its fair share is dead and starts again at a document drawn at random.
DEAD_BELOW = 0.1
KMEANS_ROWS = 20_000
KMEANS_ITERATIONS = 25
# Rows encoded at once when usage is counted.
BLOCK = 8192


class Trained(NamedTuple):
    """What training leaves.

    Attributes
    ----------
    weights, biases : list of np.ndarray
        The encoder's layers, float32 ``(out, in)`` and ``(out,)``, with a ReLU between two.
    codebooks : list of np.ndarray
        Float32 ``(codes, latent)``, a level each.
    reconstruction, commitment : np.ndarray
        Float32 ``(epochs,)``: the two parts of the loss, weighted, a document, averaged over the epoch. Only the first measures
        quality: the second has the scale of the latent space, which grows as training spreads it out.
    usage : np.ndarray
        Float32 ``(epochs, levels)``: share of codes that some document has, counted over all documents after each epoch
        as training sees them, in float32.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    codebooks: list[np.ndarray]
    reconstruction: np.ndarray
    commitment: np.ndarray
    usage: np.ndarray


def train(
    inputs: np.ndarray,
    levels: int,
    codes: int,
    latent: int,
    epochs: int,
    seed: int,
    progress: Progress,
    behaviour: np.ndarray | None = None,
    collaborative: float = 0.0,
    diverse: float = 0.0,
) -> Trained:
    """Train on float32 ``(n, d)`` inputs; ``n`` is at least ``codes``. ``behaviour``, float32 ``(n, r)``, is looked at with the
    weight ``collaborative``, and vectors of a codebook are held apart with the weight ``diverse``
    (:mod:`engine.identifiers.letter`).

    The loss is that of RQ-VAE (Lee et al. 2022; TIGER, Rajput et al. 2023): reconstruction plus commitment, both squared
    distances *summed* over dimensions. As a mean the reconstruction would be hundreds of times weaker, and the encoder would
    learn to please the codebooks alone. Gradients pass the codebooks straight through; these follow their documents by moving
    averages (van den Oord et al. 2017, appendix A.1), or by gradients too where they are to be diverse, start at k-means of the
    latents, and dead codes start again.
    """
    import torch
    from vector_quantize_pytorch import ResidualVQ

    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        points = torch.from_numpy(inputs)
        widths = (inputs.shape[1], *HIDDEN, latent)
        encoder, decoder = _perceptron(widths), _perceptron(widths[::-1])
        # A batch that could not reach every code would call most of them dead.
        batch = min(len(points), max(BATCH, codes))
        quantizer = ResidualVQ(
            dim=latent,
            num_quantizers=levels,
            codebook_size=codes,
            decay=DECAY,
            kmeans_init=True,
            kmeans_iters=KMEANS_ITERATIONS,
            threshold_ema_dead_code=DEAD_BELOW * batch / codes,
            rotation_trick=False,
            ema_update=not diverse,
            learnable_codebook=bool(diverse),
        )
        spread = Diverse(diverse, seed) if diverse else None
        together = Collaborative(behaviour, collaborative, latent) if behaviour is not None and collaborative else None
        learned = [*encoder.parameters(), *decoder.parameters(), *(together.project.parameters() if together else ())]
        optimizer = torch.optim.AdamW(learned, LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        if spread:
            optimizer.add_param_group({"params": list(quantizer.parameters()), "lr": BOOK_RATE, "weight_decay": 0.0})
        with torch.no_grad():
            quantizer(encoder(points[torch.randperm(len(points))[:KMEANS_ROWS]]))
        parts_of, usage_of = [], []
        for epoch in range(epochs):
            parts = np.zeros(2)
            if spread:
                spread.group(_books(quantizer))
            for rows in torch.randperm(len(points)).split(batch):
                target = points[rows]
                quantized, chosen, distances = quantizer(encoder(target))
                reconstruction = (decoder(quantized) - target).square().sum(dim=1).mean()
                # The library averages over dimensions, a level each.
                commitment = COMMITMENT * latent * distances.sum()
                optimizer.zero_grad()
                loss = reconstruction + commitment
                if together:
                    loss = loss + together(rows, quantized)
                if spread:
                    loss = loss + spread(_books(quantizer), chosen)
                loss.backward()
                optimizer.step()
                parts += np.array([reconstruction.item(), commitment.item()]) * len(rows) / len(points)
            parts_of.append(parts)
            usage_of.append(_usage(encoder, quantizer, points, codes))
            progress(epoch + 1, epochs)
        linear = [layer for layer in encoder if isinstance(layer, torch.nn.Linear)]
        return Trained(
            [layer.weight.detach().numpy().copy() for layer in linear],
            [layer.bias.detach().numpy().copy() for layer in linear],
            [book.detach().numpy().copy() for book in _books(quantizer)],
            np.array([parts[0] for parts in parts_of], np.float32),
            np.array([parts[1] for parts in parts_of], np.float32),
            np.array(usage_of, np.float32),
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold torch to one thread, so that the result does not depend on the number of cores.

    The matrices are so small that a second thread gains little; and where others want the cores too, threads that wait for each
    other made the training up to ten times slower.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _perceptron(widths: tuple[int, ...]) -> "torch.nn.Sequential":
    """Linear layers with a ReLU between two."""
    from torch import nn

    layers = [(nn.Linear(narrow, wide), nn.ReLU()) for narrow, wide in pairwise(widths)]
    return nn.Sequential(*[part for layer in layers for part in layer][:-1])


def _books(quantizer: "torch.nn.Module") -> "list[torch.Tensor]":
    """The codebooks as they are learned: ``(codes, latent)`` a level."""
    return [layer._codebook.embed[0] for layer in quantizer.layers]  # type: ignore[union-attr]


def _usage(encoder: "torch.nn.Module", quantizer: "torch.nn.Module", points: "torch.Tensor", codes: int) -> list[float]:
    """Share of codes in use at each level, with codebooks that hold still."""
    import torch

    quantizer.eval()
    with torch.no_grad():
        found = torch.cat([quantizer(encoder(block))[1] for block in points.split(BLOCK)])
    quantizer.train()
    return [len(column.unique()) / codes for column in found.T]
