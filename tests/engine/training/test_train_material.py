"""What a training learns from and what it is watched by: no query and no document on both sides, each beside its own."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.data.corpus import Document
from engine.training import batches, dev_queries, material, train
from engine.training.batches import Batches, Material
from engine.training.dev import Dev
from engine.training.models.node import create
from engine.training.pairs.draws import draw, pools
from engine.training.pairs.sources import SOURCES, Pairs, collect, same
from engine.training.spec import TrainSpec, complete
from engine.training.teachers.teacher import Teacher
from tests.engine.oracles import unit
from tests.engine.training.by_hand import source_of
from tests.engine.training.test_train_node import SETTINGS

WORDS = "kite moor whale tide sea storm harbour lamp tower gull".split()
N = 20
DOCUMENTS = [
    Document(f"d{row}", f"{WORDS[row % 10]} number {row}", f"About the {WORDS[row % 10]} of {row}.", {}) for row in range(N)
]
CODES = [[row % 4, row // 4] for row in range(N)]


def quiet(stage, done, total):
    pass


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Twenty documents under four codes; train and dev ask for the same things in other spellings."""
    queries = {f"t{row}": f"where is {WORDS[row % 10]} {row}" for row in range(N)}
    queries |= {
        "v0": "Where is  KITE 0 ",
        "v1": "where is moor 1\u00a0",
        "v2": "\uff37here is whale 2",
        "v3": "something else",
        "v4": "D",
    }
    qrels = {
        "train": {f"t{row}": {f"d{row}": 1} for row in range(N)},
        "dev": {f"v{row}": {f"d{row}": 1} for row in range(4)} | {"v4": {"d4": 0}},
    }
    texts = {}

    def embedded(asked, *_, **__):
        for text in asked:
            texts.setdefault(text, np.random.default_rng(len(texts)).standard_normal(8))
        return unit(np.array([texts[text] for text in asked]).reshape(-1, 8))

    monkeypatch.setattr(material.embed, "embed", embedded)
    return source_of(tmp_path, DOCUMENTS, CODES, queries=queries, qrels=qrels)


def spec_of(**fields):
    return complete(TrainSpec(batch=32, **fields), labelled=True)


def texts_of(pairs, source_name=None):
    kept = range(len(pairs.query)) if source_name is None else np.flatnonzero(pairs.source == SOURCES.index(source_name))
    return {pairs.texts[pairs.query[place]] for place in kept}


