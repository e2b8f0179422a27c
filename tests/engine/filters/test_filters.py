import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.filters import allowed, columns_of, evaluate, left_aside
from engine.filters.syntax import MAX_LENGTH, MAX_NESTING, Condition, Joined, Not, parse

FILMS = [
    Document("tt1", "Ran", "", {"year": 1985, "genre": ["War", "Drama"], "language": "Japanese", "sold": "12"}),
    Document("tt2", "La Haine", "", {"year": 1995, "genre": ["Drama"], "language": "French", "sold": "7.5", "colour": False}),
    Document("tt3", "Up", "", {"year": 2009, "genre": [], "language": "", "sold": None, "colour": True, "shown on": "29 May"}),
    Document("1984", "1984", "", {"genre": ["Science fiction", None], "language": "ENGLISH", "sold": "120", "note": "O'Brien"}),
]


COLUMNS = columns_of(FILMS)


def told(call, *given_to):
    """What a call returns, or the text of its error."""
    try:
        return call(*given_to)
    except TriescopeError as refused:
        return str(refused)


def ids(text):
    return [film.id for film, let in zip(FILMS, allowed(FILMS, text), strict=True) if let]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year > 1990", ["tt2", "tt3"]),
        ("year>=1995 AND year<=1995", ["tt2"]),
        ("YEAR = '1985'", ["tt1"]),
        ("year = 1985.0", ["tt1"]),
        ("year != 1985", ["tt2", "tt3"]),
        ("not year = 1985", ["tt2", "tt3", "1984"]),
        ("year is missing", ["1984"]),
        ("year IS NOT MISSING", ["tt1", "tt2", "tt3"]),
        ("genre = 'drama' and not language = 'french'", ["tt1"]),
        ("genre has 'WAR'", ["tt1"]),
        ("genre != 'War'", ["tt2", "1984"]),
        ("genre not in ('War', 'Science fiction')", ["tt2"]),
        ("genre is missing", ["tt3"]),
        ("language in ('French', \"english\")", ["tt2", "1984"]),
        ("language is missing", ["tt3"]),
        ("title contains 'a'", ["tt1", "tt2"]),
        ("genre contains 'fiction'", ["1984"]),
        ("year contains 9", ["tt1", "tt2", "tt3"]),
        ("sold > 9", ["tt1", "1984"]),
        ("sold < 99.5", ["tt1", "tt2"]),
        ("title = 1984", ["1984"]),
        ("id > 'tt1'", ["tt2", "tt3"]),
        ("colour = true", ["tt3"]),
        ("colour = False", ["tt2"]),
        ("'shown on' contains 'may'", ["tt3"]),
        ("note = 'o''brien'", ["1984"]),
        ('note = "O\'Brien"', ["1984"]),
        ("year = 1985 or year = 1995 and title = 'Up'", ["tt1"]),
        ("(year = 1985 or year = 1995) and title = 'Ran'", ["tt1"]),
        ("not (year > 1990 or genre has 'war')", ["1984"]),
        ("language >= 'f' and language < 'k'", ["tt1", "tt2"]),
        ("language <= 'g'", ["tt2", "1984"]),
        ("language > 'g'", ["tt1"]),
        ("language < 'french'", ["1984"]),
        ("language <= 'french'", ["tt2", "1984"]),
        ("year <> 1985 and year == 2009", ["tt3"]),
        ("year > 99999999999999999999", []),
        ("genre has Drama", ["tt1", "tt2"]),
        ("genre = science  fiction AND year is missing", ["1984"]),
        ("genre in (war, Science fiction)", ["tt1", "1984"]),
        ("not (genre has war or title = up)", ["tt2", "1984"]),
        ("year ≥ 1995 and year ≤ 1995", ["tt2"]),
        ("year ≠ 1985", ["tt2", "tt3"]),
        ("title contains true", []),
    ],
)
def test_what_a_filter_lets_through(text, expected):
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "filter: it is empty; write one like year > 1990"),
        ("  \n", "filter: it is empty; write one like year > 1990"),
        ("yaer > 1990", "filter, position 1: no column 'yaer'; columns are id, title, year, genre, language, sold, colour, "),
        ("year", "position 5: expected = != < <= > >=, has, contains, in or is after column 'year', found the end"),
        ("year >", "position 7: expected a value, found the end"),
        ("year > and", "position 8: expected a value, found 'and'"),
        ("genre = not Drama", "position 9: expected a value, found 'not'"),
        ("genre = Drama year > 1990", "position 20: expected and, or, or the end, found '>'"),
        ("genre = 'Drama", "position 9: this quote is never closed"),
        ("genre = 'a''b", "position 9: this quote is never closed"),
        ("year > 1990; drop table films", "position 12: ';' has no meaning here; text goes in quotes"),
        ("year > 12abc", "position 8: '12abc' has no meaning here; text goes in quotes"),
        ("year > 1990 genre = 'War'", "position 13: expected and, or, or the end, found 'genre'"),
        ("(year > 1990", "position 13: expected and, or, or a closing parenthesis, found the end"),
        ("year > 1990)", "position 12: expected and, or, or the end, found ')'"),
        ("and year > 1990", "position 1: expected a column, not or an opening parenthesis, found 'and'"),
        ("1990 < year", "position 1: expected a column, not or an opening parenthesis, found '1990'"),
        ("year in 1990", "position 9: expected an opening parenthesis, found '1990'"),
        ("year in (1990 1991)", "position 15: expected a comma or a closing parenthesis, found '1991'"),
        ("year in ()", "position 10: expected a value, found ')'"),
        ("year is 1990", "position 9: expected missing, found '1990'"),
        ("year not 1990", "position 10: expected in, found '1990'"),
        ("year = 'old'", "position 8: column 'year' holds numbers, and 'old' is none"),
        ("language > 3", "position 12: column 'language' holds text (such as 'english'); put 3 in quotes to compare as text"),
        ("(" * 41 + "year = 1" + ")" * 41, f"position 41: nested more than {MAX_NESTING} deep"),
        ("not " * 400 + "a = 1", f"position 161: nested more than {MAX_NESTING} deep"),
        ("a" * 2001, f"filter: it has 2,001 characters; at most {MAX_LENGTH:,} are read"),
    ],
)
def test_a_filter_that_is_off_is_told_where_and_what_was_expected(text, told):
    with pytest.raises(TriescopeError, match=re.escape(told)) as caught:
        allowed(FILMS, text)
    assert "\n" not in str(caught.value)


