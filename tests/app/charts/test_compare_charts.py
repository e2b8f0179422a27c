"""The joined ranks and the latency bars say what was found and measured."""

from app.charts import latency, palette, ranks
from engine.builds.hits import Hit


def hits(*ids: str) -> list[Hit]:
    return [Hit(rank, name, name.upper(), 1.0 / rank, "1-2-3", "here") for rank, name in enumerate(ids, 1)]


RESULTS = {"bm25": hits("a", "b", "c"), "dense": hits("b", "a", "d"), "generative": []}
TITLES = {"a": "A", "b": "B", "c": "C", "d": "D"}


def drawn(figure) -> dict[str, tuple[tuple[int, ...], object]]:
    """Title -> the places of its line, and the trace that it is part of."""
    lines: dict[str, list[int]] = {}
    traces = {}
    for trace in figure.data:
        for y, told in zip(trace.y, trace.hovertext, strict=True):
            if told is not None:
                title = told.partition(":")[0]
                lines.setdefault(title, []).append(y)
                traces[title] = trace
    return {title: (tuple(places), traces[title]) for title, places in lines.items()}


class TestRanks:
    def test_ranks_by_document_and_retriever(self):
        assert ranks.ranks(RESULTS) == {
            "a": {"bm25": 1, "dense": 2},
            "b": {"bm25": 2, "dense": 1},
            "c": {"bm25": 3},
            "d": {"dense": 3},
        }

    def test_a_line_a_document_and_the_row_below_for_where_it_is_missing(self):
        figure = ranks.figure(RESULTS, TITLES, "", 3)
        places = {title: y for title, (y, _) in drawn(figure).items()}
        assert places == {"A": (1, 2, 4), "B": (2, 1, 4), "C": (3, 4, 4), "D": (4, 3, 4)}
        assert list(figure.layout.yaxis.ticktext) == ["1", "2", "3", "> 3"]
        assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
        assert list(figure.layout.xaxis.ticktext) == ["bm25", "dense", "generative"]

    def test_no_line_runs_from_one_document_to_the_next(self):
        for trace in ranks.figure(RESULTS, TITLES, "", 3).data:
            assert not trace.connectgaps
            assert list(trace.x)[3::4] == list(trace.y)[3::4] == [None] * (len(trace.x) // 4)

    def test_lines_that_look_alike_are_one_trace_however_many_documents(self):
        many = {name: hits(*(f"{name}{number}" for number in range(20)), "both") for name in ("one", "two")}
        titles = dict.fromkeys(ranks.ranks(many), "A")
        assert len(ranks.figure(many, titles, "one3", 21).data) == 3

    def test_the_pinned_document_is_drawn_last_and_in_accent(self):
        figure = ranks.figure(RESULTS, TITLES, "b", 3)
        assert {told.partition(":")[0] for told in figure.data[-1].hovertext if told} == {"B"}
        assert [line.line.color == palette.ORANGE for line in figure.data] == [False, False, True]

    def test_a_document_in_all_lists_is_blue_and_the_others_grey(self):
        results = {"one": hits("a", "b"), "two": hits("b", "c")}
        colours = {title: line.line.color for title, (_, line) in drawn(ranks.figure(results, TITLES, "", 2)).items()}
        assert colours == {"A": palette.GREY, "B": palette.BLUE, "C": palette.GREY}

    def test_the_hover_text_tells_rank_or_absence(self):
        told = [text for trace in ranks.figure(RESULTS, TITLES, "", 3).data for text in trace.hovertext if text]
        assert [text for text in told if text.startswith("C")] == ["C: rank 3", "C: not in the first 3", "C: not in the first 3"]

    def test_the_description_counts_the_documents_in_all(self):
        assert ranks.describe({"one": hits("a", "b"), "two": hits("b")}, 5) == (
            "Ranks of documents in the first 5 of one, two; 1 documents are in all of them."
        )
        assert "0 documents" in ranks.describe({}, 5)

    def test_empty_lists_can_be_drawn(self):
        assert len(ranks.figure({"one": [], "two": []}, {}, "", 5).data) == 0


MEDIANS = {"bm25": 0.25, "dense": 1.5}


class TestLatency:
    def test_a_row_a_retriever_first_on_top_on_a_scale_of_factors(self):
        figure = latency.figure(MEDIANS)
        assert list(figure.data[0].y) == ["dense", "bm25"]
        assert list(figure.data[0].x) == [1.5, 0.25]
        assert figure.layout.xaxis.type == "log"
        low, high = figure.layout.xaxis.range
        assert 10**low < 0.25 < 1.5 < 10**high

    def test_labels_are_milliseconds(self):
        assert list(latency.figure(MEDIANS).data[0].text) == ["1.50 ms", "0.25 ms"]

    def test_what_takes_no_time_has_a_place_too(self):
        assert latency.figure({"bm25": 0.0}).layout.xaxis.range[0] < -3

    def test_a_retriever_has_its_own_colour_everywhere(self):
        assert list(latency.figure(MEDIANS).data[0].marker.color) == [palette.GREEN, palette.ORANGE]

    def test_the_description_tells_every_number(self):
        assert latency.describe(MEDIANS) == "Milliseconds of search: bm25 0.25; dense 1.50"
