"""Builds tampered with on purpose: one change a seed, in one file, and all sizes and hashes made to fit again."""

import hashlib
import io
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.files import sha256

# What nobody should be able to make of a browser, a path, a protocol buffer or a number.
WILD = [
    None, True, -1, 0, 1, 2**31, 2**63, 2**200, 1e308, "", "x", "\ud800", "\u0000", "../../../etc/passwd", "a\nb", [], {}, [[]],
    [-1], [None], {"": {}}, "hybrid", "centroid", "node", 0.5, -0.5, ["a", "b"], [1, 2, 3], "9" * 5000, "generative+hybrid",
]  # fmt: skip
NUMBERS = [-1, -2, 1, 2**31 - 1, -(2**31), 2**16 - 1, 2**15, 13, 20, 21, 10**6]


def tamper(folder: Path, seed: int) -> str:
    """Change one thing in a build, by chance from ``seed``; what was done, in words."""
    random = np.random.default_rng(seed)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    # Each kind of file as often as the others, however many there are of it.
    kinds = sorted({path.suffix for path in files})
    kind = kinds[random.integers(len(kinds))]
    of_kind = [path for path in files if path.suffix == kind]
    path = of_kind[random.integers(len(of_kind))]
    ways = [*ANY, *BY_KIND.get(kind, []), *BY_KIND.get(kind, []), *BY_KIND.get(kind, [])]
    way = ways[random.integers(len(ways))]
    way(path, random)
    told = f"{seed}: {way.__name__.strip('_')} {path.relative_to(folder)}"
    if path.suffix == ".safetensors" and path.is_file():
        _rename(path)
    if path.name != "manifest.json" or random.integers(2):
        refit(folder)
    return told


