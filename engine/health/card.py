"""What a report card of identifiers says, field by field: made by a build, kept in a study, drawn on the screen.

Shares, ratios and the Gini coefficient lie between 0 and 1.
"""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, PlainSerializer

from engine.data.figures import Stored
from engine.health.resolver_costs import Cost

Verdict = Literal["healthy", "watch", "broken"]
Settings = dict[str, int | float | str | None]


class Change(Stored):
    """What to build instead. ``settings`` holds what differs from the scheme's defaults; ``resolver`` None is its own way."""

    # In a card it goes by the name of the shell's flag.
    scheme: str = Field(validation_alias=AliasChoices("scheme", "ids"), serialization_alias="ids")
    settings: Settings
    resolver: str | None

    def flags(self) -> str:
        """As flags of the shell.

        >>> Change(scheme="opq", settings={"levels": 5}, resolver="leave").flags()
        '--ids opq -o levels=5 --resolver leave'
        """
        given = [f" -o {name}={value}" for name, value in self.settings.items()]
        return f"--ids {self.scheme}{''.join(given)}{f' --resolver {self.resolver}' if self.resolver else ''}"


class GivenPrefix(Stored):
    """How evenly the codes of a level are used under each of its ``prefixes``: means over them, weighted by their documents.

    Deep prefixes hold few documents, so their entropy ratio is low by nature. For the other fields see :class:`JudgedLevel`.
    """

    prefixes: int
    perplexity: float
    entropy_ratio: float
    gini: float
    largest_share: float


class JudgedLevel(Stored):
    """The codes of one level, over the documents whose identifiers reach it.

    Attributes
    ----------
    level : int
        Counted from 1.
    codes, used, dead : int
        Codes that there are, that some document has, that none has.
    documents : int
        Documents that have the level.
    counts : bool
        Whether its codes only number documents.
    numbered : float
        Share of the documents for which that is so; where it is half or more, the level is not judged.
    perplexity : float
        How many evenly used codes say as much.
    entropy_ratio : float
        Entropy of the code over the most that so many codes allow.
    gini : float
        Of the code counts: 0 when even, near 1 when one code has everything.
    largest_share : float
        Share of the documents that have the commonest code.
    given_prefix : GivenPrefix
        The same under each prefix.
    verdict : str, optional
        None where there is nothing to judge.
    rule, remedy : str
        The rule in words, and what to do where it is not kept; empty where all is well.
    press : Change, optional
        What to build instead, where a setting would mend it; missing until :func:`engine.health.remedies.with_changes` looked.
    """

    level: int
    codes: int
    used: int
    dead: int
    documents: int
    counts: bool
    numbered: float
    perplexity: float
    entropy_ratio: float
    gini: float
    largest_share: float
    given_prefix: GivenPrefix
    verdict: Verdict | None
    rule: str
    remedy: str
    press: Change | None = None


class JudgedFigure(Stored):
    """One figure of the whole, by its name in :data:`engine.health.rules.RULES`; the rest as in :class:`JudgedLevel`."""

    figure: str
    value: int | float
    verdict: Verdict
    rule: str
    remedy: str
    press: Change | None = None


class SharedPrefix(Stored):
    """Mean cosine over the ``pairs`` of documents that have their first ``shared`` codes in common."""

    shared: int
    pairs: int
    mean_cosine: float


class Overlap(Stored):
    """Nearest neighbours under the same prefix of ``depth`` codes, over the ``documents`` that were looked at.

    Attributes
    ----------
    share : float
        Share of the nearest documents that stand under it.
    chance : float
        Share of all other documents that do.
    possible : float
        The most that a prefix which holds so few documents allows.
    """

    depth: int
    share: float
    chance: float
    possible: float
    documents: int


class Purity(Stored):
    """Share of the ``documents`` with a label that carry the commonest one under their prefix of ``depth`` codes."""

    depth: int
    purity: float
    documents: int


class Card(Stored):
    """Everything that can be said about identifiers without asking a query.

    Attributes
    ----------
    documents, without_identifier : int
        Those without identifier are in no other figure but ``unique_rate``.
    levels : tuple of JudgedLevel
        From the first.
    unique_rate : float
        Share of documents whose identifier is theirs alone.
    collision_rate : float
        1 - identifiers / documents.
    largest_leaf : int
        Most documents that share an identifier.
    bits : float
        Entropy of the code given the prefix, summed over the levels, a document.
    bits_raw : float
        What its codes could carry.
    content_...
        The same five without the numbers behind.
    reconstruction_cosine : float, optional
        A document and the sum of its codebook vectors; None without codebooks.
    mean_vector_cosine : float
        A document and the mean of all.
    random_pair_cosine : float, optional
        Of all pairs; None for one document.
    prefix_cosine : tuple of SharedPrefix
        Of pairs that share so many codes, from one on.
    neighbour_overlap : tuple of Overlap
        By depth from 1 on; empty for one document.
    purity : tuple of Purity, optional
        By depth from 0 on; None without labels.
    verdicts : tuple of JudgedFigure
        On the figures of the whole, as far as they apply.
    verdict : str
        The worst of all.
    resolvers : tuple of Cost
        What each way to resolve collisions would cost, where somebody asked (:func:`engine.builds.card.health`).
    """

    documents: int
    without_identifier: int
    levels: tuple[JudgedLevel, ...]
    unique_rate: float
    collision_rate: float
    largest_leaf: int
    bits: float
    bits_raw: float
    content_unique_rate: float
    content_collision_rate: float
    content_largest_leaf: int
    content_bits: float
    content_bits_raw: float
    reconstruction_cosine: float | None
    mean_vector_cosine: float
    random_pair_cosine: float | None
    prefix_cosine: tuple[SharedPrefix, ...]
    neighbour_overlap: tuple[Overlap, ...]
    purity: tuple[Purity, ...] | None
    verdicts: tuple[JudgedFigure, ...]
    verdict: Verdict
    resolvers: tuple[Annotated[Cost, PlainSerializer(Cost._asdict)], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values; what nobody asked for (``press``, ``resolvers``) is left out."""
        return self.model_dump(mode="json", exclude_unset=True)