NAMES = ["year", "genre", "mixed", "ODD name", "and", "id", "title", "is"]
scalars = st.none() | st.integers(-3, 3) | st.sampled_from(["a", "B", "ab", "", " ", "1", "2.5", "-3", "Straße"]) | st.booleans()
cells = {
    "year": st.none() | st.integers(-3, 3) | st.floats(-3, 3).map(lambda x: round(x, 1)) | st.just(float("nan")),
    "genre": st.lists(st.sampled_from(["a", "B", "ab", "Straße", "", None]), max_size=3),
    "mixed": scalars | st.lists(scalars, max_size=3),
    "ODD name": st.sampled_from(["1", "2.5", "-3", " 7 ", "", None]),
    "and": st.booleans(),
    "is": st.just({"inner": 1}) | st.none(),
}
metadata = st.fixed_dictionaries({}, optional=cells)
corpora = st.lists(st.tuples(st.sampled_from(["A", "b", "10", "9"]), metadata), min_size=1, max_size=8).map(
    lambda made: [Document(f"{title}{row}", title, "", dict(data)) for row, (title, data) in enumerate(made)]
)
texts = st.sampled_from(["'a'", '"AB"', "'b'", "'1'", "'strasse'", "'it''s'", "true", "FALSE"])
values = texts | st.sampled_from(["1", "2.5", "-3", "+.5e1", "0"])
names = st.sampled_from([name if name.isidentifier() and name != "and" else f'"{name}"' for name in NAMES])
conditions = st.one_of(
    st.tuples(names, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "has", "CONTAINS"]), values).map(" ".join),
    st.tuples(names, st.sampled_from(["in", "not in"]), st.lists(values, min_size=1, max_size=3).map(", ".join)).map(
        lambda parts: f"{parts[0]} {parts[1]} ({parts[2]})"
    ),
    st.tuples(names, st.sampled_from(["is missing", "is not missing"])).map(" ".join),
)
filters = st.recursive(
    conditions,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join).map(lambda one: f"({one})"),
    ),
    max_leaves=5,
)


