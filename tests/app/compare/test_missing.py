"""Relevant documents that a list lacks: which are listed, with which reason, and what is said of the rest."""

import pytest

from app.compare import missing
from tests.app.at import said, sound, table, visit

HEADER = "Relevant documents that a list lacks"


@pytest.fixture(scope="module")
def asked(films) -> tuple[str, dict[str, int]]:
    """The judged query with the most relevant documents, and its grades."""
    query, grades = max(films.corpus.qrels["test"].items(), key=lambda one: sum(grade > 0 for grade in one[1].values()))
    return films.corpus.queries[query], grades


@pytest.mark.usefixtures("with_films")
class TestMissing:
    def test_a_row_a_document_with_its_rank_or_the_reason_why_it_is_not_there(self, films, asked):
        query, grades = asked
        names = ["bm25", "dense", "generative"]
        at = visit("compare", query=query, columns=names, k="5", beams="10")
        shown = table(at, "Document", "Grade")
        lists = {name: [hit.id for hit in films.search(query, name, 5, 10)[0]] for name in names}
        lacked = [document for document, grade in grades.items() if grade and any(document not in of for of in lists.values())]
        assert len(shown) == missing.SHOWN < len(lacked)
        assert shown["Grade"].is_monotonic_decreasing
        assert set(shown["Id"]) <= set(lacked)
        for row in shown.to_dict("records"):
            for name, of in lists.items():
                listed = f"listed, rank {of.index(row['Id']) + 1}" if row["Id"] in of else ""
                assert row[name] == (listed or films.lost(query, [row["Id"]], name, 5, 10)[0].told)
        relevant = sum(grade > 0 for grade in grades.values())
        assert f"{len(lacked)} of {relevant} documents judged relevant are missing from at least one list of 5. 10 of" in said(at)
        (frame,) = [frame for frame in at.dataframe if "Grade" in frame.value.columns]
        assert list(frame.proto.selection_mode), "a row can be chosen, and is pinned"
        assert {"Missing, CSV", "Comparison, HTML", "Runs, TREC"} <= {button.proto.label for button in at.get("download_button")}

    def test_a_query_that_nobody_judged_has_no_such_table(self):
        at = visit("compare", query="a heist that nobody judged", columns=["bm25"])
        assert HEADER not in [header.value for header in at.header]

    def test_with_many_documents_the_reasons_are_there_when_asked_for(self, asked, monkeypatch):
        monkeypatch.setattr(missing, "AT_ONCE", 1000)
        at = visit("compare", query=asked[0], columns=["dense"], k="5")
        assert set(table(at, "Document", "Grade")["dense"]) == {"missing"}
        at = sound(at.toggle("why").set_value(True).run())
        assert all(told.startswith("rank ") for told in table(at, "Document", "Grade")["dense"])

    def test_the_file_has_all_of_them(self, films, asked):
        query, grades = asked
        lacked = tuple(document for document, grade in grades.items() if grade)
        questions = {"dense": missing.comparing.question(films, query, "dense", 5, 10, "")}
        whole = missing.partial(missing.table, films, questions, {"dense": {lacked[0]: 1}}, grades, films.encode(query)[0])
        lines = missing._file(whole, lacked).splitlines()
        assert lines[0] == "Document,Grade,dense,Id"
        assert len(lines) == len(lacked) + 1
        assert ',"listed, rank 1",' in lines[1]
