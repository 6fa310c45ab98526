"""Commands that a page shows, and whether the command line and the Makefile know them."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```(?:sh|bash|console|shell)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TARGET = re.compile(r"^(?P<name>[a-zA-Z][\w-]*):(?!=)[^\n#]*(?:## (?P<summary>.+))?$", re.MULTILINE)
_SEPARATORS = frozenset({"&&", "||", "|", ";", "&"})
_VARIABLE = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Command:
    """One command of the command line: its options, its sub-commands, and which of these needs not be named."""

    options: frozenset[str] = frozenset()
    commands: Mapping[str, Command] = field(default_factory=dict)
    fallback: str = ""


def shown_commands(page: str) -> Iterator[list[str]]:
    """Yield each command of the page's shell blocks as words, without prompt and comments, pipes apart."""
    for block in _BLOCK.findall(page):
        for line in block.replace("\\\n", " ").splitlines():
            words: list[str] = []
            for word in [*shlex.split(line.strip().removeprefix("$ "), comments=True), ";"]:
                if word not in _SEPARATORS:
                    words.append(word)
                elif words:
                    yield words
                    words = []


def command_problem(words: list[str], root: Command) -> str:
    """Say what is wrong with a shown ``tmescope ...``; empty where nothing is."""
    here, path = root, "tmescope"
    for position, word in enumerate(words):
        if here.fallback and word not in (*here.commands, "--help", "-h"):
            here = here.commands[here.fallback]
        if word.startswith("-"):
            name = word.split("=", 1)[0]
            if name not in here.options:
                return f"{path} has no option {name}"
        elif word in here.commands:
            here, path = here.commands[word], f"{path} {word}"
        elif here.commands and not any(earlier.startswith("-") for earlier in words[:position]):
            return f"{path} has no command {word}"
    return ""


def make_targets(makefile: str) -> dict[str, str]:
    """Return every target of a Makefile with the description behind ``##`` (empty where there is none)."""
    return {match["name"]: (match["summary"] or "").strip() for match in _TARGET.finditer(makefile)}


def make_problems(words: Iterable[str], targets: Iterable[str]) -> list[str]:
    """Return what ``make WORDS`` asks for and does not exist; variables and flags are skipped."""
    known = set(targets)
    return [
        f"make has no target {word}"
        for word in words
        if word not in known and not _VARIABLE.match(word) and not word.startswith("-")
    ]


def page_problems(page: str, *, root: Command, targets: Iterable[str]) -> list[str]:
    """Return everything that the shell blocks of a page show and does not exist."""
    known = set(targets)
    problems = []
    for shown in shown_commands(page):
        words = list(itertools.dropwhile(_VARIABLE.match, shown))
        program = Path(words[0]).name if words else ""
        if program == "make":
            problems += make_problems(words[1:], known)
        elif program == "tmescope" and (problem := command_problem(words[1:], root)):
            problems.append(problem)
    return problems
