"""What the commands that ask a lake have in common: days as people write them, tables as text that does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import pandas as pd

__all__ = ["as_csv", "as_json", "first_day", "last_day", "plain", "refuse_both"]


def first_day(text: str, where: str) -> date:
    """Return the first day of a year, a month or a day."""
    from tmescope.study.schema_horizon import begin_of_day

    return _day(begin_of_day, text, where=where, expected="2019, 2019-04 or 2019-04-01")


def last_day(text: str, where: str) -> date:
    """Return a day, or the last one of a month or a year."""
    from tmescope.study.schema_horizon import end_of_day

    return _day(end_of_day, text, where=where, expected="2023-06-30, or a month or year, whose last day it is")


def _day(read: Callable[[str], date], text: str, *, where: str, expected: str) -> date:
    from tmescope.foundation.errors import InputError

    try:
        return read(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no day", where=where, expected=expected) from error


def refuse_both(csv: bool, json: bool, where: str) -> None:
    """Refuse two forms of output at once."""
    from tmescope.foundation.errors import InputError

    if csv and json:
        raise InputError("--csv and --json are given", where=where, expected="one of them")


def plain(text: str, width: int) -> str:
    """Return text from documents as one line of so many letters, without control and direction characters."""
    from tmescope.horizon.alert_feeds import make_inert

    shown = make_inert(text)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"


def as_json(document: object, *, indent: int | None = 1) -> str:
    """Return JSON of plain ASCII that is no markup wherever it is put."""
    import json

    text = json.dumps(document, indent=indent, ensure_ascii=True, allow_nan=False, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def as_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV in which no cell is a formula."""
    import tempfile
    from pathlib import Path

    from tmescope.store.tables import write_csv

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_csv(table, path)
        return path.read_text(encoding="utf-8")
