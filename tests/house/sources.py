"""Where the house tests find what they check: the repository's files, its rooms, its modules."""

from __future__ import annotations

import ast
import functools
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "tmescope"


@dataclass(frozen=True)
class Source:
    """One Python file: where it is, relative to the repository, and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        return cls(path, text, ast.parse(text))

    @property
    def room(self) -> str:
        """Name of the room in src, empty for the package's own modules and for files outside src."""
        parts = Path(self.path).parts
        return parts[2] if self.path.startswith("src/tmescope/") and len(parts) > 3 else ""


@functools.cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@functools.cache
def python_files(*folders: str) -> tuple[Source, ...]:
    """Every Python file below these folders of the repository, sorted by path."""
    found = sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)
    return tuple(Source.of(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8")) for p in found)


def src_files() -> tuple[Source, ...]:
    return python_files("src")


@functools.cache
def rooms() -> tuple[str, ...]:
    """Folders of the package, sorted; folders without Python files (caches) are none."""
    return tuple(sorted(p.name for p in SRC.iterdir() if p.is_dir() and (p / "__init__.py").is_file()))


@functools.cache
def repository_files() -> tuple[Path, ...]:
    """Every file that is tracked or that `git add` would take, so that new files are checked early."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return tuple(ROOT / name for name in sorted(listed) if name and (ROOT / name).is_file())