class TestApart:
    def test_a_watched_query_is_not_learned_however_it_is_spelled(self, source):
        pairs, asked = material.choose(source, spec_of(), quiet)
        # v4 has no right answer.
        assert (asked.told, asked.labelled) == ("split dev, 1 without a relevant document left aside", True)
        assert asked.ids == [f"v{place}" for place in range(4)]
        assert asked.texts == [source.judged("dev").queries[f"v{place}"] for place in range(4)]
        assert asked.qrels == [{f"d{place}": 1} for place in range(4)]
        learned = {same(text) for text in texts_of(pairs)}
        assert not learned & {same(text) for text in asked.texts}
        assert texts_of(pairs, "judged") == {f"where is {WORDS[row % 10]} {row}" for row in range(3, N)}

    @pytest.mark.parametrize("named", [True, False])
    def test_held_out_queries_are_in_no_pair_of_any_source(self, source, named):
        # Titles ask what the judged queries ask, in capitals.
        shouted = [one._replace(title=f"WHERE IS {WORDS[row % 10]} {row}") for row, one in enumerate(DOCUMENTS)]
        source.__dict__["documents"] = shouted
        mix = {"judged": 1.0, "title": 1.0} if named else {"title": 1.0, "sentence": 1.0}
        pairs, asked = material.choose(source, spec_of(dev="", mix=mix), quiet)
        assert asked.labelled == named
        assert asked.told == ("10% of the judged queries, held out" if named else "10% of the pseudo-queries, held out")
        known = 20 if named else 40
        assert len(asked.ids) == len(asked.texts) == len(asked.qrels) == known // 10
        assert all(grade == 1 for judged in asked.qrels for grade in judged.values())
        assert not {same(text) for text in texts_of(pairs)} & {same(text) for text in asked.texts}
        assert len({same(text) for text in texts_of(pairs)}) == known - known // 10
        # A pseudo-query has no id of its own, and is never taken for a document.
        assert named == all(source.judged("train").queries.get(query) for query in asked.ids)
        assert not set(asked.ids) & set(source.row_of)

    def test_development_queries_beyond_the_most_that_are_searched_are_not_learned_either(self, source, monkeypatch):
        monkeypatch.setattr(dev_queries, "MOST", 2)
        pairs, asked = material.choose(source, spec_of(), quiet)
        assert (len(asked.ids), asked.told) == (2, "split dev, 1 without a relevant document left aside, 2 of them")
        # Texts and judgements stay beside their ids: some that were drawn are not the first.
        drawn = set()
        for seed in range(4):
            asked = material.choose(source, spec_of(seed=seed), quiet)[1]
            drawn |= set(asked.ids)
            assert asked.texts == [source.judged("dev").queries[query] for query in asked.ids]
            assert asked.qrels == [{query.replace("v", "d"): 1} for query in asked.ids]
        assert len(drawn) > 2
        assert texts_of(pairs, "judged") == {f"where is {WORDS[row % 10]} {row}" for row in range(3, N)}

    def test_spellings_of_one_query_are_one_query(self, source):
        source.judged("dev")  # the split stands in the files
        both = {"x": "Red  Kite", "y": " red kite", "z": "blue kite"}
        there = source_of(
            source.folder,
            DOCUMENTS,
            CODES,
            queries=both,
            qrels={"train": {"x": {"d0": 1}, "y": {"d0": 2, "d1": 1}, "z": {"d2": 1}}},
        )
        pairs = collect(there, "train", {"judged": 1.0}, 0)
        assert pairs.texts == ["Red  Kite", "blue kite"]
        assert list(zip(pairs.query.tolist(), pairs.row.tolist(), pairs.grade.tolist(), strict=True)) == [
            (0, 0, 2),
            (0, 1, 1),
            (1, 2, 1),
        ]

    def test_a_watched_query_finds_its_judgement_however_it_is_typed(self, source):
        made = material.prepare(source, spec_of(watch=("SOMETHING else ", "unknown")), quiet)
        assert made.watch.qrels == [{"d3": 1}, {}]

    def test_cold_documents_are_in_no_pair_no_negative_and_no_word_of_the_teacher(self, source):
        made = material.prepare(source, spec_of(cold=0.5, losses={"soft": 1.0, "margin": 1.0}), quiet)
        assert len(made.cold) == 10
        others, taught = made.material.negatives, made.material.teacher
        assert not made.cold & set(made.material.pairs.row.tolist())
        assert not made.cold & set(others.ravel().tolist())
        assert not made.cold & set(taught.rows.ravel().tolist())
        warm = set(range(N)) - made.cold
        assert set(made.material.pairs.row.tolist()) == warm
        assert set(taught.rows.ravel().tolist()) - {-1} == warm
        again, other = (material.cold_rows(source, 0.5, seed) for seed in (0, 1))
        assert again == made.cold != other

    def test_what_no_loss_needs_is_not_made(self, source):
        made = material.prepare(source, spec_of(), quiet)
        assert (made.material.negatives, made.material.teacher) == (None, None)

    def test_vectors_stay_beside_their_queries(self, source):
        made = material.prepare(source, spec_of(watch=("a", "b")), quiet)
        for texts, queries in (
            (made.material.pairs.texts, made.material.queries),
            (made.dev.texts, made.dev.queries),
            (made.dev.texts, made.dev.vectors),
            (made.watch.texts, made.watch.queries),
            (made.watch.texts, made.watch.vectors),
        ):
            assert np.array_equal(np.stack(list(queries)), material.embed.embed(texts))


