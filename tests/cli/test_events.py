"""Events for machines: their fields are those that are documented, and no identifier of a patient is in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from tests.cli.interrupts import HEARING
from tests.study import tiny

from tmescope.cli.course import Course
from tmescope.cli.events import EVENTS, Events, describe_error
from tmescope.foundation.errors import (
    FactsError,
    ManyProblems,
    SampleError,
    StudyFileError,
    UnknownNameError,
)
from tmescope.foundation.result import RunWarning

PROGRAM = Path(sys.executable).with_name("tmescope")


def _events(text: str) -> list[dict]:
    assert text.isascii()
    assert "\x1b" not in text
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        assert set(event) == {"event", "seconds", *EVENTS[event["event"]]}, event
    return found


def _run(folder, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=300, **options
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    tiny.write_files(folder)
    tiny.write_study(folder)
    return folder


def test_a_run_and_its_second_run_are_events(study):
    first = _run(study, "run", "study.toml", "-o", "out", "--json")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    events = _events(first.stdout)
    names = [e["event"] for e in events]
    assert names[0] == "started"
    assert (events[0]["format"], events[0]["version"], events[0]["command"]) == ("tmescope.events", 1, "run")
    assert names[-1] == "finished"
    planned = next(e for e in events if e["event"] == "planned")["steps"]
    done = [e["step"] for e in events if e["event"] == "step_finished"]
    assert done == planned
    assert [e["number"] for e in events if e["event"] == "step_started"] == list(range(1, len(planned) + 1))
    assert {e["of"] for e in events if e["event"] == "step_started"} == {len(planned)}
    assert (events[-1]["done"], events[-1]["kept"]) == (len(planned), 0)
    assert [e["seconds"] for e in events] == sorted(e["seconds"] for e in events)

    again = _events(_run(study, "run", "study.toml", "-o", "out", "--json", "--quiet").stdout)
    assert [e["step"] for e in again if e["event"] == "step_kept"] == planned
    assert (again[-1]["done"], again[-1]["kept"]) == (0, len(planned))
    assert not [e for e in again if e["event"] == "progress"]

    exported = _run(study, "export", "xlsx", "out", "-o", "events.xlsx", "--json")
    assert [e["event"] for e in _events(exported.stdout)][-1] == "finished"
    assert (study / "events.xlsx").is_file()


def test_no_patient_is_named_where_samples_are_wrong(study, tmp_path):
    for file in study.glob("*.tsv*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for name in ("a", "b"):
        table = pd.read_csv(study / f"{name}_samples.csv")
        table.loc[1, "patient_id"] = table.loc[0, "patient_id"]
        table.loc[3, "sample_id"] = "Somebody-Else"
        table.to_csv(tmp_path / f"{name}_samples.csv", index=False)
    tiny.write_study(tmp_path)
    said = _run(tmp_path, "check", "study.toml", "--json")
    assert said.returncode == 2
    events = _events(said.stdout)
    problem = events[-1]["error"]["problems"][0]
    assert events[-1]["event"] == "failed"
    assert events[-1]["error"]["kind"] == "ManyProblems"
    assert problem["kind"] == "SampleError"
    assert problem["where"]
    assert problem["next_step"]
    assert "P1-00" in said.stderr, "a person is told in full"
    text = said.stdout
    assert "Somebody" not in text
    assert not [i for n in ("a", "b") for c in ("sample_id", "patient_id")
                for i in pd.read_csv(tmp_path / f"{n}_samples.csv")[c] if i in text]  # fmt: skip


def test_ctrl_c_is_an_event_and_leaves_no_traceback(tmp_path):
    process = subprocess.Popen(
        [*HEARING, PROGRAM, "demo", "-o", "demo", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    lines = [process.stdout.readline()]
    while '"step_started"' not in lines[-1]:
        lines.append(process.stdout.readline())
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert _events("".join(lines) + out)[-1]["event"] == "stopped"
    assert err == "stopped; what was finished is kept, and the next run goes on from there\n"


def test_a_reader_who_leaves_does_not_stop_the_work(study, tmp_path):
    shell = f"'{PROGRAM}' run study.toml -o '{tmp_path}/out' --json | head -n 1"
    done = subprocess.run(["sh", "-c", shell], cwd=study, capture_output=True, text=True, check=False, timeout=300)
    assert json.loads(done.stdout)["event"] == "started"
    assert done.stderr == ""
    deadline = time.monotonic() + 120
    while not (tmp_path / "out" / "run.json").is_file() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert (tmp_path / "out" / "run.json").is_file()


def test_progress_comes_at_most_twice_a_second(capsys):
    now = [0.0]
    events = Events("run", Course(lambda: now[0]))
    events.plan({"a": 1.0, "b": 1.0})
    events.start("a", 100, unit="samples")
    for _ in range(100):
        now[0] += 0.05
        events.advance("a")
    events.finish("a", "done")
    told = [e for e in _events(capsys.readouterr().out) if e["event"] == "progress"]
    assert 8 <= len(told) <= 11
    assert told[-1]["per_second"] == pytest.approx(20, rel=0.05)
    assert told[-1]["share"] == pytest.approx(told[-1]["done"] / 200)
    assert told[0]["seconds_left"] is None
    assert told[-1]["seconds_left"] == pytest.approx((200 - told[-1]["done"]) / 20, rel=0.1)


def test_a_warning_quotes_nothing_from_data(capsys):
    events = Events("run", Course())
    events.warn(RunWarning("a.b", "2 samples are odd: 'Jane Doe', \"O'Neil\"; isn't it? 'x'", "cohort a", 2))
    assert _events(capsys.readouterr().out)[-1]["message"] == "2 samples are odd: '…', '…'; isn't it? '…'"


@pytest.mark.parametrize(
    ("error", "what", "problems"),
    [
        (SampleError("2 ids are odd: 'P1', 'P2'"), "2 ids are odd: '…', '…'", None),
        (StudyFileError("no key 'x'"), "no key 'x'", None),
        (UnknownNameError.of("signature", "cytt", ["cyt"]), "no signature is named 'cytt'", None),
        (ManyProblems([FactsError("a"), SampleError("'P1'")]), "2 problems", ["a", "'…'"]),
        (PermissionError(13, "Permission denied", "b.tsv"), "Permission denied", None),
        (ZeroDivisionError("P1"), "a defect of tmescope", None),
    ],
    ids=lambda v: type(v).__name__,
)
def test_errors(error, what, problems):
    told = describe_error(error)
    assert told["what"] == what
    assert told["kind"] == type(error).__name__
    assert [p["what"] for p in told.get("problems", [])] == (problems or [])
    assert {"kind", "what", "where", "expected", "next_step"} <= set(told)
