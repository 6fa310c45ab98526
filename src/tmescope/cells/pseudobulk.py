"""Counts of cells added up for each sample and label: the form in which patients are compared."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.cells.cell_columns import column_of, samples_of_cells
from tmescope.cells.counting import GroupsFrom, count_atlas, least_memory
from tmescope.cells.input_digests import digest_values
from tmescope.foundation.budget import DEFAULT_MEMORY
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import versions
from tmescope.store.atlas_results import AtlasResult
from tmescope.store.stale_results import refuse_stale
from tmescope.store.table_parts import TableParts

if TYPE_CHECKING:
    import anndata
    from numpy.typing import NDArray

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["PseudoBulks", "add_up", "measure_pseudobulk"]

_MOST_GROUPS = 100_000
_SHARE = 4
"""Part of the memory that sums may take before they are kept in a file."""
_TABLE_ROWS = 32
"""Groups whose sums are made a table at a time: 30 MB for 20,000 genes."""


@dataclass(frozen=True)
class PseudoBulks:
    """Sums over cells of one sample and one label.

    Parameters
    ----------
    groups : pandas.DataFrame
        A row for each sample and label that has a cell, by sample, then label: ``sample_id``, ``label`` (absent without
        labels), ``n_cells``, ``total_counts``, ``is_kept`` (False where there are fewer cells than asked for), and
        those columns of the cells that have one value in each sample, such as patient and outcome.
    sums : array of int64, shape (n_groups, n_genes)
        Added counts.
    genes : pandas.Index
        Genes of the atlas.
    n_unlabelled : int
        Cells without a label, which are in no group.
    """

    groups: pd.DataFrame
    sums: NDArray[np.int64]
    genes: pd.Index[str]
    n_unlabelled: int

    def to_anndata(self, label: str | None = None) -> anndata.AnnData:
        """Return the groups that are kept as AnnData of counts: a bulk cohort.

        Parameters
        ----------
        label : str, optional
            Only groups of this label, named as their samples; all, named ``sample:label``, if omitted.

        Raises
        ------
        UnknownNameError
            If there is no such label.
        """
        from anndata import AnnData

        kept = self.groups["is_kept"].to_numpy().copy()
        names = self.groups["sample_id"].astype("str")
        if "label" in self.groups:
            known = self.groups["label"].astype("str")
            if label is None:
                names = names + ":" + known
            elif label in set(known):
                kept &= (known == label).to_numpy()
            else:
                raise UnknownNameError.of("label", label, sorted(set(known)))
        obs = self.groups.drop(columns="is_kept")[kept].set_index(names[kept].to_numpy())
        return AnnData(self.sums[kept].astype(np.float64), obs=obs, var=pd.DataFrame(index=self.genes))


def add_up(
    atlas: Atlas,
    labels: pd.Series[str] | None = None,
    *,
    fewest_cells: int = 10,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> PseudoBulks:
    """Add up the counts of the cells of each sample and label.

    Answers what a sample expresses in one kind of cell. Patients, not cells, are the units of a comparison: give the
    sums to `tmescope.associate`.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    labels : pandas.Series, optional
        Label of each cell, in the order of the atlas; cells where it is missing are in no group. Samples alone if
        omitted.
    fewest_cells : int
        Groups of fewer cells stay in the table and are not kept: their sum says more of single cells than of a sample.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works. Whole numbers do not depend on it.
    progress : Progress
        Told of cells.

    Returns
    -------
    PseudoBulks

    Raises
    ------
    InputError
        If there is not one label for each cell, or there are more than 100,000 groups.
    """
    samples = samples_of_cells(atlas)
    code, names = _codes(atlas, samples, labels)
    n_samples = len(samples.cat.categories)
    if n_samples * len(names) > _MOST_GROUPS:
        raise InputError(
            f"{len(names)} labels in {n_samples} samples",
            where="argument labels",
            expected=f"at most {_MOST_GROUPS:,} groups",
            next_step="name a column of cell types or clusters",
        )
    whole = samples.cat.codes.to_numpy().astype(np.int64) * len(names) + code
    is_labelled = code >= 0
    there, group = np.unique(whole[is_labelled], return_inverse=True)
    number = np.full(len(samples), there.size, dtype=np.int32)  # one group more, of cells without a label
    number[is_labelled] = group
    del whole, code, group
    sums = _add_parts(atlas, number, there.size, memory=memory, runner=runner, progress=progress)
    sizes = np.bincount(number, minlength=there.size + 1)[: there.size]
    of_sample, of_label = np.divmod(there, len(names))
    groups = pd.DataFrame({"sample_id": samples.cat.categories[of_sample].astype("str")})
    if labels is not None:
        groups["label"] = np.array(names, dtype=object)[of_label].astype(str)
    groups["n_cells"] = sizes
    groups["total_counts"] = sums.sum(axis=1)
    groups["is_kept"] = sizes >= fewest_cells
    carried = _of_samples(atlas, samples)
    taken = [c for c in carried if c not in groups]
    groups = groups.join(carried[taken], on="sample_id")
    return PseudoBulks(groups, sums, atlas.genes().index, int((~is_labelled).sum()))


def _add_parts(
    atlas: Atlas, number: NDArray[np.int32], n_groups: int, *, memory: int, runner: Runner | None, progress: Progress
) -> NDArray[np.int64]:
    """Add up so many cells at a time as the memory allows; large sums are kept in a file that goes with them."""
    shape = (n_groups + 1, atlas.layout.n_genes)
    in_file = shape[0] * shape[1] * 8 > memory // _SHARE
    with tempfile.TemporaryFile() if in_file else contextlib.nullcontext() as file:
        sums: NDArray[np.int64] = np.zeros(shape, np.int64) if file is None else _mapped(file, shape)
    spare = memory - number.nbytes - (0 if in_file else sums.nbytes)
    first = 0
    while first < number.size:
        last = number.size
        there, inverse = np.unique(number[first:last], return_inverse=True)
        while (
            last - first > 1
            and least_memory(atlas.layout, n_groups=there.size, n_cells=last - first, runner=runner) > spare
        ):
            last = first + (last - first) // 2
            there, inverse = np.unique(number[first:last], return_inverse=True)
        part = GroupsFrom(first, inverse.astype(np.int32))
        found = count_atlas(atlas, groups=part, memory=spare, runner=runner, progress=progress)
        for row, own in zip(there, found.sums, strict=True):  # a group a row: no copy of them all
            sums[row] += own
        first = last
    return sums[:n_groups]


def _mapped(file: IO[bytes], shape: tuple[int, int]) -> NDArray[np.int64]:
    return np.memmap(file, dtype=np.int64, mode="w+", shape=shape)


def _codes(
    atlas: Atlas, samples: pd.Series[str], labels: pd.Series[str] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    n = len(samples)
    if labels is None:
        return np.zeros(n, dtype=np.int64), ("",)
    if len(labels) != n:
        raise InputError(
            f"{len(labels)} labels for {n} cells", where=str(atlas.path), expected="one for each cell, or missing"
        )
    codes, values = pd.factorize(labels.astype("object"), sort=True)
    if not len(values):
        raise InputError("no cell has a label", where=str(atlas.path), expected="a label for some of the cells")
    return codes.astype(np.int64), tuple(str(v) for v in values)


def _of_samples(atlas: Atlas, samples: pd.Series[str]) -> pd.DataFrame:
    """Return the columns of cells that have one value, or are missing, throughout each sample."""
    found = {}
    for name in atlas.layout.columns:  # those that came with the samples: a result is no property of a sample
        by_sample = atlas.cells((name,))[name].groupby(samples.to_numpy(), observed=True)
        if (by_sample.nunique(dropna=False) <= 1).all():
            found[name] = by_sample.first()
    return pd.DataFrame(found, index=pd.Index(samples.cat.categories, name="sample_id"))


def measure_pseudobulk(
    atlas: Atlas,
    label: str | None = None,
    *,
    fewest_cells: int = 10,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Add up counts as `add_up` does, to be kept in the atlas.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    label : str, optional
        Column of cells.
    fewest_cells : int
        As in `add_up`.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``pseudobulk``: a table ``groups`` (with ``group``, a name for each) and a long one, ``sums`` (group,
        gene_symbol, count; counts above zero), which is made part by part while it is written.
    """
    if label is not None:
        refuse_stale(atlas, label)
    labels = None if label is None else column_of(atlas, label)
    found = add_up(
        atlas, labels, fewest_cells=fewest_cells, memory=memory,
        runner=runner, progress=progress,
    )  # fmt: skip
    names = found.groups["sample_id"].astype("str")
    if "label" in found.groups:
        names = names + ":" + found.groups["label"]
    sums = TableParts(functools.partial(_long, found, names))
    groups = found.groups.copy()
    groups.insert(0, "group", names)
    parameters = {"label": label, "fewest_cells": fewest_cells, "n_unlabelled": found.n_unlabelled}
    return AtlasResult(
        name="pseudobulk",
        tables={"groups": groups},
        long_tables={"sums": sums},
        provenance={
            "method": "pseudo-bulk",
            "parameters": parameters,
            "inputs": {} if labels is None else {str(label): digest_values(labels)},
            "versions": versions(),
        },
    )


def _long(found: PseudoBulks, names: pd.Series[str]) -> Iterator[pd.DataFrame]:
    """Yield the counts above zero, a row for each, of few groups at a time."""
    groups, genes = pd.Index(names), found.genes
    row, gene = (np.min_scalar_type(-max(len(of), 1)) for of in (groups, genes))
    for first in range(0, max(len(found.sums), 1), _TABLE_ROWS):
        block = found.sums[first : first + _TABLE_ROWS]
        i, j = np.nonzero(block)
        table = {
            "group": pd.Categorical.from_codes((i + first).astype(row), categories=groups),
            "gene_symbol": pd.Categorical.from_codes(j.astype(gene), categories=genes),
            "count": np.asarray(block[i, j]),
        }
        yield pd.DataFrame(table, copy=False)
