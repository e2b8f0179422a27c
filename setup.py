"""What goes into the wheel: one package, ``triescope``, that holds the engine, the window and the films as they lie here.

An install for working on the code (``pip install --editable``) leaves everything at its place, and makes ``engine`` and ``app``
importable from anywhere.
"""

import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = "triescope"
CARRIED = ("engine", "app", "pages", "data", ".streamlit")
LEFT = ("__pycache__", ".DS_Store")


def carried() -> list[Path]:
    """Files that the wheel holds beside the package's own, relative to this folder."""
    found = (path for folder in CARRIED for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
    return [path.relative_to(ROOT) for path in found if not any(part in LEFT for part in path.parts)]


class Whole(build_py):
    """Builds the package with what is carried in it."""

    def run(self) -> None:
        """Copy the package's own files, then the rest."""
        super().run()
        if not self.editable_mode:
            for path in carried():
                target = Path(self.build_lib) / PACKAGE / path
                self.mkpath(str(target.parent))
                self.copy_file(str(ROOT / path), str(target), preserve_mode=False)


if __name__ == "__main__":
    editable = "editable_wheel" in sys.argv
    setup(
        packages=find_packages(include=["engine*", "app*", PACKAGE]) if editable else [PACKAGE],
        cmdclass={"build_py": Whole},
    )
