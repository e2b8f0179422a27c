"""An answer that a language model writes over the hits (retrieval-augmented generation, Lewis et al. 2020), with its citations.

The model is asked to cite. What it cites is only believed where such a source was given to it; beside that, every sentence is
held against the sentences of the sources by the encoder, and one that is near to none is said to rest on nothing.
"""

import re
from collections.abc import Sequence

import numpy as np

from engine.answers.answer import Answer, Sentence, Source, nearest, sources
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.text import embed
from engine.text.language_model import LanguageModel
from engine.text.sentences import sentences

# Letters of a source that the model reads, tokens that it may write, the cosine below which a sentence rests on nothing, and the
# penalty of what it repeats, without which a small model runs in circles.
READS, WRITES, NEAR, REPEATS = 300, 60, 0.5, 1.05
CITED = re.compile(r"[\[(]\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*[\])]")
FIRST = re.compile(rf"(?:\s*{CITED.pattern})+")
ASKED = "Using only the sources above, answer in one sentence and give the number of the source you used in brackets."


def prompt(build: Build, query: str, hits: Sequence[Hit]) -> str:
    """What the model is asked: the sources with their numbers, then the question."""
    told = []
    for hit in hits:
        text = " ".join(build.documents[build.row_of[hit.id]].text.split())
        told.append(f"[{hit.rank}] {hit.title}: {text[:READS]}")
    return "\n".join(["Sources:", *told, "", ASKED, f"Question: {query}"])


def write(build: Build, query: str, hits: Sequence[Hit], model: LanguageModel) -> Answer:
    """What the model answers; greedy, so equal questions have equal answers."""
    (text,) = model.write(model.prompt(prompt(build, query, hits)), WRITES, repeats=REPEATS)
    parts: list[tuple[str, tuple[int, ...]]] = []
    invented, ranks = 0, {hit.rank for hit in hits}
    for sentence in sentences(text):
        before = FIRST.match(sentence)
        # A citation behind its sentence's end begins the next one; where that sentence has one already, it is a label.
        late = before.group() if before and parts and not parts[-1][1] else ""
        for cites, words in ((late, ""), (sentence[len(late) :], _words(sentence[len(late) :]))):
            numbers = [int(number) for group in CITED.findall(cites) for number in re.split(r"\s*[,;]\s*", group)]
            invented += sum(number not in ranks for number in numbers)
            cited = tuple(sorted({number for number in numbers if number in ranks}))
            if words:
                parts.append((words, cited))
            elif parts and cited:
                parts[-1] = (parts[-1][0], tuple(sorted({*parts[-1][1], *cited})))
    among = sources(build, hits)
    vectors = list(embed.embed([words for words, _ in parts], build.model)) if parts else []
    found = [Sentence(words, cited, *_near(vector, among)) for (words, cited), vector in zip(parts, vectors, strict=True)]
    bare = sum(not one.cited and not one.nearest for one in found)
    notes = [f"written by a language model of {_size(model)} from {len(hits)} documents; it can be wrong"]
    notes += [f"{invented} of its citations name no source that it was given, and are left out"] if invented else []
    notes += [f"{bare} of {len(found)} sentences rest on no document"] if bare else []
    return Answer("written", found, list(hits), tuple(notes))


def _words(sentence: str) -> str:
    """A sentence without its citations; empty where nothing is left that says something."""
    words = re.sub(r"\s+([.!?,])", r"\1", CITED.sub("", sentence)).strip()
    return words if any(sign.isalnum() for sign in words) else ""


def _near(vector: np.ndarray, among: Sequence[Source]) -> tuple[int, float]:
    rank, cosine = nearest(vector, among)
    return (rank if cosine >= NEAR else 0), cosine


def _size(model: LanguageModel) -> str:
    return f"{sum(one.numel() for one in model.model.parameters()) / 1e6:,.0f} million numbers"
