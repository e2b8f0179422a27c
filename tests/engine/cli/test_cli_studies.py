"""All studies by one command: each is made, what cannot be made is told, and the sums are those of the parts."""

from engine.claims import CLAIMS
from engine.cli import studies


def test_every_study_is_listed_and_those_that_cannot_be_made_say_why(small_build, told, shell):
    assert list(studies._parts()) == ["identifiers", "overlap", "typos", "enrichment", "columns", *CLAIMS]
    made = told("studies", small_build, "--only", "tree-index", "--only", "labels-or-generation", "--only", "typos")
    assert [one["study"] for one in made] == ["tree-index", "labels-or-generation", "typos"]
    assert [one["says"] for one in made[:2]] == ["holds", "not testable here"]
    assert "rewriting gains" in made[2]["says"]
    assert all(one["seconds"] >= 0 and one["processor"] >= 0 for one in made)
    code, out, _ = shell("studies", small_build, "--only", "nearby-prefixes")
    assert (code, "1 studies in" in out, out.startswith("nearby-prefixes ")) == (0, True, True)
    code, _, err = shell("studies", small_build, "--only", "luck")
    assert (code, "there is no study 'luck'" in err) == (2, True)
