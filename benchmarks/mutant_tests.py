"""Which tests would have to notice a mutant, the nearest first, and a run of them that touches nothing on disk.

cosmic-ray's own runner starts Python anew for each mutant, which takes longer than the tests. Here one process imports the
libraries and forks; the child imports the engine with the mutant in the place of its module.
"""

import contextlib
import importlib
import importlib.abc
import importlib.util
import os
import re
import resource
import signal
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.mutant_draw import Mutant
from engine.paths import ROOT

# Left out here: whole trainings, which take minutes; what they notice of a loss, a faster test has to.
SLOW = ("test_train_every_scheme.py",)
# Seconds of processor time that one test may take, and of the clock that all may: a mutant that runs for ever is noticed.
LIMIT_S, PATIENCE_S = 60, 3600
EXAMPLES = 25  # of a property
BEGUN, FAILED = "begun ", "failed "
NOTHING = 5  # pytest's exit code where no test was chosen


class Seen(NamedTuple):
    """What the tests said to a mutant: the first that failed ("" where all passed) and how long that took."""

    killed_by: str
    seconds: float


def nearest(mutant: Mutant) -> tuple[list[str], list[str]]:
    """Test files in the order in which they are run: those nearest to the mutated module, and the others of its rooms.

    Near is a file that is named after the module or the folder it lies in, or that imports it; where there is none, all of the
    room are. The module's own doctests come first.
    """
    path = Path(mutant.path)
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    files = [file for room in mutant.tests for file in sorted((ROOT / room).rglob("test_*.py")) if file.name not in SLOW]
    stem, folder = module.rsplit(".", 1)[1], module.split(".")[-2]
    by_name = [file for file in files if _named(file, stem)]
    by_import = [file for file in files if _imports(file, module)]
    by_folder = [file for file in files if len(path.parts) > 3 and _named(file, folder)]
    in_room = [file for file in files if file.is_relative_to(ROOT / mutant.tests[0])]
    near = list(dict.fromkeys([*by_name, *by_import, *by_folder])) or in_room
    rest = [file for file in dict.fromkeys(files) if file not in near]
    return [mutant.path, *(str(file.relative_to(ROOT)) for file in near)], [str(file.relative_to(ROOT)) for file in rest]


def _named(file: Path, name: str) -> bool:
    """Whether a test file's name has all words of ``name``, in the singular or the plural: ``test_view.py`` has ``view``."""
    words = {word.rstrip("s") for word in file.stem.split("_")}
    return {word.rstrip("s") for word in name.split("_")} <= words


def _imports(file: Path, module: str) -> bool:
    package, name = module.rsplit(".", 1)
    from_package = rf"from {re.escape(package)} import [^#]*?\b{name}\b"
    return re.search(rf"\b{re.escape(module)}\b|{from_package}", _text(file)) is not None


@cache
def _text(file: Path) -> str:
    # An import may go over several lines; none has a closing bracket before its last name.
    return re.sub(r"\(\s*|,\s*\n\s*", " ", file.read_text("utf-8"))


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the text of a mutant."""

    def __init__(self, mutant: Mutant):
        parts = Path(mutant.path).with_suffix("").parts
        self.name, self.mutant = ".".join(parts).removesuffix(".__init__"), mutant

    def find_spec(self, name, path=None, target=None):
        """The mutant for its module; all others are looked for elsewhere."""
        if name != self.name:
            return None
        inside = [str((ROOT / self.mutant.path).parent)] if self.mutant.path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            name, ROOT / self.mutant.path, loader=self, submodule_search_locations=inside
        )

    def exec_module(self, module):
        """Run the mutant's code as the module."""
        exec(compile(self.mutant.code, str(ROOT / self.mutant.path), "exec"), module.__dict__)


class Noted:
    """A plugin of pytest that notes each test that begins and each that fails, and bounds what one test may take."""

    def __init__(self, notes: int):
        self.notes = notes

    def pytest_configure(self):
        """Any counterexample of a property is enough; hypothesis would look for the smallest one for minutes."""
        from hypothesis import Phase, settings

        phases = (Phase.explicit, Phase.generate)
        few = settings(deadline=None, derandomize=True, database=None, max_examples=EXAMPLES, phases=phases)
        settings.register_profile("few", few)
        settings.load_profile("few")

    def pytest_runtest_logstart(self, nodeid):
        """A test begins; a mutant that runs for ever is ended by the system, also where no Python runs."""
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + LIMIT_S, hard))
        os.write(self.notes, f"{BEGUN}{nodeid}\n".encode())

    def pytest_runtest_logreport(self, report):
        """A test has run."""
        if report.failed:
            os.write(self.notes, f"{FAILED}{report.nodeid}\n".encode())

    pytest_collectreport = pytest_runtest_logreport  # a file that does not even import


def judge(mutant: Mutant) -> Seen:
    """Run the tests up to the first that fails: those near that bear the module's name, all that are near, then the others.

    Raises
    ------
    RuntimeError
        That test fails without the mutant too, so it says nothing.
    """
    start, (near, far) = time.perf_counter(), nearest(mutant)
    name = Path(mutant.path).stem
    of_that_name = ["-k", f"{name} or {name.replace('_', '-')}"]
    for files, options in ((near, of_that_name), (near, []), (far, [])):
        if files and (by := _first_to_fail(mutant, files, options)):
            if not _passes(by):
                raise RuntimeError(f"{by} fails without a mutant")
            return Seen(by, time.perf_counter() - start)
    return Seen("", time.perf_counter() - start)


@cache
def _passes(test: str) -> bool:
    """Whether a test, or a file, passes without a mutant."""
    return not _first_to_fail(None, [test], [])


def _first_to_fail(mutant: Mutant | None, files: list[str], options: list[str]) -> str:
    """The first test that fails or does not end; empty where all pass."""
    with tempfile.TemporaryFile() as notes:
        start = time.perf_counter()
        if (child := os.fork()) == 0:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(null, stream)
            os._exit(_test(mutant, [*options, *files], Noted(notes.fileno())))
        status = None
        while status is None and time.perf_counter() - start < PATIENCE_S:
            time.sleep(0.05)
            done, code = os.waitpid(child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(code) if done else None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and what a test started
        if status is None:
            os.waitpid(child, 0)
        notes.seek(0)
        lines = notes.read().decode().splitlines()
    if status in (0, NOTHING):
        return ""
    failed = [line.removeprefix(FAILED) for line in lines if line.startswith(FAILED)]
    begun = [line.removeprefix(BEGUN) for line in lines if line.startswith(BEGUN)]
    return (failed or begun[-1:] or files)[0]


def _test(mutant: Mutant | None, given: list[str], noted: Noted) -> int:
    import pytest

    for name in [name for name in sys.modules if name.split(".")[0] in {"engine", "app", "tests"}]:
        del sys.modules[name]
    if mutant is not None:
        instead = Instead(mutant)
        sys.meta_path.insert(0, instead)
        try:  # now, since pytest itself would load a file that it is given
            importlib.import_module(instead.name)
        except Exception:  # whatever a mutant raises on import is noticed by every test: it is killed, and nothing is hidden
            return 1
    always = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow and not browser"]
    return int(pytest.main([*always, *given], plugins=[noted]))


def warm() -> None:
    """Import what takes long, so that every child has it; one thread each, since threads do not survive a fork."""
    for name in ("bm25s", "duckdb", "hypothesis", "ir_measures", "numba", "pandas", "pydantic", "sentence_transformers"):
        importlib.import_module(name)
    import faiss
    import torch

    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
