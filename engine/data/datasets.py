"""Data sets by name: the bundled catalogue, and public sets that are fetched once from their own source
(:mod:`engine.data.fetching`)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine import paths
from engine.data import hub_sets, published
from engine.data.corpus import Corpus, read
from engine.data.fetching import fetch
from engine.data.lines import UNICODE
from engine.errors import TriescopeError
from engine.stored import values


class Dataset(NamedTuple):
    """A named set. ``url`` None means it comes with the code; ``known_hash`` is what its source publishes (or SHA-256);
    ``fields`` are the metadata columns that are searched besides title and text unless a spec says otherwise; ``citation`` is
    whose it is, where it is not ours. BEIR packs a folder; what others hand out (``url`` and ``more``) is made one by ``made_by``
    (:mod:`engine.data.published`), and ``interactions`` says that people who took something come with it."""

    name: str
    summary: str
    documents: int
    licence: str
    url: str | None = None
    known_hash: str | None = None
    fields: tuple[str, ...] = ()
    citation: str = ""
    more: tuple[str, ...] = ()
    made_by: Callable[[Sequence[Path], Path], list[str]] | None = None
    interactions: bool = False

    def told(self) -> dict[str, Any]:
        """As plain values."""
        return {key: value for key, value in self._asdict().items() if key != "made_by"}


_WANDS = "https://raw.githubusercontent.com/wayfair/WANDS/main/dataset"
_AMAZON = "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles"
_BEIR = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets"

# BEIR (Thakur et al. 2021) publishes MD5 sums of its archives; where an SHA-256 of the same archive is known it is used instead.
DATASETS: dict[str, Dataset] = {
    entry.name: entry
    for entry in (
        Dataset(
            "films",
            "Feature films of the world, 1910-2025, with plots and queries; bundled.",
            1201,
            "CC0 1.0",
            fields=("genre", "mood", "countries", "language", "year"),
        ),
        Dataset(
            "scifact",
            "Scientific claims and the abstracts that settle them.",
            5183,
            "CC BY 4.0 / ODC-By 1.0",
            f"{_BEIR}/scifact.zip",
            "sha256:536e14446a0ba56ed1398ab1055f39fe852686ecad24a6306c80c490fa8e0165",
            citation="Wadden et al. 2020, Fact or Fiction: Verifying Scientific Claims",
        ),
        Dataset(
            "nfcorpus",
            "Health questions and medical articles, graded.",
            3633,
            "academic use",
            f"{_BEIR}/nfcorpus.zip",
            "md5:a89dba18a62ef92f7d323ec890a0d38d",
            citation="Boteva et al. 2016, A Full-Text Learning to Rank Dataset for Medical Information Retrieval",
        ),
        Dataset(
            "arguana",
            "Arguments and their counter-arguments.",
            8674,
            "CC BY 4.0",
            f"{_BEIR}/arguana.zip",
            "md5:8ad3e3c2a5867cdced806d6503f29b99",
            citation="Wachsmuth et al. 2018, Retrieval of the Best Counterargument without Prior Topic Knowledge",
        ),
        Dataset(
            "scidocs",
            "Papers and the papers they cite.",
            25657,
            "GPL 3.0",
            f"{_BEIR}/scidocs.zip",
            "md5:38121350fc3a4d2f48850f6aff52e4a9",
            citation="Cohan et al. 2020, SPECTER: Document-level Representation Learning",
        ),
        Dataset(
            "fiqa",
            "Questions and answers about personal finance.",
            57638,
            "non-commercial use",
            f"{_BEIR}/fiqa.zip",
            "md5:17918ed23cd04fb15047f73e6c3bd9d9",
            citation="Maia et al. 2018, WWW'18 Open Challenge: Financial Opinion Mining and Question Answering",
        ),
        Dataset(
            "wands",
            "Furniture and household goods, with queries of a shop and graded labels.",
            42994,
            "MIT",
            f"{_WANDS}/product.csv",
            fields=("class", "features"),
            citation="Chen et al. 2022, WANDS: Dataset for Product Search Relevance Assessment",
            more=(f"{_WANDS}/query.csv", f"{_WANDS}/label.csv"),
            made_by=published.wands,
        ),
        Dataset(
            "movielens",
            "MovieLens 1M: films by title and genre, and a million ratings.",
            3883,
            "research use, not to be handed on; its README says how",
            "https://files.grouplens.org/datasets/movielens/ml-1m.zip",
            "md5:c4d9eecfca2ab87c1945afe126590906",
            citation="Harper and Konstan 2015, The MovieLens Datasets: History and Context",
            made_by=published.movielens,
            interactions=True,
        ),
        *(
            Dataset(
                f"amazon-{short}",
                f"{kind.replace('_', ' ')}: items that at least five people reviewed, their texts, and who did (2014).",
                items,
                "none stated; handed out for research",
                f"{_AMAZON}/meta_{kind}.json.gz",
                fields=("brand", "category"),
                citation="McAuley et al. 2015, Image-based Recommendations on Styles and Substitutes",
                more=(f"{_AMAZON}/reviews_{kind}_5.json.gz",),
                made_by=published.amazon,
                interactions=True,
            )
            for short, kind, items in (
                ("beauty", "Beauty", 12101),
                ("sports", "Sports_and_Outdoors", 18357),
                ("toys", "Toys_and_Games", 11924),
            )
        ),
    )
}


def load(
    source: str,
    columns: dict[str, str] | None = None,
    leave_out: bool = False,
    encoding: str = UNICODE,
    online: bool = False,
) -> Corpus:
    """Corpus of a name in :data:`DATASETS` or on the Hugging Face hub (:mod:`engine.data.hub_sets`), or of a file or folder;
    columns, wrong rows and encoding as :func:`read` has it. ``online`` asks the hub also where the environment says not to.

    Raises
    ------
    TriescopeError
        Neither a name nor a path; the download failed or has the wrong hash; the file is malformed.
    """
    if hub_sets.is_one(source):
        path = hub_sets.fetch(source, online)
        named = source.removeprefix(hub_sets.PREFIX).partition(":")[0].rpartition("/")[2]
        return read(path, columns, leave_out, encoding)._replace(name=named)
    if source not in DATASETS:
        path = Path(source)
        if not path.exists():
            raise TriescopeError(f"{source}: no such file or folder, and no data set of that name ({', '.join(DATASETS)})")
        return read(path, columns, leave_out, encoding)
    folder = paths.bundled() / source if DATASETS[source].url is None else fetch(DATASETS[source])
    notes = values.read(folder / published.NOTES) if (folder / published.NOTES).is_file() else []
    found = read(folder)
    return found._replace(name=source, notes=(*found.notes, *map(str, notes)))


def interactions_of(named: Path) -> Path:
    """Where who took what lies: of a set that has such, by its name, fetched where it is not here; else the path itself."""
    known = DATASETS.get(str(named))
    return fetch(known) / published.INTERACTIONS if known and known.interactions and not named.exists() else named


def default_fields(source: str) -> tuple[str, ...]:
    """Metadata columns searched by default: a named set's own choice, none for a person's files."""
    return DATASETS[source].fields if source in DATASETS else ()
