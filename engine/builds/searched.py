"""What the encoder reads of documents: their searched texts, whole or in passages, and the vectors of those."""

from collections.abc import Sequence

from engine.builds.spec import BuildSpec
from engine.data.corpus import Document
from engine.stored.passages import Passages
from engine.text import embed, fast_encoder
from engine.text.passages import cut_up


def texts_of(documents: Sequence[Document], spec: BuildSpec) -> list[list[str]]:
    """Texts of each document, one unless the spec asks for passages and the document is too long to be read whole.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.passages.cut_up`.
    """
    texts = [document.searched_text(spec.fields) for document in documents]
    if not spec.passages:
        return [[text] for text in texts]
    return cut_up(texts, [document.title for document in documents], spec.model)


def encoded(documents: Sequence[Document], spec: BuildSpec, report: embed.Progress | None = None) -> Passages:
    """Vectors of these texts, through the cache.

    Raises
    ------
    TriescopeError
        As :func:`texts_of`, :func:`engine.text.embed.embed` and, where the spec wants it fast,
        :func:`engine.text.fast_encoder.way`.
    """
    texts = texts_of(documents, spec)
    flat = [text for of in texts for text in of]
    if spec.fast:
        vectors = embed.embed(flat, spec.model, report, way=fast_encoder.way(spec.model))
    else:
        vectors = embed.embed(flat, spec.model, report)
    return Passages.of(list(map(len, texts)), vectors)
