"""What a build or a training can be asked stands once, in its spec: the shell's flags and the form's fields are made from it."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from engine.builds.spec import BuildSpec
from engine.cli import flags
from engine.cli.main import app
from engine.options import options_of
from engine.recommending.models.spec import SequenceSpec
from engine.training.spec import TrainSpec

COMMANDS = typer.main.get_command(app).commands
NAMES = {
    "train": "scorer train dev minutes steps seed option mix loss teacher begin generator per-document cold batch average beams "
    "every patience watch name estimate progress json",
    "build": "out ids option resolver levels codes field model language passages fast column leave-out encoding identifiers "
    "queries qrels interactions recall fetch vectors query-vectors engine workers seed progress json",
}


@pytest.mark.parametrize(("command", "spec"), [("train", TrainSpec), ("build", BuildSpec), ("train-next", SequenceSpec)])
def test_every_field_of_the_spec_is_a_flag_with_its_default_range_and_help(command, spec):
    known = {parameter.name: parameter for parameter in COMMANDS[command].params}
    for option in options_of(spec):
        flag = known[option.name]
        assert flag.help == spec.model_fields[option.name].description, option.name
        assert option.flag in flag.opts
        assert flag.multiple == (option.type is list)
        if option.type is list:
            assert not getattr(spec(), option.name)
            assert not flag.default
        else:
            assert flag.default == getattr(spec(), option.name)
            assert (getattr(flag, "min", None), getattr(flag, "max", None)) == (option.low, option.high)


@pytest.mark.parametrize("command", NAMES)
def test_the_flags_keep_their_names(command):
    told = {name for parameter in COMMANDS[command].params for name in parameter.opts}
    assert told - {"--help", "folder", "corpus"} == {"-o", *(f"--{name}" for name in NAMES[command].split())}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("", {}),
        ("--ids=pq --seed=0", {"scheme": "pq", "seed": 0}),
        (
            "--model= --resolver=leave --field=a --field=b -o x=1",
            {"model": "", "resolver": "leave", "fields": ["a", "b"], "settings": ["x=1"]},
        ),
    ],
)
def test_a_command_is_told_what_was_typed_even_where_that_is_the_default_and_nothing_else(arguments, asked):
    shell = typer.Typer()

    @shell.command()
    @flags.of_spec(BuildSpec)
    def command(first: str, asked: dict[str, Any], last: bool = False) -> None:
        print(json.dumps([first, asked, last]))

    result = CliRunner().invoke(shell, ["f", *arguments.split(), "--last"])
    assert json.loads(result.output) == ["f", asked, True]


def test_ranges_are_those_that_the_spec_refuses_beyond():
    at = {option.name: (option.low, option.high) for option in options_of(TrainSpec)}
    assert at["seed"] == (0, (1 << 31) - 1)
    assert at["cold"] == (0, 0.5)
    assert at["steps"] == (0, None)
    assert at["train"] == (None, None)


def test_texts_have_no_range_and_what_may_be_none_is_an_option_of_its_other_type():
    at = {option.name: option for option in options_of(BuildSpec)}
    assert (at["resolver"].type, at["resolver"].default, at["resolver"].low, at["resolver"].high) == (str, None, None, None)
    assert at["settings"].type is at["fields"].type is list
    assert at["seed"].type is int
