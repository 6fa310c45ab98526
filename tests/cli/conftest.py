from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from tests.study import tiny

from tmescope.cli.main import main


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    code: object
    out: str
    err: str


@pytest.fixture
def tmescope(monkeypatch, capsys):
    """Run the command line in this process, through its real entry point."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tmescope", *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of the tiny study and its study.toml, in the working directory."""
    monkeypatch.chdir(tmp_path)
    tiny.write_files(tmp_path)
    tiny.write_study(tmp_path)
    return tmp_path
