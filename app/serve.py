"""Start the server, and open what a first question needs before anybody asks: ``python -m app.serve``, with Streamlit's options.

Streamlit runs no line of the app until a first person comes, who then waits for imports, indexes, compiled code and the encoder.
"""

import logging
import pkgutil
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

from engine import paths
from engine.builds import names

MAIN = paths.ROOT / "app" / "main.py"
# What the first pages import. Others bring torch and the like, which nobody may ever ask for.
ROOMS = ("app.common", "app.charts", "app.compare", "app.decode", "app.trie")
LOOKS_S = 0.05


def main() -> None:
    """Serve until the process is ended."""
    from streamlit.web import cli

    threading.Thread(target=ahead, daemon=True, name="ahead").start()
    sys.argv = ["streamlit", "run", str(MAIN), *sys.argv[1:]]
    sys.exit(cli.main())


def ahead() -> None:
    """Import what the first pages import, and open the build that a person sees who names none, once there is a server for it."""
    from streamlit import runtime

    while not runtime.exists():
        time.sleep(LOOKS_S)
    # No session, which Streamlit remarks at every cache that is asked.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    for room in map(import_module, ROOMS):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            import_module(module.name)
    from app.common import heap, ready, resources

    if listed := names.names():
        with suppress(Exception):  # it may be damaged: whoever opens it is told
            ready.get_ready(resources.opened(names.first(listed))).join()
    heap.settle()


if __name__ == "__main__":
    main()
