"""The results of a run as one Excel workbook: what it is, then every table on a sheet of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.atomic import staged_file
from tmescope.store.spreadsheet import MOST_ROWS, plan_sheets, write_spreadsheet
from tmescope.store.tables import SCHEMAS, TEXT
from tmescope.study.finished_runs import FinishedRun, open_results

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WorkbookOutcome", "export_workbook"]

_TASK = "export: xlsx"
_LONG_SCORES = 200_000
_FIRST = ("cohorts", "samples", "features")
_OF_EVERY_SAMPLE = ["cohort_id", "sample_id"]
_SHEETS_OF_METHODS = (("scores", "scores", "a signature"), ("fractions", "composition", "a cell type"))
_READING = {
    "empty cell": "a missing value",
    "text": "text is never a formula, a date or a number, whatever it begins with",
    "numbers": "all digits of the value are in the cell; a spreadsheet may show fewer",
    "infinities": "the text inf or -inf",
    "time_months": "months of 30.4375 days",
    "event": "TRUE is the event, FALSE is censored",
}


@dataclass(frozen=True)
class WorkbookOutcome:
    """What was written.

    Parameters
    ----------
    path : Path
        The workbook.
    sheets : tuple of str
        Names of its sheets in order.
    notes : tuple of str
        What was left out or split, one sentence each.
    """

    path: Path
    sheets: tuple[str, ...]
    notes: tuple[str, ...]


def export_workbook(results: Path | str, output: Path | str, *, progress: Progress = SILENT) -> WorkbookOutcome:
    """Write the tables of a run as one workbook.

    Parameters
    ----------
    results : path or str
        Folder of results of `tmescope.study.run`.
    output : path or str
        File to make; its name ends with ``.xlsx``.
    progress : Progress
        Told of the reading and the writing.

    Returns
    -------
    WorkbookOutcome

    Raises
    ------
    StoreError
        `results` is no finished run or was changed since; `output` exists or has another ending; a table has more
        columns than a sheet or longer texts than a cell.

    Notes
    -----
    The sheet ``about`` says where the results came from and what each sheet holds; then one sheet a table, and one
    sheet of scores a method, samples x signatures. The long table of scores is there up to 200,000 rows. A table with
    more rows than a sheet goes on on the next one. The same results give the same bytes: there are no dates inside.
    """
    final = Path(output)
    _check_output(final)
    run = open_results(results)
    written = run.table_hashes()
    tables = run.read_tables([name for name in SCHEMAS if f"{name}.parquet" in written])
    progress.start(_TASK, 2, unit="parts")
    parts, notes = _arrange(tables)
    about = _about(run, tables, sheets={name: text for name, text, _ in parts}, notes=notes)
    sheets = plan_sheets([("about", about), *((name, table) for name, _, table in parts)])
    progress.advance(_TASK)
    with staged_file(final) as staged:
        write_spreadsheet(sheets, staged)
    progress.finish(_TASK, "done")
    return WorkbookOutcome(final, tuple(s.name for s in sheets), tuple(notes))


def _check_output(final: Path) -> None:
    what = ""
    if final.suffix.lower() != ".xlsx":
        what = f"the name of the workbook ends with {final.suffix or 'nothing'!r}"
    elif final.is_dir():
        what = "the output is a folder"
    elif final.exists():
        what = "the output exists already"
    if what:
        raise StoreError(
            what,
            where=str(final),
            expected="the name of a new file that ends with .xlsx",
            next_step="give another name with --output, or remove this one",
        )


def _arrange(tables: Mapping[str, pd.DataFrame]) -> tuple[list[tuple[str, str, pd.DataFrame]], list[str]]:
    """Return name, meaning and table of every sheet, and what a reader must be told."""
    parts = [(name, f"one row is {SCHEMAS[name].summary}", tables[name]) for name in _FIRST if name in tables]
    for name, what, columns in _SHEETS_OF_METHODS:
        table = tables.get(name)
        if table is None:
            continue
        for method in dict.fromkeys(table["method"]):
            meaning = f"{what} by {method}: one row is one sample, one column {columns}"
            parts.append((f"{name}_{method}", meaning, _wide(table[table["method"] == method])))
    notes = []
    scores = tables.get("scores")
    if scores is not None and len(scores) <= _LONG_SCORES:
        parts.append(("scores", f"one row is {SCHEMAS['scores'].summary}", scores))
    elif scores is not None:
        notes.append(
            f"the long table of scores has {len(scores):,} rows and is left out; its values are on the sheets of the "
            "methods, its coverage in tables/scores.parquet"
        )
    others = [name for name in tables if name not in (*_FIRST, "scores")]
    parts += [(name, f"one row is {SCHEMAS[name].summary}", tables[name]) for name in others]
    for name, _, table in parts:
        if len(table) >= MOST_ROWS:
            notes.append(f"{name} has {len(table):,} rows and goes on on the next sheet")
    return parts, notes


def _wide(scores: pd.DataFrame) -> pd.DataFrame:
    features = list(dict.fromkeys(scores["feature"]))
    wide = scores.pivot(index=_OF_EVERY_SAMPLE, columns="feature", values="value")
    order = pd.MultiIndex.from_frame(scores[_OF_EVERY_SAMPLE].drop_duplicates())
    shaped = wide.reindex(index=order, columns=features).reset_index()
    shaped.columns.name = None
    return shaped


def _about(
    run: FinishedRun, tables: Mapping[str, pd.DataFrame], *, sheets: Mapping[str, str], notes: Sequence[str]
) -> pd.DataFrame:
    rows = [*_where_from(run, tables), *(("sheet", name, meaning) for name, meaning in sheets.items())]
    rows += [("reading", name, text) for name, text in _READING.items()]
    rows += [("note", "", note) for note in notes]
    return pd.DataFrame(rows, columns=["section", "name", "value"]).astype(TEXT)


def _where_from(run: FinishedRun, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str, str]]:
    record = run.record()
    yield from (("study", key, str(value)) for key, value in sorted(record.study.items()) if value not in (None, ""))
    yield from (("version", name, version) for name, version in record.versions.items())
    for section, name, key in (
        ("scale", "cohorts", "cohort_id"),
        ("unit", "methods", "name"),
        ("unit", "features", "feature"),
    ):
        if name in tables:  # a study of a lake has none of them
            yield from _pairs(section, tables[name], key, named=section)
    yield from (("sha256 of input", name, sha) for name, sha in record.inputs.items())
    yield from (("sha256 of facts", name, sha) for name, sha in record.facts.items())
    yield from (("sha256 of table", n, sha) for n, sha in run.table_hashes().items() if n.endswith(".parquet"))


def _pairs(section: str, table: pd.DataFrame, key: str, *, named: str) -> Iterator[tuple[str, str, str]]:
    rows = table[[key, named]].dropna().drop_duplicates()
    for name, value in zip(rows[key].tolist(), rows[named].tolist(), strict=True):
        if value:
            yield section, str(name), str(value)
