"""What is asked of a build, as data that can be written down, hashed and read back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import TriescopeError
from engine.text.embed import DEFAULT_MODEL


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


def spec_of(values: Mapping[str, Any]) -> BuildSpec:
    """A spec from its fields by name.

    Raises
    ------
    TriescopeError
        There is no such field, or a value is at fault.

    >>> spec_of({"scheme": "pq", "seed": 3}).seed
    3
    """
    try:
        return BuildSpec(**values)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise TriescopeError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