class TestCold:
    def test_cold_is_a_query_whose_right_documents_were_all_kept_out(self, source):
        judged = [{"d0": 1}, {"d0": 1, "d9": 1}, {"d0": 2, "d9": 0}, {"d9": 1}]
        right, wrong = np.array([0]), np.array([9])
        asked = Dev(ids=list("abcd"), texts=[], vectors=np.zeros((4, 8)), queries=[], qrels=judged, told="")
        made = SimpleNamespace(cold=frozenset({0, 1}))
        ranked = {"trained": [right, wrong, right, wrong], "centroid": [wrong] * 4}
        found = train._cold(source, made, asked, ranked)
        assert (found.documents, found.queries) == (2, 2)
        assert found.trained["nDCG@10"].mean == 1
        assert found.centroid["nDCG@10"].mean == 0


def by_hand(source, weights, negatives=None, teacher=None, **fields):
    """Batches over four queries, the document of query i being i; ready to be looked into."""
    pairs = Pairs(list("abcd"), np.arange(4), np.arange(4), np.zeros(4, np.int8), np.ones(4, np.float32))
    queries = unit(np.random.default_rng(3).standard_normal((4, 8)))
    given = {"mix": {"judged": 1.0}, "weights": weights, "batch": 24, "seed": 5, "device": "cpu"} | fields
    made = Batches(source, Material(pairs, queries, negatives, teacher), **given)
    return made, create(source.parts, SETTINGS | {"softmax": "siblings"}, 0)


@pytest.fixture
def step(monkeypatch):
    """Inputs of the losses of a step, and the pairs that were drawn for it."""

    def run(made, model, number=0):
        seen = []
        monkeypatch.setattr(batches, "total", lambda inputs, weights: seen.append((inputs, weights)) or (torch.zeros(()), {}))
        made.loss(model, number, 0.25)
        chosen = draw(pools(made.material.pairs), made.mix, made.batch, made.seed, number)
        return seen[0][0], made.material.pairs.query[chosen], made.material.pairs.row[chosen], seen[0][1]

    return run


def leaves_of(levels):
    return levels[-1].node[levels[-1].target].numpy()


# Query 3 has no negative; 0 has one, 1 and 2 have several.
NEGATIVES = np.array([[5, -1, -1], [6, 7, 8], [9, 10, -1], [-1, -1, -1]], np.int32)


