"""The trie as a logits processor of transformers: any seq2seq or causal model then generates identifiers of documents only.

transformers' own way to constrain (``prefix_allowed_tokens_fn``, from GENRE, De Cao et al. 2021) asks a Python function for a
list of tokens, beam by beam. Here all beams go down the trie together and the legal logits are copied in one compiled loop. A
processor holds no state between calls: each call walks again from the tokens so far, since beams are reordered behind its back.
On another device than the CPU, and for half precision, :mod:`engine.bridge.device` does the same in torch.

Importing this module imports torch and transformers; nothing else of the engine imports it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from transformers.generation.logits_process import LogitsProcessor

from engine.bridge.device import DeviceTrie, floor
from engine.bridge.tokens import LevelTokens, offset_tokens
from engine.errors import TriescopeError
from engine.kernels.mask import mask_logits, step
from engine.trie import ROOT, Tree

__all__ = ["TrieLogitsProcessor", "offset_tokens"]


class TrieLogitsProcessor(LogitsProcessor):
    """Leaves a model only the tokens that continue an identifier.

    Hand it to ``generate(logits_processor=LogitsProcessorList([...]), max_new_tokens=trie.levels + 1)``; greedy search, beam
    search, sampling and ``num_return_sequences`` work alike. Inside an identifier the codes of some document are legal, behind
    a complete one only the end token, behind the end the end and padding tokens. A row never loses all its tokens: where the
    model gave every legal one minus infinity they get a very low number instead, so that no softmax divides by zero. Leave
    ``early_stopping`` off: where few paths are legal, ends behind an end fill the places of beams that have not ended yet.

    Parameters
    ----------
    tree : Tree
        The legal identifiers, as they are now: they are read off into flat arrays.
    token_of : sequence of np.ndarray
        For each level, int ``(codes,)``: the token of each code. Need not be contiguous; levels may share tokens.
    eos_token_id : int
        What ends an identifier.
    prefix_length : int
        Tokens before the identifier: 1 for the start token of a seq2seq decoder; 2 where the model forces a token behind it, as
        BART does (``forced_bos_token_id``); the length of the (left-padded) prompt for a causal model. The same for all rows.
    pad_token_id : int, optional
        What fills up finished rows, beside the end token.

    Raises
    ------
    TriescopeError
        A level without tokens, a code without one, two codes of a level with the same, or a code with the end token.

    Examples
    --------
    >>> from engine.trie import build
    >>> processor = TrieLogitsProcessor(build(np.array([[0, 1], [2, 0]], np.int32)), offset_tokens([3, 2], 2), eos_token_id=1)
    >>> processor(torch.tensor([[0], [0]]), torch.zeros(2, 7)).isfinite().nonzero()[:, 1].tolist()
    [2, 4, 2, 4]
    >>> processor(torch.tensor([[0, 4], [0, 2]]), torch.zeros(2, 7)).isfinite().nonzero()[:, 1].tolist()
    [5, 6]
    >>> [rows.tolist() for rows in processor.documents([[0, 4, 5, 1], [0, 4, 6, 1]])]
    [[1], []]
    """

    def __init__(
        self,
        tree: Tree,
        token_of: Sequence[np.ndarray],
        eos_token_id: int,
        prefix_length: int = 1,
        pad_token_id: int | None = None,
    ):
        self.trie = tree.compact()
        self.tokens = LevelTokens(self.trie, token_of, eos_token_id)
        self.eos, self.pad, self.prefix_length = eos_token_id, pad_token_id, prefix_length
        self._first_child, self._code = np.asarray(self.trie.first_child), np.asarray(self.trie.code)
        self._on_device: dict[torch.device, DeviceTrie] = {}

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores with all illegal tokens at minus infinity.

        Parameters
        ----------
        input_ids : torch.Tensor
            Int ``(rows, tokens so far)``, the prefix included.
        scores : torch.Tensor
            Float ``(rows, vocabulary)``, logits or log-probabilities; not changed.

        Raises
        ------
        TriescopeError
            The model's vocabulary lacks a token of the trie; there are fewer tokens than ``prefix_length`` and the model does not
            force the next one; or it forces one where the identifier begins.
        """
        if input_ids.shape[1] < self.prefix_length:
            if _forced(scores) is None:
                raise TriescopeError(
                    f"{input_ids.shape[1]} tokens so far, but the prefix has {self.prefix_length}: give all of it to the model "
                    "(decoder_input_ids), or let the model force it (forced_bos_token_id)"
                )
            return scores  # still the prefix: not ours to choose
        if scores.shape[1] <= (top := max(self.tokens.largest, self.eos, self.pad or 0)):
            raise TriescopeError(f"the model has {scores.shape[1]} tokens, but the identifiers need token {top}")
        behind = input_ids[:, self.prefix_length :]
        if not behind.shape[1] and (token := _forced(scores)) is not None and not self._begins(token):
            raise TriescopeError(
                f"the model forces token {token}, with which no identifier begins: count it as part of the prefix "
                f"(prefix_length={self.prefix_length + 1}), or generate with forced_bos_token_id=None"
            )
        if scores.device.type == "cpu" and scores.dtype in (torch.float32, torch.float64):
            return self._on_cpu(behind, scores)
        if scores.device not in self._on_device:
            self._on_device[scores.device] = DeviceTrie(self.trie, self.tokens, self.eos, self.pad, scores.device)
        return self._on_device[scores.device].mask(behind, scores)

    def _on_cpu(self, behind: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores = scores.detach().contiguous()
        out = torch.empty_like(scores)
        given, masked = scores.numpy(), out.numpy()  # the tensors' own memory, not copies
        nodes = self._walk(behind.numpy())
        column = self.tokens.column[min(behind.shape[1], self.trie.levels - 1)]
        alive = mask_logits(self._first_child, self._code, column, nodes, given, masked)
        if not alive.all():
            self._end(np.flatnonzero(~alive), nodes, column, given, masked)
        return out

    def _end(self, rows: np.ndarray, nodes: np.ndarray, column: np.ndarray, given: np.ndarray, masked: np.ndarray) -> None:
        """Fill in the rows that have no legal code left."""
        nodes = nodes[rows]
        over, gone = ~self._inner(nodes), nodes < 0
        masked[rows[over], self.eos] = given[rows[over], self.eos]
        if self.pad is not None:
            masked[rows[gone], self.pad] = given[rows[gone], self.pad]
        lost = np.isneginf(masked[rows]).all(axis=1)  # the model itself ruled out each legal token
        if lost.any():
            lowest = floor(torch.float32)
            children = self.trie.children(nodes[lost & ~over])
            masked[rows[lost & ~over][children.parent], column[self._code[children.node]]] = lowest
            masked[rows[lost & over], self.eos] = lowest
            if self.pad is not None:
                masked[rows[lost & gone], self.pad] = lowest

    def _walk(self, behind: np.ndarray) -> np.ndarray:
        """Node of each row; -1 once it has ended or left the trie."""
        nodes = np.full(len(behind), ROOT, np.int64)
        if behind.shape[1] > self.trie.levels:
            return np.full(len(behind), -1, np.int64)
        for level in range(behind.shape[1]):
            nodes = step(self._first_child, self._code, nodes, self.tokens.codes(level, behind[:, level]))
        return nodes

    def documents(self, sequences: torch.Tensor | np.ndarray | Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Document rows of generated sequences.

        Parameters
        ----------
        sequences : torch.Tensor or np.ndarray
            Int ``(rows, tokens)``, as ``generate`` returns them, the prefix included; the end token may be missing.

        Returns
        -------
        list of np.ndarray
            For each sequence the documents that bear its identifier, int32, in document order; empty where none does.
        """
        ids = sequences.cpu().numpy() if isinstance(sequences, torch.Tensor) else np.asarray(sequences)
        behind = ids[:, self.prefix_length :]
        nodes, found = np.full(len(behind), ROOT, np.int64), np.full(len(behind), -1, np.int64)
        for level in range(min(behind.shape[1], self.trie.levels + 1)):
            ended = (behind[:, level] == self.eos) & self._leaf(nodes)
            found[ended] = nodes[ended]
            codes = self.tokens.codes(level, behind[:, level]) if level < self.trie.levels else np.full(len(behind), -1)
            nodes = step(self._first_child, self._code, nodes, codes)
        found = np.where(self._leaf(nodes), nodes, found)
        return [self.trie.leaf_documents(int(leaf)) if leaf >= 0 else self.trie.documents[:0] for leaf in found]

    def _begins(self, token: int) -> bool:
        """Whether an identifier begins with a token; of a tree without documents the end does."""
        first = self.tokens.codes(0, np.array([token]))
        node = step(self._first_child, self._code, np.full(1, ROOT, np.int64), first)[0]
        return bool(node >= 0) or (token == self.eos and not self._inner(np.array([ROOT]))[0])

    def _leaf(self, nodes: np.ndarray) -> np.ndarray:
        return (nodes >= 0) & self.trie.is_leaf(np.maximum(nodes, 0))

    def _inner(self, nodes: np.ndarray) -> np.ndarray:
        return (nodes >= 0) & ~self.trie.is_leaf(np.maximum(nodes, 0))


def _forced(scores: torch.Tensor) -> int | None:
    """The one token that the scores, ``(rows, vocabulary)``, leave to every row; None where there is a choice."""
    possible = scores > -torch.inf
    token = int(possible[0].int().argmax()) if len(scores) else 0
    return token if len(scores) and bool(possible[:, token].all()) and int(possible.sum()) == len(scores) else None
