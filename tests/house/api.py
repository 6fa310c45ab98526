"""The public names of the package and of its rooms; ``python -m tests.house.api --write`` records them."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tests.house.sources import SRC, rooms

SNAPSHOT = Path(__file__).with_name("api.txt")
COMMAND = "make setup && .venv/bin/python -m tests.house.api --write"
HEADING = (
    "# Public names: what a user may import from tmescope and its rooms, and SemVer promises to keep.\n"
    f"# Written by: {COMMAND}\n"
)


def public_modules() -> tuple[str, ...]:
    """The package and its rooms that say what is public; one without ``__all__`` offers its modules only."""
    named = [f"tmescope.{room}" for room in rooms()]
    return ("tmescope", *(name for name in named if hasattr(importlib.import_module(name), "__all__")))


def names_of(module: ModuleType) -> list[str]:
    return sorted(f"{module.__name__}.{name}" for name in getattr(module, "__all__", ()))


def collect(modules: Iterable[str]) -> list[str]:
    """Every public name, dotted, sorted."""
    return sorted(name for module in modules for name in names_of(importlib.import_module(module)))


def typed_names(text: str) -> tuple[set[str], set[str]]:
    """Names that type checkers see in an ``__init__`` or its stub: imported ones, and those defined there."""
    tree = ast.parse(text)
    guarded = [inner for node in tree.body if isinstance(node, ast.If) for inner in node.body]
    imported = {
        alias.asname or alias.name
        for node in (*tree.body, *guarded)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tmescope")
        for alias in node.names
    }
    defined = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    return imported, defined


def offered_places(init_texts: Iterable[str]) -> frozenset[str]:
    """Where that is defined which packages offer, such as ``src/tmescope/bulk/scoring.py::score``."""
    return frozenset(
        f"src/{(node.module or '').replace('.', '/')}.py::{alias.name}"
        for text in init_texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tmescope.")
        for alias in node.names
    )


def typing_source(module: str) -> str:
    """Text that type checkers read for a package: its stub, or its ``__init__`` where it has none."""
    init = SRC.joinpath(*module.split(".")[1:], "__init__.py")
    stub = init.with_suffix(".pyi")
    return (stub if stub.is_file() else init).read_text(encoding="utf-8")


def difference(recorded: Iterable[str], found: Iterable[str]) -> str:
    """Say what came and what went, and how to record it; empty where nothing did."""
    before, now = set(recorded), set(found)
    lines = [f"  new:  {name}" for name in sorted(now - before)] + [f"  gone: {name}" for name in sorted(before - now)]
    if not lines:
        return ""
    advice = f"If that is intended, say it in CHANGELOG.md and record it with: {COMMAND}"
    return "\n".join(["the public names changed:", *lines, advice])


def read_snapshot(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


if __name__ == "__main__":
    listed = "".join(f"{name}\n" for name in collect(public_modules()))
    if sys.argv[1:] == ["--write"]:
        SNAPSHOT.write_text(HEADING + listed, encoding="utf-8")
    else:
        sys.stdout.write(listed)