def slow_elements(document, name):
    value = {"id": document.id, "title": document.title}.get(name, document.metadata.get(name))
    every = value if isinstance(value, list) else [value]
    return [one for one in every if one is not None and one == one and str(one).strip()]


def slow_number(value):
    try:
        return None if isinstance(value, bool | dict) else float(value)
    except ValueError:
        return None


def slow_text(value):
    return ("true" if value else "false") if isinstance(value, bool) else str(value).replace("'", '"').lower().replace("ß", "ss")


def slow(found, document, documents):
    """One document against the syntax tree, in plain Python; None stands for an error."""
    if isinstance(found, Not):
        return not slow(found.part, document, documents)
    if isinstance(found, Joined):
        return (all if found.by == "and" else any)([slow(part, document, documents) for part in found.parts])
    assert isinstance(found, Condition)
    name, here = found.column.text, slow_elements(document, found.column.text)
    if found.sign == "missing":
        return not here
    everywhere = [value for other in documents for value in slow_elements(other, name)]
    numbers = 0 if name in ("id", "title") else sum(slow_number(value) is not None for value in everywhere)
    matched = False
    for value in found.values:
        for one in here:
            if found.sign == "contains":
                matched |= slow_text(value.text) in slow_text(one)
                continue
            many = 2 * numbers >= len(everywhere) or found.sign in ("<", "<=", ">", ">=")
            numeric = numbers and (numbers == len(everywhere) or (many and value.kind == "number"))
            left, right = (slow_number(one), float(value.text)) if numeric else (slow_text(one), slow_text(value.text))
            if left is None:
                continue
            matched |= {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}.get(
                found.sign, left == right
            )
    return bool(here) and not matched if found.sign in ("!=", "not in") else matched


@given(corpora, filters)
def test_a_mask_is_what_plain_python_says_of_each_document(documents, text):
    mask, found = told(allowed, documents, text), parse(text)
    if isinstance(mask, str):
        assert re.search("no column|holds numbers, and|put .* in quotes", mask)
        return
    assert mask.dtype == bool
    assert mask.tolist() == [slow(found, document, documents) for document in documents]


pieces = st.sampled_from(
    [
        "year",
        "genre",
        " and ",
        " or ",
        " not ",
        "(",
        ")",
        "=",
        "<=",
        "!",
        "'",
        '"',
        "''",
        " in ",
        ",",
        " is ",
        " missing",
        "1e9",
        ".",
        "-",
        "\x00",
        "\n",
        "é",
        "\ud800",
        "1" * 400,
        "has ",
        "contains ",
        "true",
        "\\",
        "`",
        "\u2019",
        "٣",
    ]
)


@given(st.lists(pieces, max_size=40).map("".join) | st.text(string.printable, max_size=60) | st.text(max_size=60))
@example("(" * 3000)
@example("not " * 499)
@example("'" * 1999)
@example("year = 1 or " * 166 + "year = 1")
def test_whatever_is_typed_gives_a_mask_or_a_clear_error(text):
    found = told(evaluate, COLUMNS, text)
    if isinstance(found, str):
        assert found.startswith("filter")
        assert "\n" not in found
    else:
        assert found.shape == (len(FILMS),)


