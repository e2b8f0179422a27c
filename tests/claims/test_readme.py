"""The README's figures are what the engine gives. SciFact and NFCorpus are slow: ``make test-slow``.

They are read from the folder that ``TRIESCOPE_DATASETS`` names, else fetched from their source.
"""

import doctest
import os
import re
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine import evaluation, paths, trie
from engine.builds.examples import shipped
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import DATASETS, default_fields, load
from engine.retrievers import DEFAULT_BEAMS, Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.studies import bundled, typos
from engine.text import embed
from engine.verdict.measure import verdict

EXAMPLES = [example.query for example in shipped()[1]]
README = (paths.ROOT / "README.md").read_text("utf-8")
COLUMNS = ("bm25", "dense", "generative", "hybrid")
SETS = {"films": "films", "SciFact": "scifact", "NFCorpus": "nfcorpus"}
# Figures are quoted to three places; another processor's arithmetic may turn a tie or two.
TOLERANCE = 0.006


@pytest.fixture(scope="session")
def opened(tmp_path_factory, films_home):
    """Builds of the README's sets by name, made when first asked for; the films are those of all tests."""
    folder = tmp_path_factory.mktemp("claims")

    @cache
    def build(name: str) -> Build:
        if name == "films":
            return Build(films_home / "builds" / "films")
        datasets = os.environ.get("TRIESCOPE_DATASETS")
        source = str(Path(datasets) / name) if datasets and DATASETS[name].url else name
        return Build(make(load(source), BuildSpec(fields=default_fields(name)), folder / name))

    return build


@pytest.fixture(scope="session")
def evaluated(opened):
    @cache
    def evaluate(name: str, beams: int = 100) -> evaluation.Evaluation:
        return evaluation.evaluate(opened(name), "test", COLUMNS, beams)

    return evaluate


@pytest.mark.slow
def test_the_verdict_of_the_films_is_the_one_told(opened):
    assert "Of the films with\n   their untrained default it takes half a minute and says no." in README
    found = verdict(opened("films"), only=("quality",))
    assert found.scorer == "centroid"
    assert found.answer.word == "no"


def quoted(name: str) -> list[tuple[str, str, tuple[float, float, float]]]:
    """(measure, retriever, (mean, low, high)) of the README's table rows about a set."""
    rows = re.findall(rf"^\| {name} test \| (\S+) \| (.+) \|$", README, re.MULTILINE)
    assert rows
    figures = []
    for measure, cells in rows:
        for retriever, cell in zip(COLUMNS, cells.split(" | "), strict=False):  # the last is late, held below
            mean, low, high = (float(number) for number in re.findall(r"\.\d+", cell))
            figures.append((measure, retriever, (mean, low, high)))
    return figures


@pytest.mark.parametrize(
    "name", ["films", pytest.param("SciFact", marks=pytest.mark.slow), pytest.param("NFCorpus", marks=pytest.mark.slow)]
)
def test_the_table_of_figures(evaluated, name):
    result = evaluated(SETS[name]).retrievers
    for measure, retriever, figures in quoted(name):
        found = result[retriever].measures[measure]
        assert tuple(found) == pytest.approx(figures, abs=TOLERANCE), (measure, retriever)


@pytest.mark.slow
def test_scifact_and_nfcorpus_reach_what_the_project_asks(evaluated):
    scifact, nfcorpus = (evaluated(name).retrievers for name in ("scifact", "nfcorpus"))
    assert scifact["dense"].measures["nDCG@10"].mean >= 0.64
    assert scifact["bm25"].measures["nDCG@10"].mean >= 0.66
    assert scifact["generative"].measures["nDCG@10"].mean >= 0.63
    assert scifact["generative"].measures["Recall@100"].mean >= 0.90
    assert scifact["hybrid"].measures["nDCG@10"].mean > max(scifact[n].measures["nDCG@10"].mean for n in COLUMNS[:3])
    assert nfcorpus["dense"].measures["nDCG@10"].mean >= 0.31
    assert nfcorpus["generative"].measures["nDCG@10"].mean >= 0.305
    assert evaluated("scifact", 50).retrievers["generative"].latency_ms.p50 < 5


