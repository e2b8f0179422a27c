"""Whatever stands in an address, a page says what it cannot use and draws the rest: no exception, nothing written, no growth."""

import ast
import os
import random
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import evaluation, paths, workspace
from engine.builds.opened import Build
from tests.app.at import visit
from tests.app.test_pages import HTML, PAGES, WRONG_PREFIXES

SETS, QUICK, SEED = 2000, 100, 13
ODD = (
    *WRONG_PREFIXES,
    *"0 1 2 3 5 59 60 61 100 1e9 -5 nan inf 1.5 true false none ٣ 雪の中 \u202etxt.exe a\x00b %00 {{7*7}} $HOME ~ .".split(" "),
    *"centroid node slow nobody beam exact greedy sample unconstrained narrowed bm25 dense generative generative:node".split(),
    *"hybrid bm25:k1=-1 bm25~dense .3*bm25+.7*dense late a+b+c dev test train judged mine nDCG@10 rq-kmeans random".split(),
    *"category genre year sixty fewer 1-2 2-1,3 more:alien-1979 less:nobody alien-1979 alien-1979,the-fly-1986".split(),
    *("year > 1990", "year >", "genre has 'Drama'", "((((", "not not not", "id = 'x' or", "category in ()", "genre is missing"),
    *("quota=2", "mmr=9", "the same with node", "'; drop table x; --", "x" * 5000, "", HTML),
)
QUERIES = ("a crew answers a signal", "dreams", HTML, "", "雪", "?", "x " * 400)


def names() -> list[str]:
    """Every name that the app may look for in an address: where it asks for one, and the keys of widgets that are tied to it."""
    texts = [path.read_text("utf-8") for folder in ("app", "pages") for path in (paths.ROOT / folder).rglob("*.py")]
    asks = r"(?:own|one_of|number|within|known|parameter|get_all|focus)\("
    called, found = {"HISTORY", "LESS"}, {"build"}
    for text in texts:
        found.update(re.findall(asks + r'"([\w-]+)"', text), re.findall(r'key="([\w-]+)"[^)]*?bind=', text))
        called.update(re.findall(asks + r"(?:\w+\.)?([A-Z_]+)\b", text), re.findall(r"key=([A-Z_]+)[^)]*?bind=", text))
    for line in (line for text in texts for line in ast.parse(text).body if isinstance(line, ast.Assign)):
        pairs = [(target, line.value) for target in line.targets]
        if isinstance(pairs[0][0], ast.Tuple) and isinstance(line.value, ast.Tuple):
            pairs = list(zip(pairs[0][0].elts, line.value.elts, strict=True))
        given = [(ast.unparse(target), value.value) for target, value in pairs if isinstance(value, ast.Constant)]
        found.update(value for name, value in given if name in called and isinstance(value, str))
    return sorted(found)


def sets(count: int, seed: int = SEED) -> Iterator[tuple[str, dict[str, str | list[str]]]]:
    """Pages with what stands in their address, the same at every run."""
    drawn, known = random.Random(seed), names()
    for place in range(count):
        asked: dict[str, str | list[str]] = {}
        for name in drawn.sample(known, drawn.randint(4, 60)):
            some = drawn.choices(ODD, k=drawn.choice((1, 1, 1, 3)))
            asked[name] = some[0] if len(some) == 1 else some
        if drawn.random() < 0.8:
            asked["build"] = "sixty"
        if drawn.random() < 0.7:
            asked["query"] = drawn.choice(QUERIES)
        if drawn.random() < 0.3:
            asked["b-build"] = "fewer"
        yield PAGES[place % len(PAGES)], asked


@pytest.fixture
def furnished(empty_home, trained_home, two_home):
    """A home with two builds, trained scorers and an evaluation that is kept."""
    (empty_home / "builds").mkdir()
    for name, home in (("sixty", trained_home), ("fewer", two_home)):
        (empty_home / "builds" / name).symlink_to((home / "builds" / name).resolve())
    (empty_home / "cache").symlink_to((trained_home / "cache").resolve())
    sixty = Build(empty_home / "builds" / "sixty")
    found = evaluation.evaluate(sixty, "dev", ["bm25", "dense"], beams=5)
    spec = {"split": "dev", "retrievers": ["bm25", "dense"], "beams": 5, "filter": "", "measures": list(evaluation.MEASURES)}
    workspace.evaluations.keep(sixty.catalogue, "sixty", spec, found.as_json() | found.by_query())
    return empty_home


def lies(home: Path) -> dict[str, tuple[int, int]]:
    """Every file of a home with its size and when it was changed."""
    files = (Path(folder) / name for folder, _, known in os.walk(home, followlinks=True) for name in known)
    return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files if "cache" not in file.parts}


def opened(home: Path, count: int, skip: int = 0) -> list[str]:
    """Open so many; what broke."""
    before, broken = lies(home), []
    for page, asked in list(sets(count))[skip:]:
        try:
            at = visit(page, **asked)
        except (AssertionError, RuntimeError, UnicodeError) as error:
            broken.append(f"{page} {asked!r}: {str(error)[:400]}")
            continue
        shown = " ".join(error.value for error in at.error)
        if "Traceback" in shown or any(text.allow_html for text in at.markdown):
            broken.append(f"{page} {asked!r}: {shown[:400]}")
    assert lies(home) == before
    return broken


def test_pages_bear_any_address(furnished):
    assert not (broken := opened(furnished, SETS // QUICK)), "\n".join(broken)


@pytest.mark.slow
def test_pages_bear_two_thousand_addresses_and_keep_nothing_of_them(furnished):
    assert not (broken := opened(furnished, SETS // 4)), "\n".join(broken)
    settled = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert not (broken := opened(furnished, SETS, SETS // 4)), "\n".join(broken)
    # Caches are full by then; kilobytes.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1.25 * settled
