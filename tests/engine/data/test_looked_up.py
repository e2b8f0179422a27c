"""Documents of a large build are looked up: the same as a list of them, whatever is asked."""

import numpy as np
import pytest

from engine.builds.opened import Build
from engine.data import looked_up, tables
from engine.errors import TriescopeError
from engine.stored.parquet import read_texts


@pytest.fixture
def both(small_build, monkeypatch):
    """A build's documents as a list, and looked up."""
    listed = Build(small_build).documents
    monkeypatch.setattr(tables, "MANY", 1)
    monkeypatch.setattr(looked_up, "BATCH", 7)
    found = Build(small_build).documents
    assert isinstance(listed, list)
    assert isinstance(found, looked_up.LookedUp)
    return listed, found


def test_they_are_those_of_the_list(both):
    listed, found = both
    assert list(found) == listed
    assert found == listed
    assert listed == found
    assert (found != listed[:-1], len(found)) == (True, len(listed))
    for row in (0, -1, 17, np.int32(5)):
        assert found[row] == listed[row]
    for some in (slice(3), slice(-4, None), slice(None, None, 9), slice(40, 2, -5)):
        assert found[some] == listed[some]
    for beyond in (len(listed), -len(listed) - 1):
        with pytest.raises(IndexError):
            found[beyond]
    for rows in (None, np.array([17, 3, 3, 0])):
        assert looked_up.ids_of(found, rows) == looked_up.ids_of(listed, rows)
        assert looked_up.titles_of(found, rows) == looked_up.titles_of(listed, rows)
    assert looked_up.at(found, [17, 3, 3]) == looked_up.at(listed, [17, 3, 3]) == [listed[17], listed[3], listed[3]]


def test_what_is_asked_of_a_build_is_answered_alike(both, small_build, monkeypatch):
    build = Build(small_build)
    assert isinstance(build.documents, looked_up.LookedUp)
    query = build.documents[7].title
    asked = [[hit.id for hit in build.search(query, name)[0]] for name in ("bm25", "dense", "generative")]
    monkeypatch.setattr(tables, "MANY", 10**9)
    plain = Build(small_build)
    assert asked == [[hit.id for hit in plain.search(query, name)[0]] for name in ("bm25", "dense", "generative")]
    assert plain.row_of == build.row_of


def test_rows_are_found_over_several_chunks_with_texts_that_they_share(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [f"text {number % 4}" for number in range(50)] + ["Ünïcode", ""]
    pq.write_table(pa.table({"name": texts}), tmp_path / "t.parquet", row_group_size=11)
    (found,) = read_texts(tmp_path / "t.parquet", ["name"], 52)
    rows = np.array([51, 0, 33, 12, 12, 50, 11])
    assert found.take(rows) == [texts[row] for row in rows]
    assert found.take(rows[:0]) == []
    with pytest.raises(TriescopeError, match="52 rows where there must be 51"):
        read_texts(tmp_path / "t.parquet", ["name"], 51)


def test_metadata_that_is_damaged_is_said_where_it_is_read(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"id": ["a", "b"], "title": ["A", "B"], "text": ["", ""], "metadata": ["{}", "[1"]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    found = looked_up.LookedUp(
        lambda text: tables._metadata(tmp_path, text), *read_texts(tmp_path / "t.parquet", list(columns), 2)
    )
    assert found[0].id == "a"
    with pytest.raises(TriescopeError, match="no JSON"):
        found[1]
