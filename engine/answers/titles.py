"""Titles that a language model writes for a question: freely, and held to those that there are (GENRE, De Cao et al. 2021).

Free, it writes titles that no document has; their share says how much of what it seems to know is made up. Held to the trie of
all titles it is generative retrieval without any training, and as good as the model remembers the world.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine import trie
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.text.language_model import LanguageModel

# Titles that are written, and tokens of one.
BEAMS, LONGEST = 5, 24


class Titles(NamedTuple):
    """Titles that were written, best first.

    Attributes
    ----------
    free : list of str
        Without a constraint.
    exists : list of bool
        Whether a document has each.
    held : list of str
        Under the trie of titles.
    rows : list of int
        The document of each, the first where several have the title.
    left_out : int
        Documents whose title is empty or too long, which cannot be written.
    """

    free: list[str]
    exists: list[bool]
    held: list[str]
    rows: list[int]
    left_out: int

    @property
    def made_up(self) -> float:
        """Share of the free titles that no document has."""
        return 1 - sum(self.exists) / max(1, len(self.exists))


def write(build: Build, query: str, model: LanguageModel, beams: int = BEAMS) -> Titles:
    """Let a model write titles for a question.

    Raises
    ------
    TriescopeError
        No document has a title that can be written.
    """
    return titles_for(build, f'Which title fits this description: "{query}"? Reply with the title alone.', model, beams)


def titles_for(build: Build, asked: str, model: LanguageModel, beams: int = BEAMS, longest: int = LONGEST) -> Titles:
    """Let a model write titles for anything that is asked; those of more than ``longest`` tokens cannot be written.

    Raises
    ------
    TriescopeError
        No document has a title that can be written.
    """
    processor_of, row_of, left_out = _legal(build, model, longest)
    prompt = model.prompt(asked)
    free = [one.split("\n")[0].strip().strip('"').strip() for one in model.write(prompt, longest, beams)]
    held = model.write(prompt, longest + 1, min(beams, len(row_of)), processor_of(len(model.prompt_tokens(prompt))))
    held = list(dict.fromkeys(held))  # where few paths are legal, beams end alike
    known = {_plain(title): row for title, row in reversed(row_of.items())}
    rows = [known[_plain(title)] for title in held if _plain(title) in known]
    return Titles(
        free, [_plain(one) in known for one in free], [title for title in held if _plain(title) in known], rows, left_out
    )


@lru_cache(maxsize=4)
def _legal(build: Build, model: LanguageModel, longest: int) -> tuple[Any, dict[str, int], int]:
    """A maker of logits processors for a length of prompt, title -> row, and how many documents cannot be written."""
    from engine.bridge import TrieLogitsProcessor

    row_of: dict[str, int] = {}
    for row, document in enumerate(build.documents):
        row_of.setdefault(" ".join(document.title.split()), row)
    end = model.tokenizer.eos_token_id
    # A line's end closes a title, so that none is the beginning of another.
    close = model.tokens("\n")[-1:]
    if not close:
        raise TriescopeError(f"{model.name}: its tokenizer has no token for the end of a line, which ends a title here")
    spelled = {title: model.tokens(title) + close for title in row_of if title}
    spelled = {title: tokens for title, tokens in spelled.items() if 1 < len(tokens) <= longest and end not in tokens}
    if not spelled:
        raise TriescopeError(f"{build.name} has no title that could be written")
    levels = max(map(len, spelled.values()))
    token_of, codes = [], np.full((len(spelled), levels), -1, np.int32)
    for level in range(levels):
        at = [place for place, tokens in enumerate(spelled.values()) if len(tokens) > level]
        own = np.array([tokens[level] for tokens in spelled.values() if len(tokens) > level], np.int64)
        known, place = np.unique(own, return_inverse=True)
        token_of.append(known)
        codes[at, level] = place
    tree = trie.build(np.unique(codes, axis=0))
    written = {title: row_of[title] for title in spelled}
    left_out = sum(" ".join(document.title.split()) not in written for document in build.documents)
    return (lambda prefix: TrieLogitsProcessor(tree, token_of, end, prefix, model.pad)), written, left_out


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()
