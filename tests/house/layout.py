"""Which test belongs to which module, and which contracts of the import linter name which room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tests.house.measures import Violation

FREE_FOLDERS = frozenset({"house", "contract", "twins", "golden", "journeys"})
"""Folders of tests that follow a purpose and not a room."""

_OPTIONAL = re.compile(r"\(([^)]*)\)")


def missing_tests(modules: Iterable[str], tests: Iterable[str]) -> Iterator[Violation]:
    """Yield the modules (``src/tmescope/bulk/methods/means.py``) that no test file mirrors.

    ``tests/bulk/test_means.py`` and ``tests/bulk/methods/test_means.py`` both do; a longer name such as
    ``test_means_parity.py`` is welcome beside them, but does not do alone.
    """
    existing = set(tests)
    for module in modules:
        inner = PurePosixPath(module).relative_to("src/tmescope")
        if inner.name in {"__init__.py", "__main__.py"}:
            continue
        test = f"test_{inner.stem.lstrip('_')}.py"
        homes = {
            f"tests/{inner.parent}/{test}",
            f"tests/{inner.parts[0]}/{test}" if len(inner.parts) > 1 else f"tests/{test}",
        }
        if not homes & existing:
            yield Violation("mirror", module, f"no {' or '.join(sorted(homes))}")


def orphan_tests(modules: Iterable[str], tests: Iterable[str], rooms: Iterable[str]) -> Iterator[Violation]:
    """Yield the tests in a room's folder that mirror no module of the room."""
    stems: dict[str, set[str]] = {room: set() for room in rooms}
    for module in modules:
        inner = PurePosixPath(module).relative_to("src/tmescope")
        if inner.parts[0] in stems:
            names = {inner.stem.lstrip("_"), inner.parent.name} if inner.stem != "__init__" else {inner.parent.name}
            stems[inner.parts[0]] |= names
    for test in tests:
        path = PurePosixPath(test)
        if len(path.parts) < 3 or path.parts[1] not in stems or not path.name.startswith("test_"):
            continue
        name = path.stem.removeprefix("test_")
        if not any(name == stem or name.startswith(f"{stem}_") for stem in stems[path.parts[1]]):
            yield Violation("orphan", test, f"no module of {path.parts[1]} has that name")


def layer_rooms(contract: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the required and the optional rooms of a layers contract."""
    required: set[str] = set()
    optional: set[str] = set()
    for layer in contract["layers"]:
        for name in layer.split("|"):
            inner = _OPTIONAL.fullmatch(name.strip())
            (optional if inner else required).add((inner[1] if inner else name).strip().removeprefix("tmescope."))
    return required, optional
