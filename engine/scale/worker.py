"""The process of a shard: ``python -m engine.scale.worker FOLDER`` answers on stdout what comes on stdin, until that ends."""

import os
import sys
from pathlib import Path
from typing import IO

from engine.scale import wire
from engine.scale.part import Part
from engine.scale.split import read

READY, DONE, FAILED = "ready", "done", "failed"
# What has no answer, so that nobody waits for it, and what has one.
TOLD, ASKED = ("start", "keep"), ("expand", "documents")


def serve(folder: Path, inward: IO[bytes], outward: IO[bytes]) -> None:
    """Answer until there is nothing more to read."""
    part = Part(read(folder))
    wire.send(outward, READY, len(part.shard.trie.code))
    failed = ""
    while True:
        try:
            name, values = wire.receive(inward)
        except EOFError:
            return
        try:
            if name in TOLD:
                getattr(part, name)(*values)
            elif name in ASKED:
                answer = getattr(part, name)(*values)()
                wire.send(outward, *((FAILED, failed) if failed else (DONE, *answer)))
                failed = ""
            else:
                raise ValueError(f"{name!r} is not asked of a shard")
        except Exception as error:
            # To what is only told there is no answer; the next question gets it.
            failed = failed or f"{type(error).__name__}: {error}"
            if name not in TOLD:
                wire.send(outward, FAILED, failed)
                failed = ""


def main() -> None:
    """Serve the folder that is named, over the streams this process was given; what prints goes to stderr."""
    inward, outward = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Path(sys.argv[1]), inward, outward)


if __name__ == "__main__":
    main()
