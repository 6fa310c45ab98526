"""Where the features of a screen come from: a cohort, a matrix in memory, or a store on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tmescope.bulk.matrix_rows import check_names, find_scale
from tmescope.foundation.errors import ScaleError
from tmescope.foundation.scale import Scale, convert

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["MatrixColumns", "ScreenColumns", "cohort_columns", "in_logarithms"]


class ScreenColumns(Protocol):
    """Where the columns come from: a matrix in memory, or a store on disk (`tmescope.ingest.zarr_columns`)."""

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of the rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""

    def read(self, first: int, last: int) -> NDArray[Any]:
        """Return columns ``first`` to ``last`` (exclusive)."""


@dataclass(frozen=True)
class MatrixColumns:
    """Columns of a matrix in memory.

    Parameters
    ----------
    samples, names : tuple of str
        Names of its rows and columns.
    matrix : array-like, n_samples x n_features
        Dense, or sparse in a form that can be sliced by columns.
    """

    samples: tuple[str, ...]
    names: tuple[str, ...]
    matrix: Any

    def read(self, first: int, last: int) -> NDArray[Any]:
        """Return columns ``first`` to ``last`` (exclusive) as a dense array.

        Parameters
        ----------
        first, last : int
            Positions.
        """
        part = self.matrix[:, first:last]
        return np.asarray(part.toarray() if hasattr(part, "toarray") else part)


@dataclass(frozen=True)
class _Converted:
    """Columns of another matrix in the scale in which effects are asked for."""

    source: ScreenColumns
    declared: Scale
    target: Scale

    @property
    def samples(self) -> tuple[str, ...]:
        return self.source.samples

    @property
    def names(self) -> tuple[str, ...]:
        return self.source.names

    def read(self, first: int, last: int) -> NDArray[Any]:
        return convert(np.asarray(self.source.read(first, last), dtype=np.float64), self.declared, self.target)[0]


def cohort_columns(adata: AnnData, *, scale: str | None = None) -> ScreenColumns:
    """Return the genes of a cohort for a screen, logarithms of them where the declared scale is linear.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Bulk cohort.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.

    Returns
    -------
    ScreenColumns
        In ``log2(unit+1)`` where the matrix is linear, as declared where it is a logarithm.

    Raises
    ------
    ScaleError
        If no scale is declared, or the matrix holds counts: sequencing depth would be screened.
    ExpressionError
        If a name is not unique.
    """
    declared = find_scale(adata, scale)
    samples, names = tuple(map(str, adata.obs_names)), tuple(map(str, adata.var_names))
    check_names(samples, names)
    matrix = adata.X.tocsc() if hasattr(adata.X, "tocsc") else adata.X
    return in_logarithms(MatrixColumns(samples, names, matrix), declared)


def in_logarithms(columns: ScreenColumns, declared: Scale) -> ScreenColumns:
    """Return columns as logarithms where they are declared as linear; as they are where they are logarithms.

    Parameters
    ----------
    columns : ScreenColumns
        Expression.
    declared : Scale
        What it is in.

    Raises
    ------
    ScaleError
        If they are counts.
    """
    if declared.unit == "counts":
        raise ScaleError(
            "counts depend on how deep each sample was sequenced",
            where="scale",
            expected="tpm, fpkm, cpm or array intensities, or their logarithm",
            next_step="read the cohort with gene_lengths, or take cpm",
        )
    return columns if declared.is_log else _Converted(columns, declared, Scale(declared.unit, 2.0, 1.0))
