"""The samples of a matrix in the scale that a method needs, block by block, wherever the matrix lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import ExpressionError, ScaleError, examples
from tmescope.foundation.method import MethodSpec
from tmescope.foundation.scale import Scale, convert

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["MatrixRows", "check_names", "find_scale", "target_scale"]


def check_names(sample_ids: Sequence[str], genes: Sequence[str]) -> None:
    """Check that both axes have names, each once.

    Raises
    ------
    ExpressionError
        If an axis is empty or a name is not unique.
    """
    if not len(sample_ids) or not len(genes):
        raise ExpressionError(f"the matrix is empty: {len(sample_ids)} samples x {len(genes)} genes")
    for kind, names in (("gene", genes), ("sample", sample_ids)):
        if len(set(names)) < len(names):
            seen: set[str] = set()
            repeated = list(dict.fromkeys(n for n in names if n in seen or seen.add(n)))  # type: ignore[func-returns-value]
            raise ExpressionError(
                f"{len(repeated)} {kind} names are not unique: {examples(repeated)}",
                where=f"{'var' if kind == 'gene' else 'obs'}_names",
                expected=f"each {kind} once",
                next_step="merge or rename them before scoring",
            )


def find_scale(adata: AnnData, scale: str | None) -> Scale:
    """Return the declared scale: the caller's, or the one that stands in ``uns["tmescope"]``.

    Raises
    ------
    ScaleError
        If none is declared, or it is not known.
    """
    stated = scale or (adata.uns.get("tmescope") or {}).get("scale")
    if not stated:
        raise ScaleError(
            "the scale of the matrix is not declared",
            where="scale",
            expected="for example log2(tpm+1)",
            next_step='pass scale="log2(tpm+1)" (whatever the file is in), or read it with tmescope.read_cohort',
        )
    return Scale.parse(stated, where="scale")


def target_scale(spec: MethodSpec, declared: Scale) -> Scale:
    """Return the scale that a method takes values of a declared scale in.

    Raises
    ------
    ScaleError
        If it does not take that unit.
    """
    if declared.unit not in spec.units:
        raise ScaleError(
            f"{spec.name} does not take {declared.unit}",
            where="scale",
            expected=f"a matrix in one of: {', '.join(spec.units)}",
            next_step="read the cohort with gene_lengths (counts, cpm) or to_tpm (fpkm), or choose another method",
        )
    if not spec.needs_log:
        return Scale(declared.unit)
    if declared.unit == "array" and declared.is_log:
        # array intensities are log2 as they come: there is no zero to add one to
        return Scale("array", 2.0, declared.offset)
    return Scale(declared.unit, 2.0, 1.0)


_BLOCK = 1 << 17
"""Values that are checked at once: small enough to stay in the processor's cache."""


@dataclass
class MatrixRows:
    """Samples x genes, read on demand.

    Parameters
    ----------
    matrix : array-like, n_samples x n_genes
        Anything that can be sliced by rows: NumPy, SciPy sparse, h5py, Zarr.
    source, target : Scale
        What the matrix is in, and what is wanted.
    columns : array of int64, optional
        Columns to take, in this order (-1: a gene that the matrix lacks, NaN); None takes all as they are.
    n_clipped : int
        Counts up: values below the floor by rounding, read as zero.
    """

    matrix: Any
    source: Scale
    target: Scale
    columns: NDArray[np.int64] | None = None
    n_clipped: int = 0

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def read_columns(self, wanted: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return some columns of all rows as a new dense array in the target scale.

        Every value is checked, those of other columns too; none of these is copied or converted.

        Parameters
        ----------
        wanted : array of int
            Positions among the columns that `read` returns.

        Raises
        ------
        ExpressionError, ScaleError
            As from `read`.
        """
        if self.columns is not None and (self.columns < 0).any():
            return self.read(0, len(self))[:, wanted]
        raw: Any = self.matrix[0 : len(self)]
        if self.columns is not None:
            raw = raw[:, self.columns]
        is_sparse = hasattr(raw, "toarray")
        raw = raw if is_sparse else np.asarray(raw)
        stored: NDArray[Any] = raw.data if is_sparse else raw
        # what is odd is told, or clipped and counted, as where the whole matrix is read
        if self._is_odd(stored, has_zeros=is_sparse):
            return self.read(0, len(self))[:, wanted]
        part = raw[:, wanted].toarray() if is_sparse else raw[:, wanted]
        converted, _ = convert(part, self.source, self.target)
        return converted

    def _is_odd(self, stored: NDArray[Any], *, has_zeros: bool) -> bool:
        """Return whether a value is infinite, no number or, where scales are converted, below the floor."""
        floor = -np.inf if self.source == self.target else self.source.floor
        if stored.dtype.kind not in "fiu" or (has_zeros and floor > 0):
            return True
        step = max(1, _BLOCK // max(1, stored[:1].size))
        for i in range(0, len(stored), step):
            block = stored[i : i + step]
            if np.isinf(block).any() or (block < floor).any():
                return True
        return False

    def read(self, first: int, last: int) -> NDArray[np.float64]:
        """Return rows ``first`` to ``last`` (exclusive) as a new dense array in the target scale.

        Raises
        ------
        ExpressionError
            If values are infinite.
        ScaleError
            If values lie below the floor of the declared scale.
        """
        raw = self.matrix[first:last]
        dense = raw.toarray() if hasattr(raw, "toarray") else np.asarray(raw)
        if self.columns is not None:
            taken = dense[:, np.maximum(self.columns, 0)].astype(np.float64)
            taken[:, self.columns < 0] = np.nan
            dense = taken
        dense = dense.astype(np.float64, copy=False)
        infinite = int(np.count_nonzero(np.isinf(dense)))
        if infinite:
            raise ExpressionError(f"{infinite} values are infinite", where="X", expected="finite numbers or NaN")
        values, clipped = convert(dense, self.source, self.target)
        self.n_clipped += clipped
        return values
