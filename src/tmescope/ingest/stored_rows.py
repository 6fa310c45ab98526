"""Rows of a matrix in HDF5, sparse by rows or by columns or dense, read a run at a time and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tmescope.foundation.errors import ExpressionError, FileFormatError, InputError, TmescopeError
from tmescope.ingest.count_rows import CountRows, as_whole, tidy_rows
from tmescope.ingest.no_counts import Suspects, no_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["StoredRows", "check_ends", "open_rows"]

_FORMS = {"csr_matrix": "csr", "csc_matrix": "csc", "csr": "csr", "csc": "csc"}
_COPIES = 24
"""Bytes for each entry of a matrix that is turned in memory."""


class StoredRows:
    """A matrix whose rows are cells.

    Parameters
    ----------
    parts : tuple
        Values and numbers of genes, arrays or datasets; or a dense dataset and None.
    ends : array of int64
        Where cells end; of a dense matrix as if it had no zeros.
    n_genes : int
        Columns.
    where : str
        The file and the matrix, for messages.
    """

    def __init__(self, parts: tuple[Any, Any], ends: NDArray[np.int64], n_genes: int, *, where: str) -> None:
        self._values, self._genes = parts
        self.ends, self._n_genes, self._where = ends, n_genes, where
        self._names: tuple[Sequence[str], Sequence[str], Sequence[str]] = ((), (), ())

    def name(self, cells: Sequence[str], genes: Sequence[str], *, elsewhere: Sequence[str]) -> None:
        """Say how cells and genes are called, and which other matrices there are, for messages.

        Parameters
        ----------
        cells, genes : sequence of str
            Of all rows and columns.
        elsewhere : sequence of str
            Other matrices of the file.
        """
        self._names = (cells, genes, elsewhere)

    def entries(self, rows: NDArray[np.int64]) -> int:
        """Return how many entries some rows have.

        Parameters
        ----------
        rows : array of int64
        """
        return int((self.ends[rows + 1] - self.ends[rows]).sum())

    def read(self, first: int, last: int) -> CountRows:
        """Read the rows ``first:last``.

        Parameters
        ----------
        first, last : int

        Raises
        ------
        FileFormatError
            Numbers of genes beyond the matrix.
        ScaleError
            Numbers that are no counts.
        """
        ends, genes, values = self._stored(first, last)
        counts = as_whole(values)
        if counts is None:
            raise self._no_counts(first, ends, genes=genes, values=values)
        return tidy_rows(ends, genes, counts)

    def _stored(self, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
        if self._genes is None:
            block = np.asarray(self._values[first:last])
            rows, genes = np.nonzero(block)
            ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=last - first))])
            return ends, genes, block[rows, genes]
        begin, end = int(self.ends[first]), int(self.ends[last])
        genes, values = self._genes[begin:end], self._values[begin:end]
        if genes.size and not 0 <= int(genes.min()) <= int(genes.max()) < self._n_genes:
            raise _unsound(
                f"genes go from {int(genes.min()):,} to {int(genes.max()):,} of {self._n_genes:,}", self._where
            )
        return self.ends[first : last + 1] - begin, genes, values

    def _no_counts(
        self, first: int, ends: NDArray[np.int64], *, genes: NDArray[Any], values: NDArray[Any]
    ) -> TmescopeError:
        cells, names, elsewhere = self._names
        found = Suspects(ends, genes, values, cells[first : first + ends.size - 1], names, elsewhere)
        return no_counts(found, where=self._where)


def open_rows(node: Any, shape: tuple[int, int], where: str, *, memory: int) -> StoredRows:
    """Return a matrix of which rows can be read.

    Parameters
    ----------
    node : h5py.Group or h5py.Dataset
        Checked with `tmescope.ingest.h5ad_content.read_shape`.
    shape : (int, int)
        What it declares.
    where : str
        For messages.
    memory : int
        Bytes for turning a matrix that is stored by columns.

    Raises
    ------
    FileFormatError
        No sound matrix.
    InputError
        It is stored by columns, and too large to be turned.
    """
    if not isinstance(node, h5py.Group):
        ends = np.arange(shape[0] + 1, dtype=np.int64) * shape[1]
        return StoredRows((node, None), ends, shape[1], where=where)
    kind = node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", ""))
    kind = _FORMS.get(kind.decode() if isinstance(kind, bytes) else str(kind))
    if kind is None:
        raise _unsound("of no known kind", where)
    ends = check_ends(node, shape if kind == "csr" else shape[::-1], where)
    if kind == "csr":
        return StoredRows((node["data"], node["indices"]), ends, shape[1], where=where)
    return _turned(node, ends, shape, where=where, memory=memory)


def check_ends(node: Any, shape: tuple[int, int], where: str) -> NDArray[np.int64]:
    """Return where the lines of a sparse matrix end, once they are found to be sound.

    Parameters
    ----------
    node : h5py.Group
        Holds data, indices and indptr.
    shape : (int, int)
        Lines, and the most entries that each can have.
    where : str
        For messages.

    Raises
    ------
    FileFormatError
        They do not rise from 0 to the number of entries, or a line has more entries than can be.
    """
    n_lines, n_across = shape
    found = [node.get(name) for name in ("indptr", "data", "indices")]
    if not all(isinstance(d, h5py.Dataset) and d.ndim == 1 and d.dtype.kind in "iufb" for d in found):
        raise _unsound("data, indices or indptr are no lists of numbers", where)
    ends, values, genes = found
    if ends.shape[0] != n_lines + 1 or ends.dtype.kind not in "iu" or genes.dtype.kind not in "iu":
        raise _unsound(f"{ends.shape[0]:,} pointers for {n_lines:,} lines, or no whole numbers", where)
    ends = np.asarray(ends[()]).astype(np.int64)
    steps = np.diff(ends)
    if ends[0] != 0 or (steps < 0).any() or ends[-1] != values.shape[0] or values.shape != genes.shape:
        raise _unsound(
            f"the pointers do not rise from 0 to {values.shape[0]:,} values with {genes.shape[0]:,} indices", where
        )
    if steps.size and int(steps.max()) > n_across:
        raise _unsound(f"a line has {int(steps.max()):,} entries of {n_across:,} that there can be", where)
    return ends


def _turned(node: Any, ends: NDArray[np.int64], shape: tuple[int, int], *, where: str, memory: int) -> StoredRows:
    from scipy import sparse

    needed = _COPIES * int(ends[-1])
    if needed > memory:
        raise InputError(
            f"the matrix is stored gene by gene, and turning its {int(ends[-1]):,} entries takes {needed:,} bytes",
            where=where,
            expected=f"a matrix that is stored cell by cell (CSR), or --memory of {needed:,} bytes at least",
            next_step="give more memory, or write the file with X as CSR",
        )
    cells = np.asarray(node["indices"][()])
    values = np.asarray(node["data"][()])
    if cells.size and not 0 <= int(cells.min()) <= int(cells.max()) < shape[0]:
        raise _unsound(f"cells go from {int(cells.min()):,} to {int(cells.max()):,} of {shape[0]:,}", where)
    kept = values.astype(np.float64) if values.dtype.kind == "f" else values
    try:
        rows = sparse.csc_matrix((kept, cells, ends), shape=shape).tocsr()
    except ValueError as error:
        raise ExpressionError(f"the matrix cannot be turned ({error})", where=where) from error
    return StoredRows((rows.data, rows.indices), rows.indptr.astype(np.int64), shape[1], where=where)


def _unsound(why: str, where: str) -> FileFormatError:
    return FileFormatError(
        f"the sparse matrix is not sound: {why}",
        where=where,
        expected="csr or csc: indptr rising from 0 to the number of values, indices inside the shape",
        next_step="write the file again",
    )
