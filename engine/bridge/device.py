"""The logits processor's work on a GPU, in torch: no loop over beams, no data-dependent shape, nothing that waits for the host.

Two ideas of STATIC (constrained decoding on accelerators) make that possible. The codes behind a parent are sorted, and so are
the parents, so ``(parent, code)`` is one sorted key a node and going down a level is one search for all beams. And a level's
largest number of children bounds the window of children that every beam reads; what lies past a beam's own children goes to a
spare column.
"""

import numpy as np
import torch

from engine.bridge.tokens import LevelTokens
from engine.trie import Trie


class DeviceTrie:
    """Tensors of a trie on one device; 24 bytes a node, so that no call converts anything."""

    def __init__(self, trie: Trie, tokens: LevelTokens, eos: int, pad: int | None, device: torch.device):
        self.eos, self.pad, self.lowest = eos, pad, tokens.lowest
        self.codes = int(trie.code.max()) + 1
        children = np.diff(trie.first_child)
        parent = np.repeat(np.arange(len(children)), children)
        starts = trie.level_start
        self.window = [int(children[starts[level] : starts[level + 1]].max()) for level in range(trie.levels)]

        def tensor(array: np.ndarray) -> torch.Tensor:
            return torch.tensor(array, dtype=torch.int64, device=device)

        self.first_child, self.code = tensor(trie.first_child), tensor(trie.code)
        self.key = tensor(parent * self.codes + trie.code[1:])  # of every node but the root
        self.column = [tensor(column) for column in tokens.column]
        self.code_of = [tensor(table) for table in tokens.code_of]

    def mask(self, behind: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores with all illegal tokens at minus infinity; ``behind`` is what follows the prefix."""
        levels, level = len(self.window), behind.shape[1]
        nodes = self._walk(behind)
        inside = nodes.clamp(min=0)
        start = self.first_child[inside]
        size = torch.where(nodes >= 0, self.first_child[inside + 1] - start, 0)
        # One spare column takes what a window reads beyond its children.
        allowed = torch.zeros(len(nodes), scores.shape[1] + 1, dtype=torch.bool, device=scores.device)
        if level < levels:
            window = torch.arange(self.window[level], device=scores.device)
            own = window < size[:, None]
            code = self.code[torch.where(own, start[:, None] + window, 0)]
            allowed.scatter_(1, torch.where(own, self.column[level][torch.where(own, code, 0)], scores.shape[1]), True)
        allowed[:, self.eos] = size == 0
        if self.pad is not None:
            allowed[:, self.pad] |= nodes < 0
        allowed = allowed[:, :-1]
        out = torch.where(allowed, scores, -torch.inf)
        hopeless = (out.amax(dim=1) == -torch.inf)[:, None]
        return torch.where(hopeless & allowed, floor(scores.dtype), out)

    def _walk(self, behind: torch.Tensor) -> torch.Tensor:
        nodes = torch.zeros(len(behind), dtype=torch.int64, device=behind.device)
        if behind.shape[1] > len(self.window):
            return nodes - 1
        for level in range(behind.shape[1]):
            table = self.code_of[level]
            place = behind[:, level] - self.lowest[level]
            known = (place >= 0) & (place < len(table))
            code = table[torch.where(known, place, len(table) - 1)]
            wanted = torch.where((nodes >= 0) & (code >= 0), nodes * self.codes + code, -1)
            found = torch.searchsorted(self.key, wanted).clamp(max=len(self.key) - 1)
            nodes = torch.where(self.key[found] == wanted, found + 1, -1)
        return nodes


def floor(dtype: torch.dtype) -> float:
    """What stands for minus infinity where nothing else is legal: hopeless, but finite even after sums and temperatures.

    >>> floor(torch.float32), floor(torch.float16)
    (-1000000000.0, -4094.0)
    """
    return max(-1e9, torch.finfo(dtype).min / 16)
