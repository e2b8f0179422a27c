"""The prefix tree of all identifiers: flat arrays, restricted views of them, and words for its nodes."""

from engine.trie.trie import ROOT, Children, Trie, build, load, save

__all__ = ["ROOT", "Children", "Trie", "build", "load", "save"]
