"""Categories: the catalogue's own tree, as deep as each document's path goes, then a number by the extra code.

Nothing is learned. What a shop already files its goods under becomes the identifier, so every prefix is a shelf that a
person knows; how well such a tree retrieves depends on how well it agrees with the embeddings.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import columns
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.paths_of_words import DEEPEST, clipped, identifiers_of

# Names that say the column is a path, best first. Others have to look like one.
KNOWN = ("category", "categories", "genre", "path", "genres", "category_path", "breadcrumbs", "taxonomy")
# A list whose second items are often first items elsewhere is a set of equals (the countries of a film), no path.
MOST_SWAPPED = 0.2


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Number the steps of each path; see :class:`engine.identifiers.base.Scheme`.

    Raises
    ------
    TriescopeError
        The column asked for is not there, or none looks like a path.
    """
    name = settings.get("column") or find_column(material.documents)
    cells = columns.column(material.documents, name, "category")
    paths = _titled([columns.steps(cell)[: settings.get("levels")] for cell in cells], material.documents)
    return identifiers_of([clipped(path, " > ") for path in paths])


def _titled(paths: list[list[str]], documents: Sequence[Document]) -> list[list[str]]:
    """Paths over documents of the catalogue itself, as a thesaurus has them, with their titles in place of their ids; an id stays
    behind a title that several have. Other paths stay as they are.

    >>> documents = [Document("n1", "entity", "", {}), Document("n2", "ring", "", {}), Document("n3", "ring", "", {})]
    >>> _titled([["n1"], ["n1", "n2"], ["n1", "n3"]], documents), _titled([["n1", "Toys"]], documents)
    ([['entity'], ['entity', 'ring (n2)'], ['entity', 'ring (n3)']], [['n1', 'Toys']])
    """
    titles = {document.id: document.title or document.id for document in documents}
    if not all(step in titles for path in paths for step in path):
        return paths
    several = Counter(titles.values())
    words = {step: title if several[title] == 1 else f"{title} ({step})" for step, title in titles.items()}
    return [[words[step] for step in path] for path in paths]


def find_column(documents: Sequence[Document]) -> str:
    """The metadata column that holds paths: a well-known name with a path in it, else the first that forms a hierarchy.

    Raises
    ------
    TriescopeError
        There is none.

    >>> rows = [("France", "Spain"), ("Spain", "France"), ("Spain", "Chile")], ["Toys/Kites", "Toys/Balls", "Garden/Rakes"]
    >>> documents = [Document("", "", "", {"countries": list(made), "shelf": shelf}) for made, shelf in zip(*rows)]
    >>> find_column(documents)
    'shelf'
    """
    well_known = columns.called(documents, KNOWN)
    rest = [name for name in columns.names(documents) if name not in well_known]
    for name in well_known + rest:
        paths = [_path(document.metadata.get(name)) for document in documents]
        if any(len(path) > 1 for path in paths) if name in well_known else is_hierarchy(paths):
            return name
    raise TriescopeError(
        "category: no metadata column holds paths (lists, or texts with ' > ', '|' or '/', that form a hierarchy); "
        f"there are {', '.join(sorted(columns.names(documents))) or 'none'}: name one with column="
    )


def is_hierarchy(paths: Sequence[Sequence[str]]) -> bool:
    """Whether the first two steps look like a tree: most paths have both, some first step has several second ones, and few
    words are a first step here and a second step there.

    >>> is_hierarchy([["Toys", "Kites"], ["Toys", "Balls"], ["Garden"]])
    True
    >>> is_hierarchy([["France", "Spain"], ["Spain", "France"], ["Spain", "Italy"]])
    False
    """
    there = [path for path in paths if path]
    two = {(path[0], path[1]) for path in there if len(path) > 1}
    first, second = {path[0] for path in there}, {below for _, below in two}
    return (
        2 * sum(len(path) > 1 for path in there) >= max(len(there), 1)
        and len(two) > len({above for above, _ in two})
        and len(second & first) <= MOST_SWAPPED * len(second)
    )


def _path(cell: Any) -> list[str]:
    """Steps of a cell that may be a path: a list, an object or a text, but no web address (the url scheme is for that)."""
    return columns.steps(cell) if isinstance(cell, list | dict) or (isinstance(cell, str) and "://" not in cell) else []


SCHEME = Scheme(
    name="category",
    summary="The catalogue's own categories, as deep as they go, then a number.",
    citation="none: the tree that the catalogue comes with",
    options=(
        Option(
            name="column",
            type=str,
            default=None,
            help="Metadata column of paths (lists, or texts with ' > ', '|' or '/'). Found by its name or its look.",
        ),
        Option(
            name="levels",
            type=int,
            default=None,
            low=1,
            high=DEEPEST,
            help="Steps of a path at most; what lies deeper is left out. All of them unless given.",
        ),
    ),
    fit=fit,
)