@pytest.mark.slow
def test_the_random_identifier_control(opened):
    build = opened("scifact")
    shuffled = trie.build(build.codes[np.random.default_rng(0).permutation(len(build.codes))])
    control = CentroidScorer(shuffled, node_means(shuffled, build.embeddings), [])
    qrels = build.corpus.qrels["test"]
    texts = [build.corpus.queries[query] for query in qrels]
    queries = Queries(texts, embed.embed(texts, build.model, role="query"))
    ids = [document.id for document in build.corpus.documents]
    rows = {
        label: [float(number) for number in re.findall(r"\.\d+", line)]
        for label, line in re.findall(r"^\| (RQ-KMeans identifiers|the same, dealt out at random) \|(.+)$", README, re.MULTILINE)
    }
    contenders = {"RQ-KMeans identifiers": build.scorer("centroid"), "the same, dealt out at random": control}
    for label, scorer in contenders.items():
        for beams, figure in zip((5, 10, 20, 50, 100), rows[label], strict=True):
            found = GenerativeRetriever(scorer.trie, scorer, beams).search(queries, 100).rows
            run = {query: [ids[row] for row in row_of if row >= 0] for query, row_of in zip(qrels, found, strict=True)}
            assert evaluation.measure(qrels, run)["nDCG@10"].mean() == pytest.approx(figure, abs=TOLERANCE), (label, beams)


def test_the_catalogue_is_as_large_as_it_is_said_to_be():
    corpus = load("films")
    countries = {country for document in corpus.documents for country in document.metadata["countries"]}
    english = sum(document.metadata["language"] == "English" for document in corpus.documents)
    told = (paths.bundled() / "films" / "README.md").read_text("utf-8")
    assert f"{len(corpus.documents):,} feature films" in told
    assert f"{len(countries)} countries" in told
    assert f"{english} of them in English" in told
    assert f"{len(corpus.queries):,} search queries" in told
    assert f"{len(corpus.documents):,} films" in README
    assert f"{len(corpus.queries):,} queries" in README
    assert DATASETS["films"].documents == len(corpus.documents)


def test_in_the_fourth_example_generative_search_loses_with_the_scorer_that_it_is_said_of(opened):
    build, wanted = opened("films"), "blue-velvet-1986"
    (said,) = [example for example in shipped()[1] if example.note]
    assert said == (EXAMPLES[3], "generative search loses", "centroid")
    assert build.search(said.query, "bm25")[0][0].id == wanted
    assert wanted in [hit.id for hit in build.search(said.query, "dense")[0]]
    for beams in (10, 50, DEFAULT_BEAMS):
        found = build.search(said.query, f"generative:{said.scorer}", 10, beams)[0]
        assert wanted not in [hit.id for hit in found]


def test_why_the_film_of_the_fourth_example_is_cut(opened):
    """What the README's shell section says of ``why``, with 50 beams."""
    found = opened("films").why(EXAMPLES[3], "blue-velvet-1986", 50)
    rank = found.steps[found.cut_at - 1].rank
    assert f"cut at level {found.cut_at}, rank {rank}; {found.smallest_beams} beams would keep it" in README


@pytest.mark.parametrize(("place", "wanted"), [(0, "inception-2010"), (2, "wall-e-2008"), (4, "seven-samurai-1954")])
def test_in_other_examples_it_finds_the_film(opened, place, wanted):
    assert opened("films").search(EXAMPLES[place], "generative", 10, 10)[0][0].id == wanted


def test_a_trie_takes_the_bytes_a_document_that_the_readme_says():
    codes = np.random.default_rng(0).integers(0, 256, (200_000, 4)).astype(np.int32)
    nodes_of_a_million = 1 + 256 + 65_536 + 1_000_000 + 1_000_000
    built = trie.build(codes)
    bytes_a_node = (built.nbytes - built.documents.nbytes) / len(built.code)
    assert "about 33 bytes a document" in README
    assert 31 < bytes_a_node * nodes_of_a_million / 1_000_000 + 4 < 34


