"""What a request may ask, as FastAPI reads it off an address: each parameter with its range, its sentence and an example."""

from typing import Annotated

from fastapi import Query

from engine.decoding.strategies import STRATEGIES
from engine.retrievers import RETRIEVERS
from engine.serve.settings import Settings
from engine.serve.told import EXAMPLE_QUERY

# Longest lists of parameters that may be repeated.
REPEATED = 16

_DEFAULTS = Settings()
Text = Annotated[str, Query(description="The query.", min_length=1, max_length=_DEFAULTS.longest, examples=[EXAMPLE_QUERY])]
BuildName = Annotated[str, Query(description="Name of a build; the first unless given.", max_length=200, examples=["films"])]
Retriever = Annotated[
    str,
    Query(
        description=f"{', '.join(RETRIEVERS.ours)}; .3*bm25+.7*dense fuses, bm25~dense ranks what the first finds.",
        max_length=200,
        examples=["generative"],
    ),
]
K = Annotated[int, Query(description="Length of the list.", ge=1, le=_DEFAULTS.most_k, examples=[10])]
Beams = Annotated[int, Query(description="Hypotheses kept after each level.", ge=1, le=_DEFAULTS.most_beams, examples=[100])]
Filter = Annotated[
    str,
    Query(
        alias="filter",
        description="Only documents that pass.",
        max_length=_DEFAULTS.longest,
        examples=["year > 1990 and genre has Drama"],
    ),
]
Explain = Annotated[bool, Query(description="Say what speaks for each hit, and show the part of its text that does.")]
Strategy = Annotated[str, Query(description=f"One of {', '.join(STRATEGIES.ours)}.", max_length=100, examples=["beam"])]
Options = Annotated[
    list[str],
    Query(alias="option", description="An option of the strategy; repeat for more.", max_length=REPEATED, examples=["groups=2"]),
]
Prefix = Annotated[str, Query(description="Codes with hyphens; empty for the root.", max_length=200, examples=["9"])]
Prefixes = Annotated[
    list[str], Query(alias="ban", description="A prefix that none may begin with; repeat for more.", max_length=REPEATED)
]
Temperature = Annotated[float, Query(description="Of the scorer; above 1 evens the odds.", ge=0.01, le=100.0)]
Seed = Annotated[int, Query(ge=0, lt=1 << 31)]
Scorer = Annotated[str, Query(description="Who says how likely a code is; the build's default unless given.", max_length=100)]
History = Annotated[str, Query(description="Item ids, oldest first, with commas between.", min_length=1, max_length=10_000)]
Less = Annotated[str, Query(description="Item ids whose branches may not come.", max_length=10_000)]
Model = Annotated[
    str,
    Query(description="counting, item-item, knn, content, popularity or a trained one.", max_length=100, examples=["counting"]),
]
Slate = Annotated[
    str, Query(description="quota=N of one first code, mmr=SHARE of the score, or both.", max_length=100, examples=["quota=2"])
]
Seen = Annotated[bool, Query(description="Let items of the history come again.")]
Document = Annotated[str, Query(description="Id of a document.", min_length=1, max_length=1000, examples=["inception-2010"])]
