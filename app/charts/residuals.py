"""One document quantized step by step: what is left over shrinks, and the sum of the codes turns towards the document."""

from collections.abc import Sequence
from typing import Any

from app.charts.palette import BLUE, GREY, ORANGE
from engine.health.usage import ResidualStep


def picture(steps: Sequence[ResidualStep]) -> dict[str, Any]:
    """ECharts lines by level: the residual's length falls while the cosine of the sum so far rises."""
    left = [*(step.before for step in steps[:1]), *(step.after for step in steps)]
    cosines = [step.cosine for step in steps]
    turned = [None, *cosines][: len(left)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 28, "top": 60, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "orient": "vertical"},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3f", "confine": True},
        "xAxis": {"type": "category", "data": ["start", *(f"level {step.level}" for step in steps)]},
        "yAxis": {"type": "value", "min": min([0.0, *cosines]), "splitNumber": 4},
        "series": [
            _line("length of the residual", left, turned, ORANGE, "circle", "solid"),
            _line("cosine of the sum so far", turned, left, BLUE, "diamond", "dashed"),
        ],
    }


def describe(steps: Sequence[ResidualStep]) -> str:
    """Alternative text."""
    if not steps:
        return "No level has a codebook."
    first, last = steps[0], steps[-1]
    return (
        f"Residual of length {first.before:.2f} before the first of {len(steps)} levels and {last.after:.2f} after the last; the "
        f"sum of the codes has cosine {last.cosine:.2f} with the document."
    )


def explain(step: ResidualStep, codes: int) -> str:
    """One level in plain sentences; ``codes`` is the size of its codebook.

    >>> explain(ResidualStep(2, 7, 0.7, 0.5, 0.87, 3, 0.55), 32).split(". ")[0]
    'What is left over has length 0.700'
    """
    what = "The embedding" if step.level == 1 else "What is left over"
    text = f"{what} has length {step.before:.3f}. Code {step.code} lies at a distance of {step.after:.3f}"
    if step.other_distance is None:
        text += " and is the only one."
    elif step.after <= step.other_distance:
        text += f", the nearest of {codes:,}; the second nearest, {step.other}, at {step.other_distance:.3f}."
    else:
        text += f". Code {step.other} is nearer ({step.other_distance:.3f}): this document was moved, so that no two share codes."
    return f"{text} The codes so far add up to a vector with cosine {step.cosine:.3f} to the document."


def _line(
    name: str, values: Sequence[float | None], beside: Sequence[float | None], colour: str, symbol: str, dash: str
) -> dict[str, Any]:
    """One line; each of its labels stands on the side away from the other line."""
    points: list[dict[str, Any] | None] = []
    for value, other in zip(values, beside, strict=True):
        side = "top" if value is not None and (other is None or value >= other) else "bottom"
        label = {"show": True, "color": GREY, "position": side, "fontSize": 11, "formatter": f"{value or 0:.2f}"}
        points.append(None if value is None else {"value": round(value, 4), "label": label})
    return {
        "type": "line",
        "name": name,
        "data": points,
        "symbol": symbol,
        "symbolSize": 9,
        "itemStyle": {"color": colour},
        "lineStyle": {"width": 2.5, "type": dash, "color": colour},
    }
