"""xCell: signatures of cell types, the genes that it ranks, and its spill-over matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tmescope.facts.matrices import NamedMatrix, Range, check_count, read_matrix, read_names, read_sets
from tmescope.foundation.errors import FileFormatError

__all__ = ["XCell", "read_xcell"]

_N_SETS = range(489, 490)
_SHARE = Range(0.0, 1.0)


@dataclass(frozen=True, eq=False)
class XCell:
    """The reference of xCell.

    Parameters
    ----------
    signatures : mapping of str to tuple of str
        The 489 sets: name (``aDC%HPCA%1.txt``) to genes.
    genes : tuple of str
        The genes that it ranks.
    spill_k : NamedMatrix
        Cell types by cell types: how much of the row's score the column's type contributes, 0 to 1, 1 on the diagonal.
    spill_fv : NamedMatrix
        Cell types by the three parameters of calibration.
    """

    signatures: Mapping[str, tuple[str, ...]]
    genes: tuple[str, ...]
    spill_k: NamedMatrix
    spill_fv: NamedMatrix

    def sets_of(self, cell_type: str) -> tuple[str, ...]:
        """Return the names of a cell type's sets.

        Parameters
        ----------
        cell_type : str
            Among the rows of `spill_k`.
        """
        return tuple(name for name in self.signatures if name.partition("%")[0] == cell_type)


def read_xcell(paths: Mapping[str, Path]) -> XCell:
    """Read and check the four tables.

    Parameters
    ----------
    paths : mapping of str to Path
        Roles ``signatures``, ``genes``, ``spill_k`` and ``spill_fv``.

    Raises
    ------
    FileFormatError
        There are not 489 sets, a gene stands twice, a matrix is not square, has another diagonal than 1 or numbers
        outside their range, or the cell types of the files differ.
    """
    sets = {name: genes for (name,), genes in read_sets(paths["signatures"], columns=("set",)).items()}
    check_count(len(sets), _N_SETS, what="sets", path=paths["signatures"])
    genes = read_names(paths["genes"])
    spill_k = read_matrix(paths["spill_k"], numbers=_SHARE)
    spill_fv = read_matrix(paths["spill_fv"])
    where = str(paths["spill_k"])
    if spill_k.rows != spill_k.columns:
        raise FileFormatError("rows and columns are not the same cell types", where=where, expected="the same order")
    if (spill_k.values.diagonal() != 1).any():
        raise FileFormatError("the diagonal is not 1 throughout", where=where, expected="1 for each type with itself")
    types = set(spill_k.rows)
    for what, others in (("spill_fv", set(spill_fv.rows)), ("signatures", {s.partition("%")[0] for s in sets})):
        if odd := sorted(types ^ others):
            raise FileFormatError(
                f"cell types of spill_k and {what} differ: {', '.join(odd[:3])}",
                where=f"{where}; {paths[what]}",
                expected="the same cell types",
            )
    return XCell(MappingProxyType(sets), genes, spill_k, spill_fv)
