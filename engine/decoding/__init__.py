"""Constrained decoding: :func:`decode` is beam search; the trace, the exact search it is held to, and the other strategies."""

from engine.decoding.search import DEFAULT_BEAMS, decode

__all__ = ["DEFAULT_BEAMS", "decode"]
