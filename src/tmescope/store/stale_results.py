"""Which results of an atlas are out of date: what they were made of has been made anew since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StoreError
from tmescope.store.result_commands import command_of

if TYPE_CHECKING:
    from tmescope.store.atlas_layout import AtlasLayout
    from tmescope.store.atlas_reading import Atlas

__all__ = ["digest_inputs", "refuse_stale", "stale_results"]

_PLACES = {
    "variable_genes": "var/highly_variable",
    "pca": "obsm/X_pca",
    "harmony": "obsm/X_pca_harmony",
    "neighbours": "obsp/connectivities",
}
"""What others take of a result; a column of cells is taken by its own name."""


def digest_inputs(layout: AtlasLayout, inputs: Iterable[str]) -> dict[str, str]:
    """Return what a result is made of, as hashes of the files of other results.

    Parameters
    ----------
    layout : AtlasLayout
        Of the atlas, when the result was made.
    inputs : iterable of str
        Names of results and of columns of cells; columns that came with the samples stay as they are and are left out.

    Returns
    -------
    dict of str to str
        By place, such as ``obsm/X_pca``.
    """
    places = sorted(_PLACES.get(name, f"obs/{name}") for name in inputs)
    return {place: digest for place in places if (digest := _digest(layout, place))}


def stale_results(atlas: Atlas) -> dict[str, str]:
    """Return the results that are out of date, and why.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.

    Returns
    -------
    dict of str to str
        Reasons by name, in the order of the atlas. Results that do not say what they were made of, as those of earlier
        versions, are not among them.

    Notes
    -----
    What was made of a result that is out of date is out of date too. No file is read: the atlas knows their checksums.
    """
    results = atlas.layout.results
    found: dict[str, str] = {}
    for name, kept in results.items():
        changed = [place for place, was in kept.made_of.items() if _digest(atlas.layout, place) != was]
        if changed:
            is_there = _owner(atlas.layout, changed[0]) is not None
            found[name] = f"{changed[0]} {'has been made anew since' if is_there else 'is there no longer'}"
    waiting = True
    while waiting:
        waiting = False
        for name in results.keys() - found.keys():
            owners = (_owner(atlas.layout, place) for place in results[name].made_of)
            if above := next((o for o in owners if o in found), None):
                found[name], waiting = f"made of {above}, which is out of date", True
    return {name: found[name] for name in results if name in found}


def refuse_stale(atlas: Atlas, column: str) -> None:
    """Refuse a column of cells that a result which is out of date has.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    column : str
        Of cells.

    Raises
    ------
    StoreError
        If it is; the next step is the command that makes it anew.
    """
    owner = _owner(atlas.layout, f"obs/{column}")
    if owner is not None and (why := stale_results(atlas).get(owner)):
        raise StoreError(
            f"the column {column!r} of the result {owner!r} is out of date: {why}",
            where=str(atlas.path),
            expected="a column of what the atlas holds now",
            next_step=f"make it anew with {command_of(owner)}",
        )


def _owner(layout: AtlasLayout, place: str) -> str | None:
    within = f"{place}/"
    return next((n for n, r in layout.results.items() if any(f.startswith(within) for f in r.files)), None)


def _digest(layout: AtlasLayout, place: str) -> str:
    owner = _owner(layout, place)
    if owner is None:
        return ""
    files = layout.results[owner].files
    said = sorted((f, s.nbytes, s.crc32) for f, s in files.items() if f.startswith(f"{place}/"))
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
