"""What the list of systems points at is there: files, folders, results, and commands of the shell."""

import re

import pytest
import typer

from engine import evaluation, paths
from engine.builds.opened import Build
from engine.cli.main import app
from engine.identifiers import SCHEMES
from engine.retrievers import RETRIEVERS, Queries
from engine.scorers.kinds import KINDS
from engine.training.losses import LOSSES

TEXT = (paths.ROOT / "docs" / "systems.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"`python -m engine ([^`]+)`", TEXT)))


def test_files_and_results_are_there():
    named = set(re.findall(r"`((?:engine|app|benchmarks)/[\w/.-]+)`", TEXT))
    assert len(named) > 40
    assert [name for name in sorted(named) if not (paths.ROOT / name).exists()] == []
    linked = set(re.findall(r"\]\(\.\./([\w/.-]+)\)", TEXT))
    assert [name for name in sorted(linked) if not (paths.ROOT / name).is_file()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_of_the_shell(command):
    """Each is known, has the flags that it is given, and names retrievers that there are."""
    known = typer.main.get_command(app).commands
    name, *rest = command.split()
    flags = {flag for option in known[name].params for flag in option.opts}
    assert {word for word in rest if word.startswith("-") and not re.match(r"-\d", word)} <= flags
    for retriever in re.findall(r"-r (\S+)", command):
        members = re.split(r"[~+]", retriever)
        assert all(member.split(":")[0] in RETRIEVERS or member.split(":")[0] in ("lm", "lm-list", "cross") for member in members)


def plainly(text):
    """A text whose figures have three places, no sign and no zero before the point."""
    text = re.sub(r"[-+](?=[\d.])", "", re.sub(r"(?<![\d.])0(?=\.\d)", "", text))
    return re.sub(r"(?<!\d)\.\d{4,}", lambda match: f"{float(match[0]):.3f}"[1:], text)


def test_intervals_of_a_row_stand_in_the_results_that_it_points_at():
    """Whether the one less the other or the other less the one."""
    results = {path.name: plainly(path.read_text("utf-8")) for path in (paths.ROOT / "benchmarks" / "results").glob("*.md")}
    checked, missing = 0, []
    for line in TEXT.splitlines():
        linked = "".join(results[name] for name in re.findall(r"results/([\w.]+\.md)", line))
        for low, high in re.findall(r"\[(\.\d+), (\.\d+)\]", plainly(line)) if linked else ():
            checked += 1
            if f"[{low}, {high}]" not in linked and f"[{high}, {low}]" not in linked:
                missing.append((line[:40], low, high))
    assert missing == []
    assert checked > 40


@pytest.mark.slow
def test_what_is_looked_up_gains_what_the_list_says(films_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(films_home))
    build = Build(films_home / "builds" / "films")
    qrels, ids = build.corpus.qrels["test"], [document.id for document in build.documents]
    texts = [build.corpus.queries[query] for query in qrels]
    queries, values = Queries(texts, build.embed_queries(texts)), []
    for name in ("look-up", "generative:centroid"):
        found = evaluation.run_of(qrels, build.retriever(name).search(queries, 11).rows, ids)
        values.append(evaluation.measure(qrels, found, ["nDCG@10"])["nDCG@10"])
    gain = evaluation.interval(values[0] - values[1])
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.021, 0.009, 0.034), abs=0.002)
    assert "generative search gains +.021 [+.009, +.034]" in TEXT


def test_what_is_not_reproduced_is_offered_as_an_experiment():
    """Each by the sentence that offers it; the list of systems says of the same ones that they are experiments."""
    options = {f"{name}.{option.name}": option.help for name, one in SCHEMES.items() for option in one.options}
    offered = {
        "LTRGR": RETRIEVERS["ltrgr"].summary,
        "a language model writes": RETRIEVERS["seal-lm"].summary,
        "listwise": RETRIEVERS["lm-list"].summary,
        "GenRet": SCHEMES["genret"].summary,
        "GLEN": options["keywords.asked"],
        "LETTER": options["rq-vae.collaborative"],
        "BARGE": options["rq-kmeans.books"],
        "PLUM": KINDS["plum"].summary,
        "T5": KINDS["t5"].summary,
        "Lite-LLM4Rec": KINDS["one-pass"].summary,
        "NCI": next(option.help for option in KINDS["transformer"].options if option.name == "prefix_rank"),
        "RIPOR": LOSSES["prefix"].help,
        "margin": LOSSES["margin"].help,
        "CALRec": LOSSES["contrastive"].help,
        "cross-encoder": typer.main.get_command(app).commands["tune-cross"].help,
    }
    assert [name for name, said in offered.items() if "experiment" not in said.lower()] == []
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    assert [name for name in offered if not any(name in row and "experiment" in row for row in rows)] == []