def refit(folder: Path) -> None:
    """Make the manifest say of every file what it is now."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        for name in list(manifest["files"]):
            path = folder / name
            if path.is_file():
                manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
            else:
                del manifest["files"][name]
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # the manifest itself was the one that was tampered with


def _rename(path: Path) -> None:
    """Weights are named after their hash, and the run after them."""
    name = f"weights-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.safetensors"
    path.rename(path.with_name(name))
    run = path.with_name("run.json")
    run.write_text(json.dumps(json.loads(run.read_text("utf-8")) | {"weights": name}), "utf-8")


def flip(path, random):
    content = bytearray(path.read_bytes())
    for place in random.integers(len(content), size=random.integers(1, 9)) if content else ():
        content[place] ^= 1 << int(random.integers(8))
    path.write_bytes(content)


def flip_behind_the_header(path, random):
    content = bytearray(path.read_bytes())
    start = min(len(content) - 1, int(random.choice([128, len(content) // 2, 40])))
    for place in random.integers(start, len(content), size=random.integers(1, 33)) if content else ():
        content[place] = int(random.integers(256))
    path.write_bytes(content)


def cut_off(path, random):
    path.write_bytes(path.read_bytes()[: int(random.integers(path.stat().st_size + 1))])


def lengthen(path, random):
    path.write_bytes(path.read_bytes() + random.bytes(int(random.integers(1, 5000))))


def overwrite(path, random):
    path.write_bytes(random.bytes(int(random.integers(300))))


def fill(path, random):
    content = bytearray(path.read_bytes())
    start = int(random.integers(len(content) + 1))
    stop = min(len(content), start + int(random.integers(1, 200)))
    content[start:stop] = bytes([int(random.choice([0, 0x7F, 0x80, 0xFF]))]) * (stop - start)
    path.write_bytes(content)


def delete(path, random):
    path.unlink()


def swap(path, random):
    others = sorted(other for other in path.parent.iterdir() if other.suffix == path.suffix and other != path)
    if others:
        shutil.copyfile(others[random.integers(len(others))], path)


def a_pipe_in_its_place(path, random):
    import os

    path.unlink()
    os.mkfifo(path)


ANY = [flip, flip_behind_the_header, cut_off, lengthen, overwrite, fill, delete, swap, a_pipe_in_its_place]


def _numbers(array, random):
    """Some values changed, whatever their type."""
    flat = array.reshape(-1)
    if not len(flat):
        return
    places = random.integers(len(flat), size=random.integers(1, 4))
    if array.dtype.kind == "f":
        flat[places] = random.choice([np.nan, np.inf, -np.inf, 3e38, -1e-40, 0.0, 1e30])
    elif array.dtype.kind in "iu":
        wanted = int(random.choice([*NUMBERS, int(flat[places[0]]) + 1, int(flat[places[0]]) - 1]))
        flat[places] = np.int64(wanted).astype(array.dtype)
    else:
        flat[places] = random.integers(256)


def _reshaped(array, random):
    ways = [
        lambda: array.astype(random.choice(["int64", "float64", "uint8", "int8", ">i4", "complex64", "S3", "U2", "bool"])),
        lambda: array.reshape(1, *array.shape),
        lambda: array.reshape(-1)[: max(0, array.size - 1)],
        lambda: array[:0],
        lambda: np.concatenate([array, array]),
        lambda: np.asfortranarray(array.T),
        lambda: array[::-1].copy(),
        lambda: np.zeros((), array.dtype),
        lambda: np.zeros_like(array),
        lambda: np.full_like(array, -1 if array.dtype.kind == "i" else 1),
        lambda: random.permutation(array),
        lambda: array[:-1],
    ]
    return ways[random.integers(len(ways))]()


def _changed(array, random):
    if random.integers(3):
        array = array.copy()
        _numbers(array, random)
        return array
    return _reshaped(array, random)


def numbers(path, random):
    try:
        array = np.load(path)
    except ValueError:
        return
    np.save(path, _changed(array, random))


def objects_file() -> bytes:
    """A file that says it holds objects, which NumPy would unpickle. What stands in it by hand is the pickle of None."""
    kept = io.BytesIO()
    np.lib.format.write_array_header_1_0(kept, {"descr": "|O", "fortran_order": False, "shape": (2,)})
    return kept.getvalue() + b"\x80\x04N."


def objects(path, random):
    path.write_bytes(objects_file())


def a_header_of_wonders(path, random):
    content = path.read_bytes()
    wonders = ["(99999999999,)", "(-1,)", "(2, 99999999999999999999)", "()", "(" * 500 + ")" * 500, "(0, 5)", "(True,)", "(1.5,)"]
    types = ["<f4", "<i4", "|O", ">i4", "<U9", "|V8", "<f8", "nonsense"]
    shape, kind = wonders[random.integers(len(wonders))], types[random.integers(len(types))]
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content[128:])


def members(path, random):
    with np.load(path) as stored:
        arrays = dict(stored)
    name = list(arrays)[random.integers(len(arrays))]
    ways = ["change", "change", "change", "drop", "rename", "object", "words", "squeeze"]
    way = ways[random.integers(len(ways))]
    if way == "change":
        arrays[name] = _changed(arrays[name], random)
    elif way == "drop":
        del arrays[name]
    elif way == "rename":
        arrays[f"codebook_{random.integers(9)}"] = arrays.pop(name)
    elif way == "object":
        arrays[name] = np.array([None], object)
    elif way == "words":
        words = json.dumps(WILD[random.integers(len(WILD))])
        arrays["words"] = np.frombuffer(random.choice([words, f"[{words}]", "[" * 9000, "{", '[["\\ud800"]]']).encode(), np.uint8)
    else:
        arrays["array_zeros"] = np.zeros(1 << 24)
        np.savez_compressed(path, **arrays)
        return
    np.savez(path, **arrays)


def _places(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from _places(below, (*at, key))


def values(path, random):
    try:
        value = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError):
        return
    places = list(_places(value))
    *above, last = (None, *places[random.integers(len(places))])
    wild = WILD[random.integers(len(WILD))]
    if not above:
        value = wild
    else:
        inside = value
        for key in above[1:]:
            inside = inside[key]
        if random.integers(5):
            inside[last] = wild
        elif isinstance(inside, dict):
            inside[str(wild)[:20]] = inside.pop(last)
        else:
            del inside[last]
    path.write_text(json.dumps(value), "utf-8")


def texts(path, random):
    wonders = ["[" * 100_000, '{"a": NaN}', "Infinity", '"\\ud800"', "null", "[]", '{"format": 3}', "9" * 10_000, "\ufeff{}", ""]
    path.write_text(wonders[random.integers(len(wonders))], "utf-8")


def columns(path, random):
    """Other values, types or columns, in a file that is whole."""
    table = pq.read_table(path)
    place = int(random.integers(table.num_columns))
    name, column = table.column_names[place], table.column(place).to_pylist()
    row = int(random.integers(len(column)))
    ways = [
        "value",
        "value",
        "null",
        "type",
        "drop",
        "add",
        "rows",
        "nested",
        "rename",
        "large",
        "long",
        "shared",
        "many",
        "empty",
    ]
    way = ways[random.integers(len(ways))]
    array = None
    if way == "value":
        texts = ["", "\u0000", "x" * 1_000_000, '{"a": "\\ud800"}', "[" * 5000, "null", column[0], '{"a": 1e999}', "test"]
        column[row] = texts[random.integers(len(texts))] if isinstance(column[0], str) else int(random.choice(NUMBERS[:5]))
    elif way == "null":
        column[row] = None
    elif way == "type":
        array = pa.array(range(len(column)), random.choice([pa.int64(), pa.float64(), pa.timestamp("s")]))
    elif way == "drop":
        pq.write_table(table.drop([name]), path)
        return
    elif way == "add":
        pq.write_table(table.append_column("more", table.column(0)), path)
        return
    elif way == "rows":
        some = random.integers(table.num_rows, size=int(random.integers(2 * table.num_rows)))
        pq.write_table(table.take(pa.array(some)), path)
        return
    elif way == "nested":
        array = pa.array([[value] for value in column])
    elif way == "rename":
        pq.write_table(table.rename_columns([*table.column_names[:place], "\u202e", *table.column_names[place + 1 :]]), path)
        return
    elif way == "large":
        array = pa.array([str(value).encode() + b"\xff" for value in column], pa.binary())
    elif way == "long":
        column = ["y" * 300_000] * len(column)
    elif way == "shared":
        count = 2_000_000
        pq.write_table(pa.table({other: [str(table.column(other)[0])] * count for other in table.column_names}), path)
        return
    elif way == "many":
        pq.write_table(pa.table({f"c{number}": [1] for number in range(3000)}), path)
        return
    elif way == "empty":
        pq.write_table(table.slice(0, 0), path)
        return
    pq.write_table(table.set_column(place, name, array if array is not None else pa.array(column)), path)


def footer(path, random):
    """Bytes of the footer, where the numbers of rows, offsets and sizes stand."""
    content = bytearray(path.read_bytes())
    size = struct.unpack("<I", content[-8:-4])[0]
    start = max(4, len(content) - 8 - size)
    for place in random.integers(start, len(content) - 4, size=random.integers(1, 6)):
        content[place] = int(random.choice([0, 1, 0x7F, 0x80, 0xFF, int(random.integers(256))]))
    path.write_bytes(content)


def page_headers(path, random):
    """The first bytes of a column's pages, where their sizes and numbers of values stand."""
    metadata = pq.read_metadata(path)
    content = bytearray(path.read_bytes())
    column = metadata.row_group(0).column(int(random.integers(metadata.num_columns)))
    start = column.dictionary_page_offset or column.data_page_offset
    for place in start + random.integers(0, 24, size=random.integers(1, 5)):
        content[min(int(place), len(content) - 1)] = int(random.choice([0, 0x7F, 0x80, 0xFF, int(random.integers(256))]))
    path.write_bytes(content)


