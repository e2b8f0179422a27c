"""Identifiers from behaviour: what is taken together stands together, the texts count as much as they are asked to."""

import numpy as np
import pytest

from engine import identifiers
from engine.errors import TriescopeError
from engine.identifiers import rq_kmeans
from engine.identifiers.rq_behaviour import mixed
from tests.engine.identifiers.test_identifiers import planted, random_vectors
from tests.engine.oracles import unit


def fit(texts, behaviour, **settings):
    return identifiers.fit("rq-behaviour", np.asarray(texts, np.float32), settings, 0, behaviour=behaviour)


def test_a_cosine_is_the_weighed_mean_of_both():
    texts, behaviour = random_vectors(20), random_vectors(20, seed=1) * 7
    for share in (0.0, 0.3, 1.0):
        rows = mixed(texts, behaviour, share)
        expected = share * texts @ texts.T + (1 - share) * unit(behaviour) @ unit(behaviour).T
        assert np.allclose(rows @ rows.T, expected, atol=1e-5)


def test_by_behaviour_alone_the_texts_say_nothing_and_what_is_taken_together_begins_alike():
    behaviour, cluster = planted()
    found = fit(random_vectors(60), behaviour, share=0.0, levels=1, codes=6)
    assert len({(code, of) for code, of in zip(found.codes[:, 0].tolist(), cluster.tolist(), strict=True)}) == 6
    assert (fit(random_vectors(60, seed=9), behaviour, share=0.0, levels=1, codes=6).codes == found.codes).all()
    assert found.codebooks == []


def test_by_texts_alone_it_is_rq_kmeans_and_can_place_a_new_document():
    texts = random_vectors(60)
    found = fit(texts, None, share=1.0, levels=2, codes=4)
    assert (found.codes == identifiers.fit("rq-kmeans", texts, {"levels": 2, "codes": 4}).codes).all()
    assert (identifiers.assign("rq-behaviour", found, texts) == rq_kmeans.assign(found, texts)).all()
    assert identifiers.unplaceable("rq-behaviour", found) == ""


def test_a_document_that_nobody_took_goes_by_its_text_and_is_counted():
    behaviour, _ = planted()
    behaviour = behaviour.astype(np.float32)
    behaviour[[5, 17]] = 0
    texts = random_vectors(60)
    assert np.allclose(mixed(texts, behaviour, 0.2)[5, :16], texts[5], atol=1e-6)
    assert fit(texts, behaviour, codes=4).notes == (
        "2 of 60 documents have nothing in the item-item matrix: they are placed by their texts alone",
    )


def test_what_it_cannot_do_it_says():
    with pytest.raises(TriescopeError, match=r"nobody has taken anything of this catalogue yet; join interactions"):
        fit(random_vectors(9), None)
    found = fit(random_vectors(60), random_vectors(60, seed=1), codes=4)
    with pytest.raises(TriescopeError, match="nobody has taken a new document"):
        identifiers.assign("rq-behaviour", found, random_vectors(1))
