"""The encoder of queries as ONNX: a query that is asked of a cold process waits a third of a second for its vector, not the four
that it takes to import torch and sentence-transformers alone, and a warm one 3 ms instead of 10.

An export is made once (:func:`export`) from the encoder that sentence-transformers loads, and kept in the cache under the
encoder's fingerprint. It is held to the original before it is kept: on texts short and long, in several scripts, the cosine is
at least :data:`LEAST_COSINE`. An encoder that cannot be exported takes the usual way
(:func:`engine.text.embed.encode_query`). Documents take it always: long texts are no faster here. Several queries go through it
together, which a server does (:mod:`engine.serve`): eight in about half the time of one after the other.
"""

import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine import paths
from engine.errors import TriescopeError
from engine.files import replace_json

if TYPE_CHECKING:
    from engine.text.encoders import Encoder

LEAST_COSINE = 0.99999
MOST_TOGETHER = 1024
GRAPH, TOKENIZER, ABOUT = "queries.onnx", "tokenizer.json", "queries.json"
# What an earlier version wrote, whose graph took one query at a time; it makes room for the new one.
BEFORE = ("query.onnx", "about.json")
# What an export has to reproduce: one letter, a sentence, other scripts, nothing but signs, more than fits.
PROBES = (
    "x",
    "a heist that happens inside dreams",
    'Études de marché: 1,200 films – "naïve" Ångström',
    "雪の中の家族 и снег, ভারত",
    "?!",
    " ".join(f"word{number} of a long abstract" for number in range(200)),
)


class About(NamedTuple):
    """What belongs to an exported graph: most tokens of a text, the prompt that is put before a query, and the lowest cosine to
    the original among the probes."""

    tokens: int
    prompt: str
    cosine: float


class QueryEncoder(NamedTuple):
    """An opened export."""

    session: Any
    tokenizer: Any
    about: About

    def encode(self, text: str) -> np.ndarray:
        """Embed one query: float32 ``(d,)``, length 1."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> np.ndarray:
        """Embed queries together: float32 ``(len(texts), d)``, rows of length 1. With others beside it, a query's vector may
        differ from what it is alone by some 1e-7."""
        tokens = [self.tokenizer.encode(self.about.prompt + text).ids for text in texts]
        ids = np.zeros((len(texts), max(map(len, tokens))), np.int64)
        mask = np.zeros_like(ids)
        for row, of_text in enumerate(tokens):
            ids[row, : len(of_text)], mask[row, : len(of_text)] = of_text, 1
        return self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def folder_of(key: str) -> Path:
    """Where the export of an encoder lies, by its fingerprint."""
    return paths.cache() / "onnx" / key


def find(key: str) -> QueryEncoder | None:
    """The export of an encoder, by its fingerprint; None where there is none."""
    about = folder_of(key) / ABOUT
    return _open(str(folder_of(key)), about.stat().st_mtime_ns) if about.is_file() else None


@lru_cache(maxsize=2)
def _open(folder: str, version: int) -> QueryEncoder | None:
    import onnxruntime
    from tokenizers import Tokenizer

    here = Path(folder)
    try:
        about = About(**json.loads((here / ABOUT).read_text("utf-8")))
        tokenizer = Tokenizer.from_file(str(here / TOKENIZER))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # of the notes of an optimiser nobody has a use
        # Threads that spin while they wait take a busy machine's cores from whoever has work to do.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        asked = os.environ.get("OMP_NUM_THREADS", "")  # which the library does not look at itself
        options.intra_op_num_threads = int(asked) if asked.isdecimal() else 0  # 0: as many as there are cores
        session = onnxruntime.InferenceSession(str(here / GRAPH), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises bare exceptions for damaged files
        raise TriescopeError(
            f"{folder}: the exported encoder is damaged; delete the folder ({str(error).splitlines()[0]})"
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(about.tokens)
    opened = QueryEncoder(session=session, tokenizer=tokenizer, about=about)
    opened.encode("warm")  # the first call allocates; no query that is timed should pay for that
    return opened


def export(encoder: "Encoder") -> About:
    """Export an encoder, hold it to the original and keep it; returns at once where that was done before.

    Raises
    ------
    TriescopeError
        It cannot be exported, or its export gives other vectors. Its queries then take the usual way.
    """
    folder = folder_of(encoder.key)
    if known := find(encoder.key):
        return known.about
    why = _hinders(encoder)
    if why:
        raise TriescopeError(f"encoder {encoder.name!r} is not exported: {why}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in BEFORE:
        (folder / name).unlink(missing_ok=True)
    model = encoder.model
    prompt = model.prompts.get("query") or model.prompts.get(model.default_prompt_name or "") or ""
    model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    _write_graph(encoder, folder / GRAPH)
    about = About(tokens=int(model.max_seq_length), prompt=prompt, cosine=0.0)
    # Read as it will be read; the file that says so comes last, so what is half done is not found.
    replace_json(folder / ABOUT, about._asdict())
    opened = find(encoder.key)
    assert opened is not None
    (folder / ABOUT).unlink()
    alone, together = np.array([opened.encode(text) for text in PROBES]), opened.encode_all(PROBES)
    here = encoder.encode(PROBES, "query")
    cosine = min(float(np.einsum("nd,nd->n", there, here).min()) for there in (alone, together))
    if not cosine >= LEAST_COSINE:
        raise TriescopeError(f"encoder {encoder.name!r} is not exported: its export gives other vectors (cosine {cosine:.5f})")
    about = about._replace(cosine=round(cosine, 7))
    replace_json(folder / ABOUT, about._asdict())
    return about


def _hinders(encoder: "Encoder") -> str:
    """What stands in the way of an export; empty where nothing does."""
    kinds = [type(module).__name__ for module in encoder.model]
    if kinds[:2] != ["Transformer", "Pooling"] or any(kind not in ("Normalize", "Dense") for kind in kinds[2:]):
        return f"its modules are {', '.join(kinds)}"
    if not getattr(encoder.model.tokenizer, "is_fast", False):
        return "its tokenizer is written in Python"
    return "" if encoder.model.max_seq_length else "it has no longest text"


def _write_graph(encoder: "Encoder", path: Path) -> None:
    import contextlib
    import io
    import logging
    import warnings

    import torch

    class Whole(torch.nn.Module):
        """Tokens to a unit vector, all modules in one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.model = encoder.model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": torch.zeros_like(input_ids)}
            return torch.nn.functional.normalize(self.model(features)["sentence_embedding"], dim=1)

    ids = torch.ones((3, 7), dtype=torch.long)  # a size of one would stay one
    count = torch.export.Dim("queries", min=1, max=MOST_TOGETHER)
    sizes = {0: count, 1: torch.export.Dim("tokens", min=2, max=int(encoder.model.max_seq_length))}
    known = logging.getLogger("torch.onnx").level
    try:
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                Whole().eval(),
                (ids, torch.ones_like(ids)),
                input_names=["input_ids", "attention_mask"],
                output_names=["vector"],
                dynamic_shapes=(sizes, sizes),
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            program.save(path)
    except Exception as error:  # whatever the exporter meets in a model that it does not know
        raise TriescopeError(f"encoder {encoder.name!r} is not exported: {str(error).splitlines()[0][:200]}") from error
    finally:
        logging.getLogger("torch.onnx").setLevel(known)
