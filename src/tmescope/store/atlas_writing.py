"""Cells that reach an atlas: each sample whole or not at all, none of what is there written anew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import ExpressionError, SampleError, StoreError, examples
from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_declaration import OF_RESULTS, declare_atlas
from tmescope.store.atlas_layout import AtlasLayout, AtlasSample, hash_names, read_layout
from tmescope.store.atlas_leftovers import remove_results, sweep_leftovers
from tmescope.store.atlas_reading import vectors_of
from tmescope.store.atlas_tables import update_tables, write_genes
from tmescope.store.atomic import staged_folder
from tmescope.store.damage import checked_codecs
from tmescope.store.sharded_vectors import VectorAppender, VectorReader
from tmescope.store.text_arrays import write_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

__all__ = ["AtlasWriter", "create_atlas"]

_IDS, _INDEX = "gene_ids", "_index"
_ONE_CHUNK = range(1, (1 << 17) + 1)
"""Genes that zarr puts into one chunk."""


def create_atlas(
    path: Path,
    genes: pd.DataFrame,
    *,
    count_dtype: str = "uint16",
    shard: int = 1 << 24,
    made_with: Mapping[str, Any] | None = None,
) -> None:
    """Make an atlas without cells.

    Parameters
    ----------
    path : Path
        Folder; nothing may be there.
    genes : pandas.DataFrame
        Index names of the genes, unique; columns as ``var`` of AnnData.
    count_dtype : str
        uint16 for counts up to 65,535, uint32 for larger ones.
    shard : int
        Numbers of a file; a chunk is a sixty-fourth of it.
    made_with : mapping of str to object, optional
        Options to remember, as in `AtlasLayout`.

    Raises
    ------
    StoreError
        If something is there.
    ExpressionError
        If a gene has two rows.
    """
    if shard < 64 or shard % 64 or shard > 1 << 28:
        raise StoreError(
            f"a file cannot hold {shard} numbers", where="shard", expected="a multiple of 64, 2^28 at most"
        )
    if path.exists():
        raise StoreError("something is there already", where=str(path), expected="a new name")
    if twice := list(genes.index[genes.index.duplicated()]):
        raise ExpressionError(
            f"{len(twice)} genes have two rows, for example {examples(twice)}",
            where=str(path),
            expected="each gene once",
        )
    layout = AtlasLayout(
        n_genes=len(genes),
        count_dtype=count_dtype,
        chunk=shard // 64,
        shard=shard,
        genes_sha256=hash_names(genes.index),
        made_with=dict(made_with or {}),
    )
    with staged_folder(path, is_new=True) as staged:
        _write_var(staged, genes)
        for name in OF_RESULTS:
            _write_group(staged / name, {"encoding-type": "dict", "encoding-version": "0.1.0"})
        for name, form in vectors_of(layout).items():
            appender = VectorAppender(staged / name, form)
            if name == "X/indptr":
                appender.append(np.zeros(1, dtype=np.int64))
            layout = layout.with_shards(name, appender.finish())
        CellColumns(staged, layout).create()
        write_genes(staged, genes)
        declare_atlas(staged, layout)


def _write_var(path: Path, genes: pd.DataFrame) -> None:
    """Write the table of genes as AnnData does, without loading it where there is only text."""
    if genes.index.name is None and set(genes.columns) <= {_IDS} and len(genes) in _ONE_CHUNK:
        columns = {_INDEX: list(genes.index), **{str(c): list(genes[c]) for c in genes.columns}}
        if all(isinstance(text, str) for texts in columns.values() for text in texts):
            said = {"column-order": list(genes.columns), "_index": _INDEX}
            _write_group(path / "var", {**said, "encoding-type": "dataframe", "encoding-version": "0.2.0"})
            for name, texts in columns.items():
                write_texts(path, f"var/{name}", texts, chunk=len(texts))
            return
    import anndata
    import zarr
    from anndata.io import write_elem

    with anndata.settings.override(auto_shard_zarr_v3=False):
        store = zarr.open_group(path, mode="w", zarr_format=3)
        write_elem(store, "var", _with_plain_text(genes), dataset_kwargs=checked_codecs())


def _write_group(folder: Path, attributes: Mapping[str, Any]) -> None:
    """Declare a group in the bytes of zarr."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {"attributes": attributes, "zarr_format": 3, "node_type": "group"}
    (folder / "zarr.json").write_text(json.dumps(said, indent=2), encoding="utf-8")


