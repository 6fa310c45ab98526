"""Hostile files, tried with the real command: refused in words of their own, with their place; nothing changed."""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.faults import try_run
from tests.journeys.hostile import STUDY, Tried, attempt, put, small_study, state
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
    told: dict[str, list[str]] = {}
    for name in CASES:
        told.setdefault(tried(name)[1], []).append(name)
    assert [names for names in told.values() if len(names) > 1] == []


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) == len((*HOSTILE_TEXTS, *HOSTILE_BINARIES, *HOSTILE_FILES)) > 250


@pytest.mark.parametrize(
    "name",
    [
        "a pipe for m.parquet",
        "a device without an end for m.tsv",
        "csv: a gzip bomb",
        "sparse h5ad: pointers beyond the data",
        "xlsx: a zip bomb that lies",
        "study: tables without an end",
    ],
)
def test_as_a_process_of_its_own(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    put(case, tmp_path)
    before = state(tmp_path)
    program = Path(sys.executable).with_name("tmescope")
    command = [program, "run", STUDY, "-o", "results"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == BAD_INPUT, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert all(part in done.stderr for part in (*case.value, *case.where))
    assert state(tmp_path) == before


def test_a_name_of_a_file_cannot_command_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "m\x1b]0;owned\x07\u202e"
    folder.mkdir()
    trial = try_run(folder, "results")
    assert trial.code == BAD_INPUT
    assert "there is no study file" in trial.err
    assert trial.err.replace("\n", "").isprintable()
    assert "m\\x1b]0;owned\\x07\\u202e" in trial.err


FORMULA, REVERSED, MARKUP = "=cmd|'/C calc'!A0", "\u202eA8DC", "<script>alert(1)</script>"


def test_names_that_are_accepted_on_purpose_are_harmless_in_all_results(tmp_path: Path) -> None:
    frame, samples = tiny.cohort_frames(1, 24)
    odd = {"S1-00": FORMULA, "S1-01": REVERSED, "S1-02": MARKUP, "S1-03": "../../x", "S1-04": "@SUM(1)"}
    frame = frame.rename(columns=odd, index={"BG000": FORMULA, "BG001": MARKUP})
    samples["sample_id"] = samples["sample_id"].replace(odd)
    samples["braf"] = samples["braf"].replace({"WT": "=1+1"})
    data = small_study() | {"output": {"report": True}}
    frame.to_csv(tmp_path / "a.tsv", sep="\t")
    samples.to_csv(tmp_path / "a_samples.csv", index=False)
    tiny.write_study(tmp_path, data)
    before = state(tmp_path)
    trial = try_run(tmp_path, "results")
    assert trial.code == 0, trial.err
    written = sorted((tmp_path / "results").rglob("*"))
    assert {name: found for name, found in state(tmp_path).items() if not name.startswith("results")} == before
    assert not [p for p in written if any(part in p.name for part in ("cmd", "script", "\u202e", "SUM"))]
    tables = [p.read_text() for p in written if p.suffix == ".csv"]
    cells = [cell for text in tables for row in csv.reader(io.StringIO(text)) for cell in row]
    assert f"'{FORMULA}" in cells
    assert "'@SUM(1)" in cells
    assert not [c for c in cells if c.startswith(("=", "@", "\t"))]
    page = (tmp_path / "results" / "report.html").read_text()
    assert MARKUP not in page
    assert "<script>alert" not in html.unescape(re.sub(r"&lt;", "", page))
