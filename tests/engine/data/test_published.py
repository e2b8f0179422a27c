"""What publishers hand out becomes a folder that is read: from a server on the loopback, held to the first download's hash."""

import gzip
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import paths
from engine.data import published
from engine.data.datasets import DATASETS, fetch, interactions_of, load
from engine.data.fetching import PINS
from engine.data.interactions import Rules, read_interactions
from engine.errors import TriescopeError
from engine.files import read_json


def archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(f"ml-1m/{name}.dat", content.encode("latin-1"))
    return buffer.getvalue()


FILES = {
    "product.csv": b"product_id\tproduct_name\tproduct_class\tcategory hierarchy\tproduct_description\tproduct_features\n"
    b'0\tsolid wood bed\tBeds\tFurniture / Beds\tfor "good" nights\tcolour:oak\n7\tlamp\t\t\t\t\n',
    "query.csv": b"query_id\tquery\tquery_class\n3\tbed of wood\tBeds\n",
    "label.csv": b"id\tquery_id\tproduct_id\tlabel\n0\t3\t0\tExact\n1\t3\t7\tIrrelevant\n2\t3\t7\tMaybe\n",
    "ml-1m.zip": archive(
        movies="1::Am\xe9lie (2001)::Comedy|Romance\n2::Heat (1995)::Crime\n", ratings="9::2::5::978300760\n9::1::4::978300761\n"
    ),
    "meta_Beauty.json.gz": gzip.compress(
        b"{'asin': 'B1', 'title': \"Kohl's pen\", 'categories': [['Beauty', 'Eyes']], 'price': 3.5}\n"
        b"__import__('os')\n{'asin': 'B9', 'title': 'never taken'}\n"
    ),
    "reviews_Beauty_5.json.gz": gzip.compress(
        b'{"reviewerID": "u", "asin": "B1", "overall": 5.0, "unixReviewTime": 7}\n'
        b'{"reviewerID": "v", "asin": "B2", "overall": 4.0, "unixReviewTime": 8}\n'
    ),
}


@pytest.fixture
def served(monkeypatch, tmp_path):
    """The named sets, from the loopback; gives the files, which can be changed."""
    files = dict(FILES)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = files[self.path.rpartition("/")[2]]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    for name in ("wands", "movielens", "amazon-beauty"):
        known = DATASETS[name]
        here = [f"http://127.0.0.1:{server.server_port}/{url.rpartition('/')[2]}" for url in (known.url, *known.more)]
        monkeypatch.setitem(DATASETS, name, known._replace(url=here[0], more=tuple(here[1:]), known_hash=None))
    yield files
    server.shutdown()
    server.server_close()


def test_products_with_their_queries_and_labels(served):
    found = load("wands")
    bed, lamp = found.documents
    assert (bed.id, bed.title, bed.text) == ("0", "solid wood bed", 'for "good" nights')
    assert bed.metadata == {"class": "Beds", "category": ["Furniture", "Beds"], "features": "colour:oak"}
    assert lamp.title == "lamp"
    assert found.queries == {"3": "bed of wood"}
    assert found.qrels == {"test": {"3": {"0": 2, "7": 0}}}
    assert "1 labels are none of Exact, Partial, Irrelevant, and were left out" in found.notes


def test_films_with_their_ratings(served):
    found = load("movielens")
    assert [(one.title, one.metadata["genres"], one.metadata["year"]) for one in found.documents] == [
        ("Amélie (2001)", ["Comedy", "Romance"], 2001),
        ("Heat (1995)", ["Crime"], 1995),
    ]
    rows = {one.id: row for row, one in enumerate(found.documents)}
    log = read_interactions(interactions_of(Path("movielens")), rows, None, Rules(shortest=1))
    assert (log.users, log.histories.items.tolist()) == (["9"], [1, 0])


def test_items_that_somebody_took_and_code_among_them_is_none(served):
    found = load("amazon-beauty")
    (pen,) = found.documents
    assert (pen.id, pen.title, pen.metadata["category"], pen.metadata["price"]) == ("B1", "Kohl's pen", ["Beauty", "Eyes"], 3.5)
    assert "1 lines of the items are no dictionary, and were left out" in found.notes
    assert "1 reviewed items have no entry among the items" in found.notes


def test_what_its_publisher_does_not_vouch_for_is_held_to_the_first_download(served, tmp_path):
    fetch(DATASETS["wands"], tmp_path / "one")
    assert len(read_json(paths.home() / PINS)) == 3
    served["label.csv"] += b"3\t3\t0\tPartial\n"
    with pytest.raises(TriescopeError, match="wands: could not be fetched"):
        fetch(DATASETS["wands"], tmp_path / "two")
    assert not (tmp_path / "two" / "wands").exists()


def test_files_of_another_layout_are_refused_and_leave_nothing(served, tmp_path):
    served["query.csv"] = b"number\twords\n3\tbed\n"
    with pytest.raises(TriescopeError, match="not laid out as they are known here"):
        fetch(DATASETS["wands"], tmp_path)
    assert not (tmp_path / "wands").exists()
    assert published.GRADES["Exact"] == 2
