"""The step that adds up the cells of an atlas, and how its sums become the matrix of a cohort."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.cells.sample_sums import CellGroups, add_up_cells, group_cells
from tmescope.foundation.errors import StudyFileError, TmescopeError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import hash_json
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import raise_all
from tmescope.ingest.given_matrix import GivenMatrix
from tmescope.ingest.matrix import Note
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.tables import TEXT, read_table, write_table
from tmescope.study.ledger import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort, Study

__all__ = [
    "CELLS",
    "Counted",
    "atlas_step",
    "count_into",
    "fingerprint",
    "not_of_patients",
    "pseudobulk_matrix",
    "read_counted",
]

CELLS = "cells.json"
"""File that says what is known of the cells of a cohort, in the folder of their sums and in that of the cohort."""

_FEW_CELLS = 100
_SHOWN = 3


@dataclass(frozen=True)
class Counted:
    """Sums over the cells of an atlas.

    Parameters
    ----------
    groups : pandas.DataFrame
        sample_id, label (missing: none), n_cells; a row for each row of the sums.
    sums : array of int64, n_groups x n_genes
        A read-only map of its file.
    genes : list of str
        As the atlas names them.
    samples : pandas.DataFrame
        sample_id, and every column of the cells that is the same within each sample, as text.
    about : dict
        labels, names (of the labels), per_cell (columns that differ within samples), n_cells, n_unlabelled,
        n_mitochondrial.
    """

    groups: pd.DataFrame
    sums: NDArray[np.int64]
    genes: list[str]
    samples: pd.DataFrame
    about: dict[str, Any]

    @property
    def labels(self) -> list[str]:
        """All labels, sorted."""
        return sorted(self.groups["label"].dropna().unique())


def fingerprint(atlas: Atlas, labels: str | None) -> str:
    """Return a hash of what sums over cells depend on: their counts, samples, columns and labels.

    Parameters
    ----------
    atlas : Atlas
        The atlas; nothing but its root is read.
    labels : str, optional
        Column of the labels, which may be that of a result.
    """
    layout = atlas.layout
    of_result = [r for r in layout.results.values() if labels in r.obs]
    return hash_json(
        {
            "genes": layout.genes_sha256,
            "samples": [[s.sample_id, s.n_cells, s.n_entries, s.source] for s in layout.samples],
            "shards": {k: [[s.nbytes, s.crc32] for s in v] for k, v in sorted(layout.shards.items())},
            "labels": [{k: [s.nbytes, s.crc32] for k, s in sorted(r.files.items())} for r in of_result],
        }
    )


def atlas_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that adds up the cells of a cohort's atlas.

    Parameters
    ----------
    context : Context
        The run.
    cohort : Cohort
        One of cells.

    Raises
    ------
    TmescopeError
        If the atlas cannot be opened.
    """
    atlas = open_atlas(context.study.resolve(cohort.expression))
    ingredients = {
        "step": "atlas",
        "release": context.release,
        "atlas": fingerprint(atlas, cohort.labels),
        "labels": cohort.labels,
    }

    def make(folder: Path) -> None:
        count_into(folder, context.study, cohort, threads=context.threads, progress=context.progress)

    return Step(f"atlas-{cohort.id}", ingredients, make)


