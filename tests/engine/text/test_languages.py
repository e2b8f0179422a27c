"""Keyword search in the language of a catalogue: stems, stop words, a warning where the script is another one."""

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.errors import TriescopeError
from engine.retrievers import sparse
from engine.retrievers.ranking import Queries
from engine.retrievers.recounted import RecountedRetriever
from engine.retrievers.variants import TfidfRetriever, VariantRetriever
from engine.text.languages import LANGUAGES, other_script, stemming, stop_words
from engine.text.matched import snippet, stems, wanted

GERMAN = ["Die alten Häuser des Dorfes", "Ein Haus am Meer", "Die Katze schläft", "Der Hafen"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_what_it_says(language):
    known = LANGUAGES[language]
    assert bool(stop_words(language)) == (bool(known.stops) or language == "english")
    assert len(stemming(language)(["dreaming", "houses"])) == 2


def test_the_words_of_a_language_meet_in_all_their_forms(tmp_path):
    asked = Queries(["das Haus", "die"])
    found = {}
    for language in ("german", "english", "none"):
        sparse.build(GERMAN, tmp_path / language, language)
        index = sparse.SparseRetriever(tmp_path / language, 4)
        found[language] = [sorted(row for row in of if row >= 0) for of in index.search(asked, 4).rows.tolist()]
        anew = RecountedRetriever(index, lambda: GERMAN, np.array([0, 1, 2]), GERMAN[3:])
        for made in (anew, VariantRetriever(GERMAN, {}, language), TfidfRetriever(GERMAN, language)):
            assert [sorted(row for row in of if row >= 0) for of in made.search(asked, 4).rows.tolist()] == found[language]
        assert index.terms("das Haus", np.array([1])).shares(0) == [("haus", 1.0)]
    assert found == {"german": [[0, 1], []], "english": [[1], [0, 2]], "none": [[1], [0, 2]]}


def test_marks_and_snippets_know_the_language():
    seen = wanted("das Haus", "german")
    assert [part for part, found in snippet(seen, GERMAN[0]).parts() if found] == ["Häuser"]
    assert [part for part, found in snippet(wanted("das Haus"), GERMAN[0]).parts() if found] == []


def test_a_language_of_which_nobody_knows_is_refused():
    with pytest.raises(TriescopeError, match="language 'klingon' is not known; there are english, none, arabic"):
        stems(["qapla"], "klingon")


def test_another_script_is_warned_of_with_what_to_do():
    assert other_script(["白鹿原", "百年孤独"] * 9, "english").startswith("100% of the letters are Han")
    assert other_script(["A film of the war, 1999"] * 9 + ["白鹿原"], "english") == ""
    assert "are not Cyrillic" in other_script(["Film", "白鹿原電", "ฉันรัก"], "russian")
    assert other_script([], "english") == ""


def test_a_build_keeps_its_language_and_older_builds_are_what_they_were(tmp_path, small_corpus, sixty_home):
    assert BuildSpec().digest().startswith("44d8febeb3f48b36")  # as before there were languages
    assert BuildSpec().digest() != BuildSpec(language="german").digest()
    made = make(small_corpus, BuildSpec(language="german", settings={"codes": 4}), tmp_path / "g")
    build = Build(made)
    assert build.language == "german"
    assert {build.retriever(name).language for name in ("bm25", "tfidf", "bm25:k1=0.9")} == {"german"}
    assert build.manifest.corpus.notes == small_corpus.notes
    with pytest.raises(TriescopeError, match="language 'x' is not known"):
        make(small_corpus, BuildSpec(language="x"), tmp_path / "h")


def test_a_build_in_another_script_says_so(tmp_path, small_corpus, sixty_home):
    made = make(small_corpus, BuildSpec(language="russian", settings={"codes": 4}), tmp_path / "g")
    (note,) = Build(made).manifest.corpus.notes
    assert note.startswith("100% of the letters are Latin, and keyword search takes stems and stop words of russian")
