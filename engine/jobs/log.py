"""What a job has said on stderr, read from the end of its log."""

import re
from pathlib import Path

# A job may say megabytes; so much of the end is looked at, and of it so many lines are shown.
BYTES, LINES = 64 << 10, 20
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def tail(log: Path, lines: int = LINES) -> list[str]:
    r"""The last lines of a log that are not blank; none where there is no log.

    A progress bar draws over its own line; what it drew last counts.

    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "log"
    >>> _ = log.write_bytes(b"one\n\n 10%\r 20%\r\x1b[K100%\nthree")
    >>> tail(log), tail(log, 1), tail(log.with_name("none"))
    (['one', '100%', 'three'], ['three'], [])
    """
    try:
        with open(log, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    whole = text.partition("\n")[2] if size > BYTES and "\n" in text else text
    drawn = (_TERMINAL.sub("", line).rstrip("\r").rpartition("\r")[2].rstrip() for line in whole.split("\n"))
    return [line for line in drawn if line][-lines:]