def count_into(folder: Path, study: Study, cohort: Cohort, *, threads: int = 1, progress: Progress = SILENT) -> None:
    """Add up the cells of a cohort's atlas, and write what was found into an empty folder.

    Parameters
    ----------
    folder : pathlib.Path
        Gets sums.npy and tables.
    study : Study
        Says where paths start.
    cohort : Cohort
        One of cells.
    threads : int
        How many; whole numbers do not depend on it.
    progress : Progress
        Told of cells.

    Raises
    ------
    TmescopeError
        If the atlas cannot be opened, lacks the column of labels, or a shard of it is damaged.
    """
    atlas = open_atlas(study.resolve(cohort.expression))
    groups = group_cells(atlas, cohort.labels, where=f"cohort {cohort.id}: labels")
    samples, per_cell = _sample_columns(atlas)
    found = add_up_cells(atlas, groups, folder / "sums.npy", runner=Local(threads), progress=progress)
    table = groups.table.assign(label=groups.table["label"].astype(TEXT))
    tables = {
        "groups": table,
        "genes": pd.DataFrame({"gene": pd.Series([str(g) for g in atlas.genes().index], dtype=TEXT)}),
        "samples": samples,
        "cell_samples": found.samples,
        "cell_quality": found.quality,
    }
    for name, one in tables.items():
        write_table(one, folder / f"{name}.parquet")
    about = {
        "labels": cohort.labels,
        "names": groups.labels,
        "per_cell": sorted({*per_cell, *([cohort.labels] if cohort.labels else [])}),
        "n_cells": atlas.layout.n_cells,
        "n_unlabelled": _n_unlabelled(groups),
        "n_mitochondrial": found.n_mitochondrial,
    }
    (folder / CELLS).write_text(json.dumps(about, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def _n_unlabelled(groups: CellGroups) -> int:
    return int(groups.table.loc[groups.table["label"].isna(), "n_cells"].sum())


def _sample_columns(atlas: Atlas) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns that are the same within every sample, as text, and the names of all others."""
    layout = atlas.layout
    present = [s for s in layout.samples if s.n_cells]
    starts = np.concatenate([[0], np.cumsum([s.n_cells for s in present])[:-1]])
    table: dict[str, Any] = {"sample_id": pd.array([s.sample_id for s in present], dtype=TEXT)}
    per_cell = [c for r in layout.results.values() for c in r.obs]
    for name in layout.columns:
        column = atlas.cells((name,))[name]
        code: NDArray[Any] = (
            column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else column.to_numpy()
        )
        low, high = np.minimum.reduceat(code, starts), np.maximum.reduceat(code, starts)
        # a number that is missing in all cells of a sample is missing, in some of them it differs
        same = (low == high) | (_all_missing(code, starts) if code.dtype.kind == "f" else False)
        if not same.all():
            per_cell.append(name)
        elif name != "sample_id":
            table[name] = pd.array([_text(v) for v in column.iloc[starts]], dtype=TEXT)
    return pd.DataFrame(table), per_cell


def _all_missing(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(np.minimum.reduceat(np.isnan(values), starts))


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def read_counted(folder: Path) -> Counted:
    """Return what `count_into` wrote.

    Parameters
    ----------
    folder : pathlib.Path
        Of the step ``atlas-COHORT``.
    """
    sums: NDArray[np.int64] = np.load(folder / "sums.npy", mmap_mode="r", allow_pickle=False)
    about: dict[str, Any] = json.loads((folder / CELLS).read_text(encoding="utf-8"))
    groups, genes, samples = (read_table(folder / f"{n}.parquet") for n in ("groups", "genes", "samples"))
    return Counted(groups, sums, genes["gene"].tolist(), samples, about)


def pseudobulk_matrix(study: Study, cohort: Cohort, folder: Path | TmescopeError) -> GivenMatrix:
    """Return the matrix of a cohort of cells: counts of all cells of each sample, added up.

    Parameters
    ----------
    study : Study
        Says where paths start.
    cohort : Cohort
        One of cells.
    folder : pathlib.Path or TmescopeError
        Where `count_into` wrote; or why it could not, which is raised when the matrix is wanted, so that other
        problems of the cohort are told with it.
    """
    path = study.resolve(cohort.expression)

    def read() -> ExpressionTable:
        if isinstance(folder, TmescopeError):
            raise folder
        counted = read_counted(folder)
        raise_all(list(_of_cells_problems(study, cohort, counted.about["per_cell"])))
        sizes = counted.groups.groupby("sample_id", sort=False)["n_cells"].sum()
        values = np.zeros((len(sizes), len(counted.genes)))
        rows = pd.Index(sizes.index).get_indexer(counted.groups["sample_id"])
        np.add.at(values, rows, counted.sums)
        samples = counted.samples.set_index("sample_id", drop=False).reindex(sizes.index).fillna("")
        notes = tuple(_notes(counted, sizes))
        return ExpressionTable(values, tuple(counted.genes), tuple(map(str, sizes.index)), samples, notes)

    return GivenMatrix(path, read)


def _of_cells_problems(study: Study, cohort: Cohort, per_cell: list[str]) -> Iterator[TmescopeError]:
    """Yield an error for each place that takes a column of cells for one of samples, where the atlas has both."""
    if cohort.samples is not None:
        return
    named = {f"columns.{k}": v for k, v in cohort.columns.model_dump().items() if v and k != "sample_id"}
    for table in cohort.features:
        named |= {
            f"features.{n}": c.column for n, c in {**table.numeric, **table.categorical}.items() if not table.file
        }
    for name, endpoint in study.endpoints.items():
        if (rule := endpoint.rule_for(cohort.id)) is not None:
            said = rule.model_dump()
            named |= {f"endpoints.{name}.{k}": said[k] for k in ("column", "time", "event") if said.get(k)}
    for place, column in named.items():
        if column in per_cell:
            yield not_of_patients(column, where=f"cohort {cohort.id}: {place}")


def not_of_patients(column: str, *, where: str) -> StudyFileError:
    """Return the error for a column of cells that stands where a value of samples is wanted.

    Parameters
    ----------
    column : str
        Of the cells.
    where : str
        Who named it.
    """
    return StudyFileError(
        f"{column!r} differs between the cells of a sample, and a question is asked of patients",
        where=where,
        expected="one value a sample. Cells of one patient are no independent observations: a test over cells takes "
        "the number of cells for the number of patients, and finds effects that are not there",
        next_step="ask of pseudo-bulk, which a cohort of cells has: a share of cells (source cells:LABELS, feature a "
        "label), a signature in the sums of all cells, or in those of one label (SIGNATURE@LABEL)",
    )


def _notes(counted: Counted, sizes: pd.Series[int]) -> Iterator[Note]:
    about = counted.about
    n = about["n_cells"]
    least, most = int(sizes.min()), int(sizes.max())
    evidence = f"counts of {n:,} cells were added up to {len(sizes):,} samples ({least:,} to {most:,} cells a sample)."
    yield Note("", "cells added up", f"{n:,}", evidence)
    if about["labels"] and about["n_unlabelled"]:
        share = about["n_unlabelled"] / n
        evidence = (
            f"{about['n_unlabelled']:,} of {n:,} cells ({share:.1%}) have no {about['labels']}: they count in the sums "
            "of all cells, and are in no share's denominator"
        )
        yield Note("cells.unlabelled", "cells without label", f"{about['n_unlabelled']:,}", evidence)
    small = [f"{name} ({k})" for name, k in sizes.items() if k < _FEW_CELLS]
    if small:
        shown = ", ".join(small[:_SHOWN]) + (f" and {len(small) - _SHOWN} more" if len(small) > _SHOWN else "")
        evidence = (
            f"{len(small)} of {len(sizes)} samples have fewer than {_FEW_CELLS} cells: {shown}; their shares and sums "
            "are uncertain"
        )
        yield Note("cells.few_cells", "samples of few cells", str(len(small)), evidence)
