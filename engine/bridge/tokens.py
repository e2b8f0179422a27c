"""Codes of an identifier as tokens of a language model, and back."""

from collections.abc import Sequence

import numpy as np

from engine.errors import TriescopeError
from engine.trie import Trie


def offset_tokens(sizes: Sequence[int], offsets: Sequence[int] | int) -> list[np.ndarray]:
    """Tokens where code ``c`` of a level is token ``offset + c``.

    Parameters
    ----------
    sizes : sequence of int
        Codes of each level.
    offsets : sequence of int, or int
        Token of code 0 of each level; a number alone is that of the first level, and the other levels follow without gaps.

    Returns
    -------
    list of np.ndarray
        For each level, int64 ``(codes,)``.

    >>> [tokens.tolist() for tokens in offset_tokens([3, 2], 100)]
    [[100, 101, 102], [103, 104]]
    >>> [tokens.tolist() for tokens in offset_tokens([3, 2], [7, 7])]
    [[7, 8, 9], [7, 8]]
    """
    if isinstance(offsets, int):
        offsets = [offsets + sum(sizes[:level]) for level in range(len(sizes))]
    return [np.arange(offset, offset + size) for size, offset in zip(sizes, offsets, strict=True)]


class LevelTokens:
    """The token of each code, a level, and the code of each token.

    Attributes
    ----------
    column : list of np.ndarray
        For each level, int64 ``(codes,)``: the token of each code, so the column of the logits that holds it.
    lowest : list of int
        For each level, its smallest token.
    code_of : list of np.ndarray
        For each level, int64: the code of token ``lowest + i``, or -1; the last entry is always -1.
    largest : int
        The largest token of all levels.

    Raises
    ------
    TriescopeError
        See :class:`engine.bridge.TrieLogitsProcessor`.
    """

    def __init__(self, trie: Trie, token_of: Sequence[np.ndarray], eos_token_id: int):
        if len(token_of) < trie.levels:
            raise TriescopeError(f"tokens: {len(token_of)} levels have some, but identifiers have up to {trie.levels} codes")
        self.column: list[np.ndarray] = []
        self.lowest: list[int] = []
        self.code_of: list[np.ndarray] = []
        for level in range(trie.levels):
            tokens = np.ascontiguousarray(token_of[level], np.int64)
            codes = int(trie.code[trie.level_start[level + 1] : trie.level_start[level + 2]].max()) + 1
            if len(tokens) < codes:
                raise TriescopeError(f"tokens: level {level + 1} has {len(tokens)}, but identifiers use code {codes - 1} there")
            if tokens.min() < 0 or len(np.unique(tokens)) < len(tokens):
                raise TriescopeError(f"tokens: those of level {level + 1} are not different numbers from 0")
            if (tokens == eos_token_id).any():
                raise TriescopeError(f"tokens: level {level + 1} uses the end token {eos_token_id} for a code")
            lowest = int(tokens.min())
            code_of = np.full(int(tokens.max()) - lowest + 2, -1, np.int64)
            code_of[tokens - lowest] = np.arange(len(tokens))
            self.column.append(tokens)
            self.lowest.append(lowest)
            self.code_of.append(code_of)
        self.largest = max(int(tokens.max()) for tokens in self.column)

    def codes(self, level: int, tokens: np.ndarray) -> np.ndarray:
        """Codes of tokens at a level (from 0), int64; -1 for a token that is none of its codes."""
        table = self.code_of[level]
        # As unsigned numbers those below the lowest are huge, so one minimum sends all strangers to the last entry.
        place = (np.asarray(tokens, np.int64) - self.lowest[level]).view(np.uint64)
        return table[np.minimum(place, np.uint64(len(table) - 1))]
