"""Files that pages offer: a spreadsheet that opens one computes nothing."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from app.common import exports
from engine import paths

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "+0.020 [-0.010, +0.050]",
    "-inf",
    "- a list",
]
TEXTS = ["", "a=b", "-3", "+4.5", "-1e-05", "3-17", "'quoted'", "Amélie", "a\n=b"]


def read(frame):
    header, *rows = csv.reader(io.StringIO(exports.csv(frame)(), newline=""))
    return header, rows


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_stands_behind_an_apostrophe(text):
    quoted = f"'{text}".replace("\r", "\n")
    assert read(pd.DataFrame({text: [text, "x"]})) == ([quoted], [[quoted], ["x"]])


@pytest.mark.parametrize("text", TEXTS)
def test_other_text_and_numbers_written_as_text_stay_as_they_are(text):
    assert read(pd.DataFrame({"a": [text], "b": ["x"]})) == (["a", "b"], [[text, "x"]])


def test_numbers_stay_numbers_and_what_is_missing_stays_empty():
    frame = pd.DataFrame({"float": [-0.5, np.nan], "int": [-3, 4], "rank": pd.array([-1, None], "Int64"), "mixed": [-2, "=x"]})
    assert read(frame)[1] == [["-0.5", "-3", "-1", "-2"], ["", "4", "", "'=x"]]
    assert frame["mixed"].tolist() == [-2, "=x"]


def test_columns_of_one_name_are_each_written():
    frame = pd.DataFrame([["=a", -1, "=b"]], columns=["same", "n", "same"])
    assert read(frame) == (["same", "n", "same"], [["'=a", "-1", "'=b"]])


def test_no_page_writes_a_table_another_way():
    files = [*(paths.ROOT / "app").rglob("*.py"), *(paths.ROOT / "pages").rglob("*.py")]
    assert [path.name for path in files if ".to_csv(" in path.read_text("utf-8")] == ["exports.py"]
