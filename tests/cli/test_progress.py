from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from tests.study import tiny

from tmescope.cli.progress import listening, wants_colour
from tmescope.foundation.result import RunWarning

PROGRAM = Path(sys.executable).with_name("tmescope")


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def _work(progress) -> None:
    progress.plan({"read": 1.0})
    progress.start("read", 2, unit="files")
    progress.advance("read")
    progress.start("inner")
    progress.finish("inner", "not told")
    progress.advance("read")
    progress.warn(RunWarning("a.b", "odd"))
    progress.finish("read", "done")
    progress.advance("never started")
    progress.finish("never started", "x")


def test_quiet_is_silent(capsys):
    with listening("run", quiet=True) as progress:
        _work(progress)
    assert capsys.readouterr() == ("", "")


def test_in_a_pipe_each_step_is_a_line_on_standard_error(capsys):
    with listening("run", quiet=False) as progress:
        _work(progress)
    assert capsys.readouterr() == ("", "read: done\n")


def test_at_the_end_the_longest_steps_are_told(capsys):
    with listening("run", quiet=False) as progress:
        for name in ("a", "b"):
            progress.start(name)
            progress.finish(name, "done")
    assert capsys.readouterr().err.splitlines()[2] == "longest steps: a 0.0 s, b 0.0 s"


def test_events_go_to_standard_output(capsys):
    with listening("run", quiet=False, json=True) as progress:
        _work(progress)
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith('{"event": "started"')
    assert said.out.count("\n") == len(said.out.splitlines())


def test_on_a_terminal_there_are_bars(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with listening("run", quiet=False) as progress:
        _work(progress)
    shown = terminal.getvalue()
    assert "read: done" in shown
    assert "\x1b[" in shown
    assert "not told" not in shown


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("json", [True, False])
def test_an_error_inside_comes_out(monkeypatch, capsys, terminal, json):
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    with pytest.raises(ZeroDivisionError), listening("run", quiet=False, json=json) as progress:
        progress.start("read")
        raise ZeroDivisionError
    assert ('"failed"' in capsys.readouterr().out) == json


@pytest.mark.parametrize(
    ("environment", "wanted"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_colour(monkeypatch, environment, wanted):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour() == wanted
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not wants_colour()


def test_a_pipe_gets_no_control_characters(tmp_path):
    tiny.write_files(tmp_path)
    tiny.write_study(tmp_path)
    command = [PROGRAM, "run", "study.toml", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.decode().splitlines()
    assert lines[0] == "cohort-a: read"
    assert lines[-1].startswith("longest steps: ")
    for stream in (done.stdout, done.stderr):
        assert not [b for b in stream if b < 32 and b != 10]
