"""Two folders of results: what changed, what that changed, and which cause can be told with certainty."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.provenance import hash_file
from tmescope.study.causes import Cause, find_causes
from tmescope.study.run_records import read_run, read_run_table
from tmescope.study.table_changes import KEYS, Change, compare_tables

if TYPE_CHECKING:
    from tmescope.study.run_records import RunRecord

__all__ = ["Comparison", "Consequence", "compare_runs"]


@dataclass(frozen=True)
class Consequence:
    """A change of a table and what may have caused it.

    Parameters
    ----------
    change : Change
        What differs.
    causes : tuple of Cause
        All differences that can reach it: one is the cause, of several any may be, none says that the results do not
        agree with their record.
    """

    change: Change
    causes: tuple[Cause, ...]

    @property
    def because(self) -> str:
        """The causes in words: certain where there is one, candidates where there are several."""
        names = [f"{c.kind} {c.name}" for c in self.causes]
        if not names:
            return "no recorded difference explains it"
        return names[0] if len(names) == 1 else f"one or more of: {', '.join(names)}"


@dataclass(frozen=True)
class Comparison:
    """How two runs differ.

    Parameters
    ----------
    causes : tuple of Cause
        Differences of what they were asked and made from.
    consequences : tuple of Consequence
        Differences of their tables.
    """

    causes: tuple[Cause, ...]
    consequences: tuple[Consequence, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.causes and not self.consequences

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able form, ``run-comparison`` version 1; causes are named by their place in the list."""
        place = {id(c): i for i, c in enumerate(self.causes)}
        return {
            "format": "run-comparison",
            "version": 1,
            "equal": self.equal,
            "causes": [asdict(c) | {"reach": sorted(c.reach)} for c in self.causes],
            "consequences": [
                asdict(c.change) | {"details": list(c.change.details), "causes": [place[id(x)] for x in c.causes]}
                for c in self.consequences
            ],
        }


def compare_runs(first: Path | str, second: Path | str) -> Comparison:
    """Compare two folders of results.

    Parameters
    ----------
    first, second : path or str
        As ``tmescope run`` wrote them.

    Returns
    -------
    Comparison
        In the order of causes, then tables.

    Raises
    ------
    MissingFileError
        If a folder, or its record, is not there.
    StoreError
        If a record or a table is damaged, too large, or a link.
    FormatVersionError
        If a newer release wrote one of them.

    Notes
    -----
    A cause is held responsible for a change of a table only where the other differences cannot reach that table: which
    those are follows from which step reads what, not from how the numbers look. Figures and the report are not
    compared: they are drawn from the tables.
    """
    one, two = read_run(Path(first)), read_run(Path(second))
    causes = find_causes(one, two)
    changes = [change for name in KEYS for change in _changes(name, one, two)]
    consequences = (Consequence(c, tuple(x for x in causes if x.reaches(c.table, c.method))) for c in changes)
    return Comparison(causes, tuple(consequences))


def _changes(name: str, one: RunRecord, two: RunRecord) -> list[Change]:
    there = [name in record.tables for record in (one, two)]
    if not any(there):
        return []
    if not all(there):
        which = "first" if there[0] else "second"
        return [Change(name, "table", 1, f"only the {which} run has the table {name}")]
    tables = [read_run_table(record, name) for record in (one, two)]
    paths = [record.folder / "tables" / f"{name}.parquet" for record in (one, two)]
    return [] if hash_file(paths[0]) == hash_file(paths[1]) else compare_tables(name, *tables)
