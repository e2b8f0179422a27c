"""MaxSim as loops would have it, token vectors on disk, and a build searched by them."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builds import tokens
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import Queries, late_interaction
from engine.retrievers.late_interaction import LateRetriever
from engine.text import hub, late_encoder, token_vectors
from engine.text.late_encoder import Tokens
from engine.text.token_vectors import About, TokenVectors, Writing, quantized
from tests.engine import tiny_models
from tests.engine.oracles import unit

D = 4
sizes = st.lists(st.integers(0, 4), min_size=1, max_size=9)


def texts_of(counts, seed):
    """A text of so many random tokens each; of every third the vectors are those of the one before it, if it has as many."""
    rng, found = np.random.default_rng(seed), []
    for place, count in enumerate(counts):
        vectors = unit(rng.normal(size=(count, D))).astype(np.float32)
        if place % 3 == 2 and len(found[-1].vectors) == count:
            vectors = found[-1].vectors
        found.append(Tokens(np.arange(count, dtype=np.int32), vectors))
    return found


def indexed(folder, documents):
    at = Writing(folder, {}, D)
    for one in documents:
        at.add([one])
    about = About(
        model="",
        encoder="",
        trained=False,
        dimensions=D,
        documents=len(documents),
        tokens=int(at.counts.sum()),
        seconds=0,
        created="",
    )
    at.close(about)
    return token_vectors.opened(folder.parent, len(documents))


def in_memory(documents):
    """The same without a disk."""
    vectors, scales = quantized(np.concatenate([one.vectors for one in documents]).reshape(-1, D))
    counts = [len(one.ids) for one in documents]
    known = {"model": "", "encoder": "", "trained": False, "dimensions": D, "seconds": 0, "created": ""}
    about = About(documents=len(counts), tokens=sum(counts), **known)
    return TokenVectors(about, vectors, scales, np.concatenate([one.ids for one in documents]), np.cumsum(counts))


def retriever(index, asked):
    """Over queries that are named by their place."""

    class Encoder:
        def encode(self, texts, role):
            return [asked[int(text)] for text in texts]

        def words(self, ids):
            return [f"t{one}" for one in ids]

    return LateRetriever(index, Encoder)


def slow(query, document):
    """The mean over the query's tokens of the best product with a token of the document."""
    if not len(query.vectors) or not len(document.vectors):
        return -1.0
    return sum(max(float(one @ other) for other in document.vectors) for one in query.vectors) / len(query.vectors)


@given(sizes, st.lists(st.integers(0, 3), min_size=1, max_size=3), st.integers(0, 9), st.integers(1, 12), st.integers(1, 9))
def test_a_search_is_that_of_loops_in_blocks_of_any_size(counts, asked_counts, seed, k, block):
    documents, asked = texts_of(counts, seed), texts_of(asked_counts, seed + 1)
    index = in_memory(documents)
    by, queries = retriever(index, asked), Queries([str(place) for place in range(len(asked))])
    allowed = np.arange(len(documents)) % 2 == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late_interaction, "BLOCK", block)
        found, under = by.search(queries, k), by.search(queries, k, allowed)
        everything = by.scores(queries, [np.arange(len(documents))[::-1]] * len(asked))
    for place, query in enumerate(asked):
        expected = np.array([slow(query, document) for document in documents])
        rows = found.rows[place][found.rows[place] >= 0]
        assert len(set(rows.tolist())) == len(rows) == min(k, len(documents))
        scores = found.scores[place, : len(rows)]
        np.testing.assert_allclose(scores, expected[rows], atol=0.01)  # of which 8 bits know no more
        np.testing.assert_allclose(np.sort(expected)[::-1][: len(rows)], scores, atol=0.01)
        assert [(-score, row) for score, row in zip(scores, rows, strict=True)] == sorted(
            (-score, row) for score, row in zip(scores, rows, strict=True)
        )
        np.testing.assert_allclose(everything[place][::-1][rows], scores, atol=2e-5)
        kept = [row for row in by.search(queries, len(documents)).rows[place].tolist() if allowed[row]][:k]
        assert under.rows[place][under.rows[place] >= 0].tolist() == kept


