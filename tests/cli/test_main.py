from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer

from tmescope.cli import main as command_line
from tmescope.foundation.errors import ExpressionError
from tmescope.study import running

PROGRAM = Path(sys.executable).with_name("tmescope")


def _commands(prefix, command):
    yield prefix, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands((*prefix, name), inner)


COMMANDS = dict(_commands((), typer.main.get_command(command_line.app)))


def test_every_command_of_the_tour_exists():
    assert {" ".join(path) for path in COMMANDS} >= {
        "init", "check", "run", "score", "schema", "demo", "signatures", "signatures show", "methods", "methods show",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_option_and_argument(tmescope, monkeypatch, path, option):
    monkeypatch.setenv("COLUMNS", "120")
    said = tmescope(*path, option)
    assert said.code == 0
    usage = said.out.split("Usage:")[1].splitlines()[0]  # begins with the name of this very process
    assert " ".join(path) in usage
    for parameter in COMMANDS[path].params:
        is_option = parameter.param_type_name == "option"
        shown = max(parameter.opts, key=len) if is_option else parameter.metavar or parameter.name
        assert shown in said.out
        assert getattr(parameter, "help", None), f"{shown} is not explained"
    assert "\x1b" not in said.out


def test_version(tmescope):
    said = tmescope("--version")
    assert (said.code, said.out) == (0, f"tmescope {metadata.version('tmescope')}\n")


def test_no_command_shows_the_help(tmescope):
    said = tmescope()
    assert said.code == 2
    assert "signatures" in said.out + said.err


@pytest.mark.parametrize("arguments", [("runn",), ("run",), ("score", "a.tsv"), ("run", "s.toml", "--thread", "2")])
def test_wrong_usage_ends_with_2_and_without_a_traceback(tmescope, arguments):
    said = tmescope(*arguments)
    assert said.code == 2
    assert "Usage" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ExpressionError("it is odd", where="a.tsv"), 2, "error: it is odd\n  where:    a.tsv\n"),
        (BrokenPipeError(), 0, ""),
        (PermissionError(13, "Permission denied", "b.tsv"), 2, "error: Permission denied\n  where:    b.tsv\n"),
        (OSError("no space"), 2, "error: no space\n  where:    input or output\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_how_errors_end_the_command(tmescope, monkeypatch, error, code, text):
    def fail():
        raise error

    monkeypatch.setattr(command_line, "app", fail)
    said = tmescope("run")
    assert said.code == code
    assert said.err.endswith(text)
    assert said.out == ""


def test_somebody_who_presses_ctrl_c_is_told_that_nothing_is_lost(tmescope, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run", interrupted)
    said = tmescope("run", "study.toml")
    assert said.code == 130
    assert said.err == "stopped; what was finished is kept, and the next run goes on from there\n"


def test_a_defect_of_ours_is_not_hidden(tmescope, monkeypatch):
    monkeypatch.setattr(command_line, "app", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tmescope("run")


def test_no_colour_in_a_pipe():
    listed = subprocess.run([PROGRAM, "signatures"], capture_output=True, check=True)
    assert b"cyt" in listed.stdout
    assert b"\x1b" not in listed.stdout
    failed = subprocess.run([PROGRAM, "signatures", "show", "cytt"], capture_output=True, check=False)
    assert failed.returncode == 2
    assert failed.stderr.startswith(b"error: no signature is named 'cytt'")
    assert b"\x1b" not in failed.stderr


def test_a_reader_who_leaves_early_is_no_error():
    done = subprocess.run(["sh", "-c", f"'{PROGRAM}' schema | head -c 10"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{")
    assert done.stderr == ""


_AT_THE_END = """
import atexit, gc, sys
atexit.register(lambda: print("frozen" if gc.get_freeze_count() else "looked through"))  # called after later ones
sys.argv = ["tmescope", "--version"]
from tmescope.cli.main import main
main()
"""


def test_a_process_that_ends_does_not_look_for_garbage():
    done = subprocess.run([sys.executable, "-c", _AT_THE_END], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "frozen"
