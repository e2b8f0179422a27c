"""What a query names: every value named stands there, the longest counts, and no catalogue or query breaks the reading."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import filters
from engine.data.corpus import Document
from engine.filters.columns import columns_of
from engine.text import named_values
from engine.text.named_ranges import years_of
from engine.text.named_values import Keys
from engine.text.words import pieces

GENRES = ["war", "science fiction", "science", "comedy", "ghost story"]
FILMS = [
    Document(
        str(place),
        f"t{place}",
        "",
        {"genre": [GENRES[place % 5], "war"], "year": 1960 + place, "rating": place / 7, "seen": True},
    )
    for place in range(25)
]
KEYS = Keys(columns_of(FILMS))


def named_slowly(query):
    """Longest values first at every place, tried one after another against every document: the slow twin."""
    words, found, place = pieces(query), [], 0
    while place < len(words):
        for size in range(6, 0, -1):
            run = words[place : place + size]
            forms = {
                " ".join([*run[:-1], form]) for form in (run[-1], run[-1].removesuffix("s"), run[-1].removesuffix("ies") + "y")
            }
            if len(run) == size and (hit := forms & {value for film in FILMS for value in film.metadata["genre"]}):
                found.append((" ".join(run), f"genre = '{hit.pop()}'"))
                break
        place += size
    return found


@given(
    st.lists(st.sampled_from("war wars science fiction fictions comedy comedies ghost story stories a of".split()), max_size=7)
)
def test_values_are_those_that_a_search_one_by_one_finds(words):
    query = " ".join(words)
    assert [(one.words, one.keys[0].filter) for one in KEYS.named(query)] == named_slowly(query)


@pytest.mark.parametrize(
    ("query", "filter_text"),
    [
        ("in 1963", "year = 1963"),
        ("1970's", "year >= 1970 and year <= 1979"),
        ("the SEVENTIES", "year >= 1970 and year <= 1979"),
        ("2.5 true 18th", ""),
        ("not a war", "genre = 'war'"),
    ],
)
def test_years_are_named_and_other_numbers_and_truths_are_not(query, filter_text):
    assert [key.filter for one in KEYS.named(query) for key in one.keys] == [filter_text] * bool(filter_text)
    assert [one.turned for one in KEYS.named(query)] == [query.startswith("not")] * bool(filter_text)


NUMBERS = [
    Document(str(i), "", "", {"runtime": 60 + 10 * i, "price": i * 7.25, "rating": i % 10, "year": 1950 + 5 * i})
    for i in range(12)
]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("under 100 minutes", lambda of: of["runtime"] < 100),
        ("comedies between 90 and 120 mins long", lambda of: 90 <= of["runtime"] <= 120),
        ("a rating of at least 8", lambda of: of["rating"] >= 8),
        ("no more than 7 stars", lambda of: of["rating"] <= 7),
        ("cheaper than $21.75", lambda of: of["price"] < 21.75),
        ("price over 1,000.5", lambda of: of["price"] > 1000.5),
        ("90 to 100 minutes", lambda of: 90 <= of["runtime"] <= 100),
        ("before the 1970s", lambda of: of["year"] < 1970),
        ("later than the seventies", lambda of: of["year"] > 1979),
        ("since 1985", lambda of: of["year"] >= 1985),
        ("from the 1960s until 1975", lambda of: 1960 <= of["year"] <= 1975),
        ("1960-1975", lambda of: 1960 <= of["year"] <= 1975),
    ],
)
def test_a_range_of_numbers_lets_through_what_is_meant_by_hand(query, meant):
    columns = columns_of(NUMBERS)
    (named,) = Keys(columns).named(query)
    (key,) = named.keys
    assert filters.evaluate(columns, key.filter).tolist() == [meant(of.metadata) for of in NUMBERS]


@pytest.mark.parametrize(
    "query", ["under 2 hours", "over 1990 men", "at least the 20s minutes", "from 120 to 90 minutes", "up to"]
)
def test_a_number_of_nothing_that_is_named_is_no_range(query):
    assert Keys(columns_of(NUMBERS)).named(query) == []


def test_what_stands_before_a_range_turns_it_and_another_language_has_none():
    assert [one.turned for one in Keys(columns_of(NUMBERS)).named("not under 100 minutes, no less than 3 stars")] == [True, False]
    assert Keys(columns_of(NUMBERS), "german").named("under 100 minutes") == []


def test_outside_english_there_are_neither_plurals_nor_decades_in_words():
    keys = Keys(columns_of(FILMS), "german")
    assert keys.named("comedies of the seventies") == []
    assert [one.words for one in keys.named("science 1970s")] == ["science", "1970s"]
    assert years_of("seventies", english=False) is None


def test_a_value_of_many_columns_and_a_column_of_many_values_name_nothing(monkeypatch):
    answers = [Document(str(i), "", "", {f"q{j}": "perhaps" for j in range(5)} | {"note": f"odd{i % 9}"}) for i in range(36)]
    monkeypatch.setattr(named_values, "MOST_VALUES", 8)
    keys = Keys(columns_of(answers))
    assert keys.named("perhaps odd3") == []
    assert keys.unread == ["note"]
    assert [one.words for one in Keys(columns_of(answers[:8] * 3)).named("perhaps odd3")] == ["odd3"]


cells = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text(max_size=5), max_size=3)
)


@given(
    st.lists(st.dictionaries(st.text(max_size=6), cells, max_size=3), min_size=3, max_size=5), st.text(max_size=30), st.booleans()
)
def test_every_filter_of_any_catalogue_can_be_asked_and_lets_something_through(rows, query, own):
    documents = [Document(str(place), "", "", of) for place, of in enumerate(rows * 3)]
    texts = [value for of in rows for value in of.values() if isinstance(value, str)]
    columns = columns_of(documents)
    for one in Keys(columns).named(" ".join(texts) if own else query):
        for key in one.keys:
            allowed = filters.evaluate(columns, key.filter)
            assert allowed.dtype == np.bool_
            assert allowed.any() or key.filter.count(" = ") == 0 or key.filter.rpartition(" = ")[2].isdigit()
