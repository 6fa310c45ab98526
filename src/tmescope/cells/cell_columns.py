"""Columns of the cells of an atlas by their names, whether they came with the samples or were found since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import UnknownNameError

if TYPE_CHECKING:
    from tmescope.store.atlas_reading import Atlas

__all__ = ["column_of", "samples_of_cells"]


def column_of(atlas: Atlas, name: str) -> pd.Series[str]:
    """Return a column of cells by its name, whether it came with the samples or is a result.

    Parameters
    ----------
    atlas : Atlas
        An atlas.
    name : str
        ``sample_id`` is that of the samples.

    Raises
    ------
    UnknownNameError
        If the cells have no such column.
    """
    if name == "sample_id":
        return samples_of_cells(atlas)
    known = atlas.layout.cell_columns
    if name not in known:
        raise UnknownNameError.of("column of cells", name, sorted({*known, "sample_id"}), where=str(atlas.path))
    return atlas.cells((name,))[name]


def samples_of_cells(atlas: Atlas) -> pd.Series[str]:
    """Return the sample of each cell, in the order of the atlas.

    Parameters
    ----------
    atlas : Atlas
        An atlas.
    """
    names = [s.sample_id for s in atlas.layout.samples]
    codes = np.repeat(np.arange(len(names), dtype=np.int32), [s.n_cells for s in atlas.layout.samples])
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str")), name="sample_id")
