"""A thin bar: how much of a level's probability lay on codes that exist, and how much was masked."""

from typing import Any

from app.charts.palette import BLUE, GREY

HEIGHT = 18


def option(masked: float) -> dict[str, Any]:
    """ECharts option of a bar of two parts; ``masked`` is a share, 0 to 1.

    >>> [part["data"] for part in option(0.25)["series"]]
    [[0.75], [0.25]]
    """
    parts = (("codes that exist", 1 - masked, BLUE), ("masked", masked, GREY))
    return {
        "animationDurationUpdate": 250,
        "grid": {"left": 0, "right": 0, "top": 2, "bottom": 2},
        "xAxis": {"type": "value", "min": 0, "max": 1, "show": False},
        "yAxis": {"type": "category", "data": [""], "show": False},
        "series": [
            {
                "type": "bar",
                "name": name,
                "stack": "probability",
                "data": [share],
                "barWidth": 10,
                "silent": True,
                "itemStyle": {"color": colour},
            }
            for name, share, colour in parts
        ],
    }


def describe(masked: float) -> str:
    """Alternative text.

    >>> describe(0.183)
    '18% of the probability masked (grey), 82% on codes that exist (blue).'
    """
    return f"{masked:.0%} of the probability masked (grey), {1 - masked:.0%} on codes that exist (blue)."
