"""The display in a real pseudo-terminal: small windows, no colour, dumb terminals, Ctrl-C."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.interrupts import HEARING
from tests.study import tiny

from tmescope.cli.course import Course
from tmescope.cli.live import Display, visible

PROGRAM = Path(sys.executable).with_name("tmescope")
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _in_terminal(folder, *arguments, columns=80, rows=12, interrupt_at=None, **environment) -> tuple[str, int]:
    """Run the program with standard error on a terminal; return what came and how it ended."""
    lead, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR", "TERM"}}
    process = subprocess.Popen(
        [*HEARING, PROGRAM, *arguments], cwd=folder, stdin=end, stdout=end, stderr=end, close_fds=True,
        start_new_session=True, env={**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
    )  # fmt: skip
    os.close(end)
    text, deadline = b"", time.monotonic() + 240
    while time.monotonic() < deadline:
        ready, _, _ = select.select([lead], [], [], 0.2)
        if ready:
            try:
                got = os.read(lead, 65536)
            except OSError:
                break
            if not got:
                break
            text += got
        elif process.poll() is not None:
            break
        if interrupt_at is not None and interrupt_at in text:
            os.kill(process.pid, signal.SIGINT)
            interrupt_at = None
    os.close(lead)
    return text.decode(), process.wait(timeout=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("live")
    tiny.write_files(made)
    tiny.write_study(made)
    return made


def test_steps_scroll_by_and_the_cursor_comes_back(folder, tmp_path):
    text, code = _in_terminal(folder, "run", "study.toml", "-o", str(tmp_path / "out"))
    assert code == 0, text
    plain = SEQUENCE.sub("", text)
    assert re.search(r"cohort-a: read  \d+\.\d s", plain)
    assert re.search(r"step \d+ of 10  elapsed 0:\d\d  left (-|0:\d\d)", plain)
    assert "longest steps: " in plain
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is shown again"
    assert plain.rstrip().splitlines()[-1].startswith("tables: ")


def test_a_narrow_window_is_never_overrun(folder, tmp_path):
    text, code = _in_terminal(folder, "run", "study.toml", "-o", str(tmp_path / "o"), columns=30, rows=4)
    assert code == 0, text
    display = text[: text.index("longest steps")]
    drawn = [SEQUENCE.sub("", line).strip("\r") for line in re.split(r"\n|\r(?!\n)", display)]
    assert max(map(len, drawn)) <= 30
    assert any("left" in line for line in drawn)


def test_no_colour_where_it_is_not_wanted(folder, tmp_path):
    text, code = _in_terminal(folder, "run", "study.toml", "-o", str(tmp_path / "o"), NO_COLOR="1")
    assert code == 0
    assert not re.search(r"\x1b\[(3[0-7]|9[0-7]|4[0-7]|38;|48;)", text)
    wrong, code = _in_terminal(folder, "run", "absent.toml", NO_COLOR="1")
    assert code == 2
    assert "\x1b[31m" not in wrong
    assert "error: " in wrong
    assert "\x1b[31m" in _in_terminal(folder, "run", "absent.toml")[0], "else the word is red"


def test_a_dumb_terminal_gets_lines(folder, tmp_path):
    text, code = _in_terminal(folder, "run", "study.toml", "-o", str(tmp_path / "o"), TERM="dumb")
    assert code == 0
    assert "\x1b" not in text
    assert "cohort-a: read\r\n" in text


def test_ctrl_c_leaves_the_terminal_clean(tmp_path):
    text, code = _in_terminal(tmp_path, "demo", "-o", "demo", interrupt_at=b"elapsed")
    assert code == 130
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.endswith("stopped; what was finished is kept, and the next run goes on from there\r\n")
    assert "Traceback" not in text


def test_an_ascii_terminal_gets_ascii():
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), force_terminal=True, width=80)
    display = Display(console, Course())
    display.plan({"a": 1.0, "b": 1.0})
    display.start("a", 4, unit="files")
    display.advance("a", 2)
    with console.capture() as caught:
        console.print(display)
    assert "######.................." in caught.get()
    assert "2 of 4 files" in caught.get()
    assert caught.get().replace("…", "").isascii()


def test_names_cannot_steer_the_terminal():
    assert visible("a\x1b[2Jb\x07\u202e\nc") == "a�[2Jb���c"
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Display(console, Course()) as display:
        display.start("[red]x\x1b]0;title\x07")
        display.finish("[red]x\x1b]0;title\x07", "done")
    assert "\x1b]0;" not in console.file.getvalue()
    assert "[red]x" in console.file.getvalue()
