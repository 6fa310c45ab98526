from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("tiny_study", Path(__file__).with_name("tiny.py"))
tiny_module = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tiny_module)


@pytest.fixture(scope="session")
def tiny():
    """The module that writes a tiny study."""
    return tiny_module


@pytest.fixture
def study_folder(tiny, tmp_path):
    """A folder with the files of the tiny study and its study.toml."""
    folder = tmp_path / "study"
    folder.mkdir()
    tiny.write_files(folder)
    tiny.write_study(folder)
    return folder
