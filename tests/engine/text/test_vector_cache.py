import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.vector_cache import KEY_BYTES, VectorCache, cache_of, keys_of, look_up

WIDTH = 3


@pytest.fixture
def cache(tmp_path):
    return VectorCache(tmp_path / "cache", WIDTH)


def rows(*starts):
    return np.array([[start, start + 1, start + 2] for start in starts], np.float32)


def test_keys_are_the_hashes_of_the_texts():
    assert [key.tobytes() for key in keys_of(["a", "ü"])] == [hashlib.sha256(t.encode()).digest() for t in ("a", "ü")]


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(width=32, allow_nan=False)), max_size=12), st.lists(st.text(max_size=3)))
def test_a_cache_is_a_dictionary_on_disk(tmp_path_factory, added, asked):
    folder, known = tmp_path_factory.mktemp("cache"), {}
    for text, value in added:
        VectorCache(folder, WIDTH).add(keys_of([text]), np.full((1, WIDTH), value, np.float32))
        known[text] = value
    wanted = [*asked, *known]
    vectors, found = VectorCache(folder, WIDTH).get(keys_of(wanted))
    assert found.tolist() == [text in known for text in wanted]
    assert vectors.tolist() == [[known.get(text, 0.0)] * WIDTH for text in wanted]


def test_what_was_added_is_found_and_the_rest_is_zero(cache):
    cache.add(keys_of(["a", "b"]), rows(1, 4))
    vectors, found = cache.get(keys_of(["b", "never", "a", "b"]))
    assert found.tolist() == [True, False, True, True]
    assert vectors.tolist() == [[4, 5, 6], [0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert vectors.dtype == np.float32


def test_nothing_is_found_in_a_new_cache(cache):
    vectors, found = cache.get(keys_of(["a"]))
    assert (vectors.tolist(), found.tolist()) == ([[0, 0, 0]], [False])


def test_no_keys_are_asked_and_none_are_found(cache):
    cache.add(keys_of(["a"]), rows(1))
    vectors, found = cache.get(keys_of([]))
    assert (vectors.shape, found.shape) == ((0, WIDTH), (0,))


@pytest.mark.parametrize("left", [KEY_BYTES, KEY_BYTES + 1, 2 * KEY_BYTES - 1])
def test_a_key_cut_short_by_a_kill_is_as_if_it_had_not_been_written(cache, left):
    cache.add(keys_of(["a", "b"]), rows(1, 4))
    with open(cache.folder / "keys.bin", "r+b") as file:
        file.truncate(left)
    assert cache.get(keys_of(["a", "b"]))[1].tolist() == [True, False]
    cache.add(keys_of(["b", "c"]), rows(40, 7))
    vectors, found = cache.get(keys_of(["a", "b", "c"]))
    assert found.all()
    assert vectors.tolist() == [[1, 2, 3], [40, 41, 42], [7, 8, 9]]


@pytest.mark.parametrize("extra", [1, 4 * WIDTH, 4 * WIDTH + 5])
def test_vectors_whose_keys_were_never_written_are_cut_off_by_the_next_writer(cache, extra):
    cache.add(keys_of(["a"]), rows(1))
    with open(cache.folder / "vectors.bin", "ab") as file:
        file.write(b"\x7f" * extra)
    assert cache.get(keys_of(["a"]))[0].tolist() == [[1, 2, 3]]
    cache.add(keys_of(["b"]), rows(4))
    assert cache.get(keys_of(["a", "b"]))[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert (cache.folder / "vectors.bin").stat().st_size == 2 * 4 * WIDTH


def test_keys_that_end_in_zeros_stay_apart(cache):
    raw = [b"k" * 31 + b"\0", b"k" * 30 + b"\0\0", b"\0" * 32]
    keys = np.frombuffer(b"".join(raw), f"V{KEY_BYTES}")
    cache.add(keys[:2], rows(1, 4))
    vectors, found = cache.get(keys)
    assert found.tolist() == [True, True, False]
    assert vectors[:2].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_key_added_twice_still_has_one_vector(cache):
    cache.add(keys_of(["a", "b", "a"]), rows(1, 4, 1))
    assert cache.get(keys_of(["a", "b"]))[0].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_what_one_folder_lacks_is_taken_from_the_next(tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    cache_of(own, "e5", WIDTH).add(keys_of(["a"]), rows(1))
    cache_of(other, "e5", WIDTH).add(keys_of(["a", "b"]), rows(7, 4))
    vectors, found = look_up([tmp_path / "none", own, other], ("e5",), keys_of(["b", "never", "a"]))
    assert found.tolist() == [True, False, True]
    assert vectors.tolist() == [[4, 5, 6], [0, 0, 0], [1, 2, 3]]
    assert look_up([own, other], ("e6",), keys_of(["a"])) is None


def test_looking_up_writes_nothing(tmp_path):
    VectorCache(tmp_path / "cache", WIDTH).get(keys_of(["a"]))
    look_up([tmp_path / "cache"], ("e5",), keys_of(["a"]))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("left", "whole"), [(4 * WIDTH, 1), (8 * WIDTH - 1, 1), (3, 0), (0, 0)])
def test_keys_whose_vectors_were_cut_off_count_as_never_written(cache, left, whole):
    cache.add(keys_of(["a", "b"]), rows(1, 4))
    with open(cache.folder / "vectors.bin", "r+b") as file:
        file.truncate(left)
    assert cache.cut == 2 - whole
    assert cache.get(keys_of(["a", "b"]))[1].tolist() == [whole == 1, False]
    cache.add(keys_of(["b", "c"]), rows(40, 7))
    vectors, found = cache.get(keys_of(["a", "b", "c"]))
    assert (found.tolist(), cache.cut) == ([whole == 1, True, True], 0)
    assert vectors.tolist() == [[1, 2, 3] if whole else [0, 0, 0], [40, 41, 42], [7, 8, 9]]


def test_without_its_file_of_vectors_a_cache_is_empty(cache):
    cache.add(keys_of(["a"]), rows(1))
    (cache.folder / "vectors.bin").unlink()
    assert cache.get(keys_of(["a"]))[1].tolist() == [False]


def test_a_folder_that_is_no_store_of_vectors_is_passed_over(tmp_path):
    (tmp_path / "e5-copy").mkdir()
    assert look_up([tmp_path], ("e5",), keys_of(["a"])) is None


def test_a_text_as_a_query_and_as_a_document_are_two():
    assert keys_of(["a"], "query")[0] != keys_of(["a"])[0]
