"""Watches are kept: nothing is lost and nothing told twice, wherever a run stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.horizon.small_lake import lake, mention, paper, trial

from tmescope.foundation.errors import FolderInUseError, FormatVersionError, InputError, StoreError, UnknownNameError
from tmescope.horizon import watching
from tmescope.horizon.watches import Watch
from tmescope.horizon.watching import add_watch, list_watches, mark_told, read_state, remove_watch, run_watch
from tmescope.store.lock import folder_lock

A = "HGNC:1"
WATCH = Watch("mine", (A,))


def _lake(n: int, **more: str):
    trials = [trial(i, **more) for i in range(1, n + 1)]
    return lake(trials, [mention(one, A) for one in trials])


def _run(connection, folder: Path, day: str = "2026-01-02") -> list[str]:
    state = run_watch(connection, folder, "mine", today=day)
    told = [f"{one.kind} {one.doc_id}" for one in state.untold]
    mark_told(folder, "mine", state.run)
    return told


def test_what_is_there_when_a_watch_is_added_is_known(tmp_path: Path) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    assert _run(_lake(1), tmp_path) == []
    assert _run(_lake(2), tmp_path) == ["new_trial nct:NCT00000002"]
    assert _run(_lake(2), tmp_path) == []
    assert [one.found_on for one in read_state(tmp_path, "mine").alerts] == ["2026-01-02"]


def test_everything_can_be_told_as_new(tmp_path: Path) -> None:
    add_watch(_lake(2), tmp_path, WATCH, tell_all=True)
    assert len(_run(_lake(2), tmp_path)) == 2


def test_a_run_that_stops_before_its_write_changed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    before = (tmp_path / "mine.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("tmescope.store.atomic.commit", _stop)
        with pytest.raises(KeyboardInterrupt):
            run_watch(_lake(2), tmp_path, "mine", today="2026-01-02")
    assert (tmp_path / "mine.json").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.part")] == []
    assert _run(_lake(2), tmp_path) == ["new_trial nct:NCT00000002"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.horizon.small_lake import lake, mention, trial
from tmescope.horizon.watching import run_watch
from tmescope.store import atomic
trials = [trial(1), trial(2)]
real = atomic.commit
def killed(staged, final):
    real(staged, final)
    os.kill(os.getpid(), signal.SIGKILL)
atomic.commit = killed
run_watch(lake(trials, [mention(one, "HGNC:1") for one in trials]), Path(sys.argv[1]), "mine", today="2026-01-02")
"""


def test_a_killed_run_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(read_state(tmp_path, "mine").alerts) == 1
    assert _run(_lake(2), tmp_path, "2026-01-03") == ["new_trial nct:NCT00000002"]
    assert _run(_lake(2), tmp_path) == []


def test_a_run_that_stops_before_it_told_is_told_by_the_next(tmp_path: Path) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    stopped = run_watch(_lake(2), tmp_path, "mine", today="2026-01-02")  # and nobody marks it as told
    state = run_watch(_lake(3), tmp_path, "mine", today="2026-01-03")
    assert [one.doc_id for one in state.untold] == ["nct:NCT00000002", "nct:NCT00000003"]
    assert state.untold[0].alert_id == stopped.untold[0].alert_id
    mark_told(tmp_path, "mine", state.run)
    assert _run(_lake(3), tmp_path) == []
    mark_told(tmp_path, "mine", 1)  # a slower telling of an earlier run takes nothing back
    assert _run(_lake(3), tmp_path) == []


def test_a_first_paper_is_told_once_although_it_goes_and_comes(tmp_path: Path) -> None:
    one = paper(1)
    with_paper, without = lake([], [mention(one, A)], [one]), lake(deletions=["pmid:1"])
    add_watch(without, tmp_path, WATCH)
    assert _run(with_paper, tmp_path) == ["first_paper pmid:1"]
    assert _run(without, tmp_path) == ["deletion pmid:1"]
    assert _run(with_paper, tmp_path) == []


def test_the_same_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        add_watch(_lake(1), tmp_path / name, WATCH)
        run_watch(_lake(2, status="COMPLETED"), tmp_path / name, "mine", today="2026-01-02")
    assert (tmp_path / "one" / "mine.json").read_bytes() == (tmp_path / "two" / "mine.json").read_bytes()


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    with folder_lock(tmp_path / ".lock", folder=tmp_path), pytest.raises(FolderInUseError):
        run_watch(_lake(2), tmp_path, "mine", today="2026-01-02")


def test_names_are_looked_up_and_never_made_a_path(tmp_path: Path) -> None:
    add_watch(_lake(1), tmp_path / "watch", WATCH)
    with pytest.raises(InputError, match="there is a watch named"):
        add_watch(_lake(1), tmp_path / "watch", WATCH)
    (tmp_path / "other.json").write_text("{}")
    for name in ("../other", "mina"):
        with pytest.raises(UnknownNameError, match="no watch"):
            remove_watch(tmp_path / "watch", name)
    remove_watch(tmp_path / "watch", "mine")
    assert list_watches(tmp_path / "watch") == []
    assert (tmp_path / "other.json").exists()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda r: r.update(version=2), FormatVersionError),
        (lambda r: r.update(format="other"), StoreError),
        (lambda r: r.pop("seen"), StoreError),
        (lambda r: r["watch"].update(name="../x"), StoreError),
        (lambda r: r["watch"].update(entities=["a b"]), StoreError),
        (lambda r: r["seen"].update(trials={"nct:1": ["a"]}), StoreError),
        (lambda r: r.update(alerts=[{"kind": "evil"}]), StoreError),
    ],
)
def test_a_damaged_state_is_refused_by_name(tmp_path: Path, change, error) -> None:
    add_watch(_lake(1), tmp_path, WATCH)
    path = tmp_path / "mine.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    with pytest.raises(error, match=r"cannot be read|format 2") as raised:
        read_state(tmp_path, "mine")
    assert raised.value.where == "mine.json"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(StoreError):
        list_watches(tmp_path)


def test_the_format_of_a_state_is_numbered() -> None:
    assert watching.FORMAT_VERSION == 1


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
