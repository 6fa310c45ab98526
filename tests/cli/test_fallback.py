from __future__ import annotations

import typer
from typer.testing import CliRunner

from tmescope.cli.fallback import FallbackGroup

app = typer.Typer(cls=FallbackGroup, context_settings={"help_option_names": ["-h", "--help"]})


@app.command("now")
def now(name: str, loud: bool = False) -> None:
    typer.echo(f"now {name} {loud}")


@app.command("later")
def later(name: str) -> None:
    typer.echo(f"later {name}")


def said(*words: str) -> str:
    return CliRunner().invoke(app, list(words)).output


def test_the_first_command_needs_no_name():
    assert said("x") == said("now", "x") == "now x False\n"
    assert said("--loud", "x") == said("x", "--loud") == "now x True\n"
    assert said("later", "x") == "later x\n"
    assert said("./later") == "now ./later False\n"


def test_help_is_of_the_group_unless_a_word_stands_before():
    for call in ("-h", "--help"):
        assert "later" in said(call)
        assert "--loud" in said("x", call)
    assert "Missing argument" in said()
