"""The bundled catalogue keeps its promises: structure, lengths, no duplicates, no title words in queries, no leak of splits."""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from functools import cache

import numpy as np
import pytest

from engine import paths
from engine.data.corpus import Corpus, read
from engine.filters import allowed

FOLDER = paths.bundled() / "films"
# Words that do not give a title away: function words, and words so common in film titles and plots that a query may use them.
COMMON = set(
    """a an the and or of in on at to for from with without by is are was were be been am not no it its he she they them his her
    their i me my you your we us our this that these those who what where when why how all one two three four five six seven ten
    first last new old big little great good bad day night man men woman women girl girls boy boys life love world time city
    house home story way back up down out over under into after before some any more most very young father mother brother
    brothers sister sisters son daughter family friend friends wife husband people street town road war death dead king queen
    lost black white red blue green dark high long part years year go come get about like heart money school train island river
    sea mountain summer winter spring autumn water fire earth sun moon star stars sky wind rain god dream dreams live lives
    living own things thing do does did can cannot will would must never always only just than then there here every everything
    nothing something let make made take run fly play""".split()
)
MOODS = 24
RUNTIMES = ["under 75 min", "75-99 min", "100-129 min", "130-179 min", "180 min and over"]


@cache
def films() -> Corpus:
    return read(FOLDER)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9à-ÿ]+", text.lower().replace("’", "'").replace("'s", ""))


def distinctive(title: str) -> set[str]:
    return {word for word in words(title) if word not in COMMON and len(word) > 2 and not (word.isdigit() and len(word) < 3)}


def slug(title: str, year: int) -> str:
    plain = title.replace("’", "'").replace("'", "").replace("&", "and")
    for letter, ascii_letter in (("ø", "o"), ("Ø", "O"), ("ł", "l"), ("ß", "ss"), ("æ", "ae")):
        plain = plain.replace(letter, ascii_letter)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") + f"-{year}"


