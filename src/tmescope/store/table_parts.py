"""A table that is made while it is written, a part after the other, because as a whole it would not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from tmescope.store.tables import as_arrow

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TableParts", "write_parts"]


@dataclass(frozen=True)
class TableParts:
    """A table in parts.

    Parameters
    ----------
    make : callable
        Returns the parts from the first on, each time it is called: one at least, all of the same columns and types.
    """

    make: Callable[[], Iterator[pd.DataFrame]]

    def whole(self) -> pd.DataFrame:
        """Return the table in one, where it is known to be small."""
        import pandas as pd

        return pd.concat(list(self.make()), ignore_index=True)


def write_parts(table: TableParts, path: Path) -> None:
    """Write a table as Parquet, a group of rows for each part; the same parts give the same bytes.

    Parameters
    ----------
    table : TableParts
        Any index is dropped.
    path : pathlib.Path
        In a folder that is not yet committed, see `tmescope.store.atomic.staged_folder`.
    """
    parts = (as_arrow(part) for part in table.make())
    first = next(parts)
    with pq.ParquetWriter(path, first.schema, compression="zstd", version="2.6") as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)
