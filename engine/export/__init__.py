"""A build in formats that others read: tree, scorer and identifiers, with what it takes to decode by them (``about.json``).

What is written are flat arrays and two rules, so that fifty lines in any language decode as this engine does; a test does so with
nothing but what was written. Nothing is a pickle.
"""

from engine.export.write import FORMS, write

__all__ = ["FORMS", "write"]
