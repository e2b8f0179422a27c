"""What a training will take, before it starts: pairs, texts to embed, seconds."""

from pathlib import Path
from typing import Any

from engine.text import embed
from engine.training.material import choose
from engine.training.source import open_source
from engine.training.spec import TrainSpec, complete

# Short texts a second on 2 cores, all-MiniLM-L6-v2; a slower encoder or machine takes longer.
TEXTS_A_SECOND = 300


def estimate(folder: Path, spec: TrainSpec) -> dict[str, Any]:
    """Pairs and seconds of a training, as plain values.

    Texts that a query generator would write are not counted: it would have to write them first.

    Returns
    -------
    dict
        ``{"pairs": {source: n}, "texts", "to_embed", "seconds_to_embed", "dev": {"queries", "from"}, "minutes", "steps"}``.

    Raises
    ------
    TriescopeError
        The spec does not fit the build.
    """
    source = open_source(folder)
    spec = complete(spec, labelled=bool(spec.train and source.splits.get(spec.train)))
    mix = {name: share for name, share in spec.mix.items() if name != "generated"}
    spec = spec.model_copy(update={"mix": mix or {"title": 1.0}})
    pairs, asked = choose(source, spec, lambda stage, done, total: None)
    missing = embed.missing([*pairs.texts, *asked.texts, *spec.watch], source.parts.encoder, role="query")
    return {
        "pairs": pairs.counts(),
        "texts": len(pairs.texts),
        "to_embed": missing,
        "seconds_to_embed": round(missing / TEXTS_A_SECOND, 1),
        "dev": {"queries": len(asked.texts), "from": asked.told},
        "minutes": spec.minutes,
        "steps": spec.steps,
    }
