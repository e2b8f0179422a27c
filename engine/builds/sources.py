"""What a build can be made from: a named set, a file or folder, or another build, whose documents get other identifiers."""

from typing import Any, NamedTuple

from engine.builds.layout import is_build
from engine.builds.names import find
from engine.builds.opened import Build
from engine.data import hub_sets
from engine.data.corpus import Corpus
from engine.data.datasets import DATASETS, default_fields, load
from engine.data.lines import UNICODE
from engine.text.embed import DEFAULT_MODEL


class Source(NamedTuple):
    """A corpus, with the searched fields and the encoder that it comes with; and the build, where it is one's."""

    corpus: Corpus
    fields: tuple[str, ...]
    model: str
    build: Build | None = None

    def usual(self) -> dict[str, Any]:
        """What a build of it is asked for unless it is named: fields and encoder; of a build also its language, and whether it
        has passages and was embedded fast."""
        usual: dict[str, Any] = {"fields": self.fields, "model": self.model}
        if self.build:
            spec = self.build.manifest.spec
            usual |= {"language": spec.language, "passages": spec.passages, "fast": spec.fast}
        return usual


def source_of(
    named: str,
    columns: dict[str, str] | None = None,
    leave_out: bool = False,
    encoding: str = UNICODE,
    online: bool = False,
) -> Source:
    """The source that a person named; a build brings the fields and the encoder that it was made with.

    Raises
    ------
    TriescopeError
        As :func:`engine.data.datasets.load`, or the build is damaged.
    """
    if named not in DATASETS and not hub_sets.is_one(named) and is_build(folder := find(named)):
        opened = Build(folder)
        return Source(opened.corpus, opened.manifest.spec.fields, opened.model, opened)
    return Source(load(named, columns, leave_out, encoding, online), default_fields(named), DEFAULT_MODEL)
