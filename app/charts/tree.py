"""The start page's picture: the first two levels of the trie as a radial tree."""

from typing import Any

from app.charts.palette import BLUE, SKY
from app.charts.window import Cell


def option(cells: list[Cell]) -> dict[str, Any]:
    """ECharts tree of a window of depth two; a node's size grows with the documents below it."""
    nodes: dict[str, dict[str, Any]] = {}
    for place, cell in enumerate(cells):
        node = {
            "name": cell.name,
            "value": cell.documents,
            "symbolSize": 4 + min(cell.documents, 64) ** 0.5 * (2 if cell.depth < 2 else 1.2),
            "itemStyle": {"color": BLUE if cell.depth < 2 else SKY, "borderWidth": 0},
            "label": {"show": cell.depth == 1},
            "children": [],
        }
        nodes[cell.prefix] = node
        if place:
            nodes[cell.parent]["children"].append(node)
    return {
        "tooltip": {"formatter": "{b}<br>{c} documents", "confine": True},
        "series": [
            {
                "type": "tree", "layout": "radial", "data": [nodes[cells[0].prefix]], "symbol": "circle",
                "left": "14%", "right": "14%", "top": "10%", "bottom": "10%", "initialTreeDepth": -1,
                "expandAndCollapse": False, "selectedMode": "single", "roam": False,
                "lineStyle": {"width": 0.7, "opacity": 0.5, "curveness": 0.4},
                "label": {"fontSize": 11, "overflow": "truncate", "width": 150},
                "emphasis": {"focus": "descendant"},
                "animationDuration": 400,
            }
        ],
    }  # fmt: skip


def preorder(cells: list[Cell]) -> list[Cell]:
    """Cells in the order in which ECharts numbers a tree's nodes; its numbering starts with a virtual root at 0."""
    below: dict[str, list[Cell]] = {}
    for cell in cells[1:]:
        below.setdefault(cell.parent, []).append(cell)
    order: list[Cell] = []
    stack = [cells[0]]
    while stack:
        cell = stack.pop()
        order.append(cell)
        if cell.depth < 2:
            stack += reversed(below.get(cell.prefix, []) if cell.depth else below.get(cells[0].prefix, []))
    return order
