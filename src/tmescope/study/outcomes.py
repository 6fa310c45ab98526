"""What a run leaves behind beside its tables: what was done, and how long it took."""

from __future__ import annotations

import json
import os
import platform
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import UnknownNameError
from tmescope.store.atomic import staged_file
from tmescope.store.tables import SCHEMAS, read_table
from tmescope.study.ledger import RECORD

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunOutcome", "now", "withdraw", "withdraw_report", "write_times"]


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of results.
    redone, kept : tuple of str
        Steps that ran, and steps that were up to date.
    seconds : float
        Wall time.
    """

    folder: Path
    redone: tuple[str, ...]
    kept: tuple[str, ...]
    seconds: float

    @property
    def report(self) -> Path | None:
        """The report, or None where the study asks for none."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    def table(self, name: str) -> pd.DataFrame:
        """Read one table of the results.

        Parameters
        ----------
        name : str
            Such as ``answers``; see the README's list of tables.

        Raises
        ------
        UnknownNameError
            If a run writes no such table.
        """
        if name not in SCHEMAS:
            raise UnknownNameError.of("table", name, SCHEMAS)
        return read_table(self.folder / "tables" / f"{name}.parquet")


def withdraw_report(root: Path) -> None:
    """Remove what an earlier run drew for a study that asked for it: it would stand beside other tables.

    Parameters
    ----------
    root : Path
        Folder of results.
    """
    (root / "report.html").unlink(missing_ok=True)
    withdraw(root / "figures")


def withdraw(folder: Path) -> None:
    """Remove a public folder that a step of an earlier run made; one of anybody else stays.

    Parameters
    ----------
    folder : Path
        In the folder of results.
    """
    if (folder / RECORD).is_file():
        shutil.rmtree(folder)


def now() -> str:
    """Return the time as ISO 8601, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_times(outcome: RunOutcome, *, started: str, threads: int) -> None:
    """Write ``run.json``: when a run began and ended, where, and which steps it made anew.

    Parameters
    ----------
    outcome : RunOutcome
        What it left behind.
    started : str
        From `now`.
    threads : int
        That it could use.
    """
    record = {
        "format": "run",
        "version": 1,
        "started": started,
        "ended": now(),
        "seconds": round(outcome.seconds, 3),
        "host": platform.node(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "threads": threads,
        "steps": {name: "redone" for name in outcome.redone} | {name: "kept" for name in outcome.kept},
    }
    with staged_file(outcome.folder / "run.json") as staged:
        staged.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