def tensors(path, random):
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    try:
        found = load(path.read_bytes())
    except (SafetensorError, ValueError, KeyError):  # another change made it unreadable before
        return
    name = list(found)[random.integers(len(found))]
    if random.integers(6):
        changed = _changed(found[name], random)
        if changed.dtype.kind not in "fiub" or not changed.dtype.isnative:
            return
        found[name] = np.ascontiguousarray(changed)
    else:
        del found[name]
    path.write_bytes(save(found))


def tensor_headers(path, random):
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    head = json.loads(content[8 : 8 + size])
    name = list(head)[random.integers(len(head))]
    key = ["dtype", "shape", "data_offsets"][random.integers(3)]
    wonders = {
        "dtype": ["F64", "BF16", "I8", "X"],
        "shape": [[10**12], [], [-1], [2**63]],
        "data_offsets": [[0, 2**60], [5, 1], []],
    }
    head[name] = {**head[name], key: wonders[key][random.integers(len(wonders[key]))]} if isinstance(head[name], dict) else 7
    told = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(told)) + told + content[8 + size :])


def graph(path, random):
    """Numbers of the HNSW graph: its head, the levels, where links begin, the links, the entry."""
    content = bytearray(path.read_bytes())
    before_points = len(content) - 13 * 384 * 4
    place = int(random.integers(4, before_points - 8))
    content[place : place + 4] = struct.pack("<i", int(random.choice(NUMBERS)))
    path.write_bytes(content)


def graph_parts(path, random):
    """The graph's vectors through faiss itself, so that the file is whole and only the numbers lie."""
    import faiss

    index = faiss.read_index(str(path))
    graph = index.hnsw
    part = getattr(graph, ["levels", "offsets", "cum_nneighbor_per_level"][random.integers(3)])
    array = faiss.vector_to_array(part).copy()
    wanted = int(random.choice(NUMBERS))
    array[random.integers(len(array))] = np.int64(wanted).astype(array.dtype)
    faiss.copy_array_to_vector(array, part)
    if random.integers(2):
        graph.entry_point, graph.max_level = wanted, int(random.choice([0, 1, 5, -1]))
    faiss.write_index(index, str(path))


BY_KIND = {
    ".npy": [numbers, numbers, numbers, objects, a_header_of_wonders],
    ".npz": [members, members],
    ".json": [values, values, values, texts],
    ".parquet": [columns, columns, footer, page_headers],
    ".safetensors": [tensors, tensors, tensor_headers],
    ".faiss": [graph, graph, graph_parts],
}


def description(error: BaseException) -> str:
    """A refusal that is not one line is a fault too."""
    text = str(error)
    return text if "\n" not in text and "\r" not in text and text else f"NOT ONE LINE: {text!r}"
