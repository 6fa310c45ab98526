"""How near estimates of composition are to shares that were counted by other means."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tmescope.bulk.harmonised import harmonise
from tmescope.facts.cell_types import CellTypeTree, load_cell_types
from tmescope.stats.closeness import measure_closeness

__all__ = ["COLUMNS", "SHARES", "find_accuracy"]

SHARES = frozenset({"fraction", "fraction of cells"})
"""Units of outputs that are shares of a sample's cells, so that their distance from counted shares means something."""

COLUMNS = ("cohort_id", "method", "cell_type", "cl_id", "n", "pearson", "ci_low", "ci_high", "spearman", "rmse", "ccc")
_TRUTH = "counted"


def find_accuracy(
    estimates: pd.DataFrame,
    truth: Mapping[str, pd.DataFrame],
    *,
    additive: Mapping[str, bool],
    tree: CellTypeTree | None = None,
) -> pd.DataFrame:
    """Compare estimates with counted shares, cell type by cell type.

    Answers "how far can this method be trusted here?" where some samples were counted, by flow cytometry for example.
    It judges no method in general: cohorts, tissues and ways of counting differ.

    Parameters
    ----------
    estimates : pandas.DataFrame
        As the table ``fractions``, the consensus among its methods; any number of cohorts.
    truth : mapping of str to pandas.DataFrame
        Cohort to samples x cell types, shares from 0 to 1, NaN where missing.
    additive : mapping of str to bool
        Method to whether its outputs are shares of disjoint types.
    tree : CellTypeTree, optional
        The bundled one if omitted.

    Returns
    -------
    pandas.DataFrame
        One row a cohort, method and cell type that both know: `COLUMNS`; rmse and ccc only for outputs that are
        shares (`SHARES`).

    Notes
    -----
    Columns of the truth may overlap (T cells, and CD4 T cells among them), so that none are added: a column counts
    where its name means a type of the tree itself.
    """
    tree = tree or load_cell_types()
    rows: list[dict[str, object]] = []
    units = dict(zip(estimates["method"].astype(str), estimates["unit"].astype(str), strict=True))
    for cohort, counted in truth.items():
        known = _harmonised(counted, cohort, tree)
        found = harmonise(estimates[estimates["cohort_id"] == cohort], additive=additive, tree=tree)
        both = found.merge(known, on=["sample_id", "cl_id"], suffixes=("", "_known"))
        for (method, cl_id), pairs in both.groupby(["method", "cl_id"], sort=False):
            near = measure_closeness(pairs["value"].astype(float), pairs["value_known"].astype(float))
            is_share = units[str(method)] in SHARES
            rows.append(
                {
                    "cohort_id": cohort,
                    "method": method,
                    "cell_type": tree.get(str(cl_id)).name,
                    "cl_id": cl_id,
                    "n": near.n,
                    "pearson": near.pearson,
                    "ci_low": near.ci_low,
                    "ci_high": near.ci_high,
                    "spearman": near.spearman,
                    "rmse": near.rmse if is_share else float("nan"),
                    "ccc": near.ccc if is_share else float("nan"),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _harmonised(counted: pd.DataFrame, cohort: str, tree: CellTypeTree) -> pd.DataFrame:
    named = counted.rename_axis(index="sample_id")
    table = named.reset_index().melt(id_vars="sample_id", var_name="feature", value_name="value")
    table = table.assign(cohort_id=cohort, method=_TRUTH, coverage=1.0)
    return harmonise(table, additive={}, tree=tree)[["sample_id", "cl_id", "value"]]
