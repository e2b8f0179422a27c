"""A download that goes on where an interrupted one stopped."""

from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

# Bytes that are written together; seconds that the source may stay silent.
BLOCK, SILENT_S = 1 << 18, 60


class Resumed:
    """A downloader for pooch: what has come is kept in ``part`` until all has.

    The source is asked for what is missing; one that knows no ranges sends all of it again. Whether the parts fit together says
    the hash of the whole, which pooch looks at.
    """

    def __init__(self, part: Path):
        self.part = part

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Fetch ``url`` into a file.

        Raises
        ------
        requests.RequestException
            The source does not answer, has no such file, or breaks off; what has come stays.
        """
        have = self.part.stat().st_size if self.part.exists() else 0
        asked = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
        with requests.get(url, headers=asked, stream=True, timeout=SILENT_S) as answer:
            whole = answer.status_code == 416  # there is nothing behind what has come
            if not whole:
                answer.raise_for_status()
                self._take(answer, "ab" if answer.status_code == 206 else "wb")
        self.part.replace(output_file)

    def _take(self, answer: requests.Response, mode: str) -> None:
        try:
            with self.part.open(mode) as file:
                # As it comes: a block that is waited for until it is full is lost where the line breaks.
                while block := answer.raw.read1(BLOCK):
                    file.write(block)
        except HTTPError as error:
            have = self.part.stat().st_size
            raise requests.ConnectionError(
                f"it broke off; {have:,} bytes have come and are kept: the same again goes on"
            ) from error
