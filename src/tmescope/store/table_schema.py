"""How the columns of a table are declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TableSchema", "columns_of"]


@dataclass(frozen=True)
class TableSchema:
    """Columns of one table.

    Parameters
    ----------
    summary : str
        What one row is.
    columns : mapping of str to str
        Column name to ``str``, ``float``, ``int`` or ``bool``; all may be missing.
    open : bool
        Whether further columns may follow (endpoints in ``samples``).
    """

    summary: str
    columns: Mapping[str, str]
    open: bool = False


def columns_of(text: str) -> dict[str, str]:
    """Return columns and their types.

    Parameters
    ----------
    text : str
        ``name:type`` of each, with spaces between.
    """
    return dict(item.split(":") for item in text.split())
