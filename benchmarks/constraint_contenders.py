"""What others do to keep a beam search on existing identifiers, each as well as its idea allows, behind one interface.

A contender is made from the identifiers. ``carry`` turns prefixes into whatever that contender's beams would hold when the step
begins (not timed); ``mask`` does one step (timed): the logits, with minus infinity wherever no identifier goes on.
"""

import marisa_trie
import numpy as np
import torch
from transformers.generation.logits_process import PrefixConstrainedLogitsProcessor

from engine import trie
from engine.bridge import TrieLogitsProcessor, offset_tokens
from engine.kernels import mask as kernels

CODES, LEVELS, BITS = 256, 4, 8
END = CODES  # the end token has the last column
COLUMNS = CODES + 1


def masked(logits: np.ndarray, legal: np.ndarray) -> np.ndarray:
    """Logits where legal, minus infinity elsewhere."""
    return np.where(legal, logits, np.float32(-np.inf))


class Ours:
    """The flat trie and its compiled loops; a beam carries its node and the code just chosen."""

    name = "**Triescope**, compiled"
    step, mask_logits = staticmethod(kernels.step), staticmethod(kernels.mask_logits)

    def __init__(self, codes: np.ndarray):
        self.trie = trie.build(codes)
        self.column = np.arange(CODES)

    def carry(self, prefixes: np.ndarray):
        """Nodes one level up, and the last codes."""
        nodes = np.zeros(len(prefixes), np.int64)
        for level in range(prefixes.shape[1] - 1):
            nodes = kernels.step_numpy(self.trie.first_child, self.trie.code, nodes, prefixes[:, level])
        return nodes, np.ascontiguousarray(prefixes[:, -1], np.int64) if prefixes.shape[1] else None

    def mask(self, carried, logits: np.ndarray) -> np.ndarray:
        """Go down one level, then copy the logits of the children."""
        nodes, codes = carried
        if codes is not None:
            nodes = self.step(self.trie.first_child, self.trie.code, nodes, codes)
        out = np.empty_like(logits)
        self.mask_logits(self.trie.first_child, self.trie.code, self.column, nodes, logits, out)
        return out


class OursNumpy(Ours):
    """The same with the NumPy twins."""

    name = "Triescope, NumPy twins"
    step, mask_logits = staticmethod(kernels.step_numpy), staticmethod(kernels.mask_logits_numpy)


class _Tokens:
    """Contenders that see tokens behind a start token, as transformers hands them over."""

    def carry(self, prefixes: np.ndarray) -> torch.Tensor:
        """Token ids, the start token included."""
        return torch.tensor(np.insert(prefixes, 0, END, axis=1), dtype=torch.int64)


class OursProcessor(_Tokens):
    """Our processor for transformers' ``generate``: walks from the root at each step."""

    name = "**Triescope**, as transformers processor"

    def __init__(self, codes: np.ndarray):
        self.processor = TrieLogitsProcessor(trie.build(codes), offset_tokens([CODES] * LEVELS, [0] * LEVELS), END)

    def mask(self, carried: torch.Tensor, logits: np.ndarray) -> np.ndarray:
        """One call of the processor."""
        return self.processor(carried, torch.from_numpy(logits)).numpy()


class Transformers(_Tokens):
    """transformers' own processor over nested dictionaries, as GENRE uses it."""

    name = "transformers PrefixConstrainedLogitsProcessor, dictionary trie"

    def __init__(self, codes: np.ndarray):
        self.root: dict = {}
        for identifier in codes.tolist():
            node = self.root
            for code in identifier:
                node = node.setdefault(code, {})

    def allowed(self, batch: int, sentence: torch.Tensor) -> list[int]:
        """Codes behind a sentence."""
        node = self.root
        for code in sentence.tolist()[1:]:
            node = node[code]
        return list(node)

    def mask(self, carried: torch.Tensor, logits: np.ndarray) -> np.ndarray:
        """One call of the processor."""
        return PrefixConstrainedLogitsProcessor(self.allowed, len(logits))(carried, torch.from_numpy(logits)).numpy()


class Marisa:
    """A marisa-trie of byte strings. It can only list the keys below a prefix, so children come from that list where it is short,
    and where it is long from the first key behind each code. The first step is kept, as GENRE does.
    """

    name = "marisa-trie"

    def __init__(self, codes: np.ndarray):
        self.trie = marisa_trie.BinaryTrie(map(bytes, codes.astype(np.uint8)))
        self.first = np.unique(codes[:, 0])
        self.below = [len(codes) / CODES**level for level in range(LEVELS)]
        self.bytes = [bytes([code]) for code in range(CODES)]

    def carry(self, prefixes: np.ndarray) -> list[bytes]:
        """Byte strings."""
        return [bytes(prefix) for prefix in prefixes.astype(np.uint8)]

    def mask(self, carried: list[bytes], logits: np.ndarray) -> np.ndarray:
        """Children of each beam, then the mask."""
        legal, level = np.zeros(logits.shape, bool), len(carried[0])
        below, keys = self.trie.iterkeys, self.trie.keys
        if level == 0:
            legal[:, self.first] = True
        elif self.below[level] > 10 * CODES:  # measured: where the two ways cost the same
            for row, prefix in enumerate(carried):
                legal[row, :CODES] = [next(below(prefix + code), None) is not None for code in self.bytes]
        else:
            for row, prefix in enumerate(carried):
                legal[row, [key[level] for key in keys(prefix)]] = True
        return masked(logits, legal)


