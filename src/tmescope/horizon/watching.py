"""Watches of a lake: added, run and kept, so that nothing is lost or told twice when a run is stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import FormatVersionError, InputError, StoreError, UnknownNameError
from tmescope.horizon.alerts import KINDS, Alert, find_alerts
from tmescope.horizon.sightings import Sighting, TrialState, sight
from tmescope.horizon.watches import Watch, read_watch
from tmescope.store.atomic import staged_file
from tmescope.store.lock import folder_lock

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "FORMAT_VERSION",
    "WatchState",
    "add_watch",
    "list_watches",
    "mark_told",
    "read_state",
    "remove_watch",
    "run_watch",
]

FORMAT_VERSION = 1
_FORMAT = "tmescope watch"
_LARGEST = 1 << 30  # bytes of a state: ten million documents


@dataclass(frozen=True)
class WatchState:
    """A watch, what it saw at its last run, and all that it ever found.

    Parameters
    ----------
    watch : Watch
        What it looks for.
    run : int
        How often it ran.
    told : int
        The last run whose alerts were told; those of later ones are still to be told.
    seen : Sighting
        What the last run saw.
    alerts : tuple of Alert
        Of all runs, the oldest first.
    """

    watch: Watch
    run: int
    told: int
    seen: Sighting
    alerts: tuple[Alert, ...] = ()

    @property
    def untold(self) -> tuple[Alert, ...]:
        """What was found and not told yet."""
        return tuple(one for one in self.alerts if one.run > self.told)


def add_watch(
    connection: duckdb.DuckDBPyConnection, folder: Path, watch: Watch, *, tell_all: bool = False
) -> WatchState:
    """Add a watch; what the lake holds now is taken as known.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the current views of the lake.
    folder : Path
        Where watches are kept: ``watch/`` of the lake.
    watch : Watch
        Its definition.
    tell_all : bool
        Take nothing as known: the first run tells everything that is there.

    Raises
    ------
    InputError
        A watch of that name is there.
    """
    path = _path(folder, watch.name)
    with _locked(folder):
        if path.exists():
            raise InputError(
                f"there is a watch named {watch.name!r}",
                where=path.name,
                next_step=f"choose another name, or remove it first: tmescope horizon watch remove {watch.name}",
            )
        state = WatchState(watch, 0, 0, Sighting() if tell_all else sight(connection, watch))
        _write(path, state)
    return state


def run_watch(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, *, today: str) -> WatchState:
    """Look again, and note what is new in one step; it stays untold until `mark_told`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the current views of the lake.
    folder : Path
        Where watches are kept.
    name : str
        Of the watch.
    today : str
        The day of this run, ``2025-01-31``.

    Returns
    -------
    WatchState
        With everything that is untold, also of an earlier run that was stopped before it could tell.

    Raises
    ------
    UnknownNameError, StoreError, FormatVersionError
        As from `read_state`.

    Notes
    -----
    What was seen and what is new go into one file that replaces the old one at once. A run that is stopped before that
    changed nothing; one that is stopped after it has its alerts told by the next run.
    """
    with _locked(folder):
        state = read_state(folder, name)
        now = sight(connection, state.watch)
        found = find_alerts(connection, state.watch, before=state.seen, now=now)
        run = state.run + 1
        kept = replace(now, firsts={**now.firsts, **state.seen.firsts}, pairs={**now.pairs, **state.seen.pairs})
        if found or kept != state.seen:
            dated = tuple(replace(one, run=run, found_on=today) for one in found)
            state = replace(state, run=run, seen=kept, alerts=(*state.alerts, *dated))
            _write(_path(folder, name), state)
    return state


def mark_told(folder: Path, name: str, run: int) -> None:
    """Note that the alerts up to a run were told.

    Parameters
    ----------
    folder : Path
        Where watches are kept.
    name : str
        Of the watch.
    run : int
        `WatchState.run` of what was told.
    """
    with _locked(folder):
        state = read_state(folder, name)
        if state.told < run:
            _write(_path(folder, name), replace(state, told=run))


def list_watches(folder: Path) -> list[WatchState]:
    """Return all watches by name."""
    names = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    return [read_state(folder, name) for name in names]


def remove_watch(folder: Path, name: str) -> None:
    """Remove a watch with everything that it found.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    """
    with _locked(folder):
        path = _known(folder, name)
        path.unlink()


def read_state(folder: Path, name: str) -> WatchState:
    """Read a watch.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    StoreError
        The file is damaged.
    FormatVersionError
        A newer release wrote it.
    """
    path = _known(folder, name)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is larger than 1 GB")
        record = json.loads(path.read_text(encoding="utf-8"))
        version = record["version"]
        if record["format"] != _FORMAT or not isinstance(version, int):
            raise ValueError("it is no watch")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(path, error) from error
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"the watch is in format {version}; this release reads up to {FORMAT_VERSION}",
            where=path.name,
            next_step="install a newer tmescope",
        )
    watch = read_watch(record.get("watch", {}), where=path.name)
    if watch.name != name:
        raise _damaged(path, ValueError(f"it is the watch {watch.name!r}"))
    try:
        return WatchState(
            watch=watch,
            run=int(record["run"]),
            told=int(record["told"]),
            seen=_sighting(record["seen"]),
            alerts=tuple(_alert(one) for one in record["alerts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, error) from error


def _sighting(record: Mapping[str, Any]) -> Sighting:
    return Sighting(
        trials={key: TrialState(*map(str, value)) for key, value in record["trials"].items()},
        papers={str(key): bool(value) for key, value in record["papers"].items()},
        firsts={str(key): str(value) for key, value in record["firsts"].items()},
        pairs={str(key): str(value) for key, value in record["pairs"].items()},
        cited=frozenset(map(str, record["cited"])),
    )


def _alert(record: Mapping[str, Any]) -> Alert:
    alert = Alert(**{**record, "related": tuple(map(str, record["related"]))})
    if alert.kind not in KINDS or not isinstance(alert.run, int):
        raise ValueError(f"{alert.kind!r} is no kind of alert")
    return alert


def _write(path: Path, state: WatchState) -> None:
    seen = state.seen
    record = {
        "format": _FORMAT,
        "version": FORMAT_VERSION,
        "watch": state.watch.as_record(),
        "run": state.run,
        "told": state.told,
        "seen": {
            "trials": {key: list(asdict(one).values()) for key, one in sorted(seen.trials.items())},
            "papers": dict(sorted(seen.papers.items())),
            "firsts": dict(sorted(seen.firsts.items())),
            "pairs": dict(sorted(seen.pairs.items())),
            "cited": sorted(seen.cited),
        },
        "alerts": [one.as_record() for one in state.alerts],
    }
    with staged_file(path) as staged:
        staged.write_text(json.dumps(record, ensure_ascii=True, allow_nan=False) + "\n", encoding="utf-8")


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _known(folder: Path, name: str) -> Path:
    names: Sequence[str] = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    if name not in names:  # a name that was given is never made a path: it is looked up among those that are there
        raise UnknownNameError.of("watch", name, names, where="tmescope horizon watch list")
    return _path(folder, name)


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"the watch cannot be read: {error}",
        where=path.name,
        next_step=f"tmescope horizon watch remove {path.stem}, then add it again",
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder / ".lock", folder=folder):
        yield
