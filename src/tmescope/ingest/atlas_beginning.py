"""The folder of an atlas before its first sample is in it: made, found to be another's, or removed again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tmescope.foundation.errors import StoreError
from tmescope.ingest.atlas_settings import MadeWith
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_writing import create_atlas

__all__ = ["make_empty", "refuse_if_made", "remove_empty"]


def make_empty(path: Path, genes: Mapping[str, str], *, made: MadeWith) -> None:
    """Make an atlas without cells.

    Parameters
    ----------
    path : Path
        Folder; nothing may be there.
    genes : mapping of str to str
        Names of genes, and their other names, which are all empty where there are none.
    made : MadeWith
        Options that the atlas remembers.

    Raises
    ------
    StoreError
        If something is there.
    """
    frame = pd.DataFrame(index=pd.Index(list(genes), dtype=object))
    if any(genes.values()):
        frame["gene_ids"] = list(genes.values())
    create_atlas(path, frame, count_dtype=made.count_dtype, made_with=made.said())


def refuse_if_made(path: Path) -> None:
    """Refuse to go on where another process has made the atlas since this one looked.

    Parameters
    ----------
    path : Path
        Its folder, whose lock is held.

    Raises
    ------
    StoreError
        If there is an atlas with samples.
    """
    if (path / "zarr.json").exists() and read_layout(path).samples:
        raise StoreError(
            "another process made this atlas meanwhile",
            where=str(path),
            expected="one writer at a time",
            next_step="give the same command again: its samples are added to what is there",
        )


def remove_empty(path: Path) -> None:
    """Remove an atlas that has no sample: its genes are those of a source that was refused, or of a killed ingest.

    Parameters
    ----------
    path : Path
        Its folder, whose lock is held.
    """
    if (path / "zarr.json").exists() and not read_layout(path).samples:
        shutil.rmtree(path, ignore_errors=True)
