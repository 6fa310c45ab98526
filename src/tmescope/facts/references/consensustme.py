"""ConsensusTME: gene sets of cell types, one collection for each cancer type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tmescope.facts.matrices import check_count, read_sets

__all__ = ["ConsensusTme", "read_consensustme"]

_N_CANCERS = range(10, 100)
_N_SETS = range(10, 40)


@dataclass(frozen=True, eq=False)
class ConsensusTme:
    """The reference of ConsensusTME.

    Parameters
    ----------
    sets : mapping of str to mapping of str to tuple of str
        Cancer type, as TCGA abbreviates it, to set to genes. Some sets have no gene (for uveal melanoma, UVM, most):
        the authors found none for that cancer, so the cell type cannot be scored there.
    """

    sets: Mapping[str, Mapping[str, tuple[str, ...]]]


def read_consensustme(paths: Mapping[str, Path]) -> ConsensusTme:
    """Read and check the table of sets.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``gene_sets``.

    Raises
    ------
    FileFormatError
        A cell is empty, a gene is twice in a set, or there are not 10 to 99 cancer types of 10 to 39 sets.
    """
    path = paths["gene_sets"]
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for (cancer, name), genes in read_sets(path, columns=("cancer", "set"), may_be_empty=True).items():
        found.setdefault(cancer, {})[name] = genes
    check_count(len(found), _N_CANCERS, what="cancer types", path=path)
    for cancer, sets in found.items():
        check_count(len(sets), _N_SETS, what=f"sets for {cancer}", path=path)
    return ConsensusTme(MappingProxyType({cancer: MappingProxyType(sets) for cancer, sets in found.items()}))
