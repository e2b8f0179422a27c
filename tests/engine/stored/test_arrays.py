"""Arrays of others: the header is held to the file, and nothing but plain numbers is taken."""

import io
import os
import zipfile

import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.stored import arrays
from tests.engine.builds.tampering import objects_file


def npy(array):
    if array.dtype == object:
        return objects_file()
    kept = io.BytesIO()
    np.save(kept, array, allow_pickle=False)
    return kept.getvalue()


def fault(path, *kinds, axes=1):
    with pytest.raises(TriescopeError) as caught:
        arrays.mapped(path, *kinds, axes=axes)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("array", [np.arange(5, dtype=np.int32), np.zeros(0, np.int32)])
def test_what_numpy_saved_is_mapped_as_it_was(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    found = arrays.mapped(tmp_path / "a.npy", "int32")
    assert found.tolist() == array.tolist()
    assert not found.flags.writeable


def test_another_type_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    for array, told in (
        (np.array([None]), "an array of object where int32 is meant"),
        (np.arange(5), "an array of int64 where int32 is meant"),
        (np.arange(5, dtype=">i4"), "an array of >i4 where int32 is meant"),
    ):
        path.write_bytes(npy(array))
        assert fault(path, "int32") == told


def test_other_axes_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    np.save(tmp_path / "b.npy", np.asfortranarray(np.zeros((2, 3), np.float32)))
    assert fault(tmp_path / "a.npy", "float32") == "an array of shape (2, 3), which is not meant here"
    assert fault(tmp_path / "b.npy", "float32", axes=2) == "an array of shape (2, 3), which is not meant here"


@pytest.mark.parametrize("shape", ["(99999999999,)", "(4,)", "(6,)", "(-1,)", "(True,)"])
def test_a_header_that_the_file_does_not_bear_out_is_refused(tmp_path, shape):
    content = npy(np.arange(5, dtype=np.int32)).replace(b"(5,)", shape.encode())
    (tmp_path / "a.npy").write_bytes(content)
    fault(tmp_path / "a.npy", "int32")


GARBAGE = [b"", b"PK", b"\x93NUMPY\x01\x00\xff\xff{", b"\x93NUMPY\x03\x00", b"\x93NUMPY\x01\x00\x05\x00((((("]


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_is_refused(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    fault(tmp_path / "a.npy", "int32")


def test_a_missing_file_and_a_pipe_are_refused_and_not_waited_for(tmp_path):
    assert fault(tmp_path / "no.npy", "int32") == "cannot be read (No such file or directory)"
    os.mkfifo(tmp_path / "pipe.npy")
    assert fault(tmp_path / "pipe.npy", "int32") == "not a file"


def test_an_archive_is_read_and_one_that_is_compressed_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(3, dtype=np.int32), b=np.zeros((2, 2), np.float32))
    found = arrays.members(path)
    assert found["a"].tolist() == [0, 1, 2]
    assert found["b"].shape == (2, 2)
    np.savez_compressed(path, a=np.zeros(1 << 20))
    with pytest.raises(TriescopeError, match=r"'a\.npy' is compressed or encrypted"):
        arrays.members(path)


def test_an_archive_that_claims_more_than_it_has_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.npy", npy(np.arange(5, dtype=np.int32)).replace(b"(5,)", b"(9,)"))
    with pytest.raises(TriescopeError, match=r"a.npz/a.npy: its header says 9 of int32, and it has another size"):
        arrays.members(path)
    path.write_bytes(b"PK" * 40)
    with pytest.raises(TriescopeError, match="not a file of arrays"):
        arrays.members(path)