def test_size_and_spread():
    documents = films().documents
    assert len(documents) >= 1000
    assert len({country for d in documents for country in d.metadata["countries"]}) >= 35
    decades = Counter(d.metadata["year"] // 10 * 10 for d in documents)
    assert all(decades[decade] >= 20 for decade in range(1920, 2021, 10))
    assert all(1900 <= d.metadata["year"] <= 2025 for d in documents)
    not_english = sum(d.metadata["language"] not in ("English", "Silent") for d in documents)
    assert not_english / len(documents) >= 1 / 3
    assert len({d.metadata["genre"][0] for d in documents}) == 16


def test_every_film_has_the_fields():
    for document in films().documents:
        meta = document.metadata
        assert set(meta) == {"year", "directors", "countries", "language", "genre", "runtime", "mood"}, document.id
        assert document.id == slug(document.title, meta["year"])
        assert meta["directors"]
        assert meta["countries"]
        assert 2 <= len(meta["genre"]) <= 3
        assert meta["runtime"] in RUNTIMES
    assert len({d.metadata["mood"] for d in films().documents}) <= MOODS


def test_texts_have_25_to_80_words_and_do_not_name_the_title():
    for document in films().documents:
        assert 25 <= len(document.text.split()) <= 80, document.id
        title = " ".join(words(document.title))
        if len(title) > 3:
            assert f" {title} " not in f" {' '.join(words(document.text))} ", document.id


def test_no_exact_or_near_duplicates():
    documents = films().documents
    assert len({d.id for d in documents}) == len(documents)
    assert len({d.text for d in documents}) == len(documents)
    vocabulary = {word: i for i, word in enumerate(sorted({w for d in documents for w in words(d.text)}))}
    uses = np.zeros((len(documents), len(vocabulary)), np.float32)
    for row, document in enumerate(documents):
        uses[row, [vocabulary[word] for word in set(words(document.text))]] = 1
    sizes = uses.sum(axis=1)
    both = uses @ uses.T
    jaccard = both / (sizes[:, None] + sizes - both)
    np.fill_diagonal(jaccard, 0)
    assert jaccard.max() < 0.4


def test_query_counts_and_judgements():
    corpus = films()
    train, dev, test = (corpus.qrels[split] for split in ("train", "dev", "test"))
    assert len(test) >= 400
    assert len(dev) >= 100
    per_film = Counter(document for judged in train.values() for document in judged)
    ids = {d.id for d in corpus.documents}
    assert all(per_film[i] >= 2 for i in ids)
    for judged in (*train.values(), *dev.values(), *test.values()):
        assert set(judged) <= ids
        assert set(judged.values()) <= {1, 2}
        assert 2 in judged.values()
    assert not set(train) & set(dev) | set(train) & set(test) | set(dev) & set(test)
    assert set(train) | set(dev) | set(test) == set(corpus.queries)
    assert len({text.lower() for text in corpus.queries.values()}) == len(corpus.queries)
    assert all(2 <= len(text.split()) <= 40 for text in corpus.queries.values())
    several = sum(len(judged) > 1 for judged in test.values())
    assert 0.3 < several / len(test) < 0.8


def test_queries_never_use_the_distinctive_words_of_a_judged_title():
    corpus = films()
    title = {d.id: d.title for d in corpus.documents}
    for judgements in corpus.qrels.values():
        for query, judged in judgements.items():
            used = set(words(corpus.queries[query]))
            for document in judged:
                assert not distinctive(title[document]) & used, (corpus.queries[query], title[document])


@pytest.mark.parametrize("split", ["dev", "test"])
def test_no_query_rewords_a_train_query_of_the_same_film(split):
    """Content words shared with a train query of a judged film stay below four fifths of the shorter of the two."""
    corpus = films()
    train_of: dict[str, list[str]] = {}
    for query, judged in corpus.qrels["train"].items():
        for document in judged:
            train_of.setdefault(document, []).append(query)
    for query, judged in corpus.qrels[split].items():
        asked = set(words(corpus.queries[query])) - COMMON
        for document in judged:
            for other in train_of[document]:
                known = set(words(corpus.queries[other])) - COMMON
                shared = len(asked & known)
                assert shared < 3 or shared / min(len(asked), len(known)) < 0.8, (corpus.queries[query], corpus.queries[other])


# The queries and judgements for which the slow test below was last seen to pass.
LOOKED_AT = "88510726a12e41fbcd4e7cf9a20590706018cb527445fa098a01f41d4a49924c"


def test_the_queries_are_those_whose_meaning_was_looked_at():
    files = [FOLDER / "queries.jsonl", *sorted((FOLDER / "qrels").glob("*.tsv"))]
    told = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    assert told == LOOKED_AT, "run `pytest -m slow tests/data/test_films.py`, then keep the new hash"


@pytest.mark.slow
def test_no_test_query_is_close_in_meaning_to_a_train_query_of_its_film(tmp_path_factory):
    """Cosine of the embeddings stays below .85, which is where rewordings begin."""
    from engine.text.embed import embed

    corpus = films()
    train_of: dict[str, list[str]] = {}
    for query, judged in corpus.qrels["train"].items():
        for document in judged:
            train_of.setdefault(document, []).append(query)
    single = {query: next(iter(judged)) for query, judged in corpus.qrels["test"].items() if len(judged) == 1}
    pairs = [(query, other) for query, document in single.items() for other in train_of[document]]
    texts = sorted({corpus.queries[query] for pair in pairs for query in pair})
    row = {text: i for i, text in enumerate(texts)}
    vectors = embed(texts, cache=tmp_path_factory.mktemp("cache"))
    cosines = [float(vectors[row[corpus.queries[a]]] @ vectors[row[corpus.queries[b]]]) for a, b in pairs]
    assert max(cosines) < 0.85


def test_files_are_plain_json_lines():
    for name in ("corpus.jsonl", "queries.jsonl", "examples.jsonl"):
        for line in (FOLDER / name).read_text("utf-8").splitlines():
            assert isinstance(json.loads(line), dict)


def test_the_filter_that_readme_and_help_show_lets_some_films_through():
    shown = "year > 1990 and genre has Drama"
    for file in ("README.md", "engine/cli/shell.py"):
        assert shown in (paths.ROOT / file).read_text("utf-8")
    found = [film for film, let in zip(films().documents, allowed(films().documents, shown), strict=True) if let]
    assert found
    assert all(film.metadata["year"] > 1990 and "Drama" in film.metadata["genre"] for film in found)
