"""Queries that a language model makes up for a document: doc2query.

A sequence-to-sequence model that was trained to write the query that a passage answers (docTTTTTquery, Nogueira and Lin 2019)
gives training queries where a corpus has none. A scorer that is trained on them sees texts of the length and wording of queries,
not of documents (DSI-QG, Zhuang et al. 2022). The model is the user's: a folder or a name on the hub.
"""

from collections.abc import Callable, Sequence

import torch
from safetensors import SafetensorError
from transformers.models.auto.modeling_auto import AutoModelForSeq2SeqLM
from transformers.models.auto.tokenization_auto import AutoTokenizer
from transformers.utils import logging

from engine.errors import TriescopeError
from engine.text import hub
from engine.training.loop import device_for

# Of docTTTTTquery (Nogueira and Lin 2019): a passage is cut at 512 tokens, a query ends at 64, and each token is drawn from the
# 10 likeliest.
PASSAGE_TOKENS, QUERY_TOKENS, TOP_K = 512, 64, 10


def generate(
    model: str,
    texts: Sequence[str],
    per_document: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    batch: int = 8,
) -> list[list[str]]:
    """Draw queries for each text.

    Parameters
    ----------
    model : str
        Folder or hub name of a sequence-to-sequence model with safetensors weights.
    texts : sequence of str
        What the documents say.
    per_document : int
        Queries drawn a text, at least 1.
    seed : int
        Of the draws: the same texts in the same order and batches give the same queries again.
    progress : callable, optional
        Called with (texts done, texts in all).
    batch : int
        Texts that are read together, at least 1.

    Returns
    -------
    list of list of str
        One list a text, in the order drawn; equal and empty queries are dropped, so it may be shorter than ``per_document``. None
        for an empty text: they would be about nothing.

    Raises
    ------
    TriescopeError
        The model is not there or cannot be loaded, or ``per_document`` or ``batch`` is below 1.
    """
    if min(per_document, batch) < 1:
        raise TriescopeError(f"query generator: per_document and batch must be at least 1, not {min(per_document, batch)}")
    network, tokenizer = _load(model)
    device = device_for()
    network.to(device)
    limit = min(PASSAGE_TOKENS, tokenizer.model_max_length)
    queries: list[list[str]] = [[] for _ in texts]
    # Texts of like length are read together, so that little of a batch is padding.
    order = sorted((place for place, text in enumerate(texts) if text.strip()), key=lambda place: len(texts[place]))
    empty = len(texts) - len(order)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        for first in range(0, len(order), batch):
            places = order[first : first + batch]
            read = tokenizer(
                [texts[place] for place in places], truncation=True, max_length=limit, padding=True, return_tensors="pt"
            ).to(device)
            written = network.generate(
                input_ids=read["input_ids"],
                attention_mask=read["attention_mask"],
                do_sample=True,
                top_k=TOP_K,
                num_beams=1,
                num_return_sequences=per_document,
                max_new_tokens=QUERY_TOKENS,
            )
            drawn = tokenizer.batch_decode(written, skip_special_tokens=True)
            for row, place in enumerate(places):
                queries[place] = tidy(drawn[row * per_document : (row + 1) * per_document])
            if progress:
                progress(empty + first + len(places), len(texts))
    return queries


def tidy(drawn: Sequence[str]) -> list[str]:
    """Queries on one line each, without empty and repeated ones.

    >>> tidy(["a  film\\n", "", "a film", "films"])
    ['a film', 'films']
    """
    return list(dict.fromkeys(query for text in drawn if (query := " ".join(text.split()))))


def _load(model: str):
    folder = hub.weights_of(model, "query generator")
    logging.disable_progress_bar()  # its bar over 100 tensors would drown our own line
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise TriescopeError(f"query generator {model!r} in {folder} cannot be loaded: {reason}") from error
    return network.eval(), tokenizer
