"""From an h5ad file of cells to a folder of a reference, in one call."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tmescope.bulk.reference_accuracy import BuiltReference, build_reference
from tmescope.bulk.reference_building import BuildOptions
from tmescope.bulk.reference_files import read_reference, read_reference_table, write_reference
from tmescope.bulk.references import SignatureReference
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import hash_file
from tmescope.ingest.h5ad_cells import read_cells

__all__ = ["build_reference_folder", "load_reference"]


def build_reference_folder(
    cells: Path,
    folder: Path,
    *,
    options: BuildOptions,
    layer: str | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> BuiltReference:
    """Build a reference from a file of cells and write it.

    Parameters
    ----------
    cells : pathlib.Path
        h5ad file with raw counts.
    folder : pathlib.Path
        Where the reference goes; see `tmescope.bulk.reference_files.write_reference`.
    options : BuildOptions
        How it is built.
    layer : str, optional
        Layer with the counts; None means ``X``.
    seed : int
        Of the split and the pseudo-bulks.
    progress : Progress
        Is told of the steps.

    Returns
    -------
    BuiltReference

    Raises
    ------
    TmescopeError
        As from `tmescope.ingest.h5ad_cells.read_cells`, `tmescope.bulk.reference_accuracy.build_reference` and
        `tmescope.bulk.reference_files.write_reference`.
    """
    progress.start("cells")
    adata = read_cells(cells, layer=layer)
    progress.finish("cells", f"{adata.n_obs:,} cells x {adata.n_vars:,} genes")
    built = build_reference(adata, options=options, rng=seed, progress=progress)
    about = {
        "options": asdict(options),
        "seed": seed,
        "n_cells": built.n_cells,
        "left_out": built.left_out,
        "input": {"file": cells.name, "sha256": hash_file(cells), "layer": layer},
    }
    write_reference(built.reference, folder, accuracy=built.accuracy, markers=built.markers, about=about)
    return built


def load_reference(path: Path) -> SignatureReference:
    """Read a reference, whatever it is: a folder of `build_reference_folder`, or a table of genes x cell types.

    Parameters
    ----------
    path : pathlib.Path
        The folder or the table.

    Raises
    ------
    TmescopeError
        As from `tmescope.bulk.reference_files.read_reference` and `read_reference_table`.
    """
    return read_reference(path) if path.is_dir() else read_reference_table(path)
