"""Late interaction on Compare: the job that makes token vectors, and which tokens met."""

import numpy as np
import pytest

from app.charts import alignment
from app.common import jobs
from app.compare import comparing
from engine.builds import tokens
from engine.builds.opened import Build
from engine.retrievers.late_interaction import Alignment
from engine.text import token_vectors
from tests.app.at import button, labels, said, table, visit
from tests.app.conftest import HTML
from tests.engine import tiny_models

ASKED = {"query": "a man in love", "columns": ["bm25", "late"], "k": "5"}


def opened(at):
    at.session_state["late-box"] = True
    return at.run()


@pytest.fixture
def with_tokens(with_trained, tmp_path):
    tiny_models.colbert(tmp_path / "colbert")
    tokens.make(with_trained, str(tmp_path / "colbert"))
    return with_trained


def test_the_button_starts_the_command_with_the_encoder_that_is_named(with_trained, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("compare", query="a man in love", columns=["bm25"]))
    at.text_input(key="late-model").set_value(" some/colbert ").run()
    button(at, "Make token vectors").click().run()
    assert started == [("token vectors of sixty", ["tokens", str(with_trained), "--model", "some/colbert"])]


def test_which_tokens_met_is_drawn_of_the_first_hit_or_the_pinned_one_and_stands_in_a_table(with_tokens):
    build = Build(with_tokens)
    at = visit("compare", **ASKED)
    assert "late" in at.multiselect("columns").options
    hit = build.search(ASKED["query"], "late", 1).hits[0]
    assert f"{hit.title} (the first of late)" in said(at)
    rows = table(at, "Query token", "Nearest")
    assert rows["Cosine"].mean() == pytest.approx(hit.score, abs=1e-3)
    assert rows["Share of the score"].sum() == pytest.approx(1, abs=1e-3)
    pinned = build.documents[17]
    assert f"{pinned.title} (the pinned document)" in said(visit("compare", **ASKED, doc=pinned.id))
    assert "Which tokens met" not in [head.value for head in visit("compare", query="x", columns=["bm25"]).header]


def test_made_anew_they_are_searched_anew_and_deleted_they_are_gone(with_tokens, tmp_path):
    names, build = ("late", "bm25+late", "bm25~late", "hybrid"), Build(with_tokens)
    before = {name: comparing.question(build, "x", name, 5, 10, "") for name in names}
    tiny_models.colbert(tmp_path / "other", dimensions=4)
    tokens.make(with_tokens, str(tmp_path / "other"))
    assert all(comparing.question(build, "x", name, 5, 10, "") != before[name] for name in names)
    at = opened(visit("compare", **ASKED))
    assert "Make them anew" in labels(at)
    button(at, "Delete the token vectors").click().run()
    assert not token_vectors.is_there(with_tokens)


class TestChart:
    def met(self, query=2, document=90):
        rng = np.random.default_rng(0)
        return Alignment([HTML] * query, ["##a"] * document, rng.random((query, document)).astype(np.float32))

    def test_drawn_are_the_nearest_of_every_query_token_and_what_stands_beside_in_the_texts_order(self):
        met = self.met()
        first, second = sorted(met.nearest.tolist())
        assert set(alignment.shown(met).places.tolist()) == {first - 1, first, first + 1, second - 1, second, second + 1}
        assert alignment.shown(met, most=2).places.tolist() == [first, second]
        drawn = alignment.figure(met).data[0]
        assert (drawn.z.shape, len(set(drawn.x)), len(set(drawn.y))) == ((2, 6), 6, 2)
        told = {row: [text for text in drawn.text[row] if text] for row in range(2)}
        assert told == {row: [f"{met.cosines[row].max():.2f}"] for row in range(2)}

    def test_tokens_are_text(self):
        assert not any("<" in label for label in alignment.figure(self.met()).data[0].y)
        assert "##a" in alignment.describe(self.met())
