"""The lines that a page hands out give what the page shows, run as they stand."""

import contextlib
import io
import json
import shlex
import sys

import pytest
from typer.main import get_command

from app.common import commands, jobs
from app.train import job as training
from engine.cli import main as cli
from engine.health.card import Change

QUERY = 'it\'s a heist; that "happens" inside $dreams'
pytestmark = pytest.mark.usefixtures("with_films")
ASKED = {
    "plain": {"strategy": "beam", "beams": 7},
    "restricted": {
        "strategy": "diverse",
        "beams": 8,
        "temperature": 2.5,
        "seed": 3,
        "settings": {"groups": 2},
        "filter": "year > 1990 and genre != 'War'",
        "force": "9",
        "ban": ("9-14", "9-26"),
    },
}


@pytest.fixture
def shell(capfd, monkeypatch):
    def run(line: str) -> str:
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "engine"]
        monkeypatch.setattr(sys, "argv", ["triescope", *words[3:]])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        assert (left.value.code or 0, err) == (0, "")
        return out

    return run


def run_code(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})
    return out.getvalue()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_decode_is_the_same_from_the_shell_and_from_a_notebook(films, shell, asked):
    tree = films.view(asked.get("filter", ""), asked.get("force", ""), asked.get("ban", ()))
    settings, seed, temperature = asked.get("settings"), asked.get("seed", 0), asked.get("temperature", 1.0)
    trace = films.decode(QUERY, asked["beams"], None, asked["strategy"], tree, settings, seed, temperature, "centroid")
    titles = [films.corpus.documents[row].title for row in trace.documents(tree, 10)[0]]
    told = json.loads(shell(commands.decode_line("films", QUERY, "centroid", asked).replace(" decode ", " decode --json ", 1)))
    assert [hit["title"] for hit in told["hits"]] == titles
    assert run_code(commands.decode_code("films", QUERY, "centroid", asked)).strip() == repr(titles)


@pytest.mark.parametrize("query", [QUERY, "-r heist"])
def test_the_lists_of_compare_are_the_same_from_the_shell_and_from_a_notebook(films, shell, query):
    names = ["bm25", "generative:centroid"]
    wanted = {name: [hit.title for hit in films.search(query, name, 5, 20)[0]] for name in names}
    lines = commands.search_lines("films", query, names, 5, 20).splitlines()
    for name, line in zip(names, lines, strict=True):
        told = json.loads(shell(line.replace(" search ", " search --json ", 1)))
        assert [hit["title"] for hit in told["hits"]] == wanted[name]
    assert run_code(commands.search_code("films", query, names, 5, 20)).splitlines() == [
        f"{name} {titles!r}" for name, titles in wanted.items()
    ]


def test_what_the_forms_would_start_is_a_line_that_the_shell_reads(films):
    arguments = training.arguments(films.folder, "mine", {"scorer": "node", "minutes": 1.5, "mix": {"judged": 2.0}})
    again = jobs.flags_of(Change(scheme="opq", settings={"levels": 4, "codes": 64}, resolver="extra-code"), 3)
    for asked in (arguments, ["build", "films", "--out", "builds/a b", *again]):
        words = shlex.split(commands.line(asked))
        assert words[3:] == asked
        command = get_command(cli.app).commands[asked[0]]
        assert command.make_context(asked[0], words[4:])  # it raises for an unknown flag or a wrong value
