"""Triescope's engine: generative retrieval, whole, on one machine. In a notebook::

    import engine

    build = engine.open("builds/films")
    build.search("a heist inside dreams", "generative", k=10)    # a list, shown as a table
    build.decode("a heist inside dreams", beams=10)              # a trace, shown as the picture

    engine.make("catalogue.csv", "builds/mine")

Data moves one way: corpus -> embeddings -> identifiers -> trie -> scorer and beam search -> trace -> hits. The engine never
imports streamlit; it is used alike from the app, the shell and a notebook. Nothing heavy is imported before it is needed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.builds.opened import Build
    from engine.data.corpus import Corpus

__version__ = "0.1.0"
__all__ = ["__version__", "make", "open"]


def open(folder: str | Path) -> "Build":
    """Open a build, checked against its manifest; nothing is read before it is asked for.

    Parameters
    ----------
    folder : str or Path
        Its folder, or its name where the app lists it.

    Raises
    ------
    TriescopeError
        The folder is no build, or a file of it is missing or changed.
    """
    from engine.builds.names import find
    from engine.builds.opened import Build

    return Build(find(folder))


def make(
    source: "str | Path | Corpus",
    out: str | Path,
    *,
    columns: dict[str, str] | None = None,
    report: Callable[[str, int, int], None] | None = None,
    **spec: Any,
) -> "Build":
    """Build a corpus into a folder and open it; returns at once where that very build is there already.

    Parameters
    ----------
    source : str, Path or Corpus
        A data set's name, a file (.jsonl, .csv, .tsv, .parquet), a BEIR folder, another build, or a corpus made by hand.
    out : str or Path
        Folder to make; an interrupted build of it is gone on with.
    columns : dict, optional
        Which column of a file is the id, the title or the text, like ``{"id": "movieId"}``; found by their names unless given.
    report : callable, optional
        Called with (stage, done, total).
    **spec
        Fields of :class:`engine.builds.spec.BuildSpec`: ``scheme``, ``settings``, ``resolver``, ``fields``, ``model``, ``seed``.
        What is not given is as in the shell.

    Raises
    ------
    TriescopeError
        The source cannot be read, ``out`` holds something else, or the spec is at fault.
    """
    from engine.builds.sources import Source, source_of
    from engine.builds.spec import spec_of
    from engine.data.corpus import Corpus
    from engine.recommending import rebuilt

    made = spec_of(spec)
    if isinstance(source, Corpus):
        found = Source(source, made.fields, made.model)
    else:
        found = source_of(str(source), columns)
        made = spec_of(found.usual() | spec)
    rebuilt.build(found, made, Path(out), report)
    return open(out)
