"""Constrained decoding: the trace, beam search, and the other ways to search a trie."""
