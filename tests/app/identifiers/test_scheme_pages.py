"""The pages on identifiers: a study of four schemes, the codebooks of a build, and how a learned one trained."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts import training
from app.identifiers import spelling
from engine import identifiers, paths
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus
from engine.studies import schemes as study
from engine.text import embed
from tests.app.at import said, sound, table
from tests.app.at import visit as at_visit
from tests.app.conftest import STUDIED, link_cache, shared_home

SAMURAI = "seven-samurai-1954"


def visit(page: str, **parameters: str):
    at = at_visit(page, **parameters)
    assert not at.error
    return at


WITHOUT_A_STUDY = [
    "Build films-rq-kmeans",
    "Compare all schemes (about 1 min on two cores)",
    "Measure it (some seconds)",
]


class TestIdentifiers:
    @pytest.mark.usefixtures("with_films")
    def test_without_a_study_it_lists_the_schemes_and_offers_to_make_one(self):
        at = visit("identifiers")
        assert [button.label for button in at.button] == WITHOUT_A_STUDY
        assert table(at, "Scheme", "Source")["Scheme"].tolist() == list(identifiers.SCHEMES)

    @pytest.mark.usefixtures("studied")
    def test_the_table_has_a_row_a_scheme_and_says_what_does_not_fit(self):
        at = visit("identifiers")
        rows = table(at, "Scheme", "Health").set_index("Scheme")
        assert set(rows.index) == set(STUDIED) - {"url"}
        assert "no URL or path column" in said(at)
        assert rows.loc["random", "nDCG@10, beam 10"] < 0.75 * rows.loc["rq-kmeans", "nDCG@10, beam 10"]
        assert (rows["Unique"] == 1).all()

    def test_a_document_is_spelled_under_every_scheme_that_fits(self, studied):
        at = visit("identifiers", doc=SAMURAI)
        rows = table(at, "Scheme", "Identifier", "In words").set_index("Scheme")
        assert set(rows.index) == set(STUDIED) - {"url"}
        for scheme, identifier in rows["Identifier"].items():
            fitted = study.read_identifiers(studied, scheme)
            codes = fitted.codes[studied.row_of[SAMURAI]]
            assert identifier == "-".join(str(code) for code in codes if code >= 0)
        assert "War" in rows.loc["category", "In words"] or "Samurai" in rows.loc["category", "In words"]

    def test_a_typed_document_gets_the_codes_its_text_leads_to(self, studied):
        text = studied.corpus.documents[studied.row_of[SAMURAI]].text
        rows = table(visit("identifiers", text=text), "Scheme", "Identifier", "In words").set_index("Scheme")
        vector = embed.embed([text], studied.model)
        for scheme in ("rq-kmeans", "hierarchical-kmeans"):
            expected = identifiers.assign(scheme, study.read_identifiers(studied, scheme), vector)[0]
            assert rows.loc[scheme, "Identifier"] == "-".join(str(code) for code in expected if code >= 0)
        assert rows.loc["category", "Identifier"] == ""
        assert "columns or words" in rows.loc["category", "In words"]

    def test_two_schemes_of_the_address_stand_side_by_side(self, studied):
        at = visit("identifiers", a="category", b="random")
        assert [at.selectbox("a").value, at.selectbox("b").value] == ["category", "random"]
        assert any("mutual information" in caption.value for caption in at.caption)

    def test_an_unknown_scheme_or_document_in_the_address_does_no_harm(self, studied):
        at = visit("identifiers", a="../../etc", b="<b>", doc="![x](y)")
        assert at.selectbox("a").value in STUDIED

    def test_a_damaged_study_is_said_and_can_be_made_again(self, studied_home, empty_home, films_home):
        (empty_home / "builds").mkdir()
        (empty_home / "builds" / "films").symlink_to(films_home / "builds" / "films")
        folder = study.study_folder(Build(empty_home / "builds" / "films"))
        folder.mkdir(parents=True)
        (folder / "study.json").write_text("{")
        at = (
            AppTest.from_file(str(paths.ROOT / "app" / "main.py"), default_timeout=90)
            .switch_page("../pages/identifiers.py")
            .run()
        )
        assert not at.exception
        assert "damaged" in at.error[0].value
        assert [button.label for button in at.button] == WITHOUT_A_STUDY


class TestSpelling:
    def test_a_new_text_goes_as_deep_as_the_tree(self, studied):
        found = spelling.tree(studied, "rq-kmeans")
        row = studied.row_of[SAMURAI]
        said = spelling.spell_new(found, "rq-kmeans", np.asarray(studied.embeddings[row]))
        codes = said.identifier.split("-")
        assert codes == [str(code) for code in found.fitted.codes[row][:3]]
        assert said.words.startswith("  >  ".join(found.names[node] for node in found.trie.path(row)[:3]))

    def test_where_nobody_is_it_says_so(self, studied):
        found = spelling.tree(studied, "rq-kmeans")
        random = np.random.default_rng(0).normal(size=(200, found.fitted.codebooks[0].shape[1])).astype(np.float32)
        said = [spelling.spell_new(found, "rq-kmeans", vector).words for vector in random]
        assert any("none there yet" in words for words in said)


@pytest.fixture(scope="session")
def learned_home(tmp_path_factory, films_home):
    """Sixty films with learned codes."""
    films = Build(films_home / "builds" / "films").corpus.documents[::20]
    with shared_home(tmp_path_factory, "learned-home") as home:
        link_cache(films_home, home)
        spec = BuildSpec(scheme="rq-vae", settings={"codes": 8, "epochs": 12})
        make(Corpus("learned", films, {}, {}, []), spec, home / "builds" / "learned")
    return home


class TestCodebooks:
    @pytest.mark.usefixtures("with_films")
    def test_a_code_of_the_address_shows_its_documents_and_neighbours(self, films):
        at = visit("codebooks", code="1-15")
        rows = table(at, "Identifier", "Title")
        assert len(rows) == int((films.codes[:, 0] == 15).sum())
        assert all(identifier.startswith("15-") for identifier in rows["Identifier"])
        assert 15 not in table(at, "Code", "Cosine")["Code"].tolist()

    @pytest.mark.usefixtures("with_films")
    @pytest.mark.parametrize("code", ["9-9", "x", "1-99999", "0-1", "1--1", "![x](http://192.0.2.1)"])
    def test_a_code_that_is_not_there_is_said(self, code):
        at = visit("codebooks", code=code)
        assert "no code of this build" in at.warning[0].value

    @pytest.mark.usefixtures("with_films")
    def test_a_document_is_followed_level_by_level(self, films):
        at = visit("codebooks", doc=SAMURAI)
        identifier = films.identifier(films.row_of[SAMURAI])
        assert any(identifier in text.value for text in at.text)
        steps = table(at, "Level", "Code")
        assert "-".join(str(code) for code in steps["Code"]) == "-".join(identifier.split("-")[:3])

    @pytest.mark.usefixtures("with_films")
    def test_a_code_typed_is_gone_to_again_and_again(self):
        at = visit("codebooks")
        for _ in range(2):
            at.text_input("go-code").set_value("2-3").run()
            assert "code" in sound(at).query_params
            next(button for button in at.button if button.label == "Close").click().run()
            assert "code" not in sound(at).query_params

    def test_a_learned_scheme_shows_how_it_trained(self, learned_home, empty_home, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(learned_home))
        rows = table(visit("codebooks"), "Epoch", "Reconstruction loss")
        assert rows["Epoch"].tolist() == list(range(1, 13))
        assert rows["Reconstruction loss"].iloc[-1] < rows["Reconstruction loss"].iloc[0]


class TestTraining:
    history = {  # noqa: RUF012
        "history_loss": np.linspace(9, 1, 1000, dtype=np.float32),
        "history_commitment": np.ones(1000, np.float32),
        "history_usage": np.linspace((0.2, 0.5), (1.0, 0.9), 1000).astype(np.float32),
    }

    def test_a_scheme_that_was_not_trained_has_no_history(self):
        assert training.table({"mean": np.zeros(3)}) is None

    def test_the_picture_holds_both_losses_and_a_line_a_level_thinned_but_with_both_ends(self):
        rows = training.table(self.history)
        assert rows is not None
        assert len(rows) == 1000
        lines = json.loads(training.figure(rows).to_json())["data"]
        assert [line["name"] for line in lines] == ["reconstruction", "commitment", "level 1", "level 2"]
        drawn = training.figure(rows).data[0]
        assert len(drawn.x) == training.DRAWN
        assert (drawn.x[0], drawn.x[-1]) == (1, 1000)

    def test_in_words(self):
        rows = training.table(self.history)
        assert rows is not None
        said = training.describe(rows)
        assert "from 9 to 1" in said
        assert "100% at level 1, 90% at level 2" in said