def _with_plain_text(genes: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its text as objects, which every version of anndata writes as an array of strings."""
    text = {c: "object" for c in genes.columns if pd.api.types.is_string_dtype(genes[c].dtype)}
    return genes.astype(text).set_axis(genes.index.astype("object"), axis="index")


class AtlasWriter:
    """Adds samples to an atlas.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    threads : int
        With 2, counts and numbers of genes are compressed at the same time; the bytes are the same.

    Notes
    -----
    What is added counts from `commit` on; results of the cells before are out of date from then, and go. A writer that
    stops before leaves the atlas as it was, and the next one writes over what it left.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self.path = path
        self._threads = threads
        self.layout = read_layout(path)
        self._torn = ""
        self._open()

    def _open(self) -> None:
        forms = vectors_of(self.layout)
        self._appenders = {
            name: VectorAppender(self.path / name, forms[name], length=self.layout.n_entries)
            for name in ("X/data", "X/indices")
        }
        self._ends: list[NDArray[np.int64]] = []
        self._columns = CellColumns(self.path, self.layout)
        self._added: list[AtlasSample] = []

    @property
    def n_cells(self) -> int:
        """Return the cells of all samples that were added, whether they were committed or not."""
        return self.layout.n_cells + sum(s.n_cells for s in self._added)

    @property
    def has_more(self) -> bool:
        """Return whether samples were added since the last commit."""
        return bool(self._added)

    def add_sample(
        self, sample_id: str, blocks: Iterable[tuple[sparse.csr_matrix, pd.DataFrame]], *, source: str = ""
    ) -> AtlasSample:
        """Add the cells of a sample.

        Parameters
        ----------
        sample_id : str
            Not yet in the atlas.
        blocks : iterable of (scipy.sparse.csr_matrix, pandas.DataFrame)
            Counts, cells x genes of the atlas, and the cells: index barcodes, columns for ``obs``.
        source : str
            Hash of what they were read from.

        Raises
        ------
        SampleError
            If the sample is there already, or a barcode stands twice in it.
        ExpressionError
            If a count is negative, no whole number, or larger than the atlas can hold; or the genes are others.
        """
        if sample_id in {s.sample_id for s in (*self.layout.samples, *self._added)}:
            raise SampleError(f"the sample {sample_id!r} is in the atlas already", where=str(self.path))
        if ":" in sample_id or not sample_id:
            raise SampleError(
                f"a sample is called {sample_id!r}",
                where=str(self.path),
                expected="a name without a colon, which stands between sample and barcode in the names of cells",
            )
        self._refuse_if_torn()
        try:
            return self._add(sample_id, blocks, source=source)
        except BaseException:
            self._torn = sample_id
            raise

    def _refuse_if_torn(self) -> None:
        if self._torn:
            raise StoreError(
                f"the sample {self._torn!r} was added in part",
                where=str(self.path),
                expected="no writer that goes on after an error",
                next_step="open a new writer: what was committed before is unchanged",
            )

    def _add(
        self, sample_id: str, blocks: Iterable[tuple[sparse.csr_matrix, pd.DataFrame]], *, source: str
    ) -> AtlasSample:
        n_cells = n_entries = 0
        seen: set[str] = set()
        where = f"{self.path}: sample {sample_id}"
        with ThreadPoolExecutor(1) as pool:
            for given, obs in blocks:
                counts = _checked(given, obs, self.layout, where=where)
                _check_barcodes(obs.index, seen, where=where)
                before = self._appenders["X/data"].length
                self._append(counts, pool)
                self._ends.append(counts.indptr[1:].astype(np.int64) + before)
                names = pd.Index([f"{sample_id}:{b}" for b in obs.index], dtype=object)
                named = obs.set_axis(names, axis="index")
                self._columns.append(named.assign(sample_id=pd.Categorical([sample_id]).repeat(len(named))))
                n_cells, n_entries = n_cells + counts.shape[0], n_entries + counts.nnz
        sample = AtlasSample(sample_id, n_cells, n_entries, source)
        self._added.append(sample)
        return sample

    def _append(self, counts: sparse.csr_matrix, pool: ThreadPoolExecutor) -> None:
        values, genes = self._appenders["X/data"], self._appenders["X/indices"]
        if self._threads < 2:
            values.append(counts.data)
            genes.append(counts.indices)
            return
        other = pool.submit(values.append, counts.data)
        genes.append(counts.indices)
        other.result()

    def commit(self) -> AtlasLayout:
        """Let all that was added count, and return what is now in the atlas.

        Raises
        ------
        StoreError
            If a sample was added in part, or another writer was here meanwhile.
        """
        self._refuse_if_torn()
        if read_layout(self.path) != self.layout:
            raise StoreError(
                "another writer added samples meanwhile",
                where=str(self.path),
                expected="one writer at a time",
                next_step="open the atlas again and add these samples anew",
            )
        layout = replace(
            self.layout,
            n_cells=self.layout.n_cells + sum(s.n_cells for s in self._added),
            n_entries=self.layout.n_entries + sum(s.n_entries for s in self._added),
            samples=(*self.layout.samples, *self._added),
            columns=self._columns.forms,
            results={},
        )
        appenders = {**self._appenders, "X/indptr": self._with_ends(layout), **self._columns.appenders}
        if appenders["X/indptr"].form != vectors_of(self.layout)["X/indptr"]:
            layout = replace(layout, shards={k: v for k, v in layout.shards.items() if k != "X/indptr"})
        for name, appender in appenders.items():
            layout = layout.with_shards(name, appender.finish())
        for name, written in self._columns.finish().items():
            layout = layout.with_shards(name, written)
        declare_atlas(self.path, layout)
        remove_results(self.path, self.layout.results.values(), layout=layout)
        sweep_leftovers(self.path, layout)
        self.layout = layout
        update_tables(self.path)
        self._open()
        return layout

    def _with_ends(self, layout: AtlasLayout) -> VectorAppender:
        """Return the ends of all rows: as they are and the new ones, or all anew where 32 bits are no longer enough."""
        folder, n_ends = self.path / "X/indptr", self.layout.n_cells + 1
        old, form = vectors_of(self.layout)["X/indptr"], vectors_of(layout)["X/indptr"]
        appender = VectorAppender(folder, form, length=n_ends if form == old else 0)
        if form != old:
            appender.append(VectorReader(folder, old, length=n_ends).read(0, n_ends))
        for ends in self._ends:
            appender.append(ends)
        return appender


def _checked(counts: sparse.csr_matrix, obs: pd.DataFrame, layout: AtlasLayout, *, where: str) -> sparse.csr_matrix:
    """Return the counts in the form of the atlas, without changing them."""
    if counts.shape != (len(obs), layout.n_genes):
        raise ExpressionError(
            f"the counts are {counts.shape[0]} cells x {counts.shape[1]} genes, with {len(obs)} barcodes",
            where=where,
            expected=f"a barcode for each cell, and the {layout.n_genes} genes of the atlas",
        )
    if counts.nnz and not 0 <= int(counts.indices.min()) <= int(counts.indices.max()) < layout.n_genes:
        raise ExpressionError("the matrix has columns beyond its shape", where=where, expected="a valid sparse matrix")
    if not counts.has_canonical_format or not counts.data.all():
        counts = counts.copy()
        counts.sum_duplicates()
        counts.eliminate_zeros()
    if not _fits(counts.data, np.dtype(layout.count_dtype)):
        raise _no_counts(counts.data, np.iinfo(layout.count_dtype).max, where=where)
    return counts


def _fits(values: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    limit = int(np.iinfo(dtype).max)
    if values.dtype.kind == "u" and values.dtype.itemsize <= dtype.itemsize:
        return True
    return bool(((values >= 0) & (values <= limit) & (values == np.floor(values))).all())


def _no_counts(values: NDArray[Any], limit: int, *, where: str) -> ExpressionError:
    wrong = values[~((values >= 0) & (values <= limit) & (values == np.floor(values)))]
    larger = bool((wrong > limit).any())
    return ExpressionError(
        f"{wrong.size} of {values.size} entries are no counts that the atlas can hold, for example "
        f"{examples(f'{v:g}' for v in wrong[:4])}",
        where=where,
        expected=f"whole numbers from 0 to {limit}",
        next_step="make the atlas anew with --counts uint32" if larger else "give raw counts, not normalised ones",
    )


def _check_barcodes(barcodes: pd.Index[str], seen: set[str], *, where: str) -> None:
    twice = [str(b) for b in barcodes[barcodes.duplicated()]] + [b for b in barcodes if b in seen]
    if twice:
        raise SampleError(
            f"{len(twice)} barcodes stand twice, for example {examples(twice)}",
            where=where,
            expected="each cell of a sample once",
            next_step="give each library a sample_id of its own, or look for a file that was put together twice",
        )
    seen.update(barcodes)
