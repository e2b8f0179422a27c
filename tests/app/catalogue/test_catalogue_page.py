"""The Catalogue page: a file of one's own, from what is wrong with it to a build that is opened."""

import io
import json

import pytest

from app.catalogue import handing
from app.common import jobs
from engine.builds import names
from engine.data import staged
from tests.app.at import button, labels, said, sound, table, visit, wait_for
from tests.app.conftest import HOSTILE

CSV = "sku,name,description,price\n1,Blue cup,A cup,12.5\n2,Rake,A rake,30\n2,Again,x,31\n4,,,1\n"


@pytest.fixture
def handed(warm_home):
    return staged.stage("shop.csv", io.BytesIO(CSV.encode()))


def test_without_a_file_it_says_what_one_looks_like_and_a_press_fills_it(warm_home):
    at = visit("catalogue")
    assert "a row a document" in said(at)
    assert labels(at)[:1] == ["Try it with forty films"]
    at = sound(button(at, "Try it with forty films").click().run())
    (found,) = staged.everything()
    assert at.query_params[handing.FILE] in (found.key, [found.key])
    assert {metric.label: metric.value for metric in at.metric}["Documents"] == "41"
    assert at.selectbox(f"map-title-{found.path.name}").value == "title"
    assert button(at, "Build forty-films")


def test_wrong_rows_are_listed_and_nothing_is_built_until_they_are_left_out(handed):
    at = visit("catalogue", file=handed.key)
    rows = table(at, "Row", "What")
    assert rows.values.tolist() == [[3, "sku", "id '2' was used before, in row 2", "2"]]
    assert "Build shop" not in labels(at)
    assert "Left out, having neither title nor text: 4." in said(at)
    at = sound(at.toggle("leave-out").set_value(True).run())
    assert button(at, "Build shop")
    assert any("--leave-out" in code.value for code in at.code)


def test_a_quicker_encoder_is_a_flag_of_the_build_and_says_what_it_costs(handed):
    at = visit("catalogue", file=handed.key)
    at = sound(at.selectbox("catalogue-encoder").set_value("static").run())
    assert "weaker" in said(at)
    assert any("--model static" in code.value for code in at.code)


def test_columns_can_be_chosen_and_others_searched_too(warm_home):
    found = staged.stage("odd.jsonl", io.BytesIO(json.dumps({"key": 7, "words": "red kite", "place": "Wales"}).encode()))
    at = visit("catalogue", file=found.key)
    assert "Say which column is the id" in at.info[0].value
    at.selectbox("map-id-odd.jsonl").set_value("key").run()
    at = sound(at.selectbox("map-text-odd.jsonl").set_value("words").run())
    at = sound(at.multiselect("fields").set_value(["place"]).run())
    assert "red kite Wales." in [code.value for code in at.code]
    assert any("--column id=key --column text=words --field place" in code.value for code in at.code)
    at = sound(at.selectbox("map-text-odd.jsonl").set_value("key").run())
    assert "Two of them are the same column." in at.error[0].value


def test_long_documents_can_be_cut_into_passages_and_where_there_are_none_nobody_is_asked(warm_home, handed):
    assert "passages" not in [toggle.key for toggle in visit("catalogue", file=handed.key).toggle]
    long = staged.stage("long.csv", io.BytesIO(f"id,text\n1,{'red kite ' * 200}\n2,short\n".encode()))
    at = visit("catalogue", file=long.key)
    assert at.toggle("passages").label == "Cut long documents (1) into passages"
    assert not any("--passages" in code.value for code in at.code)
    at = sound(at.toggle("passages").set_value(True).run())
    assert any("--passages" in code.value for code in at.code)


def test_a_build_is_made_watched_and_opened(handed):
    at = visit("catalogue", file=handed.key)
    at.toggle("leave-out").set_value(True).run()
    at = sound(button(at, "Build shop").click().run())
    assert any("Building shop" in header.value for header in at.header) or "shop is built." in [s.value for s in at.success]
    wait_for(lambda: "shop" in names.names(), "the build")
    at = sound(at.run())
    wait_for(lambda: "Open shop" in labels(at.run()), "the way to it")
    at = sound(button(at, "Open shop").click().run())
    assert at.query_params["build"] in ("shop", ["shop"])


def test_what_a_file_says_is_text(warm_home):
    table_of = f"id,title,{HOSTILE.replace(',', '')}\n1,{HOSTILE.replace(',', '')},x\n1,b,c\n"
    found = staged.stage("hostile.csv", io.BytesIO(table_of.encode()))
    at = visit("catalogue", file=found.key)
    assert not any("<script>" in element.value for kind in (at.markdown, at.caption) for element in kind)
    assert not at.exception


