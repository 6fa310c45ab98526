"""Tables of a run that tell of the cells of an atlas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.store.tables import read_table
from tmescope.study.cell_features import cell_groups
from tmescope.study.stacked_tables import stack_tables

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort

__all__ = ["CELL_TABLES", "cells_builder"]

CELL_TABLES = ("cell_samples", "cell_groups", "cell_quality", "cell_markers")
"""Tables that cohorts of cells fill."""


def cells_builder(name: str) -> Callable[[Context], pd.DataFrame]:
    """Return what builds a table of all cohorts of cells.

    Parameters
    ----------
    name : str
        One of `CELL_TABLES`.
    """

    def build(context: Context) -> pd.DataFrame:
        return stack_tables(name, (_of_cohort(context, c, name) for c in context.study.cohorts if c.kind == "cells"))

    return build


def _of_cohort(context: Context, cohort: Cohort, name: str) -> pd.DataFrame:
    if name == "cell_groups":
        return cell_groups(context, cohort)
    if name == "cell_markers":
        return read_table(context.ledger.folder(f"view-{cohort.id}") / "cell_markers.parquet")
    samples = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "samples.parquet", columns=["sample_id"])
    table = read_table(context.ledger.folder(f"atlas-{cohort.id}") / f"{name}.parquet")
    return table[table["sample_id"].isin(samples["sample_id"])].assign(cohort_id=cohort.id)
