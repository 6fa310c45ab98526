"""ABIS: signature matrices of blood cells, and the distribution that microarrays are brought to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.matrices import NamedMatrix, Range, check_count, read_matrix
from tmescope.facts.reading import Faults, read_lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Abis", "read_abis"]

_ABOVE_ZERO = Range(lowest=1e-9)


@dataclass(frozen=True, eq=False)
class Abis:
    """The reference of ABIS.

    Parameters
    ----------
    rna_seq : NamedMatrix
        Genes by cell types for RNA-seq, TPM scaled by the mRNA content of each cell type.
    microarray : NamedMatrix
        Genes by cell types for microarrays.
    target : ndarray of float64, shape (genes of `microarray`,)
        The sorted values that a sample's genes are given by their ranks; not writable.
    """

    rna_seq: NamedMatrix
    microarray: NamedMatrix
    target: NDArray[np.float64]


def read_abis(paths: Mapping[str, Path]) -> Abis:
    """Read and check the three files.

    Parameters
    ----------
    paths : mapping of str to Path
        Roles ``rna_seq``, ``microarray`` and ``target``.

    Raises
    ------
    FileFormatError
        A number is negative or none, a gene or cell type is twice there, or the target is not sorted or not as long
        as the microarrays' matrix.
    """
    rna_seq = read_matrix(paths["rna_seq"], row_names=True)
    microarray = read_matrix(paths["microarray"], row_names=True)
    target = _read_target(paths["target"])
    n_genes = len(microarray.rows)
    check_count(len(target), range(n_genes, n_genes + 1), what="values of the target", path=paths["target"])
    return Abis(rna_seq, microarray, target)


def _read_target(path: Path) -> NDArray[np.float64]:
    import numpy as np

    faults = Faults(path)
    values: list[float] = []
    for number, line in enumerate(read_lines(path), start=1):
        value = _ABOVE_ZERO.parse(line)
        if value is None:
            faults.add(str(_ABOVE_ZERO), f"line {number}: {line[:40]!r}")
        elif values and value < values[-1]:
            faults.add("sorted from low to high", f"line {number}: {line[:40]!r}")
        values.append(value or 0.0)
    faults.refuse()
    target = np.array(values)
    target.setflags(write=False)
    return target
