"""What keeping a beam search on existing identifiers costs at each step: ``python -m benchmarks.constraint_cost``.

Every contender gets the same prefixes (those of random documents) and the same logits, and its masked logits are compared with a
dictionary's before it is timed. They take turns, so that whatever else the machine does falls on all alike.
"""

import time
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.constraint_contenders import ALL, CODES, COLUMNS, LEVELS, Ours, OursNumpy, OursProcessor, PaddedCsr, Transformers
from engine.evaluation import device

SIZES = (10_000, 100_000, 1_000_000)
BEAMS, DRAWS = 50, 8
# Rounds over all prefixes: at most MOST, at least FEWEST, and no more than these seconds a contender allow.
MOST, FEWEST, SECONDS = 40, 2, 6.0


class Cost(NamedTuple):
    """Microseconds at each level (medians), and of how many timings at each level."""

    levels: np.ndarray
    timings: int

    @property
    def step(self) -> float:
        """Microseconds a step, averaged over the levels."""
        return float(self.levels.mean())


def identifiers(documents: int) -> np.ndarray:
    """Random identifiers, int32 ``(documents, LEVELS)``."""
    return np.random.default_rng(0).integers(0, CODES, (documents, LEVELS), dtype=np.int32)


def measure(codes: np.ndarray) -> tuple[dict[str, Cost], dict[str, object]]:
    """Cost of all contenders over one set of identifiers, and the contenders themselves, by name."""
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((BEAMS, COLUMNS)).astype(np.float32)
    drawn = [codes[rng.integers(0, len(codes), BEAMS)] for _ in range(DRAWS)]
    prefixes = [[documents[:, :level] for level in range(LEVELS)] for documents in drawn]
    contenders = {kind.name: kind(codes) for kind in ALL}
    oracle = contenders[Transformers.name]
    expected = [[_by_dictionary(oracle.root, beams, logits) for beams in draw] for draw in prefixes]
    carried, rounds, spent = {}, {}, {}
    for name, contender in contenders.items():
        carried[name] = [[contender.carry(beams) for beams in draw] for draw in prefixes]
        for draw, masks in zip(carried[name], expected, strict=True):
            for beams, mask in zip(draw, masks, strict=True):
                if not np.array_equal(contender.mask(beams, logits), mask):
                    raise AssertionError(f"{name} masks other codes than a dictionary does")
        once = sum(_seconds(contender, beams, logits) for beams in carried[name][0]) * DRAWS
        rounds[name] = int(np.clip(SECONDS / once, FEWEST, MOST))
        spent[name] = [[] for _ in range(LEVELS)]
    for turn in range(MOST):
        for name, contender in contenders.items():
            if turn < rounds[name]:
                for draw in carried[name]:
                    for level, beams in enumerate(draw):
                        spent[name][level].append(_seconds(contender, beams, logits))
    costs = {name: Cost(np.median(times, axis=1) * 1e6, len(times[0])) for name, times in spent.items()}
    return costs, contenders


def _seconds(contender, beams, logits: np.ndarray) -> float:
    start = time.perf_counter()
    contender.mask(beams, logits)
    return time.perf_counter() - start


def _by_dictionary(root: dict, prefixes: np.ndarray, logits: np.ndarray) -> np.ndarray:
    out = np.full_like(logits, -np.inf)
    for row, prefix in enumerate(prefixes.tolist()):
        node = root
        for code in prefix:
            node = node[code]
        for code in node:
            out[row, code] = logits[row, code]
    return out


def table(sizes: tuple[int, ...] = SIZES) -> str:
    """Markdown: microseconds a step at each size with ratios to ours, and the steps of the largest size apart."""
    torch.set_num_threads(1)
    results, memory, distinct = [], [], []
    for size in sizes:
        codes = identifiers(size)
        costs, contenders = measure(codes)
        results.append(costs)
        memory.append((contenders[PaddedCsr.name].nbytes / 1e6, contenders[Ours.name].trie.nbytes / 1e6))
        distinct.append(len(np.unique(codes.view(f"V{codes.itemsize * LEVELS}"))) / size)
    lines = levels = ""
    for name, largest in results[-1].items():
        cells = [f"{costs[name].step:,.1f} ({costs[name].step / costs[Ours.name].step:,.1f}x)" for costs in results]
        lines += f"| {name} | {' | '.join(cells)} | {largest.timings} |\n"
        levels += f"| {name} | {' | '.join(f'{value:,.1f}' for value in largest.levels)} |\n"
    return (
        f"Added microseconds a step, {BEAMS} beams, {LEVELS} codes of {CODES}, one thread: the mean over the {LEVELS} steps of "
        f"each step's median, and in brackets the ratio to ours. Random identifiers, {_list(distinct, '.2%')} of them distinct. "
        f"Logits float32 {BEAMS} x {COLUMNS} (the codes and an end token), the same for all; each contender's masked logits "
        f"equal the dictionary's. {device()}.\n\n"
        f"| contender |{''.join(f' {size:,} |' for size in sizes)} timings a step at {sizes[-1]:,} |\n"
        f"|---|{'---|' * (len(sizes) + 1)}\n{lines}\n"
        f"By step, at {sizes[-1]:,}:\n\n| contender |{''.join(f' {level + 1} |' for level in range(LEVELS))}\n"
        f"|---|{'---|' * LEVELS}\n{levels}\n{_in_words(results, memory)}"
    )


def _in_words(results: list[dict[str, Cost]], memory: list[tuple[float, float]]) -> str:
    ours = np.array([costs[Ours.name].step for costs in results])
    processor = np.array([costs[OursProcessor.name].step for costs in results])
    theirs = np.array([costs[Transformers.name].step for costs in results])
    best = np.array([min(cost.step for name, cost in costs.items() if name not in _OURS) for costs in results])
    padded, mine = np.array(memory).T
    return (
        f"From the smallest to the largest size: the fastest of the others takes {_list(best / ours, '.1f')} times ours; "
        f"transformers' processor {_list(theirs / ours, ',.0f')} times the compiled step and "
        f"{_list(theirs / processor, ',.0f')} times our own processor. Our step grows {ours[-1] / ours[0]:.2f} times. "
        f"Memory in MB: padded CSR {_list(padded, '.1f')}; our trie, with its documents, {_list(mine, '.1f')}. "
        f"Our step and the padded CSR carry a node from step to step; both processors walk from the root each "
        f"time, as `generate` requires.\n"
    )


def _list(values, form: str) -> str:
    return " / ".join(format(value, form) for value in values)


_OURS = {Ours.name, OursNumpy.name, OursProcessor.name}

if __name__ == "__main__":
    print(table())
