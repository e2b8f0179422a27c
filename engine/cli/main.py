"""The shell: ``python -m engine COMMAND``. ``--json`` gives the machine form, with stable keys."""

import io
import os
import sys

from engine.cli import answer as cli_answer
from engine.cli import ask as cli_ask
from engine.cli import builds as cli_builds
from engine.cli import cache as cli_cache
from engine.cli import claims as cli_claims
from engine.cli import columns as cli_columns
from engine.cli import compare as cli_compare
from engine.cli import enrich as cli_enrich
from engine.cli import evaluate as cli_evaluate
from engine.cli import examine as cli_examine
from engine.cli import export as cli_export
from engine.cli import indexes as cli_indexes
from engine.cli import judge as cli_judge
from engine.cli import live as cli_live
from engine.cli import logs as cli_logs
from engine.cli import make as cli_make
from engine.cli import mcp as cli_mcp
from engine.cli import models as cli_models
from engine.cli import next_item as cli_next_item
from engine.cli import overlap as cli_overlap
from engine.cli import plugins as cli_plugins
from engine.cli import prefer as cli_prefer
from engine.cli import run as cli_run
from engine.cli import serve as cli_serve
from engine.cli import studies as cli_studies
from engine.cli import terms as cli_terms
from engine.cli import tokens as cli_tokens
from engine.cli import train as cli_train
from engine.cli import tune as cli_tune
from engine.cli import typos as cli_typos
from engine.cli import verdict as cli_verdict
from engine.cli import versus as cli_versus
from engine.cli import widths as cli_widths
from engine.cli import window as cli_window
from engine.cli.shell import app
from engine.errors import TriescopeError
from engine.files import refusal

__all__ = [
    "app",
    "cli_answer",
    "cli_ask",
    "cli_builds",
    "cli_cache",
    "cli_claims",
    "cli_columns",
    "cli_compare",
    "cli_enrich",
    "cli_evaluate",
    "cli_examine",
    "cli_export",
    "cli_indexes",
    "cli_judge",
    "cli_live",
    "cli_logs",
    "cli_make",
    "cli_mcp",
    "cli_models",
    "cli_next_item",
    "cli_overlap",
    "cli_plugins",
    "cli_prefer",
    "cli_run",
    "cli_serve",
    "cli_studies",
    "cli_terms",
    "cli_tokens",
    "cli_train",
    "cli_tune",
    "cli_typos",
    "cli_verdict",
    "cli_versus",
    "cli_widths",
    "cli_window",
    "main",
]


def main() -> None:
    """Run the shell; what the user got wrong is one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title that a narrow terminal cannot show is no reason to stop
    try:
        _check_texts(sys.argv[1:])
        app()
    except TriescopeError as error:
        print(f"\ntriescope: {error}" if sys.stderr.isatty() else f"triescope: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except Exception as error:
        if not (why := refusal(error)):
            raise
        print(f"triescope: {getattr(error, 'filename', None) or 'a file'}: {why}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("\ntriescope: interrupted; the same command goes on from here", file=sys.stderr)
        raise SystemExit(130) from None


def _check_texts(arguments: list[str]) -> None:
    """Refuse what is no text: Python hands on bytes that are no UTF-8 as halves of characters, which no model and no JSON takes.
    The path of a file that is there is an exception, for a file may be called so."""
    for text in arguments:
        value = text.partition("=")[2] if text.startswith("-") and "=" in text else text
        if any(0xD800 <= ord(sign) < 0xE000 for sign in text) and not os.path.exists(value):
            raise TriescopeError(f"an argument is not valid UTF-8: {text!a}")
