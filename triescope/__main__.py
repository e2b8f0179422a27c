"""``triescope`` and ``python -m triescope``: the same as ``python -m engine``, from anywhere."""

import triescope  # noqa: F401  (which knows where the engine is)
from engine.cli.main import main

if __name__ == "__main__":
    main()
