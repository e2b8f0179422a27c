"""The trie inside transformers. Importing this package imports torch and transformers; nothing else of the engine imports it."""

from engine.bridge.processor import TrieLogitsProcessor
from engine.bridge.tokens import offset_tokens

__all__ = ["TrieLogitsProcessor", "offset_tokens"]
