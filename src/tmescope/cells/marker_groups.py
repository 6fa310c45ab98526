"""Whether groups of cells can be compared over cells: not where samples or patients tell them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, examples
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tmescope.store.atlas_reading import Atlas

__all__ = ["PATIENT_COLUMNS", "check_groups"]

PATIENT_COLUMNS = ("patient_id", "donor_id")
"""Columns of cells that say whose they are, where an atlas has them."""

_MOST = 0.95


def check_groups(
    atlas: Atlas, codes: NDArray[np.uint16], names: list[str], *, named: str = "groups"
) -> list[dict[str, Any]]:
    """Refuse groups that samples or patients tell, and warn of those that are practically one patient's.

    Parameters
    ----------
    atlas : Atlas
        With ``sample_id``, and possibly one of `PATIENT_COLUMNS`.
    codes : array of uint16
        Number of each cell's group; ``len(names)`` where it has none.
    names : list of str
        Of the groups.
    named : str
        Of the column, for messages.

    Returns
    -------
    list of dict
        Fields of a `RunWarning` each: ``markers.one_patient`` (``markers.one_sample`` where the atlas does not say
        whose cells are) where 95% of a group's cells or more are of one patient.

    Raises
    ------
    InputError
        If samples, patients, or the two together tell the groups.

    Notes
    -----
    Units are samples, patients, and the cells of a patient in a sample; cells without a group or a unit are left out. A
    unit *is* a group's if 95% of its cells or more are of that group. The groups are told, and refused, if units that
    are some group's hold 95% of the cells or more, and are not all the same group's. So a few wrong labels do not let
    an outcome pass; a cluster of a patient's own beside clusters that patients share does, as does a cell type of
    which all samples mostly consist. With one unit nothing is refused and nothing is warned of.
    """
    warnings: list[RunWarning] = []
    for what, unit in _units(atlas):
        known = (codes < len(names)) & (unit >= 0)
        sizes = _cross(unit[known], codes[known], len(names))
        if len(sizes) < 2:
            continue
        _refuse(sizes, names, what=what, named=named)
        if what != "cells of a patient in a sample":
            warnings = _private(sizes, names, what=what, named=named)  # of patients, where they are known
    return [asdict(w) for w in warnings]


def _units(atlas: Atlas) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield what may tell groups, with its number for each cell, -1 where it is not known."""
    samples = _numbers(atlas, "sample_id")
    yield "samples", samples
    for column in PATIENT_COLUMNS:
        if column in atlas.layout.columns:
            patients = _numbers(atlas, column)
            yield "patients", patients
            both = samples * (int(patients.max(initial=0)) + 1) + patients
            yield "cells of a patient in a sample", np.where((samples < 0) | (patients < 0), -1, both)
            return


def _numbers(atlas: Atlas, column: str) -> NDArray[np.int64]:
    return pd.factorize(atlas.cells((column,))[column])[0].astype(np.int64)


def _cross(unit: NDArray[np.int64], codes: NDArray[np.uint16], n_groups: int) -> NDArray[np.int64]:
    """Return the cells of each unit in each group, units without cells left out."""
    units, unit = np.unique(unit, return_inverse=True)
    pairs, counts = np.unique(unit.reshape(-1) * n_groups + codes, return_counts=True)
    sizes = np.zeros((units.size, n_groups), dtype=np.int64)
    sizes.ravel()[pairs] = counts
    return sizes


def _refuse(sizes: NDArray[np.int64], names: list[str], *, what: str, named: str) -> None:
    of_unit, owner = sizes.sum(axis=1), sizes.argmax(axis=1)
    is_told = sizes.max(axis=1) >= _MOST * of_unit
    if np.unique(owner[is_told]).size < 2 or of_unit[is_told].sum() < _MOST * of_unit.sum():
        return
    n_pure = int((sizes.max(axis=1) == of_unit).sum())
    how = f"has one value in each of {len(sizes)} {what}"
    if n_pure < len(sizes):
        how = f"has practically one value (in {_MOST:.0%} of the cells) in {int(is_told.sum())} of {len(sizes)} {what}"
    raise InputError(
        f"{named!r} ({examples(names)}) {how}",
        where="argument groups",
        expected="groups that divide the cells of a sample, such as clusters or cell types: cells of a patient are no "
        "independent observations, so that a p-value over cells would take a difference between two patients for proof",
        next_step="compare samples by their pseudo-bulk sums (tmescope atlas pseudobulk), as samples of a bulk cohort",
    )


def _private(sizes: NDArray[np.int64], names: list[str], *, what: str, named: str) -> list[RunWarning]:
    of_one = [n for n, of in zip(names, sizes.T, strict=True) if of.sum() and of.max() >= _MOST * of.sum()]
    if not of_one:
        return []
    one = what.removesuffix("s")
    return [
        RunWarning(
            f"markers.one_{one}",
            f"{len(of_one)} groups of {named!r} have {_MOST:.0%} of their cells or more in one {one} "
            f"({examples(of_one)}): their markers are those of that {one}",
            where=named,
            count=len(of_one),
            examples=tuple(of_one[:3]),
        )
    ]
