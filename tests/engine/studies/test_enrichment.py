"""Enriched texts: what is added is what neighbours say and the document does not, and the study is that of its parts."""

import numpy as np
import pytest

from engine import evaluation
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.studies import enrichment
from engine.text.words import telling


def test_what_is_added_stands_in_the_neighbours_and_not_in_the_document(opened):
    vectors, texts = np.asarray(opened.embeddings), opened.texts()
    for row, of in enumerate(enrichment.added(opened)):
        near = [other for other in np.argsort(-(vectors @ vectors[row]), kind="stable").tolist() if other != row]
        said = {word for other in near[: enrichment.NEIGHBOURS] for word in telling(texts[other])}
        assert set(of.words) <= said - set(telling(texts[row]))
        assert 0 < len(of.words) <= enrichment.WORDS
        assert opened.documents[row].metadata["runtime"] in of.columns
        assert of.text.split()[: len(of.words)] == list(of.words)


def test_the_best_vector_of_a_document_counts():
    first, second = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[::-1]
    query = np.array([[0.9, 0.3, 0.1]], np.float32)
    rows = enrichment.nearest([first], Queries([""], query))
    assert rows.tolist() == [[0, 1, 2]]
    assert enrichment.nearest([first, second], Queries([""], query)).tolist() == [[0, 2, 1]]


def test_slices_are_those_that_a_look_at_every_answer_gives(opened):
    corpus = opened.corpus
    found = enrichment.slices(opened, "dev")
    assert set(found) <= {enrichment.ALL, enrichment.THINNEST}  # nothing is asked in train, so nothing is cold
    lengths = {document.id: len(text.split()) for document, text in zip(opened.documents, opened.texts(), strict=True)}
    limit = np.quantile(list(lengths.values()), enrichment.THIN)
    thin = [all(lengths[one] <= limit for one in grades) for grades in corpus.qrels["dev"].values()]
    assert found.get(enrichment.THINNEST, np.zeros(len(thin), bool)).tolist() == thin


def test_a_study_is_kept_and_its_figures_are_those_of_the_retrievers(opened, shell, told, tmp_path, monkeypatch):
    monkeypatch.setattr(enrichment, "_path", lambda build: tmp_path / "enrichment.json")
    value = told("enrich", opened.folder)
    found = enrichment.read(opened)
    assert found.model_dump(mode="json") == value
    of = {(row.retriever, row.texts): row for row in found.rows if row.slice == enrichment.ALL}
    known = evaluation.evaluate(opened, "dev", ["bm25", "dense"], measures=["nDCG@10"])
    for name in ("bm25", "dense"):
        assert of[name, "plain"].mean == known.retrievers[name].measures["nDCG@10"]
        enriched = of[name, "enriched"]
        assert enriched.gain.mean == pytest.approx(enriched.mean.mean - of[name, "plain"].mean.mean)
    document = opened.documents[0].id
    code, out, _ = shell("enrich", opened.folder, "-d", document)
    assert code == 0
    assert ", ".join(enrichment.added(opened)[0].words) in out
    assert shell("enrich", opened.folder, "-d", "nobody")[0] == 2
    with pytest.raises(TriescopeError, match="no judged queries in split 'train'"):
        enrichment.run(opened, "train")
    (tmp_path / "enrichment.json").write_text("{}")
    with pytest.raises(TriescopeError, match="it is damaged"):
        enrichment.read(opened)
