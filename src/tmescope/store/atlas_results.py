"""What was found of all cells of an atlas, kept in it: columns, arrays and tables where AnnData looks for them."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import StoreError, examples
from tmescope.store.atlas_declaration import declare_atlas
from tmescope.store.atlas_layout import HIDDEN, AtlasLayout, StoredResult, check_column, read_layout
from tmescope.store.atlas_leftovers import remove_results, sweep_leftovers
from tmescope.store.atlas_lock import atlas_lock, explain_full_disk
from tmescope.store.atomic import staged_folder
from tmescope.store.damage import checked_codecs, explain_damage
from tmescope.store.result_commands import command_of
from tmescope.store.sharded_vectors import Shard
from tmescope.store.stale_results import digest_inputs
from tmescope.store.table_parts import TableParts, write_parts
from tmescope.store.tables import read_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.store.atlas_reading import Atlas

__all__ = ["AtlasResult", "read_result", "result_names", "write_result"]

_WAIT_S = 60.0
"""For another command that keeps its result: work that took long is not thrown away for it."""
_AXES = {"obsm": "n_cells", "obsp": "n_cells", "varm": "n_genes"}


@dataclass(frozen=True, kw_only=True)
class AtlasResult:
    """What was found of all cells.

    Parameters
    ----------
    name : str
        Such as ``pca``; one of a name is kept.
    obs, var : pandas.DataFrame, optional
        Columns of cells (n_cells rows) and genes (n_genes rows), in the order of the atlas; the index says nothing.
    obsm, varm : mapping of str to array
        A row for each cell or gene.
    obsp : mapping of str to scipy.sparse.csr_matrix
        Cells x cells.
    tables : mapping of str to pandas.DataFrame
        What is no column and no array, such as markers.
    long_tables : mapping of str to TableParts
        Those that are too long to be held, made while they are written; read they are tables as the others.
    provenance : mapping of str to object
        Parameters, versions and hashes: what JSON can say.
    """

    name: str
    obs: pd.DataFrame | None = None
    var: pd.DataFrame | None = None
    obsm: Mapping[str, Any] = field(default_factory=dict)
    varm: Mapping[str, Any] = field(default_factory=dict)
    obsp: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    long_tables: Mapping[str, TableParts] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def result_names(atlas: Atlas) -> tuple[str, ...]:
    """Return the names of the results that an atlas holds.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    """
    return tuple(atlas.layout.results)


def write_result(path: Path, result: AtlasResult, *, of: AtlasLayout | None = None) -> AtlasLayout:
    """Keep a result in its atlas, in place of the one of the same name.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    result : AtlasResult
        Of all its cells.
    of : AtlasLayout, optional
        What was in the atlas when the result was made: samples that came since, and inputs (names in
        ``provenance["inputs"]``) that were made anew since, are noticed, now and later.

    Returns
    -------
    AtlasLayout
        What is in the atlas now.

    Raises
    ------
    StoreError
        If samples were added or inputs made anew since it was made, a part is not of the atlas' size, or it has the
        name of something else that is in it.

    Notes
    -----
    While files are exchanged the atlas says that it has no such result: a process that is killed then leaves none
    rather than a mixed one. What it left is removed here as well.
    """
    hidden = path / HIDDEN
    with explain_full_disk(path), atlas_lock(path, wait_s=_WAIT_S):
        layout = read_layout(path)
        made_of = {} if of is None else _check_inputs(path, layout, result, of=of)
        _check(path, layout, result)
        others = {name: kept for name, kept in layout.results.items() if name != result.name}
        with staged_folder(hidden / "results" / result.name) as staged:
            _stage(staged, result)
            stored = replace(_describe(staged, result), made_of=made_of)
            if result.name in layout.results:
                declare_atlas(path, replace(layout, results=others))
            for place in (*(f"obs/{c}" for c in stored.obs), *(f"var/{c}" for c in stored.var), *stored.arrays):
                _take(staged / place, path / place)
            for group in ("obs", "var", *_AXES):
                shutil.rmtree(staged / group, ignore_errors=True)
            (staged / "zarr.json").unlink(missing_ok=True)
        before = [layout.results[result.name]] if result.name in layout.results else []
        layout = replace(layout, results={**others, result.name: stored})
        declare_atlas(path, layout)
        remove_results(path, before, layout=layout)
        sweep_leftovers(path, layout)
    return layout


def read_result(atlas: Atlas, name: str) -> AtlasResult:
    """Return a result that is kept in an atlas.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    name : str
        Such as ``pca``.

    Raises
    ------
    StoreError
        If the atlas has no such result, or a file of it is damaged.
    """
    import zarr
    from anndata.io import read_elem

    stored = atlas.layout.results.get(name)
    if stored is None:
        known = ", ".join(atlas.layout.results) or "none"
        raise StoreError(
            f"the atlas holds no result {name!r}",
            where=str(atlas.path),
            expected=f"one of those it holds: {known}",
            next_step=f"make it with {command_of(name)}",
        )
    found: dict[str, dict[str, Any]] = {key: {} for key in _AXES}
    for place in stored.arrays:
        group, key = place.split("/", 1)
        with explain_damage(atlas.path, place):
            found[group][key] = read_elem(zarr.open_group(atlas.path / group, mode="r", use_consolidated=False)[key])
    folder = atlas.path / HIDDEN / "results" / name
    return AtlasResult(
        name=name,
        obs=atlas.cells(stored.obs) if stored.obs else None,
        var=atlas.genes()[list(stored.var)] if stored.var else None,
        **found,
        tables={table: read_table(folder / f"{table}.parquet") for table in stored.tables},
        provenance=stored.provenance,
    )


def _check_inputs(path: Path, layout: AtlasLayout, result: AtlasResult, *, of: AtlasLayout) -> dict[str, str]:
    """Return the hashes of what a result was made of; refuse one of cells or inputs that are no longer these."""
    if of.samples != layout.samples:
        raise StoreError(
            f"samples were added while the result {result.name!r} was made",
            where=str(path),
            expected="a result of all cells",
            next_step="make it again: it is of the cells before",
        )
    inputs = result.provenance.get("inputs", {})
    made_of = digest_inputs(of, inputs)
    now = digest_inputs(layout, inputs)
    if changed := [place for place, was in made_of.items() if now.get(place) != was]:
        raise StoreError(
            f"{examples(changed)} was made anew while the result {result.name!r} was made",
            where=str(path),
            expected="a result of what the atlas holds now",
            next_step="make it again: it is of what was there before",
        )
    return made_of


def _check(path: Path, layout: AtlasLayout, result: AtlasResult) -> None:
    """Refuse what is not of all cells, and names that something else has."""
    sizes = {"n_cells": layout.n_cells, "n_genes": layout.n_genes}
    parts = [("obs", result.obs, "n_cells"), ("var", result.var, "n_genes")]
    parts += [(f"{g}/{k}", v, axis) for g, axis in _AXES.items() for k, v in getattr(result, g).items()]
    for place, value, axis in parts:
        if value is not None and value.shape[0] != sizes[axis]:
            raise StoreError(
                f"{place} of the result {result.name!r} has {value.shape[0]} rows",
                where=str(path),
                expected=f"{sizes[axis]}, as the atlas has",
                next_step="make the result anew: the atlas has changed since",
            )
    names = [] if result.obs is None else [str(c) for c in result.obs.columns]
    _check_names(path, layout, result)
    for name in (result.name, *names, *result.obsm, *result.varm, *result.obsp, *result.tables, *result.long_tables):
        try:
            check_column(name)
        except ValueError as error:
            raise StoreError(str(error), where=str(path), expected="letters, digits and _ . ( ) % + -") from error


def _check_names(path: Path, layout: AtlasLayout, result: AtlasResult) -> None:
    """Refuse names that the samples, the genes or other results have."""
    genes = json.loads((path / "var/zarr.json").read_text(encoding="utf-8"))["attributes"]
    others = [r for name, r in layout.results.items() if name != result.name]
    taken = {f"obs/{c}" for c in (*layout.columns, *(c for r in others for c in r.obs))}
    taken |= {f"var/{c}" for c in (*genes.get("tmescope-columns", ()), *(c for r in others for c in r.var))}
    taken |= {a for r in others for a in r.arrays}
    tables = (("obs", result.obs), ("var", result.var))
    mine = [f"{axis}/{c}" for axis, table in tables if table is not None for c in table.columns]
    mine += [f"{group}/{key}" for group in _AXES for key in getattr(result, group)]
    if both := [place for place in mine if place in taken]:
        raise StoreError(
            f"the atlas has {examples(both)} already",
            where=str(path),
            expected="names that nothing else in it has",
            next_step="give columns that came with the samples other names (or leave them out with --columns), and "
            "ingest again",
        )


def _stage(staged: Path, result: AtlasResult) -> None:
    import anndata
    import pandas as pd
    import zarr
    from anndata.io import write_elem

    store, codecs = zarr.open_group(staged, mode="w", zarr_format=3), checked_codecs()
    with anndata.settings.override(auto_shard_zarr_v3=False):
        for group, table in (("obs", result.obs), ("var", result.var)):
            for name, column in () if table is None else table.items():
                is_text = column.dtype == object or str(column.dtype) in {"str", "string"}
                values = column.astype("category") if is_text else column
                plain = values.dtype.kind in "biuf" and not isinstance(values.dtype, pd.api.extensions.ExtensionDtype)
                inside = store.require_group(group)  # newer versions of anndata take no path for a key
                write_elem(inside, str(name), values.to_numpy() if plain else values.array, dataset_kwargs=codecs)
        for group in _AXES:
            for name, value in getattr(result, group).items():
                write_elem(store.require_group(group), name, value, dataset_kwargs=codecs)
    for name, table in result.tables.items():
        write_table(table, staged / f"{name}.parquet")
    for name, parts in result.long_tables.items():
        write_parts(parts, staged / f"{name}.parquet")


def _describe(staged: Path, result: AtlasResult) -> StoredResult:
    files = {}
    names = (*result.tables, *result.long_tables)
    tables = {f"{name}.parquet" for name in names}
    for found in _files(staged):
        place = found.relative_to(staged).as_posix()
        if place.count("/") >= 2 or place in tables:  # not the declarations of the groups above
            data = found.read_bytes()
            final = f"{HIDDEN}/results/{result.name}/{place}" if place in tables else place
            files[final] = Shard(len(data), zlib.crc32(data))
    return StoredResult(
        obs=() if result.obs is None else tuple(str(c) for c in result.obs.columns),
        var=() if result.var is None else tuple(str(c) for c in result.var.columns),
        arrays=tuple(f"{g}/{k}" for g in _AXES for k in getattr(result, g)),
        tables=names,
        files=files,
        provenance=json.loads(json.dumps(dict(result.provenance))),
    )


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(p for p in folder.rglob("*") if p.is_file())


def _take(staged: Path, final: Path) -> None:
    if final.exists():
        shutil.rmtree(final)
    staged.rename(final)
