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


@pytest.fixture(scope="session")
def celled_folder(tmp_path_factory):
    """A folder with a small simulated atlas, its results, and what was planted."""
    from tests.study import celled

    folder = tmp_path_factory.mktemp("celled")
    atlas = celled.simulated()
    celled.write_atlas(folder / "atlas.zarr", atlas, unlabelled=2)
    celled.write_results(folder / "atlas.zarr", atlas)
    return folder, atlas


@pytest.fixture(scope="session")
def celled_run(celled_folder):
    """The study of that atlas, with a question of single labels and one of change, and its outcome."""
    from tests.study import celled

    from tmescope.study.loading import parse_study
    from tmescope.study.running import run

    folder, atlas = celled_folder
    study = parse_study(celled.study_dict(atlas) | {"question": celled.QUESTIONS}, folder=folder)
    return study, run(study, folder / "out")


@pytest.fixture
def study_folder(tiny, tmp_path):
    """A folder with the files of the tiny study and its study.toml."""
    folder = tmp_path / "study"
    folder.mkdir()
    tiny.write_files(folder)
    tiny.write_study(folder)
    return folder


@pytest.fixture(scope="session")
def lake_run(tmp_path_factory):
    """A folder with a simulated lake, a study of it and its results; the truth; and what the run left behind."""
    from tests.study import lake_study

    from tmescope.study import running

    folder = tmp_path_factory.mktemp("radar")
    truth = lake_study.fill(folder / "horizon")
    top = truth.entities["slope"].idxmax()
    study = lake_study.write_study(folder, report=True, changes_since="2021-06", landscapes=[[top]], shown=8)
    return folder, truth, running.run(study, folder / "out")
