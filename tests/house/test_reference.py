"""The reference pages say what the code says."""

from __future__ import annotations

import pytest
from docs.build import HERE, pages


@pytest.mark.parametrize("name", ["commands.md", "study-file.md", "tables.md", "methods.md", "events.md", "words.md"])
def test_reference_pages_are_current(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == pages()[name], "run: make docs"