class TestBatches:
    def test_each_pair_has_its_own_document_and_one_negative_of_its_own_query(self, source, step):
        made, model = by_hand(source, {"margin": 1.0}, NEGATIVES)
        inputs, texts, rows, weights = step(made, model)
        has = texts != 3
        assert 0 < has.sum() == inputs.pairs < 24
        assert (inputs.progress, weights) == (0.25, {"margin": 1.0})
        assert np.array_equal(leaves_of(inputs.levels), source.leaf_of[rows[has]])
        row_of = {int(leaf): row for row, leaf in enumerate(source.leaf_of)}
        drawn = [row_of[int(leaf)] for leaf in leaves_of(inputs.negative_levels)]
        for text, row in zip(texts[has], drawn, strict=True):
            assert row in NEGATIVES[text]
        assert len({(int(text), row) for text, row in zip(texts[has], drawn, strict=True)}) == 6  # each of them has its turn
        assert np.array_equal(inputs.leaf.numpy(), source.leaf_of[rows[has]])
        asked = dict(zip(texts[has].tolist(), inputs.query.tolist(), strict=True))
        assert [asked[text] for text in texts[has]] == inputs.query.tolist()
        assert len(set(asked.values())) == 3

    def test_mined_negatives_are_never_the_documents_own_nor_another_right_one(self, source):
        source.judged("train")
        made = material.prepare(source, spec_of(losses={"margin": 1.0}), quiet)
        pairs, found = made.material.pairs, made.material.negatives
        assert (found >= 0).any(axis=1).all()
        for text, row in zip(pairs.query, pairs.row, strict=True):
            assert row not in found[text]

    def test_targets_are_those_of_the_pairs_own_query(self, source, step):
        # The teacher is sure: query i belongs to document 10 + i, and a little to document i.
        rows = np.array([[10 + i, i, -1] for i in range(4)], np.int32)
        mass = np.log(np.array([[0.75, 0.25, 0.0]] * 4, np.float32), where=rows >= 0, out=np.full((4, 3), -np.inf, np.float32))
        made, model = by_hand(source, {"soft": 1.0}, teacher=Teacher(rows, mass))
        inputs, texts, _, _ = step(made, model)
        tree = source.parts.trie
        for depth, (level, target) in enumerate(zip(inputs.levels, inputs.soft, strict=True)):
            for pair, text in enumerate(texts):
                entries = np.flatnonzero(level.pair == pair)
                below = {int(row): tree.path(int(row))[depth] for row in rows[text, :2]}
                expected = [
                    sum((0.75, 0.25)[place] for place in (0, 1) if below[rows[text, place]] == level.node[e]) for e in entries
                ]
                expected = np.array(expected) / (sum(expected) or 1)
                assert target[entries].numpy() == pytest.approx(expected, abs=1e-6)

    def test_the_teachers_margin_is_the_document_less_the_negative(self, source, step):
        rows = np.array([[i, *NEGATIVES[i][:1], 15] for i in range(4)], np.int32)
        mass = np.log(np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3], [0.5, 0.0, 0.5]], np.float32) + 1e-9)
        taught = Teacher(np.where(rows < 0, -1, rows), np.where(rows < 0, -np.inf, mass).astype(np.float32))
        made, model = by_hand(source, {"prefix": 1.0}, NEGATIVES[:, :1], taught)
        inputs, texts, _, _ = step(made, model)
        expected = {0: np.log(0.7 / 0.2), 1: np.log(0.2 / 0.5), 2: np.log(0.1 / 0.6)}
        assert inputs.teacher_margin.tolist() == pytest.approx([expected[text] for text in texts if text != 3], abs=1e-5)

    def test_a_document_that_the_teacher_does_not_list_counts_as_its_last(self):
        taught = Teacher(np.array([[4, 2, -1]], np.int32), np.log(np.array([[0.75, 0.25, 1e-30]], np.float32)))
        found = [float(np.exp(batches._score(taught, np.array([0]), np.array([row]))[0])) for row in (4, 2, 9)]
        assert found == pytest.approx([0.75, 0.25, 0.25])

    def test_steps_and_seeds_draw_other_pairs_and_other_negatives_and_the_same_step_the_same(self, source, step):
        made, model = by_hand(source, {"margin": 1.0}, np.tile(NEGATIVES[1:2], (4, 1)))

        def drawn(made, number):
            inputs = step(made, model, number)[0]
            return leaves_of(inputs.levels).tolist(), leaves_of(inputs.negative_levels).tolist()

        first = drawn(made, 0)
        assert first == drawn(made, 0)
        other = by_hand(source, {"margin": 1.0}, np.tile(NEGATIVES[1:2], (4, 1)), seed=6)[0]
        for one in (drawn(made, 1), drawn(other, 0)):
            assert one[0] != first[0]
            assert one[1] != first[1]

    def test_vectors_are_made_only_where_a_loss_asks_for_them(self, source, step):
        made, model = by_hand(source, {"next_code": 1.0})
        inputs = step(made, model)[0]
        assert (inputs.negative_levels, inputs.soft, inputs.teacher_margin, inputs.represented) == (None,) * 4
        made, model = by_hand(source, {"contrastive": 1.0})
        inputs, texts, rows, _ = step(made, model)
        queries, documents = (side.detach().numpy() for side in inputs.represented)
        assert queries == pytest.approx(made.material.queries[texts], abs=1e-6)
        means = source.parts.means[source.leaf_of[rows]]
        assert documents == pytest.approx(means, abs=1e-6)


def test_the_digest_of_a_spec_knows_what_decides_the_course():
    plain = TrainSpec()
    for fields in ({"seed": 1}, {"cold": 0.1}, {"losses": {"soft": 1.0}}, {"average": 0.0}, {"beams": 7}, {"train": ""}):
        assert TrainSpec(**fields).digest() != plain.digest(), fields
    for fields in ({"steps": 5}, {"watch": ("a",)}, {"minutes": 9.0}):
        assert TrainSpec(**fields).digest() == plain.digest(), fields
    assert json.loads(plain.model_dump_json())["seed"] == 0
