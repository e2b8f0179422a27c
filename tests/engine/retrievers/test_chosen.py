"""``bm25+dense@dev``: weights of any members, chosen on the choosing half of a build's development queries."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.builds.stages import choosing
from engine.data.corpus import Corpus
from engine.data.tables import write_corpus
from engine.errors import TriescopeError
from engine.retrievers import Queries, chosen, method_of
from engine.retrievers.tuning import tune


def test_they_are_what_tuning_on_the_choosing_half_gives_and_are_chosen_once(opened, monkeypatch):
    asked = choosing(opened.corpus)
    members = ("bm25", "dense", "generative")
    by_hand = tune(
        {name: opened.retriever(name) for name in members},
        Queries(asked.texts, np.stack([opened.encode(text)[0] for text in asked.texts])),
        asked.gains,
    )
    fused = opened.retriever("bm25+dense+generative@dev")
    assert fused.tuning == by_hand
    monkeypatch.setattr(chosen, "tune", lambda *_: pytest.fail("chosen again"))
    assert opened.retriever("bm25+dense+generative@dev").tuning == by_hand
    assert opened.search("a war", "bm25+dense+generative@dev", 5).hits


def test_a_name_says_who_chooses_or_what_the_weights_are():
    assert method_of("bm25+late@dev")[1].method == "dev"
    with pytest.raises(TriescopeError, match="named, or chosen on development queries, not both"):
        method_of(".3*bm25+.7*dense@dev")
    with pytest.raises(TriescopeError, match="like bm25\\+dense@rrf, or as development queries choose: bm25\\+dense@dev"):
        method_of("bm25+dense@best")


def test_without_development_queries_or_with_too_many_members_it_says_so(opened, tmp_path):
    bare = Corpus("bare", opened.documents, {"q": "a war"}, {"test": {"q": {opened.documents[0].id: 1}}}, [])
    write_corpus(bare, tmp_path)

    class Build(SimpleNamespace):
        __hash__ = object.__hash__

    build = Build(folder=tmp_path, row_of=opened.row_of, encoder=opened.encoder, retriever=opened.retriever)
    with pytest.raises(TriescopeError, match="this build has none that a document answers"):
        chosen.chosen(build, ["bm25", "dense"])
    with pytest.raises(TriescopeError, match="6 members: weights are chosen for 5 at most"):
        chosen.chosen(build, ["bm25", "dense", "generative", "moved", "tfidf", "dense-hnsw"])
