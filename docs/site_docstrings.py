"""Docstrings as Markdown: examples become code, references to other names stand as names."""

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r":(?:mod|func|class|meth|attr|data|exc):`~?([^`]*)`")
SECTION = re.compile(r"^\s*Examples\n\s*-{4,}$", re.M)


def markdown(text: str) -> str:
    """A docstring whose examples are fenced, unless it has a section of them, which is known as code."""
    text = ROLE.sub(r"`\1`", text)
    if SECTION.search(text):
        return text
    lines: list[str] = []
    inside = False
    for line in [*text.split("\n"), ""]:
        if line.lstrip().startswith(">>>") and not inside:
            lines, inside = [*lines, "```python"], True
        if inside and not line.strip():
            lines, inside = [*lines, "```"], False
        lines.append(line)
    return "\n".join(lines[:-1])


class Docstrings(Extension):
    """Changes each docstring as it is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)