def test_how_far_a_tree_is_from_exact_search_and_from_ivf_is_what_the_benchmark_measured():
    told = (paths.ROOT / "benchmarks" / "results" / "decoding.md").read_text("utf-8").partition("### 1,000,000 documents")[2]
    faster = max(float(x) for x in re.findall(r"ours, 1 x 4096 \(100 beams, [\d.]+\) takes [\d.]+ ms, ([\d.]+) times", told))
    slower = [float(x) for x in re.findall(r"^\| 0\.9\d+ \| .* \| ([\d.]+) \|$", told, re.MULTILINE)]
    claim = re.search(r"is (\d+) times faster than exact search, and a tuned IVF index is at most ([\d.]+) times faster", README)
    assert claim is not None
    assert (round(faster), max(slower)) == (int(claim[1]), float(claim[2]))
    assert len(slower) == 6


def test_the_notebook_of_the_readme_runs_as_it_is_written(films_home, monkeypatch):
    monkeypatch.chdir(films_home)
    monkeypatch.setenv("TRIESCOPE_HOME", str(films_home))
    lines = README.split("## A notebook")[1].split("## ")[0]
    examples = doctest.DocTestParser().get_doctest(lines, {}, "README", "README.md", 0)
    assert len(examples.examples) >= 8
    report = []
    found = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=report.append)
    assert found.failed == 0, "".join(report)


@pytest.mark.slow
def test_what_rewriting_gives_back(films_home):
    pytest.importorskip("spellchecker")
    found = typos.run(Build(films_home / "builds" / "films"), "test", ["bm25", "dense", "generative", "hybrid"], rewrite=True)
    means = [one.rewritten.mean for one in found.mended]
    assert means == pytest.approx([0.185, 0.234, 0.235, 0.296], abs=TOLERANCE)
    assert f"{found.undone} of the {found.words:,} misspelled words" in README
    assert found.changed == 10
    assert all(one.gain.low > 0 and one.harm.holm > 0.05 for one in found.mended)
    assert ".234 and .235, the hybrid at .296" in README


@pytest.mark.slow
def test_what_typing_errors_cost(films_home, monkeypatch, tmp_path):
    monkeypatch.setenv("TRIESCOPE_HOME", str(films_home))
    folder = shutil.copytree(films_home / "builds" / "films", tmp_path / "films")
    bundled.install(folder)
    names = ["bm25", "dense", "generative:centroid", "generative:node", "hybrid"]
    found = typos.run(Build(folder), "test", names)
    figures = [figure for one in found.losses for figure in (one.clean.mean, one.misspelled.mean)]
    quoted = [0.194, 0.138, 0.258, 0.182, 0.258, 0.182, 0.337, 0.250, 0.319, 0.239]
    assert figures == pytest.approx(quoted, abs=TOLERANCE)
    for one in quoted[:2] + quoted[6:]:
        assert f"{one:.3f}".removeprefix("0") in README
    assert all(one.difference.high < 0 for one in found.losses)


def test_what_vector_indexes_keep_and_find_is_what_the_benchmark_measured():
    results = (paths.ROOT / "benchmarks" / "results" / "indexes.md").read_text("utf-8")
    told = re.search(r"^Of 20,000 clustered vectors .*$", README, re.MULTILINE).group()
    for name, index in (("an HNSW graph keeps", "dense-hnsw"), ("usearch", "dense-usearch"), ("IVF-PQ", "dense-ivfpq")):
        (size, found) = re.search(rf"clusters, 20,000 \| {index} \| (\S+) \| (\S+)%", results).groups()
        assert re.search(rf"{name} {size} MB and (finds )?{found}%", told), index
    exact = re.search(r"clusters, 20,000 \| exact \| (\S+)", results).group(1)
    assert f"({exact} MB)" in told


def test_an_evaluation_takes_as_long_and_the_untuned_hybrid_reaches_what_the_benchmark_measured():
    told = (paths.ROOT / "benchmarks" / "results" / "evaluation.md").read_text("utf-8")
    assert float(re.search(r"^\| scifact \| 300 \| .* \| (\S+) \|$", told, re.MULTILINE).group(1)) == pytest.approx(4, abs=0.5)
    assert "300 queries with four retrievers are evaluated in 4 s" in README
    less = dict(re.findall(r"^\| (\w+) \| .* \| \+(\S+ \[\S+ \S+\]) \|$", told, re.MULTILINE))
    films, scifact, nfcorpus = (less[name].replace("+", "").replace("0.", ".") for name in ("films", "scifact", "nfcorpus"))
    assert f"SciFact's hybrid is above BM25 by {scifact}" in README
    assert f"above the better of its members, by {films} and {nfcorpus}" in README


