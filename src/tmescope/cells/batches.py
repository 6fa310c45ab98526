"""The batches of cells: their levels, their combinations, and what they tell of what is to be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, UnknownNameError, examples
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CellBatches", "batches_of", "told_share", "warn_of_batches"]

_FEWEST = 30
_LEAST_MEAN = 10
_TOLD = 0.5


@dataclass(frozen=True)
class CellBatches:
    """Batch variables of cells.

    Parameters
    ----------
    names : tuple of str
        Batch variables.
    codes : array of int64, shape (n_variables, n_cells)
        Level of each cell in each variable, from 0 in the order of the sorted names of levels.
    level_names : tuple of tuple of str
        Names of the levels of each variable.
    kinds : array of int64, shape (n_cells,)
        Number of each cell's combination of levels, from 0.
    levels : array of float64, shape (n_levels, n_kinds)
        1 where a combination has a level; levels of all variables below each other.
    shares : array of float64, shape (n_levels,)
        Share of the cells with each level.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    level_names: tuple[tuple[str, ...], ...]
    kinds: NDArray[np.int64]
    levels: NDArray[np.float64]
    shares: NDArray[np.float64]

    def of_levels(self, value: float | Mapping[str, float], *, name: str) -> NDArray[np.float64]:
        """Return a number of each variable for each of its levels.

        Parameters
        ----------
        value : float or mapping of str to float
            One for all variables, or one for each.
        name : str
            What it is, for the message.

        Raises
        ------
        UnknownNameError
            If it names no variable of these.
        InputError
            If a variable has none.
        """
        given = value if isinstance(value, Mapping) else dict.fromkeys(self.names, value)
        for unknown in [n for n in given if n not in self.names]:
            raise UnknownNameError.of("batch variable", unknown, self.names, where=f"option {name}")
        if missing := [n for n in self.names if n not in given]:
            raise InputError(
                f"{name} has no number for {examples(missing)}",
                where=f"option {name}",
                expected="one number, or one for each batch variable",
            )
        sizes = [len(levels) for levels in self.level_names]
        return np.repeat([float(given[n]) for n in self.names], sizes)

    def shares_between(self, components: NDArray[np.float32]) -> dict[str, float]:
        """Return the share of the variance of components that lies between the levels of each variable, 0 to 1.

        Parameters
        ----------
        components : array of float, shape (n_cells, k)
            In the order of the cells.
        """
        centred = components.astype(np.float64) - components.mean(axis=0, dtype=np.float64)
        total = float((centred**2).sum())
        found = {}
        for name, codes, levels in zip(self.names, self.codes, self.level_names, strict=True):
            sizes = np.bincount(codes, minlength=len(levels))
            sums = np.stack([np.bincount(codes, weights=column, minlength=len(levels)) for column in centred.T], axis=1)
            found[name] = float(((sums**2) / sizes[:, None]).sum() / total) if total > 0 else float("nan")
        return found


def batches_of(batches: Mapping[str, Sequence[object]], n_cells: int) -> CellBatches:
    """Return the batch variables of cells as numbers.

    Parameters
    ----------
    batches : mapping of str to sequence
        For each variable the batch of each cell.
    n_cells : int
        Cells that there are.

    Returns
    -------
    CellBatches

    Raises
    ------
    InputError
        If there is no variable, one has not one batch for each cell, a batch is missing, a variable has a single
        batch, or fewer than 10 cells for each batch on average.
    """
    if not batches:
        raise InputError("no batch variable is named", where="argument batches", expected="one at least")
    coded = {name: _coded(name, values, n_cells) for name, values in batches.items()}
    codes = np.stack([c for c, _ in coded.values()])
    unique, kinds = np.unique(codes, axis=1, return_inverse=True)
    levels = np.vstack(
        [
            (row == np.arange(len(names))[:, None]).astype(np.float64)
            for row, (_, names) in zip(unique, coded.values(), strict=True)
        ]
    )
    kinds = kinds.reshape(-1).astype(np.int64)
    shares = levels @ np.bincount(kinds, minlength=unique.shape[1]) / n_cells
    return CellBatches(tuple(coded), codes, tuple(n for _, n in coded.values()), kinds, levels, shares)


