"""The prefix tree of all identifiers: flat arrays, restricted views of them, and words for its nodes."""

from engine.trie.trie import COMPILED_FROM, ROOT, Children, Trie, build, load, save

__all__ = ["COMPILED_FROM", "ROOT", "Children", "Trie", "build", "load", "save"]
