"""SEAL as it was meant (Bevilacqua et al. 2022): a language model writes the n-grams, and only such as occur.

The model reads the query and writes what a passage that answers it says, token by token. After each prefix only the tokens are
open that follow it somewhere in the catalogue: the suffix array (:mod:`engine.text.ngrams`) is here one over the model's own
tokens, and an n-gram begins where a word does. What is closed is left out, not made up for: an n-gram's probability is the
model's own. It weighs, and documents are scored by it, as in :mod:`engine.retrievers.ngrams`, where its probability anywhere is
its share of the catalogue's tokens. SEAL's model was trained on queries; any causal model of the machine will do here, untrained,
so it is slow (a second or more a query for 135 million weights on a core) and as good as the model is.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.kernels.top_k import top_k
from engine.retrievers import ngrams
from engine.retrievers.base import Found, Method, Named
from engine.retrievers.ngrams import NAMED, NOTHING, NgramRetriever, Written, weighed
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries
from engine.text import language_model, models
from engine.text.language_model import LanguageModel
from engine.text.ngrams import Ngrams, Runs, of_numbers

BEAMS, LONGEST = 20, 4
# What the model goes on with. On development queries of films better than asking a chat for a sentence.
ASKED = "Query: {0}\nDocument about {0}:"
# How the tokens of the usual tokenizers say that a word begins.
STARTS = ("\u0120", "\u2581")


def tokens_indexed(texts: list[str], model: LanguageModel) -> Ngrams:
    """Texts as the model's tokens, each numbered one up: number 0 is the end of a text."""
    known = model.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    vocabulary = ["", *model.tokenizer.convert_ids_to_tokens(range(len(model.tokenizer)))]
    return of_numbers([[token + 1 for token in of] for of in known], vocabulary)


class WritingRetriever(NgramRetriever):
    """Documents by the n-grams that a language model writes.

    Parameters
    ----------
    texts : list of str
        What is searched of each document.
    model : LanguageModel
        Who writes.
    beams, longest : int
        N-grams kept after each token, and tokens of the longest.
    """

    name = "seal-lm"
    needs_vectors = False

    def __init__(self, texts: list[str], model: LanguageModel, beams: int = BEAMS, longest: int = LONGEST):
        super().__init__(tokens_indexed(texts, model), np.empty((len(texts), 0), np.float32), beams, longest)
        self.model = model
        self.words = self._beginnings()

    def _beginnings(self) -> Runs:
        """Tokens that an n-gram begins with: those that begin a word, or all where the tokenizer does not say."""
        begins = np.array([token.startswith(STARTS) for token in self.index.vocabulary])
        kept = begins[self.words.word] if begins.any() else np.ones(len(self.words.word), bool)
        return Runs(*(of[kept] for of in self.words))

    def written_for(self, queries: Queries) -> Iterator[Written]:
        """What is written for each query."""
        yield from map(self.write_for, queries.texts)

    def write_for(self, query: str) -> Written:
        """Write n-grams for a query: after each token those stay that tell it best from the catalogue at large (as in
        :meth:`engine.retrievers.ngrams.NgramRetriever.write`; the likeliest alone are what any text says), and all that ever
        stayed are the answer."""
        import torch

        prompt = self.model.prompt_tokens(ASKED.format(query))
        logs, past = self._next(torch.tensor([prompt]), None)
        runs, above, before = self.words, np.zeros(len(self.words.word), np.int64), np.zeros(1)
        kept: list[tuple[np.ndarray, ...]] = []
        for size in range(1, self.longest + 1):
            likely = before[above] + logs[above, runs.word - 1]
            telling = np.exp(likely) * (likely - np.log((runs.high - runs.low) / len(self.index.order)))
            chosen = top_k(telling, self.beams)
            chosen = chosen[telling[chosen] > 0]
            if not len(chosen):
                break
            low, high, before = runs.low[chosen], runs.high[chosen], likely[chosen]
            kept.append((low, high, np.full(len(chosen), size), np.exp(before)))
            parts = [self.index.after(int(a), int(b), size) for a, b in zip(low, high, strict=True)]
            grown = Runs(*(np.concatenate(of) for of in zip(*parts, strict=True)))
            if size == self.longest or not len(grown.word):
                break
            past.batch_select_indices(torch.from_numpy(above[chosen]))
            logs, past = self._next(torch.from_numpy(runs.word[chosen] - 1)[:, None], past)
            above = np.repeat(np.arange(len(parts)), [len(of.word) for of in parts])
            runs = grown
        if not kept:
            return NOTHING
        low, high, length, here = (np.concatenate(of) for of in zip(*kept, strict=True))
        return weighed(low, high, length, here, (high - low) / max(1, len(self.index.order)))

    def _next(self, tokens: Any, past: Any) -> tuple[np.ndarray, Any]:
        """Log-probability of every next token, float64 ``(rows, vocabulary)``, and what the model remembers."""
        import torch

        with torch.inference_mode():
            told = self.model.model(input_ids=tokens.to(self.model.model.device), past_key_values=past, use_cache=True)
        return torch.log_softmax(told.logits[:, -1].double(), dim=-1).cpu().numpy(), told.past_key_values

    def held(self, query: str, row: int) -> list[str]:
        """See :meth:`engine.retrievers.ngrams.NgramRetriever.held`; as the tokenizer spells them."""
        with self.lock:
            written = self.remembered.get(query, NOTHING)
        of_row = [
            (int(low), int(length))
            for low, high, length in zip(written.low, written.high, written.length, strict=True)
            if (self.index.document[low:high] == row).any()
        ]
        return [self.spelled(low, length) for low, length in of_row]

    def spelled(self, low: int, length: int) -> str:
        """An n-gram in letters."""
        return str(self.model.tokenizer.decode([number - 1 for number in self.numbers(low, length)])).strip()


def _open(opened: Opened, beams: int, named: Named) -> WritingRetriever:
    model = language_model.load(models.folder_of(named.model, "lm"))
    return WritingRetriever(opened.texts(), model)


def _evidence(found: Found) -> str:
    assert isinstance(found.by, WritingRetriever)
    return f"n-grams: {', '.join(found.by.held(found.query, found.row)[:NAMED]) or 'none remembered'}"


def _told(opened: Opened, named: Named) -> str:
    return f"{named.model} writes {BEAMS} n-grams of up to {LONGEST} tokens; slow: a second or more a query"


METHOD = Method(
    name="seal-lm",
    summary="a language model writes n-grams that occur, and who holds them is found: seal-lm:NAME; slow, an experiment",
    citation="Bevilacqua et al. 2022 (SEAL), arXiv:2204.10628",
    color="#A78BD4",
    open=_open,
    evidence=_evidence,
    empty=ngrams.METHOD.empty,
    stamp=models.stamp,
    told=_told,
    lost=ngrams.METHOD.lost,
    model="lm",
    follows=True,
)
