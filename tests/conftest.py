"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real cohorts and expected numbers; tests that need it skip, saying so, where it is absent."""
    folder = Path(os.environ.get("TMESCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data are not here ({folder.name}: set TMESCOPE_TEST_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test of this process reaches another machine: servers that tests start are on the loopback."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: tuple[object, ...] | str | bytes) -> None:
        is_far = self.family in {socket.AF_INET, socket.AF_INET6}
        if is_far and str(address[0]) not in {"127.0.0.1", "::1", "localhost"}:
            message = f"a test reaches for the network: {address!r}"
            raise AssertionError(message)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


LONGEST = (
    "study/test_running.py",
    "test_wheel.py",
    "journeys/",
    "twins/test_kernels.py",
    "cli/test_live.py",
    "cli/test_events.py",
)
"""Modules that take longest: a process that starts one of them last keeps the others waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first; the rest stays in its order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else ""
        return next((i for i, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))

    items.sort(key=place)
