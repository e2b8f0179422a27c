"""Documents encoded several times as fast on a CPU (extra ``fast``): the exported encoder, run by OpenVINO.

The graph is the one that queries take (:mod:`engine.text.query_encoder`); on processors that calculate in bfloat16 OpenVINO does
so. What comes out is nearly what the encoder itself gives, not the same number: it is held to the original on its probes, kept
in the cache of vectors under a key of its own, and a build that asks for it says so. What the cache has from the encoder itself
is taken first, and whoever does not ask for this way never sees what it made.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.files import replace_json
from engine.stored import values
from engine.text import embed, encoders, query_encoder

# Texts that are encoded together, and the step in which their lengths grow: each shape is compiled once.
TOGETHER, STEP = 16, 16
LEAST_COSINE = 0.999
ABOUT = "documents.json"
_AT_WORK, _NEXT = threading.Lock(), threading.Lock()
MISSING = "openvino is missing; it needs the extra: pip install 'triescope[fast]'"


class FastEncoder(NamedTuple):
    """An opened way; ``key`` is not the encoder's own (:func:`way`), and ``cosine`` the least one to it among the probes."""

    name: str
    key: str
    dimensions: int
    prompt: str
    cosine: float
    requests: tuple[Any, ...]
    tokenizer: Any

    def encode(self, texts: Sequence[str], role: embed.Role = "document") -> np.ndarray:
        """Embed documents: float32 ``(len(texts), dimensions)``, rows of length 1.

        Raises
        ------
        TriescopeError
            They are queries, which have an encoder of their own.
        """
        if role != "document":
            raise TriescopeError("queries do not take the fast way of documents")
        made = np.zeros((len(texts), self.dimensions), np.float32)
        batches = _batches(self.tokenizer, [self.prompt + text for text in texts])

        def work(request: Any) -> None:
            while True:
                with _NEXT:
                    batch = next(batches, None)
                if batch is None:
                    return
                rows, ids, mask = batch
                made[rows] = request.infer({"input_ids": ids, "attention_mask": mask})[0][: len(rows)]

        # Two who share a request would get each other's answers.
        with _AT_WORK, ThreadPoolExecutor(len(self.requests)) as workers:
            for _ in workers.map(work, self.requests):
                pass
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def _batches(tokenizer: Any, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows of the texts, longest first, with their tokens and mask: int64 ``(TOGETHER, tokens)``, empty rows behind the last."""
    tokens = [found.ids for found in tokenizer.encode_batch(list(texts))]
    order = np.argsort([-len(of) for of in tokens], kind="stable")
    most = int(tokenizer.truncation["max_length"])
    for start in range(0, len(order), TOGETHER):
        rows = order[start : start + TOGETHER]
        ids = np.zeros((TOGETHER, min(most, -(-len(tokens[rows[0]]) // STEP) * STEP)), np.int64)
        mask = np.zeros_like(ids)
        mask[:, 0] = 1  # an empty row would be a mean over nothing
        for place, row in enumerate(rows):
            ids[place, : len(tokens[row])], mask[place, : len(tokens[row])] = tokens[row], 1
        yield rows, ids, mask


def precision() -> str:
    """What OpenVINO calculates in on this machine: ``bf16`` where the processor can, else ``f32``.

    Raises
    ------
    TriescopeError
        It is not installed.
    """
    return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


@lru_cache(maxsize=1)
def _core() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise TriescopeError(MISSING) from error
    return openvino.Core()


def way(model: str) -> embed.Way:
    """The way that documents take fast: vectors of the encoder itself where the cache has them, else those made here.

    Raises
    ------
    TriescopeError
        OpenVINO is not installed, or as :func:`engine.text.encoders.fingerprint`.
    """
    key = encoders.fingerprint(model)
    own = hashlib.sha256(f"{key} openvino {precision()}".encode()).hexdigest()
    return embed.Way((key, own), lambda: load(model))


def load(model: str) -> FastEncoder:
    """Open the way, once a process; the export is made where it was not yet.

    Raises
    ------
    TriescopeError
        OpenVINO is not installed, the encoder cannot be exported, or what comes out is too far from the original.
    """
    return _load(model, *way(model).keys)


@lru_cache(maxsize=2)
def _load(model: str, key: str, own: str) -> FastEncoder:
    from tokenizers import Tokenizer

    if query_encoder.find(key) is None:
        query_encoder.export(encoders.load(model))
    folder, calculated = query_encoder.folder_of(key), precision()
    about = values.read(folder / ABOUT) if (folder / ABOUT).is_file() else {}
    known = query_encoder.find(key)
    assert known is not None
    asked = os.environ.get("OMP_NUM_THREADS", "")
    settings = {"INFERENCE_PRECISION_HINT": calculated, "PERFORMANCE_HINT": "THROUGHPUT"}
    settings |= {"INFERENCE_NUM_THREADS": asked} if asked.isdecimal() and int(asked) else {}
    compiled = _core().compile_model(str(folder / query_encoder.GRAPH), "CPU", settings)
    tokenizer = Tokenizer.from_file(str(folder / query_encoder.TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(known.about.tokens)
    width = int(compiled.output(0).get_partial_shape()[1].get_length())
    count = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    made = FastEncoder(model, own, width, "", 0.0, tuple(compiled.create_infer_request() for _ in range(count)), tokenizer)
    if about.get("own") != own:
        about = _held(made, encoders.load(model), folder, own)
    return made._replace(prompt=str(about["prompt"]), cosine=float(about["cosine"]))


def _held(made: FastEncoder, original: encoders.Encoder, folder: Path, own: str) -> dict[str, Any]:
    """Hold what comes out to the original, and write down what was found."""
    prompts = original.model.prompts
    named = next((name for name in ("document", "passage", "corpus") if name in prompts), original.model.default_prompt_name)
    prompt = prompts.get(named or "") or ""
    there = made._replace(prompt=prompt).encode(query_encoder.PROBES)
    cosine = float(np.einsum("nd,nd->n", there, original.encode(query_encoder.PROBES)).min())
    if not cosine >= LEAST_COSINE:
        raise TriescopeError(f"encoder {made.name!r} has no fast way: OpenVINO gives other vectors (cosine {cosine:.5f})")
    about = {"own": own, "prompt": prompt, "cosine": round(cosine, 6)}
    replace_json(folder / ABOUT, about)
    return about
