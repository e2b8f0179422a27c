"""The process of a shard: ``python -m engine.scale.worker FOLDER`` answers on stdout what comes on stdin, until that ends."""

import os
import sys
from pathlib import Path
from typing import IO

from engine.scale import wire
from engine.scale.part import Part
from engine.scale.split import read

READY, DONE, FAILED = "ready", "done", "failed"


def serve(folder: Path, inward: IO[bytes], outward: IO[bytes]) -> None:
    """Answer until there is nothing more to read."""
    part = Part(read(folder))
    wire.send(outward, READY, len(part.shard.trie.code))
    while True:
        try:
            name, values = wire.receive(inward)
        except EOFError:
            return
        try:
            if name == "start":
                part.start(*values)
                wire.send(outward, DONE)
            elif name == "keep":
                part.keep(*values)
                wire.send(outward, DONE)
            elif name == "expand":
                wire.send(outward, DONE, *part.expand(*values)())
            elif name == "documents":
                wire.send(outward, DONE, *part.documents(*values)())
            else:
                raise ValueError(f"{name!r} is not asked of a shard")
        except Exception as error:
            wire.send(outward, FAILED, f"{type(error).__name__}: {error}")


def main() -> None:
    """Serve the folder that is named, over the streams this process was given; what prints goes to stderr."""
    inward, outward = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Path(sys.argv[1]), inward, outward)


if __name__ == "__main__":
    main()
