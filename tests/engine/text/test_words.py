"""Words of scripts with and without spaces, and single letters; what is cut is held to a slow cutter that knows no pattern."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.words import cut, telling, words

CHINESE = ((0x4E00, 0x9FFF),)
OTHERS = ((0x3041, 0x3096), (0x30A1, 0x30FC), (0xAC00, 0xD7A3), (0x0E01, 0x0E3A), (0x0E40, 0x0E4E), (0x0E81, 0x0EB9))


def among(character: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= ord(character) <= high for low, high in blocks)


def slowly(text: str) -> list[str]:
    """Words one character at a time; of the texts that are drawn here, not of all scripts."""
    found, runs, last = [], [], ""
    for character in unicodedata.normalize("NFKC", text).lower():
        kind = "run" if among(character, CHINESE + OTHERS) else "word" if character.isalnum() else ""
        if kind and kind == last:
            runs[-1][1].append(character)
        elif kind:
            runs.append((kind, [character]))
        last = kind
    for kind, characters in runs:
        if kind == "word":
            found.append("".join(characters))
            continue
        clusters: list[str] = []
        for character in characters:
            if clusters and (unicodedata.category(character) == "Mn" or character in "ำຳ"):
                clusters[-1] += character
            else:
                clusters.append(character)
        for place, one in enumerate(clusters):
            if len(clusters) == 1 or among(one[0], CHINESE):
                found.append(one)
            if place + 1 < len(clusters):
                found.append(one + clusters[place + 1])
    return found


@given(st.text(st.sampled_from("aZ7é ,.鸭烤北のカー한국ไทยง่ກ\n"), max_size=30))
def test_words_are_those_of_a_cutter_that_goes_character_by_character(text):
    # A mark without a letter before it belongs to no word that a person wrote.
    text = "".join(c for i, c in enumerate(text) if unicodedata.category(c) != "Mn" or (i and text[i - 1] in "ไทยง"))
    assert words(text) == slowly(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R", ["r"]),
        ("Toy Story 3", ["toy", "story", "3"]),
        ("The director's cut; O’Neill doesn't", ["the", "director", "cut", "neill", "doesn"]),
        ("'C' or \"R\"", ["c", "or", "r"]),
        ("U.S. plan b", ["u", "s", "plan", "b"]),
        ("M8x20 a_b _x", ["m8x20", "a_b", "_x"]),
        ("烤鸭", ["烤", "烤鸭", "鸭"]),
        ("鸭", ["鸭"]),
        ("ไทย", ["ไท", "ทย"]),
        ("ง่าย", ["ง่า", "าย"]),
        ("すし", ["すし"]),
        ("寿司です", ["寿", "寿司", "司", "司で", "です"]),
        ("한국어", ["한국", "국어"]),
        ("用Python写", ["用", "python", "写"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("ＬＥＧＯ™ ｶﾞｽ", ["lego", "ガス"]),
        ("cafe\u0301 caf\u00e9", ["caf\u00e9", "caf\u00e9"]),
        ("❤️ 👍🏽 _ -- ...", []),
    ],
)
def test_words_of_many_scripts_are_found(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ship, R2D2 of 1912", ["the", "ship"]),
        ("ab abc abcd x_abc", ["abc", "abcd"]),
        ("烤鸭店 用", ["烤鸭", "鸭店", "用"]),
        ("हिन्दी", ["हिन्दी"]),
        ("ไทย", ["ไท", "ทย"]),
    ],
)
def test_telling_words_are_whole_and_have_no_digit(text, expected):
    assert telling(text) == expected


def test_nodes_of_a_catalogue_without_spaces_can_be_named_by_what_documents_share():
    found = cut(["北京烤鸭", "烤鸭店", "Kites"])
    shared = {found.vocabulary[number] for number in set(found.numbers[0]) & set(found.numbers[1])}
    assert shared == {"烤鸭"}
    assert found.vocabulary[found.numbers[2][0]] == "kites"
