"""Retrievers of an evaluation against each other: every pair, and the queries on which two of them differ most."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.data.figures import Difference, told, told_p


def table(found: Mapping[str, Any], measure: str) -> pd.DataFrame:
    """A row a pair by one measure: the difference with its interval and corrected p, queries won, tied and lost, and what so many
    queries can show."""
    rows = []
    for pair in found["pairs"][measure]:
        of = Difference(**{name: pair[name] for name in Difference._fields})
        rows.append(
            {
                "Retriever": pair["ours"],
                "Less": pair["theirs"],
                "Difference": told(of, sign=True),
                "p": told_p(of),
                "Won": pair["wins"],
                "Tied": pair["ties"],
                "Lost": pair["losses"],
                "Can be shown": pair["shows"],
                "Queries it needs": pair["needed"],
            }
        )
    return pd.DataFrame(rows)


def flips(found: Mapping[str, Any], texts: Mapping[str, str], ours: str, theirs: str, measure: str) -> pd.DataFrame:
    """The queries by one retriever's value less another's, the largest difference either way first; equal ones are left out."""
    of_ours, of_theirs = (np.array(found["values"][name][measure]) for name in (ours, theirs))
    less = of_ours - of_theirs
    order = [place for place in np.argsort(-np.abs(less), kind="stable") if abs(less[place]) > 1e-9]
    ids = [found["ids"][place] for place in order]
    return pd.DataFrame(
        {
            "Difference": less[order],
            "Query": [texts.get(known, "") for known in ids],
            ours: of_ours[order],
            theirs: of_theirs[order],
            "Id": ids,
        }
    )
