"""A cross-encoder to train: an encoder's layers that read query and document together, under a head begun at random.

Learned by telling a query's own document from some that search ranks high for it (localized contrastive estimation, Gao et al.
2021): such a model is only ever asked to order what search found.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import TriescopeError
from engine.text import hub
from engine.training.encoder.draws import Draws

# Pairs that are read together while nothing is learned.
BATCH = 32


class CrossModel(nn.Module):
    """An encoder of a sequence classifier with one logit, all of whose layers learn.

    Parameters
    ----------
    encoder : str
        As in :func:`engine.text.hub.locate`: whose weights and tokenizer it begins with.
    tokens : int
        Of a pair that are read, at most: while it learns, and ever after.
    learning_rate : float
        Of all layers.
    seed : int
        Of the head.

    Raises
    ------
    TriescopeError
        The encoder is none that such a model can be made of.
    """

    def __init__(self, encoder: str, tokens: int, learning_rate: float, seed: int):
        super().__init__()
        from safetensors import SafetensorError
        from transformers.models.auto.modeling_auto import AutoModelForSequenceClassification
        from transformers.models.auto.tokenization_auto import AutoTokenizer
        from transformers.utils import logging

        folder, shown = str(hub.weights_of(encoder)), logging.get_verbosity()
        logging.set_verbosity_error()  # that the head is begun at random is what is wanted
        logging.disable_progress_bar()
        torch.manual_seed(seed)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.layers = AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=1, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            first = str(error).splitlines()[0]
            raise TriescopeError(f"no cross-encoder can be made of encoder {encoder!r}: {first}") from error
        finally:
            logging.set_verbosity(shown)
        longest = getattr(self.layers.config, "max_position_embeddings", tokens)
        self.tokenizer.model_max_length = self.tokens = min(tokens, longest)
        self.learning_rate = learning_rate

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]

    def forward(self, queries: Sequence[str], documents: Sequence[str]) -> Tensor:
        """Logits of pairs, float ``(pairs,)``, through which a gradient flows."""
        read = self.tokenizer(
            list(queries), list(documents), padding=True, truncation=True, max_length=self.tokens, return_tensors="pt"
        )
        return self.layers(**read.to(self.layers.device)).logits[:, 0]

    def scores(self, query: str, documents: Sequence[str]) -> np.ndarray:
        """Logits of one query with some documents, float32 ``(documents,)``; nothing drops out and nothing learns."""
        was, found = self.training, np.zeros(len(documents), np.float32)
        self.eval()
        with torch.inference_mode():
            for start in range(0, len(documents), BATCH):
                some = documents[start : start + BATCH]
                found[start : start + BATCH] = self([query] * len(some), some).float().cpu().numpy()
        self.train(was)
        return np.round(found, 4)  # padding moves the last digits, and equal documents must have equal scores

    def save(self, folder: Path) -> None:
        """Write it as transformers and sentence-transformers read a cross-encoder, weights as safetensors."""
        self.layers.save_pretrained(folder, safe_serialization=True)
        self.tokenizer.save_pretrained(folder)


class CrossLoss:
    """The loss of any step, from (seed, step) alone: nats of a query's own document among its hard negatives.

    Parameters
    ----------
    draws : Draws
        Which pairs.
    queries, documents : sequence of str
        Texts of every query and document.
    negatives : np.ndarray
        Int32 ``(queries, n)`` document rows, -1 padded.
    each : int
        Hard negatives a pair.
    """

    def __init__(self, draws: Draws, queries: Sequence[str], documents: Sequence[str], negatives: np.ndarray, each: int):
        self.draws, self.queries, self.documents = draws, queries, documents
        self.negatives, self.each = negatives, each

    def __call__(self, model: CrossModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.draws(step)
        query = self.draws.query[chosen]
        rows = self.rows(query, self.draws.row[chosen], step)
        asked = [self.queries[place] for place in np.repeat(query, rows.shape[1])]
        logits = model(asked, [self.documents[row] for row in rows.ravel()]).view(rows.shape)
        own = torch.zeros(len(rows), dtype=torch.long, device=logits.device)
        return nn.functional.cross_entropy(logits, own), {}

    def rows(self, query: np.ndarray, row: np.ndarray, step: int) -> np.ndarray:
        """Document rows of a step, int64 ``(pairs, 1 + each)``: a pair's own first, then some of those mined for its query, each
        once, drawn anew each step. Where too few were mined the documents of other pairs of the batch follow."""
        rng, found = np.random.default_rng([self.draws.seed, step, 6]), []
        for place, (asked, own) in enumerate(zip(query, row, strict=True)):
            mined = self.negatives[asked]
            others = [other for other in np.roll(row, -place - 1).tolist() if other != own]
            drawn = [*rng.permutation(mined[mined >= 0]).tolist(), *others]
            drawn = list(dict.fromkeys(drawn))[: self.each]
            found.append([int(own), *drawn])
        narrowest = min(map(len, found))  # a batch of few pairs, for which little was mined
        return np.array([one[:narrowest] for one in found], np.int64)
