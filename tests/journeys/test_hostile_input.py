"""Hostile files, tried with the real command: refused in words of their own, with their place; nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.faults import try_run
from tests.journeys.hostile import Tried, attempt, small_study
from tests.journeys.hostile_binaries import HOSTILE_BINARIES
from tests.journeys.hostile_files import HOSTILE_FILES
from tests.journeys.hostile_texts import HOSTILE_TEXTS
from tests.study import tiny

CASES = {case.name: case for case in (*HOSTILE_TEXTS, *HOSTILE_BINARIES, *HOSTILE_FILES)}
BAD_INPUT = 2

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Results of the study with good files."""
    folder = tmp_path_factory.mktemp("good")
    tiny.write_files(folder)
    tiny.write_study(folder, small_study())
    assert try_run(folder, "results").code == 0
    return folder / "results"


@pytest.fixture(scope="module")
def tried(tmp_path_factory, results):
    """Try a case once, whichever test asks first; what it said without the folder."""
    outcomes: dict[str, tuple[Tried, str]] = {}

    def find(name: str) -> tuple[Tried, str]:
        if name not in outcomes:
            folder = tmp_path_factory.mktemp("hostile")
            tried = attempt(CASES[name], folder, results=results)
            outcomes[name] = tried, "\n".join(map(str, tried.problems)).replace(str(folder), "")
        return outcomes[name]

    return find


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_its_place_and_nothing_is_changed(tried, name: str) -> None:
    case = CASES[name]
    (outcome, told) = tried(name)
    assert outcome.code == BAD_INPUT, outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert "\x1b" not in outcome.err
    assert len(outcome.problems) == 1, told
    (problem,) = outcome.problems
    assert type(problem) is case.error
    assert all(part in problem.what for part in case.value), problem.what
    assert all(part in (problem.where or "") for part in case.where), problem.where
    assert problem.expected
    assert problem.next_step
    assert len(problem.what) < 500
    assert outcome.after == outcome.before


def test_no_two_are_told_alike(tried) -> None:
    told: dict[str, str] = {}
    for name in CASES:
        message = tried(name)[1]
        assert message not in told, f"{name} and {told[message]} are told alike: {message}"
        told[message] = name
