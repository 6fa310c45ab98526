from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.cli.main import app


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory) -> Path:
    """The demo, as ``tmescope demo`` leaves it."""
    folder = tmp_path_factory.mktemp("demo")
    app(["demo", "--output", str(folder / "out"), "--quiet"], standalone_mode=False)
    return folder / "out"
