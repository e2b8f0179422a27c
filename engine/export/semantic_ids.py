"""Identifiers as repositories of generative recommendation take them."""

from pathlib import Path

import numpy as np

from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import replace_json

LC_REC, GRID, ITEMS = "lc-rec.index.json", "grid.json", "items.json"
# A letter a level, as LC-Rec spells them.
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write(build: Build, folder: Path) -> None:
    """Write three files; documents without an identifier are left out.

    :data:`LC_REC` is ``{id: ["<a_9>", "<b_14>"], ...}``, tokens to be added to a language model; ``build --identifiers`` takes it
    too. :data:`GRID` has ``semantic_ids``, a row a document, padded with -1, and ``codebook_sizes``;
    ``torch.tensor(value["semantic_ids"]).T`` is the tensor that GRID reads. :data:`ITEMS` says which id a row of it is.

    Raises
    ------
    TriescopeError
        Identifiers have more levels than there are letters.
    """
    codes = build.codes
    if codes.shape[1] > len(LETTERS):
        raise TriescopeError(f"identifiers of {codes.shape[1]} levels cannot be spelled with a letter a level")
    rows = np.flatnonzero(codes[:, 0] >= 0).tolist()
    spelled = {
        build.documents[row].id: [
            f"<{letter}_{code}>" for letter, code in zip(LETTERS, codes[row].tolist(), strict=False) if code >= 0
        ]
        for row in rows
    }
    replace_json(folder / LC_REC, spelled)
    sizes = list(build.identifiers.vocabulary)
    replace_json(folder / GRID, {"codebook_sizes": sizes, "rows": rows, "semantic_ids": codes[rows].tolist()})
    replace_json(folder / ITEMS, {str(row): build.documents[row].id for row in rows})