class _Keys:
    """Contenders that see identifiers as numbers, eight bits a code; the prefixes are numbers too."""

    def __init__(self, codes: np.ndarray):
        self.keys = np.sort(self.carry(codes)[1])

    def carry(self, prefixes: np.ndarray) -> tuple[int, np.ndarray]:
        """The level, and each prefix as a number."""
        number = np.zeros(len(prefixes), np.uint64)
        for codes in prefixes.T:
            number = number << np.uint64(BITS) | codes.astype(np.uint64)
        return prefixes.shape[1], number


class SortedArray(_Keys):
    """Identifiers in order: a prefix is a range found by bisection. Children come from reading the ranges where they are short,
    and from one bisection a code where they are long.
    """

    name = "sorted array, searchsorted"

    def mask(self, carried: tuple[int, np.ndarray], logits: np.ndarray) -> np.ndarray:
        """Ranges, then children, then the mask."""
        level, number = carried
        shift = np.uint64(BITS * (LEVELS - level))
        below = shift - np.uint64(BITS)
        low, high = np.searchsorted(self.keys, number << shift), np.searchsorted(self.keys, (number + np.uint64(1)) << shift)
        size = high - low
        legal = np.zeros(logits.shape, bool)
        if size.sum() > legal.size:
            first = number[:, None] << np.uint64(BITS) | np.arange(CODES, dtype=np.uint64)
            places = np.searchsorted(self.keys, first << below)
            legal[:, :CODES] = np.diff(places, axis=1, append=high[:, None]) > 0
        else:
            row, ends = np.repeat(np.arange(len(size)), size), np.cumsum(size)
            found = self.keys[np.arange(len(row)) + np.repeat(low - (ends - size), size)]
            legal[row, (found >> below & np.uint64(CODES - 1)).astype(np.int64)] = True
        return masked(logits, legal)


class BruteForce(_Keys):
    """All identifiers compared with each prefix, as several published models do; here on packed numbers made in advance."""

    name = "brute-force compare"

    def __init__(self, codes: np.ndarray):
        super().__init__(codes)
        self.beginnings = [(self.keys >> np.uint64(BITS * (LEVELS - level))).astype(np.uint32) for level in range(LEVELS)]
        self.next = [(self.keys >> np.uint64(BITS * (LEVELS - 1 - level))).astype(np.uint8) for level in range(LEVELS)]

    def mask(self, carried: tuple[int, np.ndarray], logits: np.ndarray) -> np.ndarray:
        """Compare, gather, mask."""
        level, number = carried
        legal = np.zeros(logits.shape, bool)
        for row, prefix in enumerate(number.astype(np.uint32)):
            legal[row, self.next[level][self.beginnings[level] == prefix]] = True
        return masked(logits, legal)


class PaddedCsr:
    """STATIC as its authors describe it, in NumPy: dense masks and a table of states for the first two codes; behind them rows of
    edges (token and child side by side), read in windows as wide as the level's largest node, what lies past a node masked out.
    """

    name = "padded CSR (STATIC), NumPy"

    def __init__(self, codes: np.ndarray):
        built = trie.build(codes)
        start = built.level_start
        second = np.arange(start[2], start[3])
        first = built.code[built.parent(second)].astype(np.int64)
        self.first_mask, self.second_mask = np.zeros(COLUMNS, bool), np.zeros((CODES, COLUMNS), bool)
        self.first_mask[built.code[start[1] : start[2]]] = True
        self.second_mask[first, built.code[second]] = True
        self.state = np.zeros((CODES, CODES), np.int32)
        self.state[first, built.code[second]] = second - start[2]
        self.row = (built.first_child[start[2] :] - start[3]).astype(np.int32)
        children = np.diff(self.row)
        deep = [slice(start[level] - start[2], start[level + 1] - start[2]) for level in (2, 3)]
        self.window = [int(children[of_level].max()) for of_level in deep]
        edges = np.stack([built.code[start[3] :].astype(np.int32), np.arange(start[3], start[5], dtype=np.int32) - start[2]], 1)
        self.edges = np.concatenate([edges, np.zeros((CODES, 2), np.int32)])  # a window may read past the end

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return sum(a.nbytes for a in (self.first_mask, self.second_mask, self.state, self.row, self.edges))

    def carry(self, prefixes: np.ndarray):
        """The codes while tables are dense, then the place of the edge just chosen."""
        if prefixes.shape[1] < 3:
            return prefixes.shape[1], prefixes
        node = self.state[prefixes[:, 0], prefixes[:, 1]]
        window = self.row[node][:, None] + np.arange(self.window[0])
        own = (self.edges[window, 0] == prefixes[:, 2:]) & (window < self.row[node + 1][:, None])
        return 3, self.row[node] + own.argmax(axis=1)

    def mask(self, carried, logits: np.ndarray) -> np.ndarray:
        """A row of a dense table, or a window of edges."""
        level, beams = carried
        if level == 0:
            return masked(logits, self.first_mask)
        if level == 1:
            return masked(logits, self.second_mask[beams[:, 0]])
        node = self.state[beams[:, 0], beams[:, 1]] if level == 2 else self.edges[beams, 1]
        start, window = self.row[node], np.arange(self.window[level - 2])
        token = self.edges[start[:, None] + window, 0]
        token[window >= (self.row[node + 1] - start)[:, None]] = END  # never legal before the end
        legal = np.zeros(logits.shape, bool)
        legal[np.arange(len(node))[:, None], token] = True
        legal[:, END] = False
        return masked(logits, legal)


ALL = (Ours, OursProcessor, OursNumpy, PaddedCsr, SortedArray, Marisa, Transformers, BruteForce)
