"""The manifest of a build, as typed values: what was built from what, when, with which versions, and what every file weighs."""

import hashlib
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.builds.spec import BuildSpec

FORMAT = 3  # 2: identifiers carry words and arrays; 3: and which codes are content; the manifest knows its encoder


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class KnownFile(_Frozen):
    """Size and hash of one file of a build."""

    bytes: int
    sha256: str


class KnownCorpus(_Frozen):
    """What there is to know of the corpus: documents left out for want of text, judged queries a split, a hash of everything.

    ``notes`` says what else its reader left aside or took otherwise than it is written (:class:`engine.data.corpus.Corpus`);
    builds of earlier versions have none. Where changes were folded in, ``began`` is the hash of the catalogue before the first,
    by which judgements are kept, and the first ``fitted`` documents are those that the identifiers were fitted on; else both are
    None.
    """

    name: str
    documents: int
    left_out: list[str]
    queries: dict[str, int]
    sha256: str
    notes: tuple[str, ...] = ()
    began: str | None = None
    fitted: int | None = None

    def grown(self, documents: int, head: str) -> "KnownCorpus":
        """The same with changes, the last of which is named: as many documents, and another hash."""
        digest = hashlib.sha256(f"{self.sha256} {head}".encode()).hexdigest()
        return self.model_copy(update={"documents": documents, "sha256": digest, "began": self.began or self.sha256})


class KnownEncoder(_Frozen):
    """The encoder by name, and its :func:`engine.text.encoders.fingerprint`; None where that could not be had.

    ``verified`` says that the documents were embedded by the encoder of that fingerprint. It is false in a build of an earlier
    format, which knew the name alone. It ``reads`` so many tokens of a document, and ``cut`` documents have more; both are None
    where that could not be told, and in builds of earlier versions. Where those were cut into ``passages``, it is how many all
    documents have. Where they were embedded ``fast``, it is how near that came on a few texts: the least cosine. Where the
    encoder is not here, so many ``queries`` came with vectors.
    """

    name: str
    sha256: str | None
    verified: bool
    reads: int | None = None
    cut: int | None = None
    passages: int | None = None
    fast: float | None = None
    queries: int | None = None

    def told(self) -> str:
        """How many documents are cut, and that they were embedded fast, in a line; empty where neither is so, or nobody knows.

        >>> KnownEncoder(name="a", sha256=None, verified=True, reads=256, cut=14).told()
        '14 documents are longer than the 256 tokens that the encoder reads: only keyword search sees their ends'
        """
        quick = "" if self.fast is None else f"embedded fast, by OpenVINO: cosine to the encoder's own at least {self.fast:.4f}"
        return "; ".join(filter(None, [self._cut(), quick]))

    def _cut(self) -> str:
        if not self.cut:
            return ""
        are, their = ("documents are", "their ends") if self.cut > 1 else ("document is", "its end")
        if self.passages:
            return (
                f"{self.cut:,} {are} longer than the {self.reads} tokens that the encoder reads: vector search has all documents "
                f"in {self.passages:,} passages; identifiers are made of the mean of a document's"
            )
        return f"{self.cut:,} {are} longer than the {self.reads} tokens that the encoder reads: only keyword search sees {their}"


class KnownIdentifiers(_Frozen):
    """The scheme, how many codes each level has, and what has to be said of them; builds of earlier versions say nothing."""

    scheme: str
    vocabulary: tuple[int, ...]
    notes: tuple[str, ...] = ()


class KnownTrie(_Frozen):
    """Size of the trie."""

    nodes: int
    levels: int
    bytes: int


class Manifest(_Frozen):
    """``manifest.json``. ``stages`` are the seconds that each took; ``files`` are all others of the build, by relative path."""

    format: int
    triescope: str
    created: str
    spec: BuildSpec
    spec_sha256: str
    seeds: dict[str, int]
    encoder: KnownEncoder
    corpus: KnownCorpus
    identifiers: KnownIdentifiers
    trie: KnownTrie
    stages: dict[str, float]
    versions: dict[str, str]
    files: dict[str, KnownFile] = Field(repr=False)

    @field_validator("files")
    @classmethod
    def _inside(cls, files: dict[str, KnownFile]) -> dict[str, KnownFile]:
        if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in files):
            raise ValueError("a file outside the build")
        return files
