"""A fine-tuned encoder that nobody tuned, put into a build: for tests of what is read, drawn and begun with."""

import numpy as np

from engine.text import embed, encoders, tuned
from engine.text.layered import LayeredEncoder

INTERVAL, AHEAD = {"mean": 0.5, "low": 0.4, "high": 0.6}, {"mean": 0.1, "low": 0.05, "high": 0.15, "p": 0.01, "holm": 0.02}


def known(**changes):
    """What is known of it."""
    turns = [{"step": step, "seconds": float(step), "loss": None, "dev": 0.1 * step} for step in range(3)]
    judged = {"queries": 3, "apart": True, "told": "split dev", "measure": "nDCG@10", "ahead": {"dense": AHEAD}}
    texts = dict.fromkeys(("layers", "vectors"), "x") | {"created": "2026-01-01", "device": "2 cores", "stopped": "it stopped"}
    figures = dict.fromkeys(("seed", "best_step", "pairs", "queries", "seen", "chosen_on", "pool", "parameters"), 1)
    value = texts | figures | {"encoder": encoders.fingerprint(), "steps": 2, "seconds": 1.0, "spec": {}, "measure": "nDCG@10"}
    value |= {"history": turns, "judged": judged | {"of": {"dense": INTERVAL, "tuned": INTERVAL}}}
    return tuned.Tuned.model_validate(value | changes)


def store(folder, move=0.0, **changes):
    """Put one into a build: its layers moved by a number, its documents each in the place of the one before; gives both."""
    state = LayeredEncoder(embed.DEFAULT_MODEL).state_dict()
    layers = {name: tensor.numpy() + np.float32(move) for name, tensor in state.items()}
    vectors = np.roll(np.load(folder / "embeddings.npy"), 1, axis=0)
    tuned.store(folder, known(**changes), layers, vectors)
    return layers, vectors
