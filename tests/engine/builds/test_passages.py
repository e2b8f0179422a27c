"""A document of several passages counts as its best one: however it is searched, and whatever came or went since."""

import hashlib
import shutil
from functools import cache

import numpy as np
import pytest

from engine.builds import layout, living
from engine.builds.folding import fold
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.opening import read_manifest
from engine.builds.searched import texts_of
from engine.builds.sources import Source, source_of
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.identifiers import assign
from engine.live import journal
from engine.retrievers.dense import HnswRetriever, build_hnsw
from engine.retrievers.passages import PassageWalk
from engine.retrievers.ranking import Queries
from engine.stored import passages
from engine.stored.passages import Passages
from engine.text import embed
from engine.text.passages import cut_up
from tests.engine.oracles import unit

SPEC = BuildSpec(passages=True, settings={"codes": 4})


def by_hash(texts, model="", progress=None, cache=None, role="document"):
    """A vector of each text, drawn by its hash: nothing has to be loaded."""
    return np.array([one_by_hash(text) for text in texts])


@cache
def one_by_hash(text):
    drawn = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)).normal(size=384)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    monkeypatch.setattr(embed, "embed", by_hash)


def document(number):
    """Every third one is long."""
    words = [f"kite{number}n{place} flies." for place in range(90 if number % 3 == 0 else 5)]
    return Document(f"d{number}", f"Kite {number}", " ".join(words), {})


DOCUMENTS = [document(number) for number in range(40)]
QUERIES = Queries([f"query {number}" for number in range(8)], by_hash([f"query {number}" for number in range(8)]))


def built(documents, out, spec=SPEC):
    return Build(make(Corpus("kites", documents, {}, {}, []), spec, out))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed, "embed", by_hash)
        patch.setenv("TRIESCOPE_HOME", str(tmp_path_factory.mktemp("home")))
        return built(DOCUMENTS, tmp_path_factory.mktemp("builds") / "kites").folder


@cache
def cut_once(texts, titles):
    return cut_up(texts, titles)


def slow(documents, query, k):
    """Ids and scores, best first: the best cosine of each document's passages, one by one."""
    texts = cut_once(tuple(document.searched_text() for document in documents), tuple(one.title for one in documents))
    scores = [max(float(np.round(vector @ query, 6)) for vector in by_hash(of)) for of in texts]
    order = sorted(range(len(documents)), key=lambda row: (-scores[row], row))[:k]
    return [documents[row].id for row in order], [scores[row] for row in order]


def check(build, documents):
    """Both ways of dense search give what the slow one does, to the last document."""
    for k in (1, len(documents)):
        for name in ("dense", "dense-hnsw"):
            ranking = build.retriever(name).search(QUERIES, k)
            for query, rows, scores in zip(QUERIES.vectors, ranking.rows, ranking.scores, strict=True):
                ids, wanted = slow(documents, query, k)
                assert [build.documents[row].id for row in rows] == ids
                assert scores == pytest.approx(wanted, abs=2e-6)


def test_a_document_counts_as_its_best_passage(folder):
    build = Build(folder)
    assert build.passages.sizes.tolist() == [len(of) for of in texts_of(DOCUMENTS, SPEC)]
    assert (build.passages.sizes > 1).sum() == 14
    check(build, DOCUMENTS)


def test_a_walk_goes_on_until_it_has_met_enough_documents(tmp_path):
    near = unit(np.array([[1, 0.001 * place, 0.0] for place in range(50)]))
    others = unit(np.array([[1, 0.1 * place, 1.0] for place in range(10)]))
    of = Passages.of([50, *[1] * 10], np.concatenate([near, others]).astype(np.float32))
    build_hnsw(of.vectors, tmp_path)
    walk, asked = PassageWalk(HnswRetriever(tmp_path), of), Queries([""], np.array([[1, 0, 0]], np.float32))
    assert walk.search(asked, 3).rows.tolist() == [[0, 1, 2]]
    assert walk.search(asked, 20).rows.tolist() == [[*range(11), *[-1] * 9]]


def test_a_filter_and_scores_are_of_documents_too(folder):
    build, allowed = Build(folder), np.arange(40) % 2 == 0
    kept = [one for one, passes in zip(DOCUMENTS, allowed, strict=True) if passes]
    for name in ("dense", "dense-hnsw"):
        by = build.retriever(name)
        rows = by.search(QUERIES, 10, allowed).rows
        assert [[build.documents[row].id for row in of] for of in rows] == [slow(kept, q, 10)[0] for q in QUERIES.vectors]
        asked = [np.array([7, 0, 3])] * 8
        expected = [[slow([DOCUMENTS[row]], query, 1)[1][0] for row in (7, 0, 3)] for query in QUERIES.vectors]
        assert np.array(by.scores(QUERIES, asked)) == pytest.approx(np.array(expected), abs=2e-6)


