from __future__ import annotations

import io
import sys

import pytest

from tmescope.cli.progress import listening
from tmescope.foundation.progress import SILENT


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def _work(progress) -> None:
    progress.start("read", 2)
    progress.advance("read")
    progress.start("inner")
    progress.finish("inner")
    progress.advance("read")
    progress.finish("read", "done")
    progress.advance("never started")
    progress.finish("never started", "x")


def test_quiet_is_silent(capsys):
    with listening(quiet=True) as progress:
        assert progress is SILENT
        _work(progress)
    assert capsys.readouterr() == ("", "")


def test_in_a_pipe_each_step_is_a_line_on_standard_error(capsys):
    with listening(quiet=False) as progress:
        _work(progress)
    assert capsys.readouterr() == ("", "read: done\nnever started: x\n")


def test_on_a_terminal_there_are_bars(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with listening(quiet=False) as progress:
        _work(progress)
    shown = terminal.getvalue()
    assert "read" in shown
    assert "done" in shown
    assert "\x1b[" in shown
    last = shown.rpartition("read")[2]
    assert "inner" not in last


@pytest.mark.parametrize("terminal", [True, False])
def test_an_error_inside_comes_out(monkeypatch, terminal):
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    with pytest.raises(ZeroDivisionError), listening(quiet=False) as progress:
        progress.start("read")
        raise ZeroDivisionError
