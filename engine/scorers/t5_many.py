"""The decoder of a :class:`engine.scorers.t5_model.CodeT5` for many queries at once, each with beams of its own.

transformers would copy what the encoder said of a query for each of its beams. Here the beams of a query attend together to the
one copy, as if they were the words of one text, which no attention among them disturbs: that each has to its own codes alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.scorers.t5_model import CodeT5, KeysValues


class Readings(NamedTuple):
    """Queries as their beams attend to them: keys and values of a layer, float ``(q, heads, tokens, d)``, and what is added to
    the scores, 0 or minus infinity behind the end of a query, float ``(q, 1, 1, tokens)``."""

    keys_values: KeysValues
    mask: Tensor


class Beams(NamedTuple):
    """What the decoder is told of so many beams a query, ``(q, b)``; what stands behind a query's last beam is not looked at.

    Attributes
    ----------
    last : np.ndarray
        Int64: the code that was written last, of the level before the one that is asked for; nothing at level 1.
    above : np.ndarray
        Int64: the beam's place among those of the call before, counted through all queries: it goes on from that one's keys and
        values.
    """

    last: np.ndarray
    above: np.ndarray


@torch.inference_mode()
def read(model: CodeT5, queries: Sequence[np.ndarray]) -> Readings:
    """Run the encoder over the token ids of queries, and keep what all beams attend to."""
    states, there = model.encode(queries)
    layers = [block.layer[1].EncDecAttention for block in model.decoder.block]
    size = model.config.d_kv
    mask = torch.zeros(there.shape, device=states.device).masked_fill(~there, -torch.inf)
    return Readings([(_heads(of.k(states), size), _heads(of.v(states), size)) for of in layers], mask[:, None, None])


@torch.inference_mode()
def follow(model: CodeT5, readings: Readings, level: int, beams: Beams, past: KeysValues | None) -> tuple[np.ndarray, KeysValues]:
    """Log-probability of every code of ``level`` after each beam, float32 ``(q, b, codes)``, nats; and keys and values of its
    codes so far, which the call for the next level goes on from."""
    count, width = beams.last.shape
    device, size = readings.mask.device, model.config.d_kv
    if past is None:
        tokens = torch.full((count, width), int(model.config.decoder_start_token_id), device=device)
    else:
        tokens = torch.from_numpy(beams.last + model.first_token(level - 1)).to(device)
    states, kept = model.embedding(tokens), KeysValues()
    own = model.decoder.block[0].layer[0].SelfAttention
    # How far back each code lies weighs the same in all layers; the first has the weights.
    back = own.compute_bias(level, level, device=device)[:, :, -1:]
    above = torch.from_numpy(beams.above.ravel()).to(device)
    for place, (block, (keys, values)) in enumerate(zip(model.decoder.block, readings.keys_values, strict=True)):
        of, normed = block.layer[0].SelfAttention, block.layer[0].layer_norm(states).reshape(count * width, 1, -1)
        now = _heads(of.k(normed), size), _heads(of.v(normed), size)
        if past is not None:
            now = torch.cat([past[place][0][above], now[0]], 2), torch.cat([past[place][1][above], now[1]], 2)
        kept.append(now)
        states = states + of.o(_seen(_heads(of.q(normed), size), *now, back)).view(count, width, -1)
        cross, normed = block.layer[1].EncDecAttention, block.layer[1].layer_norm(states)
        states = states + cross.o(_seen(_heads(cross.q(normed), size), keys, values, readings.mask))
        states = block.layer[2](states)
    states = model.decoder.final_layer_norm(states)
    logits = model.logits(states * model.config.d_model**-0.5 if model.tied else states, level)
    return torch.log_softmax(logits, dim=-1).cpu().numpy(), kept


def _heads(states: Tensor, size: int) -> Tensor:
    """``(n, t, heads * size)`` as ``(n, heads, t, size)``."""
    return states.unflatten(2, (-1, size)).transpose(1, 2)


def _seen(queries: Tensor, keys: Tensor, values: Tensor, added: Tensor) -> Tensor:
    """Attention as T5 has it, without a scale: ``(n, t, heads * d)``."""
    shares = torch.softmax(queries @ keys.transpose(-1, -2) + added, dim=-1)
    return (shares @ values).transpose(1, 2).flatten(2)