def test_all_else_is_of_documents(folder):
    build = Build(folder)
    assert len(build.embeddings) == len(build.codes) == len(build.documents) == 40
    mean = by_hash(texts_of(DOCUMENTS[:1], SPEC)[0]).mean(axis=0)
    assert build.embeddings[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert build.embeddings[1].tolist() == by_hash([DOCUMENTS[1].searched_text()])[0].tolist()
    for name in ("bm25+dense", "hybrid", "generative", "generative~dense"):
        rows = build.retriever(name).search(QUERIES, 40).rows
        assert all(len(set(of[of >= 0])) == (of >= 0).sum() for of in rows), name


def test_what_comes_and_goes_is_cut_too_and_a_fold_keeps_it(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "kites")
    come = [document(number) for number in (60, 61, 63)]
    living.add(copy, [*come, DOCUMENTS[4]._replace(text=DOCUMENTS[6].text)])
    living.remove(copy, ["d0", "d9", "d61"])
    now = [one for one in DOCUMENTS if one.id not in ("d0", "d4", "d9")]
    now += [come[0], come[2], DOCUMENTS[4]._replace(text=DOCUMENTS[6].text)]
    check(Build(copy), now)
    assert fold(copy)
    check(Build(copy), now)
    whole = passages.read(copy, len(now))
    assert whole.vectors.tolist() == passages.read(built(now, tmp_path / "anew").folder, len(now)).vectors.tolist()


def test_a_build_says_what_became_of_long_documents_and_its_like_has_passages_again(folder):
    told = read_manifest(folder).encoder
    assert (told.cut, told.passages) == (14, sum(len(of) for of in texts_of(DOCUMENTS, SPEC)))
    assert "vector search has all documents in" in told.told()
    assert source_of(str(folder)).usual()["passages"] is True
    assert "passages" not in Source(Corpus("c", [], {}, {}, []), (), "").usual()


def test_a_build_without_passages_is_what_it_was(tmp_path, folder):
    short = [one for one in DOCUMENTS if int(one.id[1:]) % 3]
    plain, cut = built(short, tmp_path / "plain", SPEC.model_copy(update={"passages": False})), built(short, tmp_path / "cut")
    assert plain.passages is None
    assert plain.embeddings.tolist() == cut.embeddings.tolist()
    assert BuildSpec().digest() != BuildSpec(passages=True).digest()


@pytest.mark.parametrize("ends", [np.arange(1, 40), np.r_[0, np.arange(2, 41)], np.arange(1, 41)])
def test_passages_of_other_documents_are_refused(folder, tmp_path, ends):
    shutil.copy(folder / passages.VECTORS, tmp_path)
    np.save(tmp_path / passages.ENDS, ends.astype(np.int64))
    with pytest.raises(TriescopeError, match="not of 40 documents"):
        passages.read(tmp_path, 40)


def test_a_change_without_passages_is_damaged(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "kites")
    living.add(copy, [document(60)])
    (change,) = journal.read(copy, 384, journal.origin(copy))
    shutil.rmtree(copy / journal.FOLDER)
    journal.append(copy, change._replace(passages=None))
    with pytest.raises(TriescopeError, match="it has no passages"):
        Build(copy)
    assert (copy / layout.MANIFEST).is_file()


def test_identifiers_of_passages_are_written_and_the_best_one_counts(folder, tmp_path):
    """Beams enough for all passages give each document the best score of its passages, one by one."""
    for build in (Build(folder), grown(folder, tmp_path)):
        of, by = build.passages, build.retriever("generative-passages", 10_000)
        trie = by.trie
        assert trie.counts[0] == len(of.vectors)
        own = assign("rq-kmeans", Build(folder).identifiers, of.vectors)
        paths = [[int(trie.code[node]) for node in trie.path(row)] for row in range(len(of.vectors))]
        assert [path[: own.shape[1]] for path in paths] == own.tolist()
        assert len(set(map(tuple, paths))) == len(paths)
        found = by.search(QUERIES, len(build.documents))
        few = build.retriever("generative-passages", 3).search(QUERIES, 3)
        for place, query in enumerate(QUERIES.vectors):
            leaves, totals = exact_search(trie, by.scorer, query)
            best = {}
            for leaf, total in zip(leaves, totals, strict=True):
                best.setdefault(int(of.document[trie.leaf_documents(leaf)[0]]), float(total))
            order = sorted(best, key=lambda row: (-best[row], row))
            assert found.rows[place].tolist() == order
            assert found.scores[place].tolist() == [best[row] for row in order]
            assert by.scores(part(place), [np.array([3, 0])])[0].tolist() == [best[3], best[0]]
            rows = few.rows[place][few.rows[place] >= 0].tolist()
            assert 0 < len(set(rows)) == len(rows) <= 3
        assert build.retriever("generative-passages", 3).beams == -(-3 * len(of.vectors) // len(build.documents))
        allowed = np.arange(len(build.documents)) % 2 == 0
        rows = by.search(QUERIES, 50, allowed).rows
        assert set(rows[rows >= 0]) == set(np.flatnonzero(allowed))
        with pytest.raises(TriescopeError, match="a scorer can be named after generative or"):
            build.retriever("generative-passages:centroid")
        lacks = build.lost("query 0", [build.documents[0].id], "generative-passages", 1, 1, QUERIES.vectors[0])
        assert lacks[0].told.startswith("its best passage: ")


def grown(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "kites")
    living.add(copy, [document(60), document(61)])
    living.remove(copy, ["d0", "d7"])
    return Build(copy)


def part(place):
    return Queries([QUERIES.texts[place]], QUERIES.vectors[place : place + 1])
