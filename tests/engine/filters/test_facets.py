"""Facets: what stands beside a value is what its filter lets through, and all documents are accounted for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.filters import columns_of, evaluate
from engine.filters.facets import MOST, RANGES, both, facets, quoted

values = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.floats(-9, 9).map(lambda value: round(value, 2)),
    st.booleans(),
    st.sampled_from(["Drama", "drama", "it's", 'a "b"', "1990", "x and y", "", " ", "a\nb", "(", "not"]),
)
cells = st.one_of(values, st.lists(values, max_size=3))


def made(cells, name="genre"):
    return columns_of([Document(f"d{row}", f"t{row}", "", {name: cell}) for row, cell in enumerate(cells)])


@given(st.lists(cells, max_size=12), st.data())
def test_a_facet_counts_what_its_filter_lets_through_and_together_they_are_all_that_have_a_value(cells, data):
    columns = made(cells)
    if not cells:
        return
    within = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells))))
    found = facets(columns, "genre", within)
    seen = np.zeros(len(cells), bool)
    for one in found.found:
        mask = evaluate(columns, one.filter) & within
        assert one.documents == mask.sum() > 0
        seen |= mask
    missing = within & evaluate(columns, "genre is missing")
    assert found.without == missing.sum()
    assert found.others == 0
    assert (seen | missing).sum() == within.sum()
    assert [one.documents for one in found.found] == sorted((one.documents for one in found.found), reverse=True)


def test_many_numbers_are_ranges_that_cut_the_documents_into_equal_parts():
    columns = made(list(range(1900, 2000)), "year")
    found = facets(columns, "year").found
    assert len(found) == RANGES
    assert {one.documents for one in found} <= {9, 10, 11}
    assert found[0].value.startswith("1900 to below ")
    assert found[-1].value.endswith(" and more")
    covered = sum(evaluate(columns, one.filter).astype(int) for one in found)
    assert covered.tolist() == [1] * 100


def test_a_value_is_spelled_as_its_first_document_spells_it():
    assert [one.value for one in facets(made(["Drama", "DRAMA", "War"]), "Genre").found] == ["Drama", "War"]


def test_what_is_not_listed_is_counted():
    found = facets(made([f"g{row}" for row in range(MOST + 7)] + ["x" * 300]), "genre")
    assert (len(found.found), found.others) == (MOST, 8)


def test_no_such_column_is_an_error():
    with pytest.raises(TriescopeError, match="no column"):
        facets(made(["a"]), "nosuch")


@given(st.text(min_size=1, max_size=12))
def test_any_name_can_be_quoted(name):
    if name in ("id", "title"):
        return
    assert evaluate(made(["a", None], name), f"{quoted(name)} is missing").tolist() == [False, True]


@pytest.mark.parametrize("old", ["", "year > 3", "year < 2 or year > 4", "not year = 3"])
def test_both_let_through_what_both_let_through(old):
    columns = columns_of([Document(str(y), "", "", {"year": y, "odd": y % 2}) for y in range(7)])
    wanted = evaluate(columns, "odd = 1") & (evaluate(columns, old) if old else True)
    assert evaluate(columns, both(old, "odd = 1")).tolist() == wanted.tolist()
