"""The picture of a whole tree: its first two levels, from the centre outwards."""

from collections.abc import Mapping
from typing import Any

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from app.charts.window import Cell

HUES = (BLUE, ORANGE, GREEN, PINK, SKY, RED)


# How much of its colour a branch keeps in which none of the chosen documents lie.
FAINT = 0.08
# And, ring by ring, where no documents are chosen: said once, for a thousand branches each weigh what is said of them.
USUAL = (0.9, 0.55)


def option(cells: list[Cell], lit: Mapping[str, float] | None = None) -> dict[str, Any]:
    """ECharts sunburst of a window of depth two: an angle is a share of the documents, a ring is a level.

    Where some documents are chosen, ``lit`` is prefix -> share of a branch's documents that are among them, and a branch is as
    strong as that share.
    """

    def style(prefix: str, colour: str) -> dict[str, Any]:
        strength = {} if lit is None else {"opacity": round(FAINT + (1 - FAINT) * lit.get(prefix, 0.0), 3)}
        return {"color": colour} | strength

    below: dict[str, list[Cell]] = {}
    for cell in cells[1:]:
        below.setdefault(cell.parent, []).append(cell)
    data = []
    for place, branch in enumerate(below.get(cells[0].prefix, [])):
        colour = HUES[place % len(HUES)] if branch.node >= 0 else GREY  # what was left out is no branch of its own
        twigs = [
            {"name": twig.name, "value": twig.documents, "itemStyle": style(twig.prefix, colour)}
            for twig in below.get(branch.prefix, [])
        ]
        data.append(
            {
                "name": branch.name,
                "value": branch.documents,
                "itemStyle": style(branch.prefix, colour),
                "children": twigs,
            }
        )
    return {
        "tooltip": {"formatter": "{b}<br>{c} documents", "confine": True},
        "series": [
            {
                "type": "sunburst",
                "data": data,
                "sort": None,
                "nodeClick": False,
                "selectedMode": "single",
                "cursor": "pointer",
                "itemStyle": {"borderWidth": 0.6, "borderColor": "rgba(255,255,255,0.7)"},
                "levels": [
                    {},
                    {
                        "r0": "9%",
                        "r": "72%",
                        "itemStyle": {"opacity": USUAL[0]},
                        "label": {
                            "fontSize": 11,
                            "color": "#FFFFFF",
                            "minAngle": 5,
                            "overflow": "truncate",
                            "textBorderColor": "rgba(0,0,0,0.45)",
                            "textBorderWidth": 2,
                        },
                    },
                    {"r0": "73%", "r": "96%", "itemStyle": {"opacity": USUAL[1]}, "label": {"show": False}},
                ],
                "emphasis": {"focus": "descendant"},
                "animationDuration": 400,
            }
        ],
    }


def preorder(cells: list[Cell]) -> list[Cell]:
    """Cells below the first one in the order in which ECharts numbers the nodes: its number 0 is a virtual root, so cell ``i``
    here is number ``i + 1``.

    >>> cells = [Cell("", "", 0, "", 3, 0), Cell("0", "", 1, "", 2, 1), Cell("4", "", 2, "", 1, 1), Cell("0-7", "0", 3, "", 2, 2)]
    >>> [cell.prefix for cell in preorder(cells)]
    ['0', '0-7', '4']
    """
    below: dict[str, list[Cell]] = {}
    for cell in cells[1:]:
        below.setdefault(cell.parent, []).append(cell)
    order: list[Cell] = []
    for branch in below.get(cells[0].prefix, []):
        order += [branch, *below.get(branch.prefix, [])]
    return order
