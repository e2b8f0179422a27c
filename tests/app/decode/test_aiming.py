"""A recall in place of a width, on Decode."""

import shutil

import pytest

from app.common import jobs
from app.decode import aiming
from engine import paths
from engine.retrievers import recall
from engine.retrievers.recall import Found, Target, Widths
from tests.app.at import button, labels, said, sound, visit

ASKED = {"query": "a heist inside dreams", "build": "films"}
PLANS = tuple(
    Target(asked=asked, widths=(width, 2 * width, 3 * width), below=(5.0, 9.0, 9.0), recall=asked, scored=50, ms=0.1)
    for asked, width in ((0.9, 3), (0.99, 8))
)
KNOWN = Widths(nearest=100, probes=50, plain=Found(recall=0.97, scored=900, ms=0.4), targets=PLANS)


@pytest.fixture
def known(warm_home, films_home):
    recall.write(shutil.copytree(films_home / "builds" / "films", paths.builds() / "films"), KNOWN)
    return KNOWN


def test_without_plans_there_is_no_field_but_a_button_that_starts_the_job(with_films, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments[0])))
    at = visit("decode", **ASKED)
    assert aiming.RECALL not in [box.key for box in at.selectbox]
    sound(button(at, "Choose widths for a recall").click().run())
    assert started == [("widths of films", "widths")]


def test_a_recall_is_chosen_beside_the_beams_decoded_by_its_plan_and_its_cost_is_said(known):
    at = visit("decode", **ASKED)
    assert at.selectbox(aiming.RECALL).options == ["one width", "90%", "99%"]
    at = sound(at.selectbox(aiming.RECALL).set_value("0.99").run())
    assert "8 within 5.0, 16 within 9.0, 24 within 9.0 nats; found 99.00% of the 100 nearest" in said(at).replace("\\", "")
    assert any("--strategy narrowed -o 'widths=8 16 24' -o 'below=5 9 9'" in code.value for code in at.code)
    assert "Choose widths for a recall anew" in labels(at)


def test_the_address_asks_for_one_and_what_there_is_not_is_said(known):
    at = visit("decode", recall="0.9", **ASKED)
    assert at.selectbox(aiming.RECALL).value == "0.9"
    at = visit("decode", recall="0.95", **ASKED)
    assert "a recall that is not there" in at.warning[0].value
    at = visit("decode", recall="0.9", strategy="diverse", **ASKED)
    assert aiming.RECALL not in [box.key for box in at.selectbox]
