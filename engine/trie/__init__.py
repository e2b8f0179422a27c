"""The prefix tree of all identifiers: what may be asked of it, flat arrays, restricted views of them, and words for its nodes."""

from engine.trie.tree import ROOT, Children, Tree, restrict
from engine.trie.trie import Trie, build, files, load, save

__all__ = ["ROOT", "Children", "Tree", "Trie", "build", "files", "load", "restrict", "save"]
