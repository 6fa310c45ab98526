"""Fixtures of the facts' tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.source_tables import Names, read_names


@pytest.fixture(scope="session")
def source_names(shared_data: Path) -> Names:
    """Names of every human gene in the identifier tables."""
    return read_names(shared_data)
