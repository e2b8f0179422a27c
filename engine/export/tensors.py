"""Tree, scorer and identifiers as one safetensors file."""

import json
from pathlib import Path

import numpy as np

from engine.builds.opened import Build
from engine.export.flat import Flat

FILE = "build.safetensors"


def write(build: Build, of: Flat, folder: Path) -> None:
    """Write :data:`FILE`: ``trie.*``, ``scorer.*``, ``adapter.*`` where there is one, ``identifiers.codes`` padded with -1."""
    from safetensors.numpy import save_file

    tensors = trie_tensors(of) | {
        "scorer.vectors": of.vectors,
        "scorer.row": of.row,
        "scorer.bias": of.bias,
        "identifiers.codes": np.ascontiguousarray(build.codes, np.int32),
    }
    if of.adapter:
        names = ("into.weight", "into.bias", "out.weight", "out.bias")
        tensors |= {f"adapter.{name}": np.ascontiguousarray(one) for name, one in zip(names, of.adapter, strict=True)}
    save_file(tensors, folder / FILE, {"about": json.dumps(of.about(build))})


def trie_tensors(of: Flat) -> dict[str, np.ndarray]:
    """The tree's arrays, all int32."""
    return {f"trie.{name}": np.ascontiguousarray(array, np.int32) for name, array in of.trie._asdict().items()}
