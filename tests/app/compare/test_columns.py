"""Columns that Compare offers: what a build cannot open is none of them."""

from transformers import BertForSequenceClassification

from app.common import glossary
from app.compare import alike, comparing
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.text import models
from tests.app.at import sound, visit
from tests.engine import tiny_models
from tests.labelled import LABELLED


def test_what_needs_train_queries_is_offered_where_there_are_some(films, sixty_home):
    assert "moved" in comparing.offered(films)
    assert not set(LABELLED) & set(comparing.offered(Build(sixty_home / "builds" / "sixty")))
    assert "tuned" not in comparing.offered(films)  # nobody fine-tuned their encoder


def test_a_column_can_be_typed_and_one_that_is_none_is_left_out_and_said(with_films):
    at = visit("compare", query="a heist inside dreams", columns=["bm25"], k="5")
    at.multiselect("columns").set_value(["bm25:k1=0.9,b=0", "bm25:k1=99"])
    at = sound(at.run())
    assert [head.value for head in at.markdown if head.value.startswith("### ")] == ["### bm25 · k1\\=0\\.9\\,b\\=0"]
    assert "1 of the columns" in at.warning[0].value


def test_titles_alone_leave_a_line_of_each_result_and_the_lines_of_ranks_come_first(films, with_films):
    asked = {"query": "a heist that happens inside dreams", "columns": ["bm25", "dense"], "k": "7"}
    whole, alone = visit("compare", **asked), visit("compare", **asked, compact="true")
    for at in (whole, alone):
        headers = [header.value for header in at.header]
        assert headers.index("The same documents, joined") < headers.index("The lists")
    hits = [hit for name in ("bm25", "dense") for hit in films.search(asked["query"], name, 7)[0]]
    lines = [one.value for one in alone.markdown if one.value.startswith(":small[**")]
    assert len(lines) == len(hits) == 14
    assert all(f"**{hit.rank}**" in " ".join(lines) for hit in hits)
    shared = {hit.id for hit in hits[:7]} & {hit.id for hit in hits[7:]}
    assert sum(":material/star:" in line for line in lines) == 14 - 2 * len(shared)
    explained = len(glossary.listed("compare"))  # stands on both
    long, short = (sum(len(one.value) for one in at.markdown) - explained for at in (whole, alone))
    assert short < long / 2


def test_a_row_a_pair_with_what_they_share_and_how_it_moves():
    def hits(*ids):
        return [Hit(rank, name, name, 1.0, "1", "here") for rank, name in enumerate(ids, 1)]

    found = alike.table({"bm25": hits("a", "b", "c"), "dense": hits("b", "a", "c"), "generative:node": []}, 3)
    assert found["Pair"].tolist() == ["bm25 → dense", "bm25 → node", "dense → node"]
    assert found["Shared of 3"].tolist() == [3, 0, 0]
    assert found["Up · down · same"].tolist() == ["1 · 1 · 1", "0 · 0 · 0", "0 · 0 · 0"]
    assert found["Tau"].round(3)[0] == 0.333
    assert found["Tau"].isna().tolist() == [False, True, True]
    assert found["RBO"].tolist()[1:] == [0, 0]
    assert alike.table({"bm25": hits("a")}, 3).empty


def test_what_a_known_model_can_read_is_offered_and_asked_anew_when_another_takes_its_name(sixty_home, empty_home, tmp_path):
    build, asked = Build(sixty_home / "builds" / "sixty"), "a film of love and war in the city"
    for seed in (0, 9):
        tiny_models.bert(BertForSequenceClassification, tmp_path / str(seed), seed=seed, num_labels=1)
    models.add("judge", str(tmp_path / "0"))
    assert {"bm25~cross:judge", "dense~cross:judge"} <= set(comparing.offered(build))
    assert "cross" not in comparing.offered(build)
    before = comparing.question(build, asked, "bm25~cross:judge", 5, 10, "")
    first = build.search(asked, "bm25~cross:judge", 5).hits
    models.add("judge", str(tmp_path / "9"))
    assert comparing.question(build, asked, "bm25~cross:judge", 5, 10, "") != before
    assert build.search(asked, "bm25~cross:judge", 5).hits != first
