"""Schemes side by side: a dot with its interval for each, the random control in grey."""

import html
from typing import Any

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY
from engine.data.figures import told, told_p
from engine.studies.found import Study
from engine.studies.schemes import CONTROLS

# A wide beam hides what an identifier is worth on a small catalogue; this one shows it.
NARROW = "nDCG@10, beam 10"


def table(study: Study) -> list[dict[str, Any]]:
    """One flat row a scheme, best at a narrow beam first; a scheme that does not fit the catalogue comes last, with why."""
    rows: list[dict[str, Any]] = []
    for name, row in study.schemes.items():
        card = row.report
        if card is None:
            rows.append({"Scheme": name, "Note": row.error})
            continue
        flat = {
            "Scheme": name,
            "Health": card.verdict,
            "Codes a level": " × ".join(map(str, row.vocabulary[:5])) + (" …" if len(row.vocabulary) > 5 else ""),
            "Unique before resolving": card.content_unique_rate,
            "Unique": card.unique_rate,
            "Content bits": card.content_bits,
            "Reconstruction cosine": card.reconstruction_cosine,
            "Fit, s": row.fit_seconds,
            "Trie, kB": row.trie_bytes / 1000,
            "Note": "control" if name in CONTROLS else "",
        }
        for measure, value in row.quality.items():
            flat |= {measure: value.mean, f"{measure} low": value.low, f"{measure} high": value.high}
        told_behind = (told(row.behind, sign=True), told_p(row.behind)) if row.behind else ("", "")
        flat |= dict(zip(("To the best", "p"), told_behind, strict=True))
        rows.append(flat)
    return sorted(rows, key=lambda row: -(row.get(NARROW) or -1))


def figure(rows: list[dict[str, Any]], measure: str = NARROW) -> go.Figure:
    """Mean and 95% interval of each scheme, best at the top."""
    shown = [row for row in rows if row.get(measure) is not None][::-1]
    figure = go.Figure(
        go.Scatter(
            x=[row[measure] for row in shown],
            y=[html.escape(row["Scheme"]) for row in shown],
            mode="markers",
            marker={"size": 11, "color": [GREY if row["Scheme"] in CONTROLS else BLUE for row in shown]},
            error_x={
                "array": [row[f"{measure} high"] - row[measure] for row in shown],
                "arrayminus": [row[measure] - row[f"{measure} low"] for row in shown],
                "color": GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=70 + 30 * len(shown),
        margin={"l": 10, "r": 10, "t": 6, "b": 36},
        xaxis={"title": f"{html.escape(measure)}, 95% interval"},
    )
    return figure


def describe(rows: list[dict[str, Any]], measure: str = NARROW) -> str:
    """Alternative text."""
    known = [row for row in rows if row.get(measure) is not None]
    if not known:
        return "No judged queries, so no quality."
    return f"{measure} of {len(known)} schemes: best {known[0]['Scheme']} {known[0][measure]:.3f}, last {known[-1]['Scheme']}."
