"""The Makefile explains itself, and what its recipes start exists."""

from __future__ import annotations

import re
import subprocess

from tests.house import commands
from tests.house.sources import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROMISED = {"help", "setup", "demo", "test", "lint", "types", "check", "bench", "docs"}


def test_every_target_is_described_and_promised_ones_exist() -> None:
    targets = commands.make_targets(MAKEFILE)
    assert set(targets) >= PROMISED
    assert [name for name, summary in targets.items() if not summary] == []


def test_help_lists_each_target_with_its_description() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name, summary in commands.make_targets(MAKEFILE).items():
        assert re.search(rf"^\s+make {re.escape(name)}\s+{re.escape(summary)}$", shown, re.MULTILINE), name


def test_plain_make_shows_the_help() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "make setup" in shown


def test_targets_are_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == set(commands.make_targets(MAKEFILE))


def test_modules_that_recipes_start_exist() -> None:
    started = set(re.findall(r"\$\(BIN\)/python -m ([\w.]+)", MAKEFILE)) - {"pytest"}
    homes = {name: ROOT.joinpath(*name.split(".")) for name in started}
    missing = [
        n for n, home in homes.items() if not (home.with_suffix(".py").is_file() or (home / "__main__.py").is_file())
    ]
    assert not missing, f"recipes start modules that do not exist: {missing}"


def test_targets_are_read_with_and_without_description() -> None:
    text = "A := 1\nB ?= 2\nrun: x ## run it\n\techo\nbare: y\n$(STAMP): z\n.PHONY: run\n"
    assert commands.make_targets(text) == {"run": "run it", "bare": ""}
