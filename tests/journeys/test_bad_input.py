"""Bad input, tried with the real command: said what, where and what to do; nothing written, nothing changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.faults import STUDY, Fault, Outcome, problems_of, snapshot, try_fault, try_run
from tests.journeys.faults_of_matrices import MATRICES
from tests.journeys.faults_of_studies import STUDIES
from tests.journeys.faults_of_tables import TABLES
from tests.study import tiny

from tmescope.foundation.errors import TmescopeError

FAULTS = {fault.name: fault for fault in (*MATRICES, *TABLES, *STUDIES)}
AS_PROCESSES = ("empty file", "unknown key", "output folder with other files")
BAD_INPUT = 2

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Results of the unspoilt tiny study."""
    folder = tmp_path_factory.mktemp("good")
    tiny.write_files(folder)
    tiny.write_study(folder)
    trial = try_run(folder, "results")
    assert trial.code == 0, trial.err
    assert trial.after != trial.before, "snapshots see what is written"
    return folder / "results"


@pytest.fixture(scope="module")
def tried(tmp_path_factory, results):
    """Try a fault once, whichever test asks first."""
    outcomes: dict[str, tuple[Outcome, Path]] = {}

    def find(name: str) -> tuple[Outcome, Path]:
        if name not in outcomes:
            folder = tmp_path_factory.mktemp("bad")
            outcomes[name] = try_fault(FAULTS[name], folder, results=results), folder
        return outcomes[name]

    return find


def _problem(fault: Fault, problems: tuple[TmescopeError, ...]) -> TmescopeError:
    found = [p for p in problems if all(part in p.what for part in fault.value)]
    assert found, f"{fault.value} is not in\n" + "\n".join(map(str, problems))
    return found[0]


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(FAULTS) == len((*MATRICES, *TABLES, *STUDIES)) >= 75


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_says_what_is_wrong_and_where(tried, name: str) -> None:
    fault = FAULTS[name]
    (outcome, folder) = tried(name)
    trial = outcome.fresh
    assert trial.code == BAD_INPUT, trial.err
    assert trial.out == ""
    assert "Traceback" not in trial.err
    assert "\x1b" not in trial.err
    problem = _problem(fault, trial.problems)
    assert type(problem) is fault.error
    place = (problem.where or "").replace(str(folder), "")
    assert all(part in place for part in fault.where), problem.where
    assert fault.hint in f"{problem.expected} {problem.next_step}", problem
    assert len(trial.problems) == fault.n_problems, trial.err
    said = " ".join(trial.err.split())  # long lists are wrapped and indented
    for line in (problem.what, problem.where or ""):
        assert " ".join(line.split()) in said


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_written_or_changed(tried, name: str) -> None:
    outcome, _ = tried(name)
    assert outcome.fresh.after == outcome.fresh.before
    if outcome.later is not None:
        assert outcome.later.after == outcome.later.before
        assert ".tmescope/steps/tables" not in outcome.later.before, "the layout of results has changed"
        assert any(path.startswith("results/tables/") for path in outcome.later.before)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.is_of_output])
def test_check_and_a_later_run_say_the_same(tried, name: str) -> None:
    outcome, _ = tried(name)
    said = [str(p) for p in outcome.fresh.problems]
    assert [str(p) for p in outcome.later.problems] == said
    assert outcome.later.code == BAD_INPUT
    assert [str(p) for p in outcome.checked] == said


def test_no_two_faults_are_told_alike(tried) -> None:
    told: dict[str, str] = {}
    for name, fault in FAULTS.items():
        outcome, folder = tried(name)
        message = str(_problem(fault, outcome.fresh.problems)).replace(str(folder), "")
        assert message not in told, f"{name} and {told[message]} are told alike: {message}"
        told[message] = name


def test_messages_can_be_read(tried) -> None:
    for name in FAULTS:
        outcome, _ = tried(name)
        for problem in outcome.fresh.problems:
            assert len(problem.what) < 800, f"{name}: {problem.what}"
            assert not re.search(r"<class|Error\(|pydantic|NoneType|object at 0x", str(problem)), problem
            assert problem.expected or problem.next_step or problem.where, problem


@pytest.mark.parametrize("name", AS_PROCESSES)
def test_as_a_process_of_its_own(tmp_path, name: str) -> None:
    fault = FAULTS[name]
    tiny.write_files(tmp_path)
    tiny.write_study(tmp_path)
    fault.change(tmp_path)
    before = snapshot(tmp_path)
    program = Path(sys.executable).with_name("tmescope")
    done = subprocess.run(
        [program, "run", STUDY, "-o", fault.output], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == BAD_INPUT
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert all(part in done.stderr for part in (*fault.value, *fault.where))
    assert snapshot(tmp_path) == before


def test_all_faults_come_at_once(tmp_path) -> None:
    tiny.write_files(tmp_path)
    tiny.write_study(tmp_path)
    names = ("negative TPM", "negative time", "response word that no rule names", "feature that is not numeric")
    for name in (*names, "truncated gzip"):
        FAULTS[name].change(tmp_path)
    trial = try_run(tmp_path, "results")
    for name in (*names, "truncated gzip"):
        assert type(_problem(FAULTS[name], problems_of(trial.raised))) is FAULTS[name].error
    assert trial.err.count("\n1. ") == trial.err.count("\n5. ") == 1
    assert trial.after == trial.before