def difference(what: str, block: str) -> tuple[str, ...]:
    """Mean and interval of a difference as the README writes them."""
    found = re.search(rf"- {what}: (\S+) \[(\S+), (\S+)\]", block).groups()
    return tuple(figure.replace("0.", ".", 1).removeprefix("+") for figure in found)


def figures(name: str, block: str) -> list[tuple[str, str, str]]:
    """Mean and interval of a retriever's measures as the README writes them."""
    row = re.search(rf"^\| {name} \| (.+)$", block, re.MULTILINE).group(1)
    return [tuple(figure.removeprefix("0") for figure in found) for found in re.findall(r"(0\.\d+) \[(0\.\d+), (0\.\d+)\]", row)]


def test_what_late_interaction_reaches_is_what_the_benchmark_measured():
    blocks = (paths.ROOT / "benchmarks" / "results" / "late.md").read_text("utf-8").split("\n## ")[1:]
    section = README.partition("### A vector a token")[2].partition("\nDecoding beside")[0]
    for name, block in zip(("films", "NFCorpus", "Cranfield"), blocks, strict=True):
        cells = re.search(rf"^\| {name} \| (.+) \|$", section, re.MULTILINE).group(1).replace("*", "").split(" | ")
        for cell, of in zip(cells, ("dense", "hybrid without", "late", "dense~late", "hybrid:centroid"), strict=False):
            found = re.search(rf"^\| {of} \| 0(\.\d+) \S+ \S+ \| 0(\.\d+) ", block, re.MULTILINE).groups()
            assert cell == ", ".join(found), (name, of)
        assert re.search(r"^\| late \|.* (\S+) \|$", block, re.MULTILINE).group(1) + " MB" == cells[-1]
        if name == "Cranfield":  # which has no row of its own in the first table
            break
        ahead = difference("late less dense", block)
        assert "{} [{}, {}] above dense search".format(*ahead) in section
        for measure, (mean, low, high) in zip(("nDCG@10", "Recall@100"), figures("late", block), strict=True):
            (first,) = re.findall(rf"^\| {name} test \| {measure} \| .* \| (\S+ \S+ \S+) \|$", README, re.MULTILINE)
            assert first.replace("*", "") == f"{mean} [{low}, {high}]"
    films, nfcorpus, cranfield = (difference("hybrid:centroid less hybrid without", block) for block in blocks)
    level = "level with its best member: {} [{}, {}]".format(*difference("hybrid:centroid less dense~late", blocks[0]))
    assert "{} [{}, {}] better than without on films ({}), on NFCorpus {} [{}, {}]".format(*films, level, *nfcorpus) in section
    assert "where no development query chooses, {} [{}, {}]".format(*cranfield) in section
    behind = difference("hybrid:centroid less late", blocks[0])
    mean, high, low = (figure.removeprefix("-") for figure in behind)
    assert f"late alone stays {mean} [{low}, {high}] above that hybrid" in section


def test_what_late_interaction_and_labels_reach_together_is_what_was_evaluated():
    told = (paths.ROOT / "benchmarks" / "results" / "fused.md").read_text("utf-8")
    section = README.partition("### A vector a token")[2].partition("### N-grams")[0]

    def reached(name: str) -> str:
        return re.search(rf"^ +{re.escape(name)} +nDCG@10 0(\.\d+ \[)0(\.\d+, )0(\.\d+\])", told, re.MULTILINE).expand(r"\1\2\3")

    def less(one: str, other: str) -> str:
        found = re.search(rf"{re.escape(one)} less {re.escape(other)}: \S0(\.\d+) \[\S0(\.\d+), \S0(\.\d+)\]", told).groups()
        return f"{found[0]} [{found[2]}, {found[1]}]"

    both, four = "late+tuned@dev", "bm25+late+tuned+generative:joint-tuned@dev"
    assert f"(`-r {both}`), reach {reached(both)} on the films' test, {less('late', both)} above late alone" in section
    assert f"and {less('tuned', both)} above the tuned encoder" in section
    assert f"({reached(four)}, a difference of -.010 [-.020, .001])" in section
    assert f"{both} less {four}: +0.010 [-0.001, +0.020]" in told
