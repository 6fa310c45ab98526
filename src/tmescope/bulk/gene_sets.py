"""Gene sets as columns of a matrix: which genes of a signature are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    weights : array of float64
        Published weight of each entry of `members`, 1 in sets that have none. A negative one says that the gene falls
        where the others rise.
    total_weights : array of float64, n_sets
        Sum of the absolute weights that each set has in its definition.
    """

    names: tuple[str, ...]
    sizes: NDArray[np.int64]
    starts: NDArray[np.int32]
    members: NDArray[np.int32]
    weights: NDArray[np.float64]
    total_weights: NDArray[np.float64]

    def columns(self, index: int) -> NDArray[np.int32]:
        """Return the gene columns of one set."""
        return self.members[self.starts[index] : self.starts[index + 1]]

    def weights_of(self, index: int) -> NDArray[np.float64]:
        """Return the weights of one set, in the order of `columns`."""
        return self.weights[self.starts[index] : self.starts[index + 1]]

    def without(self, dropped: NDArray[np.bool_]) -> GeneSets:
        """Return the sets without the genes whose column is marked in `dropped` (sizes stay as defined)."""
        return self.select(~dropped[self.members])

    def select(self, kept: NDArray[np.bool_]) -> GeneSets:
        """Return the sets with the entries of `members` that are marked in `kept` (sizes stay as defined)."""
        before = np.concatenate([[0], np.cumsum(kept)])
        starts = before[self.starts].astype(np.int32)
        return replace(self, starts=starts, members=self.members[kept], weights=self.weights[kept])


def index_sets(
    sets: Mapping[str, Sequence[str]],
    genes: Sequence[str],
    *,
    weights: Mapping[str, Mapping[str, float] | None] | None = None,
) -> GeneSets:
    """Find the genes of each set among the columns of a matrix.

    Parameters
    ----------
    sets : mapping of str to sequence of str
        Gene symbols of each set; a gene named twice counts once.
    genes : sequence of str
        Unique column names.
    weights : mapping of str to mapping of str to float, optional
        Weights by set and gene, for the sets that have some.

    Returns
    -------
    GeneSets
        In the order of `sets`; a set of which nothing was found is empty.
    """
    position = {gene: i for i, gene in enumerate(genes)}
    starts, members, values, totals = [0], [], [], []
    for name, named in sets.items():
        given = (weights or {}).get(name) or dict.fromkeys(named, 1.0)
        totals.append(sum(abs(w) for w in given.values()))
        found = sorted((position[g], given[g]) for g in set(named) if g in position)
        members += [i for i, _ in found]
        values += [w for _, w in found]
        starts.append(len(members))
    return GeneSets(
        names=tuple(sets),
        sizes=np.array([len(set(named)) for named in sets.values()], dtype=np.int64),
        starts=np.array(starts, dtype=np.int32),
        members=np.array(members, dtype=np.int32),
        weights=np.array(values, dtype=np.float64),
        total_weights=np.array(totals, dtype=np.float64),
    )
