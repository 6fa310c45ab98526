"""What different methods call one cell type, under one name of the tree of cell types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.facts.cell_types import CellTypeTree, load_cell_types

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["harmonise", "map_features"]

_KEYS = ["cohort_id", "sample_id"]


def map_features(
    features: Sequence[str], *, additive: bool, tree: CellTypeTree | None = None
) -> dict[str, tuple[str, ...]]:
    """Return which outputs of one method make up each cell type that it says something about.

    Parameters
    ----------
    features : sequence of str
        Outputs of the method, as it calls them.
    additive : bool
        Whether they are shares of disjoint types.
    tree : CellTypeTree, optional
        The bundled one if omitted.

    Returns
    -------
    dict of str to tuple of str
        Identifier of the type to outputs.

    Notes
    -----
    Shares are added: a type is the sum of all outputs that mean it, a part of it, or a type below it in the tree, so
    that helper cells and regulatory cells make up CD4-positive cells. A type whose parts the method tells apart in part
    only is the sum of those. Scores cannot be added: a type is the one output that means the type itself by one of its
    names; outputs that mean a part of it alone are left out.
    """
    tree = tree or load_cell_types()
    found: dict[str, list[str]] = {}
    for feature in features:
        kind = tree.resolve(feature)
        if kind is None:
            continue
        if additive:
            for one in (kind, *tree.ancestors(kind.cl_id)):
                found.setdefault(one.cl_id, []).append(feature)
        elif tree.is_itself(feature):
            found.setdefault(kind.cl_id, []).append(feature)
    return {cl_id: tuple(names) for cl_id, names in found.items() if additive or len(names) == 1}


def harmonise(
    estimates: pd.DataFrame, *, additive: Mapping[str, bool], tree: CellTypeTree | None = None
) -> pd.DataFrame:
    """Return estimates by cell type of the tree.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Columns cohort_id, sample_id, method, feature, value, coverage.
    additive : mapping of str to bool
        Method to whether its outputs are shares of disjoint types.
    tree : CellTypeTree, optional
        The bundled one if omitted.

    Returns
    -------
    pandas.DataFrame
        Columns cohort_id, sample_id, method, cl_id, value, coverage: one row a sample, method and type, in the order of
        the methods and of the tree. A sum with a missing part is missing; coverage is the lowest of the parts.
    """
    tree = tree or load_cell_types()
    parts: list[pd.DataFrame] = []
    for method, rows in estimates.groupby("method", sort=False):
        names = [str(f) for f in pd.unique(rows["feature"])]
        mapped = map_features(names, additive=additive.get(str(method), False), tree=tree)
        for kind in tree:
            if kind.cl_id not in mapped:
                continue
            chosen = rows[rows["feature"].isin(mapped[kind.cl_id])]
            n_parts = len(mapped[kind.cl_id])
            groups = chosen.groupby(_KEYS, sort=False)
            table = groups["value"].sum(min_count=n_parts).to_frame()
            table["coverage"] = groups["coverage"].min()
            parts.append(table.reset_index().assign(method=method, cl_id=kind.cl_id))
    columns = [*_KEYS, "method", "cl_id", "value", "coverage"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
