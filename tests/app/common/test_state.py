"""The pure part of a click, by the payloads that Streamlit sends for ECharts and for Plotly."""

from types import SimpleNamespace

import pytest

from app.common import state

NOTHING = [None, {}, {"selection": {}}, {"selection": None}, {"selection": {"selected": [], "points": []}}]


def echarts(*selected: dict) -> dict:
    return {"selection": {"selected": list(selected)}}


def node(*indices: int) -> dict:
    return {"data_type": "node", "data_indices": list(indices), "series_index": 0}


def edge(*indices: int) -> dict:
    return {"data_type": "edge", "data_indices": list(indices), "series_index": 0}


def icicle_point(prefix: str) -> dict:
    """As Plotly's hierarchical traces tell it: the parent is a label, there is no customdata."""
    return {
        "curve_number": 0,
        "point_number": 7,
        "point_index": 7,
        "id": prefix,
        "label": "17 · sea",
        "parent": "3 · water",
        "value": 12,
        "current_path": "all documents/3 · water/",
        "percent_root": 0.01,
        "percent_parent": 0.2,
    }


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        (echarts(node(4)), 4),
        (echarts(node(0)), 0),
        (echarts(node(2, 9)), 9),
        (echarts(edge(3)), None),
        (echarts(edge(3), node(5)), 5),
        (echarts(node(), node(6)), 6),
        (echarts({"data_indices": [8]}), 8),  # a sunburst has no data type
        (echarts({"data_type": "node"}), None),
    ],
)
def test_the_clicked_node_of_an_echarts_selection(selection, index):
    assert state.clicked_index(selection) == index


@pytest.mark.parametrize("selection", NOTHING)
def test_no_selection_is_no_click(selection):
    assert state.clicked_index(selection) is None
    assert state.clicked_id(selection) is None


def test_selections_may_be_objects_with_attributes():
    assert state.clicked_index(SimpleNamespace(selection=SimpleNamespace(selected=[node(4)]))) == 4
    assert state.clicked_id(SimpleNamespace(selection=SimpleNamespace(points=[icicle_point("3-17")]))) == "3-17"


@pytest.mark.parametrize("prefix", ["3-17", "root", "0", "3-17-more"])
def test_the_clicked_cell_of_an_icicle_is_told_by_its_id_alone(prefix):
    assert state.clicked_id({"selection": {"points": [icicle_point(prefix)], "point_indices": [7]}}) == prefix


def test_the_first_of_several_cells_counts():
    assert state.clicked_id({"selection": {"points": [icicle_point("1"), icicle_point("2")]}}) == "1"


def test_a_point_without_an_id_is_no_cell():
    assert state.clicked_id({"selection": {"points": [{"x": 1, "y": 2, "point_index": 0}]}}) is None


@pytest.mark.parametrize(("prefix", "above"), [("3-17-0", "3-17"), ("3-17", "3"), ("3", ""), ("", ""), ("12-0", "12")])
def test_the_prefix_one_code_shorter(prefix, above):
    assert state.parent_prefix(prefix) == above


def test_links_carry_text_and_leave_out_what_is_empty():
    assert state.links(prefix="3-17", doc="", query=None, step=0, k=10) == {"prefix": "3-17", "step": "0", "k": "10"}
    assert state.links() == {}


def test_no_two_facts_share_a_parameter():
    names = [state.BUILD, state.QUERY, state.BEAMS, state.STEP, state.NODE, state.PREFIX, state.DOCUMENT]
    assert len(set(names)) == len(names)
    assert not {"embed", "embed_options"} & set(names)  # Streamlit keeps these for itself