def test_a_file_that_cannot_be_read_or_is_gone_is_said_in_a_line(warm_home):
    found = staged.stage("bad.parquet", io.BytesIO(b"no parquet"))
    at = visit("catalogue", file=found.key)
    assert "bad\\.parquet" in at.error[0].value
    assert str(staged.folder()).replace("/", "\\/") not in at.error[0].value
    at = visit("catalogue", file="0" * 16)
    assert at.warning


def test_files_of_the_import_folder_are_offered_by_name_and_nothing_beside_them(warm_home, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "large.csv").write_text(CSV, "utf-8")
    (folder / "notes.exe").write_text("x", "utf-8")
    monkeypatch.setenv(handing.IMPORTS, str(folder))
    at = visit("catalogue")
    assert at.selectbox(handing.FILE).options == [f"large.csv, {len(CSV)} bytes, of the import folder"]
    assert "Delete it" not in labels(at)


def test_a_public_set_is_fetched_after_a_press_and_never_before(warm_home, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_build", lambda name, corpus, out, flags=(): started.append((name, corpus, out.name)))
    at = visit("catalogue")
    at = sound(at.selectbox("public-set").set_value("nfcorpus").run())
    assert "academic use" in said(at)
    assert "Boteva et al" in said(at)
    assert any(code.value.endswith("/nfcorpus.zip") for code in at.code)
    assert started == []
    sound(button(at, "Fetch nfcorpus and build it").click().run())
    assert started == [("catalogue nfcorpus", "nfcorpus", "nfcorpus")]


def test_a_set_of_the_hub_is_fetched_after_a_press_and_only_by_a_name(warm_home, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_build", lambda name, corpus, out, flags=(): started.append((corpus, out.name, flags)))
    at = visit("catalogue")
    at = sound(at.text_input("hub-set").set_value("../../etc").run())
    assert any("no name of a set" in error.value for error in at.error)
    at = sound(at.text_input("hub-set").set_value("BeIR/scifact:corpus.parquet").run())
    assert started == []
    sound(button(at, "Fetch BeIR\\/scifact\\:corpus\\.parquet and build it").click().run())
    assert started == [("hf:BeIR/scifact:corpus.parquet", "scifact", ["--fetch"])]


def test_category_path_and_url_are_guessed_and_what_lies_beside_becomes_flags(warm_home):
    rows = "sku,name,category path,link\n1,Blue cup,Kitchen > Cups,https://example.org/1\n".replace("category path", "Categories")
    found = staged.stage("shop.csv", io.BytesIO(rows.encode()))
    staged.stage("asked.csv", io.BytesIO(b"query_id,query\nq,cup\n"))
    staged.stage("said.qrels", io.BytesIO(b"query-id\tcorpus-id\tscore\nq\t1\t1\n"))
    at = visit("catalogue", file=found.key)
    assert (at.selectbox("map-category-shop.csv").value, at.selectbox("map-url-shop.csv").value) == ("Categories", "link")
    assert any("--column category=Categories --column url=link" in code.value for code in at.code)
    asked, said_of = (
        next(one for one in at.selectbox(f"beside-{label}-shop.csv").options if one.startswith(name))
        for label, name in (("Queries", "asked"), ("Judgements", "said"))
    )
    at = sound(at.selectbox("beside-Queries-shop.csv").set_value(asked).run())
    assert "Queries need judgements" in at.info[-1].value
    assert "Build shop" not in labels(at)
    at = sound(at.selectbox("beside-Judgements-shop.csv").set_value(said_of).run())
    assert any("--queries" in code.value and "--qrels" in code.value for code in at.code)
    assert button(at, "Build shop")


def test_vectors_of_queries_want_the_queries_and_no_encoder(warm_home, handed, tmp_path, monkeypatch):
    for name in ("docs.npy", "asked.npy", "asked.csv", "judged.tsv"):
        (tmp_path / name).write_bytes(b"read when it is built")
    monkeypatch.setenv(handing.IMPORTS, str(tmp_path))
    at = visit("catalogue", file=handed.key)
    at.toggle("leave-out").set_value(True).run()
    at.selectbox("beside-Vectors-shop.csv").set_value("docs.npy").run()
    at = sound(at.selectbox("beside-Query vectors-shop.csv").set_value("asked.npy").run())
    assert "take none, or leave them out" in at.info[-1].value
    at = sound(at.selectbox("catalogue-encoder").set_value("none").run())
    assert "need the queries" in at.info[-1].value
    assert "Build shop" not in labels(at)
    at.selectbox("beside-Queries-shop.csv").set_value("asked.csv").run()
    at = sound(at.selectbox("beside-Judgements-shop.csv").set_value("judged.tsv").run())
    assert any("--query-vectors" in code.value and "--model none" in code.value for code in at.code)
    assert button(at, "Build shop")
