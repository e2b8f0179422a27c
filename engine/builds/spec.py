"""What is asked of a build, as data that can be written down, hashed and read back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.options import checked
from engine.text.hub import DEFAULT_MODEL
from engine.text.languages import ENGLISH


class BuildSpec(BaseModel):
    """Everything that decides what a build holds, apart from the corpus itself.

    >>> BuildSpec().digest() == BuildSpec(seed=0).digest()
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: str = Field("rq-kmeans", description="Identifier scheme.", json_schema_extra={"flags": ["--ids"]})
    settings: dict[str, int | float | str | None] = Field(
        default_factory=dict, description="Setting of the scheme, name=value.", json_schema_extra={"flags": ["-o", "--option"]}
    )
    resolver: str | None = Field(
        None, description="What to do when documents share an identifier; the scheme's own way unless given."
    )
    fields: tuple[str, ...] = Field(
        (), description="Metadata column to search too; repeat for more.", json_schema_extra={"flags": ["--field"]}
    )
    model: str = Field(
        DEFAULT_MODEL,
        description="Encoder: a folder or a hub name, or static: a vector a token, a hundred times as fast and far weaker; where "
        "the corpus is another build, its own unless given.",
    )
    language: str = Field(ENGLISH, description="Whose stop words and stems keyword search takes; none for words as they are.")
    passages: bool = Field(
        False,
        description="Cut documents that are longer than the encoder reads into passages; in vector search a document counts as "
        "its best one.",
        json_schema_extra={"flags": ["--passages"]},
    )
    fast: bool = Field(
        False,
        description="Embed documents by OpenVINO (extra `fast`): several times as fast on a CPU, and nearly the same vectors.",
        json_schema_extra={"flags": ["--fast"]},
    )
    seed: int = Field(0, ge=0, lt=1 << 31, description="Seed of everything random.")

    def digest(self) -> str:
        """SHA-256 of the spec in canonical JSON, without a language, passages and a fast way, which builds of earlier versions
        had no word for."""
        told = self.model_dump()
        if self.language == ENGLISH:
            del told["language"]
        if not self.passages:
            del told["passages"]
        if not self.fast:
            del told["fast"]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def spec_of(values: Mapping[str, Any]) -> BuildSpec:
    """A spec from its fields by name.

    Raises
    ------
    TriescopeError
        There is no such field, or a value is at fault.

    >>> spec_of({"scheme": "pq", "seed": 3}).seed
    3
    """
    return checked(BuildSpec, values)
