"""Log-normalised values of a few genes out of many, and what is made of them: products of genes, places of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["add_products", "chosen_values", "place_cells", "turn_cells"]

_TABLE = 32


@compiled
def chosen_values(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    scales: NDArray[np.float64],
    place: NDArray[np.int32],
    limits: NDArray[np.float64],
    kept_ends: NDArray[np.int64],
    columns: NDArray[np.uint16],
    values: NDArray[np.float32],
) -> None:
    """Write ``min(log(1 + count * scale), limit)`` of chosen genes.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    scales : array of float64, n_cells
        Of each cell.
    place : array of int32, n_genes
        Column of each chosen gene, -1 for the others.
    limits : array of float64, n_columns
        No value is larger; infinity for no limit.
    kept_ends : array of int64, n_cells + 1
        Written: where each cell begins and ends in the two that follow.
    columns, values : array of uint16 and float32, n_entries
        Written, as far as the last of `kept_ends`.
    """
    table = np.empty(_TABLE)
    kept = np.int64(0)
    kept_ends[0] = 0
    for cell in range(scales.size):
        scale = scales[cell]
        table[:] = -1.0
        for i in range(ends[cell], ends[cell + 1]):
            column = place[genes[i]]
            if column < 0:
                continue
            count = np.int64(counts[i])
            if count >= _TABLE:
                value = np.log1p(count * scale)
            else:
                if table[count] < 0.0:
                    table[count] = np.log1p(count * scale)
                value = table[count]
            columns[kept] = column
            values[kept] = min(value, limits[column])
            kept += 1
        kept_ends[cell + 1] = kept


@compiled
def turn_cells(
    ends: NDArray[np.int64],
    columns: NDArray[np.uint16],
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    after: NDArray[np.int64],
    stops: NDArray[np.int64],
    turned: NDArray[np.float32],
) -> None:
    """List, column by column, where its entries are in the rows.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; entries are counted from its first.
    columns, values : array of uint16 and float32
        Of all cells; rising within a cell.
    starts : array of int64, n_columns + 1
        Written: where each column begins in the three that follow.
    after, stops : array of int64, n_entries
        Written: the place of the entry among the rows, and the end of its cell.
    turned : array of float32, n_entries
        Written: its value.
    """
    n_columns = starts.size - 1
    starts[:] = 0
    for i in range(ends[0], ends[-1]):
        starts[columns[i] + 1] += 1
    for column in range(n_columns):
        starts[column + 1] += starts[column]
    for cell in range(ends.size - 1):
        for i in range(ends[cell], ends[cell + 1]):
            column = columns[i]
            at = starts[column]
            after[at] = i
            stops[at] = ends[cell + 1]
            turned[at] = values[i]
            starts[column] = at + 1
    for column in range(n_columns, 0, -1):
        starts[column] = starts[column - 1]
    starts[0] = 0


@compiled
def add_products(
    starts: NDArray[np.int64],
    after: NDArray[np.int64],
    stops: NDArray[np.int64],
    turned: NDArray[np.float32],
    columns: NDArray[np.uint16],
    values: NDArray[np.float32],
    products: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add the products of each two columns, summed over cells, and the sum of each column.

    Parameters
    ----------
    starts, after, stops, turned : array
        As `turn_cells` wrote them.
    columns, values : array of uint16 and float32
        Of all cells; rising within a cell.
    products : array of float64, n_columns x n_columns
        Added to, on and above the diagonal.
    sums : array of float64, n_columns
        Added to.

    Notes
    -----
    Each row of the products is filled while it lies in the nearest cache: for the cells that have its gene, the rest of
    their entries. Cost: half the sum of the squared entries of a cell.
    """
    for column in range(starts.size - 1):
        own = products[column]
        total = 0.0
        for at in range(starts[column], starts[column + 1]):
            value = np.float64(turned[at])
            total += value
            others, factors = columns[after[at] : stops[at]], values[after[at] : stops[at]]
            for i in range(others.size):
                own[others[i]] += value * np.float64(factors[i])
        sums[column] += total


@compiled
def place_cells(
    ends: NDArray[np.int64],
    columns: NDArray[np.uint16],
    values: NDArray[np.float32],
    loadings: NDArray[np.float64],
    centre: NDArray[np.float64],
    scores: NDArray[np.float32],
) -> None:
    """Write the sum of each cell's values times the rows of a matrix, less a centre.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    columns, values : array of uint16 and float32
        Of all cells.
    loadings : array of float64, n_columns x n_components
        A row for each column.
    centre : array of float64, n_components
        Taken off.
    scores : array of float32, n_cells x n_components
        Written.
    """
    row = np.empty(centre.size)
    for cell in range(ends.size - 1):
        for k in range(row.size):
            row[k] = -centre[k]
        for i in range(ends[cell], ends[cell + 1]):
            value = np.float64(values[i])
            own = loadings[columns[i]]
            for k in range(row.size):
                row[k] += value * own[k]
        out = scores[cell]
        for k in range(row.size):
            out[k] = row[k]