def _coded(name: str, values: Sequence[object], n_cells: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    where = f"batch variable {name}"
    codes, levels = _factor(values)
    if codes.size != n_cells:
        raise InputError(f"{codes.size} batches for {n_cells} cells", where=where, expected="one for each cell")
    if (codes < 0).any():
        missing = np.flatnonzero(codes < 0)
        raise InputError(
            f"{missing.size} cells have no batch, for example cells {examples(map(int, missing[:4]))}",
            where=where,
            expected="a batch of every cell",
            next_step="leave these cells out, or name their batch",
        )
    if len(levels) < 2:
        raise InputError(
            f"all cells are of the batch {levels[0]!r}: there is nothing to integrate",
            where=where,
            expected="two batches at least",
            next_step="use the components as they are",
        )
    if n_cells < _LEAST_MEAN * len(levels):
        raise InputError(
            f"{len(levels)} batches for {n_cells} cells",
            where=where,
            expected=f"{_LEAST_MEAN} cells for each batch on average",
            next_step="name a variable with fewer levels: a barcode or a measured number is no batch",
        )
    return codes, levels


def _factor(values: Sequence[object]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the code of each value (-1 where it is missing) and the names of the codes, sorted."""
    import pandas as pd

    series = pd.Series(np.asarray(values, dtype=object))
    known = series[series.notna()].astype(str)
    levels, codes = np.unique(known.to_numpy(dtype=object).astype(str), return_inverse=True)
    found = np.full(len(series), -1, dtype=np.int64)
    found[known.index.to_numpy()] = codes
    return found, tuple(str(v) for v in levels)


def warn_of_batches(batches: CellBatches, kept: Mapping[str, Sequence[object]]) -> tuple[RunWarning, ...]:
    """Return what a reader should know before batches are taken out.

    Parameters
    ----------
    batches : CellBatches
        Batch variables.
    kept : mapping of str to sequence
        What must not be taken out, one value of each cell; None or NaN is missing.

    Returns
    -------
    tuple of RunWarning
        ``integration.confounded`` where batches tell half of what is to be kept or more, ``integration.few_cells``
        where a batch has fewer than 30 cells.

    Raises
    ------
    InputError
        If there is not one value for each cell.
    """
    found: list[RunWarning] = []
    for name, codes, levels in zip(batches.names, batches.codes, batches.level_names, strict=True):
        sizes = np.bincount(codes, minlength=len(levels))
        if few := [levels[i] for i in np.flatnonzero(sizes < _FEWEST)]:
            found.append(
                RunWarning(
                    "integration.few_cells",
                    f"{len(few)} batches of {name} have fewer than {_FEWEST} cells, the smallest {sizes.min()}: "
                    f"what they shift is hardly known",
                    where=name,
                    count=len(few),
                    examples=tuple(few[:3]),
                )
            )
        for other, values in kept.items():
            found += _confounded(name, codes, other=other, values=values)
    return tuple(found)


def _confounded(name: str, codes: NDArray[np.int64], *, other: str, values: Sequence[object]) -> list[RunWarning]:
    known, _ = _factor(values)
    if known.size != codes.size:
        raise InputError(
            f"{known.size} values for {codes.size} cells", where=f"kept variable {other}", expected="one for each cell"
        )
    told = told_share(codes, known)
    if not told >= _TOLD:
        return []
    if told_share(known, codes) > 1 - 1e-9 and told > 1 - 1e-9:
        text = f"{name} and {other} are one and the same: taking the batches out takes {other} out"
    elif told > 1 - 1e-9:
        text = (
            f"no two values of {other} share a batch of {name}: differences between them go out with the batches. "
            f"Compare {other} in counts, by pseudo-bulk, and not in what comes out here"
        )
    else:
        text = (
            f"{name} tells {told:.0%} of {other} (of its entropy): part of what differs between its values goes out "
            f"with the batches"
        )
    return [RunWarning("integration.confounded", text, where=name, examples=(other,))]


def told_share(teller: NDArray[np.int64], told: NDArray[np.int64]) -> float:
    """Return the share of the entropy of one variable that another tells, 0 to 1; NaN where it does not vary.

    Parameters
    ----------
    teller, told : array of int64, shape (n,)
        Codes from 0; positions where one is -1 are left out.

    Notes
    -----
    ``1 - H(told | teller) / H(told)``, the uncertainty coefficient. Not corrected for chance.
    """
    both = (teller >= 0) & (told >= 0)
    teller, told = teller[both], told[both]
    if not told.size or told.min() == told.max():
        return float("nan")
    joint = np.unique(np.stack([teller, told]), axis=1, return_counts=True)[1]
    alone, given = _entropy(np.bincount(told)), _entropy(joint) - _entropy(np.bincount(teller))
    return float(min(1.0, max(0.0, 1.0 - given / alone)))


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log(shares)))
