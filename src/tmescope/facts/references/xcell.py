"""xCell: signatures of cell types, the genes that it ranks, and its spill-over matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tmescope.facts.matrices import NamedMatrix, Range, check_count, read_matrix, read_names, read_sets
from tmescope.foundation.errors import FileFormatError

__all__ = ["SpillOver", "XCell", "read_xcell"]

_N_SETS = range(489, 490)
_SHARE = Range(0.0, 1.0)


@dataclass(frozen=True, eq=False)
class SpillOver:
    """How the scores of one platform become linear, and what spills over between them.

    Parameters
    ----------
    matrix : NamedMatrix
        Cell types by cell types: how much of the row's score the column's type contributes, 0 to 1, 1 on the diagonal.
    calibration : NamedMatrix
        The same cell types, in any order, by the three parameters of calibration: ``V2`` is the power and ``V3`` half
        of the divisor; ``V1`` takes no part.
    """

    matrix: NamedMatrix
    calibration: NamedMatrix


@dataclass(frozen=True, eq=False)
class XCell:
    """The reference of xCell.

    Parameters
    ----------
    signatures : mapping of str to tuple of str
        The 489 sets: name (``aDC%HPCA%1.txt``) to genes.
    genes : tuple of str
        The genes that it ranks.
    sequenced : SpillOver
        For RNA-seq.
    arrays : SpillOver or None
        For microarrays; None where its two files are not installed.
    """

    signatures: Mapping[str, tuple[str, ...]]
    genes: tuple[str, ...]
    sequenced: SpillOver
    arrays: SpillOver | None = None

    @property
    def cell_types(self) -> tuple[str, ...]:
        """The 64 cell types, in the order of the spill-over matrix for RNA-seq."""
        return self.sequenced.matrix.rows

    def sets_of(self, cell_type: str) -> tuple[str, ...]:
        """Return the names of a cell type's sets.

        Parameters
        ----------
        cell_type : str
            Among `cell_types`.
        """
        return tuple(name for name in self.signatures if name.partition("%")[0] == cell_type)


def read_xcell(paths: Mapping[str, Path]) -> XCell:
    """Read and check the tables.

    Parameters
    ----------
    paths : mapping of str to Path
        Roles ``signatures``, ``genes``, ``spill_k`` and ``spill_fv``; ``spill_array_k`` and ``spill_array_fv``, both or
        neither.

    Raises
    ------
    FileFormatError
        There are not 489 sets, a gene stands twice, a matrix is not square, has another diagonal than 1 or numbers
        outside their range, the cell types of the files differ, or one file of a pair is missing.
    """
    sets = {name: genes for (name,), genes in read_sets(paths["signatures"], columns=("set",)).items()}
    check_count(len(sets), _N_SETS, what="sets", path=paths["signatures"])
    genes = read_names(paths["genes"])
    types = frozenset(name.partition("%")[0] for name in sets)
    sequenced = _read_spill_over(paths, "spill", types)
    pair = [role for role in ("spill_array_k", "spill_array_fv") if role in paths]
    if len(pair) == 1:
        raise FileFormatError(
            f"{pair[0]} is there and the other file of the pair is not",
            where=str(paths[pair[0]]),
            expected="the spill-over matrix and the calibration for arrays, or neither",
        )
    arrays = _read_spill_over(paths, "spill_array", types) if pair else None
    return XCell(MappingProxyType(sets), genes, sequenced, arrays)


def _read_spill_over(paths: Mapping[str, Path], name: str, types: frozenset[str]) -> SpillOver:
    matrix = read_matrix(paths[f"{name}_k"], numbers=_SHARE)
    calibration = read_matrix(paths[f"{name}_fv"])
    where = str(paths[f"{name}_k"])
    if matrix.rows != matrix.columns:
        raise FileFormatError("rows and columns are not the same cell types", where=where, expected="the same order")
    if (matrix.values.diagonal() != 1).any():
        raise FileFormatError("the diagonal is not 1 throughout", where=where, expected="1 for each type with itself")
    for what, others in ((f"{name}_fv", set(calibration.rows)), ("signatures", types)):
        if odd := sorted(set(matrix.rows) ^ others):
            raise FileFormatError(
                f"cell types of {name}_k and {what} differ: {', '.join(odd[:3])}",
                where=f"{where}; {paths[what]}",
                expected="the same cell types",
            )
    wanted = ("V2", "V3")
    if not set(wanted) <= set(calibration.columns) or any((calibration.column(v) <= 0).any() for v in wanted):
        raise FileFormatError(
            "the power (V2) and the divisor (V3) are not there for every cell type",
            where=str(paths[f"{name}_fv"]),
            expected="columns V1, V2 and V3, the last two above zero",
        )
    return SpillOver(matrix, calibration)