def test_equal_documents_have_equal_scores_and_stand_in_their_order(tmp_path):
    documents = texts_of([3, 2, 2, 1], 0)
    by = retriever(indexed(tmp_path / token_vectors.FOLDER, documents), texts_of([2], 5))
    found = by.search(Queries(["0"]), 4)
    place = found.rows[0].tolist().index(1)
    assert found.rows[0, place + 1] == 2
    assert found.scores[0, place] == found.scores[0, place + 1]


class TestOnDisk:
    def test_what_was_cut_off_in_the_middle_is_written_again(self, tmp_path):
        documents, folder = texts_of([2, 0, 3, 1], 1), tmp_path / token_vectors.FOLDER
        whole = indexed(folder, documents)
        other = tmp_path / "again" / token_vectors.FOLDER
        other.parent.mkdir()
        at = Writing(other, {"a": 1}, D)
        at.add(documents[:2])
        for part in at.parts:  # killed before the counts of the third were written
            with open(other / f"{part.name}.bin", "ab") as file:
                file.write(b"xyz")
        at = Writing(other, {"a": 1}, D)
        assert at.counts.tolist() == [2, 0]
        at.add(documents[2:])
        at.close(whole.about)
        assert sorted(path.name for path in other.iterdir()) == sorted(path.name for path in folder.iterdir())
        for path in folder.iterdir():
            assert (other / path.name).read_bytes() == path.read_bytes()
        assert Writing(tmp_path / "x", {"a": 1}, D).counts.size == 0

    def test_of_another_encoder_nothing_is_gone_on_with(self, tmp_path):
        Writing(tmp_path / "x", {"a": 1}, D).add(texts_of([2], 1))
        assert len(Writing(tmp_path / "x", {"a": 1}, D).counts) == 1
        assert len(Writing(tmp_path / "x", {"a": 2}, D).counts) == 0

    @pytest.mark.parametrize(
        ("file", "change", "says"),
        [
            ("ends.npy", lambda of: of[::-1].copy(), "not of 3 documents"),
            ("ends.npy", lambda of: of[:2], "not of 3 documents"),
            ("scales.npy", lambda of: of * np.float16(np.inf), "a scale or a token that is none"),
            ("ids.npy", lambda of: -of - 1, "a scale or a token that is none"),
            ("vectors.npy", lambda of: of[:2], "not of the same tokens"),
        ],
    )
    def test_files_that_do_not_belong_together_are_refused(self, tmp_path, file, change, says):
        folder = tmp_path / token_vectors.FOLDER
        indexed(folder, texts_of([2, 1, 3], 1))
        np.save(folder / file, change(np.load(folder / file)))
        with pytest.raises(TriescopeError, match=says):
            token_vectors.opened(tmp_path, 3)


