"""The words of the glossary, a file a group; :mod:`app.common.glossary` shows them."""
