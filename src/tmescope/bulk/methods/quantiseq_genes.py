"""How quanTIseq renames the genes of a mixture, and pools those that share a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.facts.hgnc import HgncRecord

__all__ = ["original_names", "pool_genes"]

_WITHDRAWN = "entry withdrawn"


def original_names(genes: Sequence[str], records: Iterable[HgncRecord]) -> tuple[str | None, ...]:
    """Return the name that the original gives each gene, None for those that it drops.

    Parameters
    ----------
    genes : sequence of str
        As measured, each once.
    records : iterable of HgncRecord
        HGNC's table of 2017-04-18, in the order of the file.

    Notes
    -----
    An approved symbol keeps its name. A symbol whose first entry is withdrawn is called ``entry withdrawn``: the
    original looks for these words without the blank, misses them, and takes the full name of the entry for a symbol;
    all such genes become one, which counts in the sum of a sample. Any other gene is renamed where it is the only
    former symbol of an entry (the last such entry; the original separates former symbols by commas, while the table has
    bars, so that entries with several are never found), unless the new name was measured itself. Aliases are not
    looked at: the original asks for a column that the table does not have.
    """
    first: dict[str, bool] = {}
    former: dict[str, str] = {}
    for record in records:
        first.setdefault(record.symbol, record.is_approved)
        if len(record.previous) == 1:
            former[record.previous[0]] = record.symbol
    kept = {g for g in genes if first.get(g, False)}
    names: list[str | None] = []
    for gene in genes:
        if gene in kept:
            names.append(gene)
            continue
        new = _WITHDRAWN if gene in first else former.get(gene)
        names.append(None if new in kept else new)
    return tuple(names)


def pool_genes(values: NDArray[np.float64], names: Sequence[str | None]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Take the median of the genes that share a name, and leave out those without.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Not changed.
    names : sequence of str or None
        One of each gene.

    Returns
    -------
    pooled : array of float64, n_samples x n_names
        In the order in which the names come first.
    names : tuple of str
        Each once.
    """
    columns: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name is not None:
            columns.setdefault(name, []).append(place)
    pooled = np.take(values, [places[0] for places in columns.values()], axis=1)
    for to, places in enumerate(columns.values()):
        if len(places) > 1:
            pooled[:, to] = np.median(values[:, places], axis=1)
    return pooled, tuple(columns)