@pytest.fixture(scope="module")
def late(small_build, tmp_path_factory, home):
    """The sixty films with token vectors of a tiny ColBERT; not to be changed."""
    root = tmp_path_factory.mktemp("late")
    tiny_models.colbert(root / "colbert")
    folder = shutil.copytree(small_build, root / "sixty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        tokens.make(folder, str(root / "colbert"))
    return folder


QUERY = "a man in love with the sea"


class TestWhole:
    def test_it_ranks_as_sentence_transformers_own_operator_does(self, late):
        from sentence_transformers import MultiVectorEncoder

        build = Build(late)
        theirs = MultiVectorEncoder(str(late.parent / "colbert"))
        asked, documents = theirs.encode_query([QUERY]), theirs.encode_document(build.texts())
        expected = theirs.similarity(asked, documents)[0].numpy() / len(asked[0])
        found = build.search(QUERY, "late", 60).hits
        ours = np.array([expected[build.row_of[hit.id]] for hit in found])
        np.testing.assert_allclose([hit.score for hit in found], ours, atol=0.01)
        assert {hit.id for hit in found} == set(build.row_of)
        candidates = {hit.id for hit in build.search(QUERY, "bm25", 200).hits}
        (first,) = build.search(QUERY, "bm25~late", 1).hits
        assert first.score == max(hit.score for hit in found if hit.id in candidates)

    def test_what_speaks_for_a_hit_are_the_tokens_that_met(self, late):
        build = Build(late)
        by, hit = build.retriever("late"), build.search(QUERY, "late", 1).hits[0]
        met = by.align(QUERY, build.row_of[hit.id])
        assert met.query == late_encoder.load(str(late.parent / "colbert")).words(by.tokens(QUERY).ids)
        assert met.cosines.shape == (len(met.query), len(met.document))
        assert met.cosines.max(axis=1).mean() == pytest.approx(hit.score, abs=1e-4)
        best = int(met.cosines.max(axis=1).argmax())
        from engine.builds.hits import evidence

        (told,) = evidence(build, QUERY, "late", [hit])
        pair = f"{met.query[best]}≈{met.document[met.nearest[best]]} {met.cosines[best].max():.2f}"
        assert told.startswith(f"MaxSim {hit.score:.3f}: {pair}")

    def test_why_one_is_lacking_is_its_rank_among_all(self, late):
        build = Build(late)
        ranked = build.search(QUERY, "late", 60).hits
        (lost,) = build.lost(QUERY, [ranked[40].id], "late", 10)
        assert (lost.rank, lost.told) == (41, f"rank 41, MaxSim {ranked[40].score:.3f}")

    def test_an_encoder_that_is_another_one_now_is_refused(self, late, tmp_path):
        moved = shutil.copytree(late.parent, tmp_path / "moved")
        about = moved / "sixty" / token_vectors.FOLDER / token_vectors.ABOUT
        known = json.loads(about.read_text("utf-8"))
        about.write_text(json.dumps(known | {"model": str(moved / "colbert")}), "utf-8")
        Build(moved / "sixty").search(QUERY, "late")
        tiny_models.bert(tiny_models.BertModel, moved / "colbert", seed=5)
        with pytest.raises(TriescopeError, match="has changed since"):
            Build(moved / "sixty").search(QUERY, "late")

    def test_for_a_name_in_a_build_nothing_is_fetched(self, late, tmp_path, monkeypatch):
        folder = shutil.copytree(late, tmp_path / "sixty")
        about = folder / token_vectors.FOLDER / token_vectors.ABOUT
        known = json.loads(about.read_text("utf-8"))
        monkeypatch.setattr(hub, "_fetched", lambda *given: pytest.fail("it was asked for"))
        for name in ("someone/else", "/nowhere/at-all", "../../nowhere", ""):
            about.write_text(json.dumps(known | {"model": name}), "utf-8")
            with pytest.raises(TriescopeError, match="not on this machine" if name else "has changed since"):
                Build(folder).search(QUERY, "late")

    def test_the_shell_makes_them_goes_on_and_removes_them(self, small_build, late, tmp_path, shell, told, monkeypatch):
        folder, model = shutil.copytree(small_build, tmp_path / "sixty"), late.parent / "colbert"
        code, _, err = shell("search", folder, QUERY, "-r", "late")
        assert code == 2
        assert "`python -m engine tokens sixty` makes them" in err
        encoded = late_encoder.LateEncoder.encode
        monkeypatch.setattr("engine.builds.encoded.CHUNK", 20)

        def killed(self, texts, role):
            if len(token_vectors.Writing(folder / ".tokens.partial", SPEC, 8).counts) == 40:
                raise KeyboardInterrupt
            return encoded(self, texts, role)

        SPEC = {"encoder": late_encoder.load(str(model)).key, "created": Build(folder).manifest.created}
        with monkeypatch.context() as patch:
            patch.setattr(late_encoder.LateEncoder, "encode", killed)
            assert shell("tokens", folder, "--model", model)[0] == 130
        assert not token_vectors.is_there(folder)
        done = []
        monkeypatch.setattr(late_encoder.LateEncoder, "encode", lambda *given: done.append(len(given[1])) or encoded(*given))
        about = told("tokens", folder, "--model", model)
        assert done[:1] == [20]
        assert about["documents"] == 60
        assert [path.name for path in folder.iterdir() if path.name.startswith(".tok")] == []
        for name in ("vectors.npy", "ends.npy", "ids.npy", "scales.npy"):
            assert (folder / "tokens" / name).read_bytes() == (late / "tokens" / name).read_bytes()
        told("tokens", folder, "--remove")
        assert not (folder / "tokens").exists()