@given(st.text(string.ascii_letters + " '\"=()<>", min_size=1, max_size=20).filter(str.strip))
def test_any_text_can_be_quoted(text):
    documents = [Document("a", text, "", {}), Document("b", "something else", "", {})]
    for quote in ("'", '"'):
        written = quote + text.replace(quote, quote * 2) + quote
        assert allowed(documents, f"title = {written}").tolist() == [True, text.lower() == "something else"]


def test_ids_beyond_what_a_float_holds_stay_apart():
    documents = [Document(str(row), "x", "", {"code": 2**53 + row, "text": str(2**60 + row)}) for row in range(3)]
    assert allowed(documents, f"code = {2**53 + 1}").tolist() == [False, True, False]
    assert allowed(documents, f"text = {2**60 + 1}").tolist() == [False, True, False]


def test_a_name_in_two_cases_must_be_written_as_it_is():
    documents = [Document("a", "x", "", {"Year": 1, "year": 2})]
    assert allowed(documents, "year = 2 and Year = 1").tolist() == [True]
    with pytest.raises(TriescopeError, match="no column 'YEAR'; columns are id, title, Year, year"):
        allowed(documents, "YEAR = 1")


def test_no_documents_give_an_empty_mask():
    assert allowed([], "title = 'a'").tolist() == []


def test_a_column_is_made_once():
    columns = columns_of(FILMS)
    assert columns.find("YEAR") is columns.find("year")


def test_a_value_that_is_no_number_among_numbers_meets_no_number():
    years, prices = ["1999", "2001", "n/a", "", 2004], ["1,200", "15", "20", "30", None]
    documents = [
        Document(str(row), "", "", {"year": year, "price": price})
        for row, (year, price) in enumerate(zip(years, prices, strict=True))
    ]

    def passed(text):
        return [row for row, hit in enumerate(evaluate(columns_of(documents), text)) if hit]

    assert passed("year > 2000") == [1, 4]
    assert passed("year <= 2001") == [0, 1]
    assert passed("year = 2004") == passed("year = 2004.0") == [4]
    assert passed("year != 2004") == [0, 1, 2]
    assert passed("year = 'n/a'") == [2]
    assert passed("price < 100") == [1, 2, 3]


def test_a_few_numbers_among_words_are_words_unless_less_or_more_is_asked():
    documents = [Document(str(row), "", "", {"size": size}) for row, size in enumerate(["large", "n/a", "7", "7.0", "9"])]
    columns = columns_of(documents * 2)
    assert evaluate(columns, "size > 5").tolist() == [False, False, True, True, True] * 2
    assert evaluate(columns, "size < 8").tolist() == [False, False, True, True, False] * 2
    few = columns_of([*documents[:2], *documents[:3]])
    assert evaluate(few, "size = 7").tolist() == [False, False, False, False, True]
    assert evaluate(few, "size = 7.0").tolist() == [False] * 5, "as text it is another"
    assert evaluate(few, "size > 5").tolist() == [False, False, False, False, True]


def test_what_a_filter_on_numbers_cannot_compare_is_counted():
    cells = [("1,200", "1"), ("15", "2"), ("n/a", "3"), (None, None), (30, "x")]
    columns = columns_of([Document(str(row), "1", "", {"price": p, "size": s}) for row, (p, s) in enumerate(cells)])
    told = "column 'price': 2 of 4 values are no numbers (such as '1,200'), and no number is compared with them"
    size = "column 'size': 1 of 4 values is no number (such as 'x'), and no number is compared with it"
    assert left_aside(columns, "price < 100") == left_aside(columns, "not (price < 1 or price > 5)") == [told]
    assert left_aside(columns, "price < 100 and size in (1, 'x')") == [told, size]
    assert left_aside(columns, "price = 'n/a' or price contains 1 or price is missing or title > '0'") == []
