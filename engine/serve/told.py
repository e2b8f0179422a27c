"""What a server answers, as records: they make the OpenAPI description, with examples; the answers themselves are those of
:mod:`engine.builds.answers`, and a test holds them to these."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_QUERY = "a heist inside dreams"


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fault(_Told):
    """What a request got wrong, or what the server could not do."""

    error: str = Field(description="One sentence.", examples=["unknown retriever 'bm26'; there are bm25, dense, generative"])


class HitTold(_Told):
    """One result."""

    rank: int = Field(examples=[1])
    id: str = Field(examples=["inception-2010"])
    title: str = Field(examples=["Inception"])
    score: float = Field(description="In the retriever's own scale; higher is better.", examples=[11.2731])
    identifier: str = Field(description="Its codes.", examples=["9-16-3-0"])
    source: str = Field(description="Who found it.", examples=["generative"])
    metadata: dict[str, Any] = Field(examples=[{"year": 2010}])
    evidence: str | None = Field(None, description="What speaks for it, with explain=true.", examples=["codes 9-16-3-0"])
    snippet: str | None = Field(None, description="The part of its text with most words of the query, with explain=true.")
    marks: list[tuple[int, int]] | None = Field(None, description="Where in the snippet those words stand: start, stop.")


class SearchTold(_Told):
    """Results of a search."""

    build: str = Field(examples=["films"])
    query: str = Field(examples=[EXAMPLE_QUERY])
    retriever: str = Field(examples=["generative"])
    hits: list[HitTold]
    filter: str | None = Field(None, examples=["year > 1990"])
    documents: int | None = Field(None, description="How many pass the filter.", examples=[530])
    left_aside: list[str] | None = Field(None, description="What the filter cannot compare, a sentence a column.")
    read: list[str] | None = Field(None, description="What look-up read from the query, in sentences.")


class CandidateTold(_Told):
    """A prefix that was considered."""

    rank: int
    prefix: str = Field(examples=["9-16"])
    code: int
    log_prob: float = Field(description="log p(code | prefix, query), nats.")
    total: float = Field(description="What the beam ranks by, nats up to a constant of the query.")
    documents: int = Field(description="Documents below it.")


class StepTold(_Told):
    """One level of a decode."""

    level: int
    kept: list[CandidateTold]
    pruned: list[CandidateTold] = Field(description="The best of what was cut.")
    pruned_count: int
    masked_mass: float = Field(description="Probability spent on codes that no document has here.")
    ms: float


class BareHit(_Told):
    """One document that a decode leads to."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str
    source: str


class DecodeTold(_Told):
    """A decode with every step."""

    build: str
    query: str
    strategy: str
    beams: int
    scored: int
    confidence: float
    steps: list[StepTold]
    hits: list[BareHit]
    branch: str | None = None
    left_aside: list[str] | None = None


class WhyStepTold(_Told):
    """A document's prefix at one step."""

    level: int
    code: int
    node: int
    score: float
    log_prob: float
    rank: int | None = Field(description="Among the candidates of the step; null once it was cut.")
    kept: bool
    rank_of_all: int


class DisplacingTold(_Told):
    """A beam that was kept where the document was cut."""

    rank: int
    node: int
    prefix: str
    score: float


class ClauseTold(_Told):
    """A sentence on why a document comes back, with what it rests on."""

    kind: str
    says: str = Field(examples=['Its text has "shy" and "motel".'])
    evidence: dict[str, Any] = Field(description="Plain values: a field and its spans, a column, a prefix, a document, a cosine.")


class WhyTold(_Told):
    """Why a document comes back, or where it is cut."""

    build: str
    query: str
    document: str
    beams: int
    identifier: str
    exact_rank: int
    beam_rank: int | None
    steps: list[WhyStepTold]
    cut_at: int | None
    displaced_by: list[DisplacingTold]
    smallest_beams: int = Field(description="The smallest width that keeps it to the end.")
    verdict: str = Field(examples=["Cut at level 2: its prefix ranked 114 and 50 beams are kept. 114 beams would keep it."])
    because: list[ClauseTold]
    left_aside: list[str] | None = None


class ChildTold(_Told):
    """A branch of the tree."""

    code: int
    documents: int
    name: str = Field(description="Its telling words.", examples=["science · fiction · future"])


class TrieTold(_Told):
    """What lies below a prefix."""

    build: str
    prefix: str
    documents: int
    children: list[ChildTold]


class BuildTold(_Told):
    """A build that is served."""

    name: str
    documents: int
    scheme: str
    encoder: str
    created: str
    scorers: list[str]
    fault: str = Field(description="What is wrong with it or with the one in its place; empty where nothing is.")


class ChangedTold(_Told):
    """What became of documents that were sent or named."""

    build: str
    added: int
    changed: int
    removed: int
    unchanged: int
    documents: int = Field(description="How many there are now.")


class NextTold(_Told):
    """One recommended item."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str
    taken: int | None = Field(description="How often it was taken; null where nobody knows.")
    because: str = Field(description="The items of the history that pay for it, where the model can say.")


class RecommendTold(_Told):
    """What comes next."""

    build: str
    model: str
    history: list[str]
    hits: list[NextTold]


class HealthTold(_Told):
    """Whether the server answers."""

    status: str = Field(examples=["ok"])
    version: str
    builds: int
