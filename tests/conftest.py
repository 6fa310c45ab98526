"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
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
