"""Every node of a picture is reached by keys, and each key does what it says."""

import numpy as np
import pytest
from hypothesis import given

from app.common.walking import DOWN, LEFT, RIGHT, UP, WAYS, among, around
from engine import trie
from engine.decoding.strategies import STRATEGIES
from engine.pictures import beam_points
from tests.app.at import sound, visit
from tests.engine.oracles import identifiers, padded

QUERY = "a heist that happens inside dreams"


def reached(first, leads_from):
    """All that keys lead to, from ``first`` on."""
    seen, open_ones = {first}, [first]
    while open_ones:
        for other in leads_from(open_ones.pop()).values():
            if other not in seen:
                seen.add(other)
                open_ones.append(other)
    return seen


def points_of(films, **asked):
    trace = films.decode("the vector counts", 20, np.array(films.embeddings[17]), **asked)
    return beam_points.points(trace, films.trie, films.names, films.trie.levels)


class TestBeams:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_every_node_that_is_drawn_is_reached_from_none(self, films, strategy):
        points = points_of(films, strategy=strategy)
        assert {point.prefix for point in points if point.prefix} <= reached("", lambda prefix: among(points, prefix))

    def test_without_a_node_any_key_goes_to_what_leads(self, films):
        points = points_of(films)
        best = next(point for point in points if (point.step, point.rank) == (films.trie.levels, 1))
        assert among(points, "") == dict.fromkeys(WAYS, best.prefix)
        assert among(points[:1], "") == {}

    def test_each_key_goes_one_row_or_one_step(self, films):
        points = points_of(films)
        at = {point.prefix: point for point in points if point.prefix}
        for prefix, here in at.items():
            leads = among(points, prefix)
            column = sorted((p for p in at.values() if p.step == here.step), key=lambda p: p.drawn_at)
            place = column.index(here)
            assert leads.get(UP) == (column[place - 1].prefix if place else None)
            assert leads.get(DOWN) == (column[place + 1].prefix if place + 1 < len(column) else None)
            assert leads.get(LEFT) == (prefix.rpartition("-")[0] or None)
            below = [p for p in at.values() if p.step == here.step + 1 and p.prefix.rpartition("-")[0] == prefix]
            assert leads.get(RIGHT) == (min(below, key=lambda p: p.drawn_at).prefix if below else None)

    def test_a_node_that_is_not_drawn_leads_to_the_ends_of_its_column_and_to_what_it_continues(self, films):
        points = points_of(films)
        drawn = [point.prefix for point in points if point.step == 2 and point.prefix]
        leads = among(points, "31-31")
        assert (leads[UP], leads[DOWN], leads[LEFT]) == (drawn[0], drawn[-1], "31")


class TestTree:
    @given(identifiers())
    def test_every_node_is_reached_and_the_way_back_is_the_opposite_key(self, words):
        built = trie.build(padded(words))

        def node_of(prefix):
            return built.find(tuple(map(int, prefix.split("-")))) if prefix else 0

        def leads_from(prefix):
            return around(built, node_of(prefix))

        every = {"-".join(map(str, word[:length])) for word in words for length in range(len(word) + 1)}
        assert reached("", leads_from) == every
        for prefix in every:
            leads = leads_from(prefix)
            depth = prefix.count("-") + 1 if prefix else 0
            level = sorted(tuple(map(int, p.split("-"))) for p in every if p and p.count("-") + 1 == depth)
            place = level.index(tuple(map(int, prefix.split("-")))) if prefix else 0
            for way, other in ((UP, place - 1), (DOWN, place + 1)):
                there = prefix and 0 <= other < len(level)
                assert leads.get(way) == ("-".join(map(str, level[other])) if there else None)
            if RIGHT in leads:
                assert leads_from(leads[RIGHT])[LEFT] == prefix


@pytest.mark.usefixtures("with_films")
class TestPages:
    def test_keys_go_through_the_picture_of_decode(self, films):
        at = visit("decode", query=QUERY, beams="10")
        best = films.identifier(int(films.decode(QUERY, 10).documents(films.trie, 1)[0][0]))
        for key, prefix in (("down", best), ("left", best.rpartition("-")[0]), ("right", best)):
            at.button(f"walk-{key}").click().run()
            assert f"Node {prefix}" in [heading.value for heading in sound(at).header]
        assert at.button("walk-up").disabled
        assert at.button("walk-right").disabled

    def test_keys_go_through_the_tree(self):
        at = visit("trie", prefix="1")
        for key, prefix in (("right", "1-0"), ("up", "0-22"), ("left", "0"), ("left", "")):
            at.button(f"walk-{key}").click().run()
            found = sound(at).query_params.get("prefix", "")
            assert (found if isinstance(found, str) else found[0]) == prefix
        assert [at.button(f"walk-{key}").disabled for key in ("up", "down", "left", "right")] == [True, True, True, False]
