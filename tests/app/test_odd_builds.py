"""Builds that are odd: one document, no encoder, another format, strange values, several, strange names."""

import json
import shutil

import numpy as np
import pytest

from app.common import state
from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from tests.app.at import infos, said, visit

WITH_FILMS = pytest.mark.usefixtures("with_films")
QUERY = "a heist that happens inside dreams"


def test_a_catalogue_of_one_document_has_a_tree(empty_home, monkeypatch):
    monkeypatch.setattr("engine.text.embed.embed", lambda texts, *_, **__: np.eye(len(texts), 384, dtype=np.float32))
    make(Corpus("one", [Document("a", "Alone", "one", {})], {}, {}, []), BuildSpec(), empty_home / "builds" / "one")
    assert "no two documents" in infos(visit("trie", build="one"))


@pytest.mark.parametrize("page", ["decode", "compare"])
def test_a_build_whose_encoder_is_gone_says_so_in_a_line(page, empty_home, small_build):
    folder = shutil.copytree(small_build, empty_home / "builds" / "sixty")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["spec"]["model"] = manifest["encoder"]["name"] = str(empty_home / "moved")
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (error,) = visit(page, build="sixty", query="asked of nobody yet, so no vector of it is kept").error
    assert "is neither a folder here nor a model that could be fetched" in error.value


def test_values_that_a_filter_cannot_compare_are_counted_on_decode(empty_home, monkeypatch):
    prices = ["1,200", "15", "n/a", 20]
    with monkeypatch.context() as patch:
        patch.setattr("engine.text.embed.embed", lambda texts, *_, **__: np.eye(len(texts), 384, dtype=np.float32))
        documents = [Document(str(row), "A film", "one", {"price": price}) for row, price in enumerate(prices)]
        make(Corpus("priced", documents, {}, {}, []), BuildSpec(), empty_home / "builds" / "priced")
    told = "2 of 4 values are no numbers"
    assert told in said(visit("decode", build="priced", query=QUERY, filter="price > 10"))
    assert told not in said(visit("decode", build="priced", query=QUERY, filter="title = 'a film'"))


@WITH_FILMS
def test_a_prefix_banned_twice_is_banned_once():
    at = visit("decode", query=QUERY, ban="0,0")
    assert [button.label for button in at.button if button.label.startswith("Banned")] == ["Banned 0"]


def test_several_builds_can_be_chosen_by_the_address(empty_home, films_home):
    for name in ("films", "another"):
        shutil.copytree(films_home / "builds" / "films", empty_home / "builds" / name)
    at = visit("start", build="another")
    assert at.selectbox(state.BUILD).options == ["another", "films"]
    assert at.selectbox(state.BUILD).value == "another"
    assert visit("start").selectbox(state.BUILD).value == "films"


def test_a_build_of_another_format_is_refused_in_a_line(empty_home, films_home):
    folder = shutil.copytree(films_home / "builds" / "films", empty_home / "builds" / "films")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}), "utf-8")
    at = visit("start")
    assert any("format 99" in error.value for error in at.error)


def test_start_says_what_the_reader_of_the_files_left_aside(empty_home, small_build):
    folder = shutil.copytree(small_build, empty_home / "builds" / "sixty")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["corpus"] |= {"notes": ["column image: 3 values :red[no]"], "left_out": [f"a{number}" for number in range(12)]}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    told = said(visit("start", build="sixty"))
    assert r"column image\: 3 values \:red\[no\]" in told
    assert r"Left out, having neither title nor text: a0\, a1\," in told
    assert r"a9 and 2 more" in told


def test_a_build_of_any_name_is_offered_and_others_are_named_with_the_reason(empty_home, films_home):
    films, builds = films_home / "builds" / "films", empty_home / "builds"
    builds.mkdir()
    for name in ("Amazon_Beauty :red[x]", "a\nb"):
        (builds / name).symlink_to(films)
    (builds / "begun").mkdir()
    at = visit("start", build="Amazon_Beauty :red[x]")
    assert at.selectbox(state.BUILD).options == ["Amazon_Beauty :red[x]"]
    assert [button.label for button in at.button if button.label.startswith("Delete")] == [r"Delete Amazon\_Beauty \:red\[x\]"]
    (told,) = [caption.value for caption in at.caption if caption.value.startswith("Not listed")]
    assert told == (
        r"Not listed as builds: \'a\\nb\' (its name holds characters that cannot be shown), begun (it is no finished build)."
    )
