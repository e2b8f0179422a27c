from math import log

import pytest

from engine.health.rules import RULES, judge, judge_level

TOLD = {"largest": 3, "numbered": 0.2, "more": "add a level", "bits": 1.0, "needed": 2.0}


@pytest.mark.parametrize("figure", RULES)
def test_every_rule_has_a_good_side_and_a_remedy_for_the_bad_one(figure):
    rule = RULES[figure]
    beyond = rule.broken - (rule.healthy - rule.broken)
    between = (rule.healthy + rule.broken) / 2
    found = [judge(figure, value, **TOLD) for value in (rule.healthy, between, beyond)]
    assert [row.verdict for row in found] == ["healthy", "watch", "broken"]
    assert [bool(row.remedy) for row in found] == [False, True, True]
    assert not any("{" in row.remedy for row in found)
    assert judge(figure, beyond, gentle=True, **TOLD).verdict == "watch"


@pytest.mark.parametrize(
    ("codes", "used", "documents", "entropy", "largest", "verdict", "remedy"),
    [
        (256, 250, 5000, log(200), 0.01, "healthy", ""),
        (256, 200, 5000, log(200), 0.01, "watch", "level 3 uses 200 of 256 codes: standardise inputs or lower K"),
        (256, 31, 5000, log(20), 0.1, "broken", "level 3 uses 31 of 256 codes: standardise inputs or lower K"),
        (256, 256, 5000, log(16), 0.2, "watch", "level 3 says as much as 16.0 even codes of 256"),
        (256, 256, 5000, log(4), 0.4, "broken", "level 3 says as much as 4.0 even codes of 256"),
        (256, 256, 5000, log(60), 0.6, "broken", "level 3 puts 60% of the documents under one code"),
        (8, 1, 5000, 0.0, 1.0, "broken", "level 3 uses 1 of 8 codes"),
        (2, 2, 5000, log(2), 0.5, "healthy", ""),
    ],
)
def test_a_level_is_as_good_as_its_worst_figure(codes, used, documents, entropy, largest, verdict, remedy):
    found = judge_level(3, codes, used, documents, 1.0, entropy, largest)
    assert found.verdict == verdict
    assert found.remedy.startswith(remedy)
    assert bool(found.remedy) == bool(remedy)


def test_more_codes_than_documents_are_not_dead_for_want_of_documents():
    assert judge_level(1, codes=4096, used=100, documents=100, share=1, entropy=log(100), largest_share=0.01).verdict == "healthy"


@pytest.mark.parametrize("told", [{"share": 0.05}, {"documents": 1}, {"numbered": 0.5}])
def test_rare_levels_and_numbers_are_not_judged(told):
    level = {"level": 1, "codes": 9, "used": 1, "documents": 50, "share": 1.0, "entropy": 0.0, "largest_share": 1.0}
    assert judge_level(**(level | told)).verdict is None


def test_uneven_words_are_watched():
    for used, entropy in ((40, log(3)), (1, 0.0)):
        assert judge_level(1, 40, used, 500, 1.0, entropy, 0.9, words=True).verdict == "watch"
    assert judge_level(1, 40, 10, 500, 1.0, 0.9 * log(40), 0.1, words=True).verdict == "healthy"
