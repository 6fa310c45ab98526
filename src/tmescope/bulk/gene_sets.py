"""Gene sets as columns of a matrix: which genes of a signature are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GeneSets", "index_sets"]


@dataclass(frozen=True)
class GeneSets:
    """Gene sets as gene columns, one set after the other.

    Parameters
    ----------
    names : tuple of str
        One per set.
    sizes : array of int64, n_sets
        Genes that each set has in its definition, found or not.
    starts : array of int32, n_sets + 1
        Where each set begins in `members`.
    members : array of int32
        Columns of the genes that were found, rising within a set.
    """

    names: tuple[str, ...]
    sizes: NDArray[np.int64]
    starts: NDArray[np.int32]
    members: NDArray[np.int32]

    def columns(self, index: int) -> NDArray[np.int32]:
        """Return the gene columns of one set."""
        return self.members[self.starts[index] : self.starts[index + 1]]

    def without(self, dropped: NDArray[np.bool_]) -> GeneSets:
        """Return the sets without the genes whose column is marked in `dropped` (sizes stay as defined)."""
        kept = [c[~dropped[c]] for c in (self.columns(i) for i in range(len(self.names)))]
        return _pack(self.names, self.sizes, kept)


def index_sets(sets: Mapping[str, Sequence[str]], genes: Sequence[str]) -> GeneSets:
    """Find the genes of each set among the columns of a matrix.

    Parameters
    ----------
    sets : mapping of str to sequence of str
        Gene symbols of each set; a gene named twice counts once.
    genes : sequence of str
        Unique column names.

    Returns
    -------
    GeneSets
        In the order of `sets`; a set of which nothing was found is empty.
    """
    position = {gene: i for i, gene in enumerate(genes)}
    found = []
    sizes = []
    for members in sets.values():
        unique = set(members)
        sizes.append(len(unique))
        found.append(np.array(sorted(position[g] for g in unique if g in position), dtype=np.int32))
    return _pack(tuple(sets), np.array(sizes, dtype=np.int64), found)


def _pack(names: tuple[str, ...], sizes: NDArray[np.int64], found: list[NDArray[np.int32]]) -> GeneSets:
    starts = np.zeros(len(found) + 1, dtype=np.int32)
    starts[1:] = np.cumsum([len(f) for f in found])
    members = np.concatenate(found).astype(np.int32) if found else np.zeros(0, dtype=np.int32)
    return GeneSets(names, sizes, starts, members)
