"""Pieces of identifiers: n-grams by loops, what SentencePiece may cut, and a control that shares nothing for a reason."""

import numpy as np
import pytest
import torch

from engine.errors import TriescopeError
from engine.recommending.models import networks, pieces, train
from engine.recommending.models.pieces import Pieced
from engine.recommending.models.sequence import SequenceModel, Shape
from engine.recommending.models.spec import SequenceSpec
from tests.engine.recommending.baskets import ITEMS, material

CODES = np.array([[0, 1, 0], [0, 1, 2], [2, 1, -1], [2, 0, 1], [-1, -1, -1]], np.int32)
TAKEN = np.array([9, 9, 1, 0, 0])


def loops(codes):
    """The n-grams of every item, in words."""
    found = []
    for row in codes.tolist():
        runs = [(size, at, tuple(row[at : at + size])) for size in (1, 2) for at in range(len(row) - size + 1)]
        found.append([run for run in runs if min(run[2]) >= 0])
    return found


@pytest.mark.parametrize("rows", [100, 4])
def test_equal_ngrams_have_equal_rows_and_others_too_only_where_there_are_too_few(rows):
    cut, expected = pieces.ngrams(Pieced(CODES, TAKEN, rows)), loops(CODES)
    row_of = {}
    for item, runs in enumerate(expected):
        there = cut[item][cut[item] >= 0].tolist()
        assert len(there) == len(runs)
        for run, row in zip(runs, there, strict=True):
            assert row_of.setdefault(run, row) == row
    assert cut.max() < rows
    assert (len(set(row_of.values())) == len(row_of)) == (rows == 100)


def test_sentencepiece_cuts_identifiers_into_runs_that_are_taken_together():
    codes = np.array([[a, b, c] for a in range(3) for b in range(3) for c in range(3)], np.int32)
    taken = np.where((codes[:, 0] == 1) & (codes[:, 1] == 2), 200, 1)
    cut = pieces.sentencepiece(Pieced(codes, taken, 14))
    sizes = (cut >= 0).sum(axis=1)
    assert sizes[taken == 200].max() <= 2 < sizes.max()  # 1 and 2 are one piece, others lie alone
    assert len({tuple(row) for row in cut.tolist()}) == len(codes)
    assert cut.max() < 14
    with pytest.raises(TriescopeError, match="9 different codes, and the table 8 rows"):
        pieces.sentencepiece(Pieced(codes, taken, 8))


def test_the_control_knows_the_number_alone():
    one, other = (pieces.hashed(Pieced(codes, TAKEN, 50)) for codes in (CODES, CODES[::-1].copy()))
    assert np.array_equal(one, other)
    assert len(np.unique(one)) > 8


def test_an_item_is_the_sum_of_its_pieces():
    cut = torch.tensor([[0, 2], [1, -1], [-1, -1]])
    made = SequenceModel(3, Shape(width=8, longest=4), True, None, False, 1e-3, cut, 4)
    table, found = made.table.weight, made.item_vectors()
    assert torch.allclose(found[0], (table[0] + table[2]) / 2**0.5)
    assert torch.allclose(found[1], table[1])
    assert not found[2].any()
    assert torch.equal(found[3:], table[-2:])


def test_pieces_are_kept_with_the_weights(tmp_path, monkeypatch):
    of = material()
    spec = SequenceSpec(items="sentencepiece", rows=20, epochs=1, width=16, longest=8)
    train.train(of, spec, tmp_path / "cut")
    before = networks.opened(of, tmp_path / "cut").of.model.pieces
    monkeypatch.setitem(pieces.WAYS, "sentencepiece", lambda of: np.zeros((ITEMS, of.codes.shape[1]), np.int64))
    assert torch.equal(networks.opened(of, tmp_path / "cut").of.model.pieces, before)
    assert before.max() > 0
