"""Triescope as an installed package: ``triescope.open`` is :func:`engine.open`, ``triescope.make`` is :func:`engine.make`.

In a wheel the engine, the window and the films lie in this folder, in a clone beside it. They go to the end of ``sys.path``, so
that ``engine`` can be imported once this package is, and stands before nothing of yours.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE if (_HERE / "engine").is_dir() else _HERE.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

import engine  # noqa: E402

if Path(engine.__file__).resolve().parent != ROOT / "engine":
    raise ImportError(f"another package called engine stands before Triescope's: {engine.__file__}")

from engine import __version__, make, open  # noqa: E402

__all__ = ["ROOT", "__version__", "make", "open"]
