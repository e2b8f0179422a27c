"""What is asked of a build, as data that can be written down, hashed and read back."""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.text.embed import DEFAULT_MODEL


class KnownFile(BaseModel):
    """Size and hash of one file of a build."""

    bytes: int
    sha256: str


class KnownCorpus(BaseModel):
    """What a manifest says of the corpus."""

    name: str
    documents: int
    left_out: list[str]
    queries: dict[str, int]
    sha256: str


class BuildSpec(BaseModel):
    """Everything that decides what a build holds, apart from the corpus itself.

    >>> BuildSpec().digest() == BuildSpec(seed=0).digest()
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: str = Field("rq-kmeans", description="Identifier scheme.")
    settings: dict[str, int | float | str | None] = Field(default_factory=dict, description="The scheme's options.")
    resolver: str | None = Field(None, description="What to do about collisions; the scheme's own way unless named.")
    fields: tuple[str, ...] = Field((), description="Metadata columns searched besides title and text.")
    model: str = Field(DEFAULT_MODEL, description="Encoder: the packaged default, a folder, or a hub name.")
    seed: int = Field(0, ge=0, lt=1 << 31, description="Seed of everything random.")

    def digest(self) -> str:
        """SHA-256 of the spec in canonical JSON."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


class Manifest(BaseModel):
    """What a manifest must hold to be trusted; more is allowed."""

    spec: BuildSpec
    spec_sha256: str
    corpus: KnownCorpus
    identifiers: dict[str, Any]
    trie: dict[str, int]
    stages: dict[str, float]
    files: dict[str, KnownFile]

    @field_validator("files")
    @classmethod
    def _inside(cls, files: dict[str, KnownFile]) -> dict[str, KnownFile]:
        if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in files):
            raise ValueError("a file outside the build")
        return files
