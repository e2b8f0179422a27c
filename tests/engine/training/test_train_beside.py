"""What stands beside a trained scorer: with the same labels, where it has no more of them than the scorer has."""

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.training import train as training
from engine.training.dev import Dev
from engine.training.source import open_source
from engine.training.spec import TrainSpec
from tests.engine import stored_tuned


@pytest.fixture(scope="module")
def source(small_corpus, home, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        judged = {"train": small_corpus.qrels["test"], "dev": small_corpus.qrels["dev"]}
        folder = tmp_path_factory.mktemp("beside") / "sixty"
        yield open_source(make(small_corpus._replace(qrels=judged), BuildSpec(settings={"codes": 4}), folder))


def asked(source):
    judged = source.judged("dev")
    vectors = np.asarray(source.embeddings[: len(judged.qrels)])
    texts = [judged.queries[query] for query in judged.qrels]
    return Dev(list(judged.qrels), texts, vectors, list(vectors), list(judged.qrels.values()), "split dev")


def test_moved_documents_stand_there_where_no_query_asked_moved_them(source):
    found = training._beside(source, TrainSpec(), asked(source))
    assert set(found) == {"bm25", "dense", "moved"}
    # Held out of the train queries, those asked would have moved documents; kept out, a document would still be moved.
    for spec in (TrainSpec(dev=""), TrainSpec(cold=0.1)):
        assert set(training._beside(source, spec, asked(source))) == {"bm25", "dense"}


def test_so_does_the_encoder_that_was_fine_tuned_on_them(source):
    stored_tuned.store(source.folder)
    assert set(training._beside(source, TrainSpec(), asked(source))) == {"bm25", "dense", "moved", "tuned"}
