"""What is on the screen, as a line for the shell and as lines for a notebook: whoever runs them gets the same lists."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.builds.turns import Turns, without

PYTHON = "python -m engine"
NONE = Turns()


def decode_line(build: str, query: str, scorer: str, asked: Mapping[str, Any]) -> str:
    """The shell's ``decode``. ``asked`` has the fields of :class:`app.decode.decoding.Asked`.

    >>> told = {"strategy": "beam", "beams": 10, "filter": "year > 1990", "ban": ("9", "3-1")}
    >>> decode_line("films", "a heist", "centroid", told)
    "python -m engine decode --beams 10 --scorer centroid --filter 'year > 1990' --ban 9 --ban 3-1 films 'a heist'"
    """
    words = ["--beams", str(asked["beams"]), "--scorer", scorer]
    if asked["strategy"] != "beam":
        words += ["--strategy", asked["strategy"]]
    for name, value in (asked.get("settings") or {}).items():
        words += ["-o", f"{name}={value}"] if value is not None else []
    for name in ("filter", "force", "branch"):
        words += [f"--{name}", asked[name]] if asked.get(name) else []
    for prefix in asked.get("ban") or ():
        words += ["--ban", prefix]
    words += [f"--{turn.replace(':', '=', 1)}" for turn in asked.get("turns") or ()]
    words += ["--temperature", f"{asked['temperature']:g}"] if asked.get("temperature", 1) != 1 else []
    words += ["--seed", str(asked["seed"])] if asked.get("seed") else []
    return f"{PYTHON} decode {shlex.join([*words, *_places(build, query)])}"


def decode_code(build: str, query: str, scorer: str, asked: Mapping[str, Any]) -> str:
    """The same from Python; with a branch, the decode that it leaves and then the branch."""
    given = {"beams": asked["beams"], "strategy": asked["strategy"], "scorer": scorer}
    given |= {name: asked[name] for name in ("settings", "seed") if asked.get(name)}
    given |= {"temperature": asked["temperature"]} if asked.get("temperature", 1) != 1 else {}
    lines = ["import engine", "", f"build = engine.open({build!r})"]
    if turns := asked.get("turns"):
        more, less = (tuple(one[5:] for one in turns if one.startswith(kind)) for kind in ("more:", "less:"))
        lines.append(f"moved = build.turned({query!r}, {more!r}, {less!r})")
    left = without(asked.get("filter", ""), [one[5:] for one in asked.get("turns") or () if one.startswith("less:")])
    if left or any(asked.get(name) for name in ("force", "ban")):
        view = {"filter_text": left, "force": asked.get("force", ""), "ban": tuple(asked.get("ban") or ())}
        lines.append(f"tree = build.view({_named(view)})")
        over = "tree=tree, "
    else:
        lines.append("tree = build.trie")
        over = ""
    branch = {"branched": given | {"branch": asked["branch"]}} if asked.get("branch") else {}
    for name, of in ({"trace": given} | branch).items():
        at = "vector=moved, " if asked.get("turns") else ""
        lines.append(f"{name} = build.decode({query!r}, {at}{over}{_named(of)})")
        lines += [f"rows, scores = {name}.documents(tree, 10)", "print([build.corpus.documents[row].title for row in rows])"]
    return "\n".join(lines)


def search_lines(build: str, query: str, names: Sequence[str], k: int, beams: int, allowed: str = "", turns: Turns = NONE) -> str:
    """The shell's ``search``, a line a retriever; ``allowed`` is a filter.

    >>> print(search_lines("films", "-x", ["bm25", "dense"], 5, 100, "year > 1990"))
    python -m engine search -r bm25 -k 5 --beams 100 --filter 'year > 1990' -- films -x
    python -m engine search -r dense -k 5 --beams 100 --filter 'year > 1990' -- films -x
    """
    asked = ["-k", str(k), "--beams", str(beams), *(["--filter", allowed] if allowed else [])]
    asked += [f"--{kind}={document}" for kind, of in turns._asdict().items() for document in of]
    asked += _places(build, query)
    return "\n".join(f"{PYTHON} search {shlex.join(['-r', name, *asked])}" for name in names)


def search_code(build: str, query: str, names: Sequence[str], k: int, beams: int, allowed: str = "", turns: Turns = NONE) -> str:
    """The same from Python."""
    under = f", filter={without(allowed, turns.less)!r}" if allowed or turns.less else ""
    moved = [f"moved = build.turned({query!r}, {turns.more!r}, {turns.less!r})"] if any(turns) else []
    under += ", vector=moved" if moved else ""
    return "\n".join(
        [
            "import engine",
            "",
            f"build = engine.open({build!r})",
            *moved,
            f"for name in {list(names)!r}:",
            f"    hits, ms = build.search({query!r}, name, k={k}, beams={beams}{under})",
            "    print(name, [hit.title for hit in hits])",
        ]
    )


def recommend_line(
    build: str, history: Sequence[str], less: Sequence[str], names: Sequence[str], k: int, beams: int, slate: str = ""
) -> str:
    """The shell's ``recommend``.

    >>> recommend_line("beauty", ["7", "12"], [], ["counting"], 10, 100)
    'python -m engine recommend --history 7,12 -m counting -k 10 --beams 100 beauty'
    """
    words = ["--history", ",".join(history), *(["--less", ",".join(less)] if less else [])]
    words += [word for name in names for word in ("-m", name)] + (["--slate", slate] if slate else [])
    return f"{PYTHON} recommend {shlex.join([*words, '-k', str(k), '--beams', str(beams), build])}"


def recommend_code(build: str, history: Sequence[str], names: Sequence[str], k: int, beams: int) -> str:
    """The same from Python."""
    return "\n".join(
        [
            "import engine",
            "from engine.recommending import asked, kinds",
            "",
            f"build = engine.open({build!r})",
            f"opened = kinds.Opened(build, {beams})",
            f"history = [build.row_of[one] for one in {list(history)!r}]",
            f"for name in {list(names)!r}:",
            f"    print(name, [hit.title for hit in asked.recommended(opened, name, history, {k})])",
        ]
    )


def search_next_line(build: str, query: str, model: str, k: int) -> str:
    """The shell's ``search-next``.

    >>> search_next_line("beauty", "red polish", "joint", 5)
    "python -m engine search-next -m joint -k 5 beauty 'red polish'"
    """
    return line(["search-next", "-m", model, "-k", str(k), *_places(build, query)])


def line(arguments: Sequence[str]) -> str:
    """A command of the shell by its arguments.

    >>> line(["build", "films", "--out", "builds/of mine"])
    "python -m engine build films --out 'builds/of mine'"
    """
    return f"{PYTHON} {shlex.join(arguments)}"


def offer(shell: str, code: str = "") -> None:
    """A drawer with the lines, each with its button to copy."""
    with st.popover("Copy as code", icon=":material/terminal:"):
        st.caption("For the shell:")
        st.code(shell, language="bash", wrap_lines=True)
        if code:
            st.caption("For a notebook:")
            st.code(code, language="python", wrap_lines=True)


def _places(build: str, query: str) -> list[str]:
    return [*(["--"] if "-" in (build[:1], query[:1]) else []), build, query]


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
