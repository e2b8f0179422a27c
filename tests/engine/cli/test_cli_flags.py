"""What a training can be asked stands once, in its spec: the shell's flags and the form's fields are made from it."""

import typer

from engine.cli.main import app
from engine.options import options_of
from engine.training.spec import TrainSpec

COMMAND = typer.main.get_command(app).commands["train"]
FLAGS = {parameter.name: parameter for parameter in COMMAND.params}


def test_every_field_of_the_spec_is_a_flag_with_its_default_range_and_help():
    spec = TrainSpec()
    for option in options_of(TrainSpec):
        flag = FLAGS[option.name]
        assert flag.help == TrainSpec.model_fields[option.name].description, option.name
        assert option.flag in flag.opts
        if option.type is list:
            assert flag.multiple
            assert not getattr(spec, option.name)
            assert not flag.default
        else:
            assert flag.default == getattr(spec, option.name)
            assert (flag.min, flag.max) == (option.low, option.high)


def test_the_flags_keep_their_names():
    names = "scorer train dev minutes steps seed option mix loss teacher generator per-document cold batch average beams every"
    told = {name for parameter in COMMAND.params for name in parameter.opts}
    assert {f"--{name}" for name in f"{names} patience watch name estimate progress json".split()} <= told
    assert "-o" in told


def test_ranges_are_those_that_the_spec_refuses_beyond():
    at = {option.name: (option.low, option.high) for option in options_of(TrainSpec)}
    assert at["seed"] == (0, (1 << 31) - 1)
    assert at["cold"] == (0, 0.5)
    assert at["steps"] == (0, None)
    assert at["train"] == (None, None)
