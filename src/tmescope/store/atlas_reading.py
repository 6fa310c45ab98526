"""An atlas of cells read in blocks of rows, each decoded when it is its turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_layout import AtlasLayout, hash_names, read_layout
from tmescope.store.atlas_tables import check_tables
from tmescope.store.damage import damaged, explain_damage
from tmescope.store.shard_files import check_shard, committed_shard
from tmescope.store.sharded_vectors import Shard, VectorForm, VectorReader

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Atlas", "CellRows", "open_atlas", "vectors_of"]

_LARGEST_INT32 = (1 << 31) - 1


@dataclass(frozen=True)
class CellRows:
    """Cells that follow each other, as rows of a sparse matrix.

    Parameters
    ----------
    first : int
        Number of the first cell in the atlas.
    ends : array of int64, shape (n + 1,)
        Where each cell begins and ends in the two others; the first is zero.
    genes : array of int32, shape (n_entries,)
        Sorted within a cell.
    counts : array of uint16 or uint32, shape (n_entries,)
    """

    first: int
    ends: NDArray[np.int64]
    genes: NDArray[np.int32]
    counts: NDArray[Any]

    @property
    def n_cells(self) -> int:
        """Return how many cells there are."""
        return self.ends.size - 1


class Atlas:
    """An atlas that is read.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layout: AtlasLayout = read_layout(path)
        forms = vectors_of(self.layout)
        n = self.layout.n_entries
        self._counts = VectorReader(path / "X/data", forms["X/data"], length=n)
        self._genes = VectorReader(path / "X/indices", forms["X/indices"], length=n)
        self._ends = VectorReader(path / "X/indptr", forms["X/indptr"], length=self.layout.n_cells + 1)

    def genes(self) -> pd.DataFrame:
        """Return the table of genes, ``var`` of AnnData.

        Raises
        ------
        StoreError
            If a file of it is damaged, or holds other names than were written.
        """
        import zarr
        from anndata.io import read_elem

        with explain_damage(self.path, "var"):
            found: pd.DataFrame = read_elem(zarr.open_group(self.path, mode="r")["var"])
            is_same = hash_names(found.index) == self.layout.genes_sha256
        if not is_same:
            raise damaged(self.path, "var/_index", "holds other names than were written")
        return found

    def cells(self, names: tuple[str, ...] | None = None) -> pd.DataFrame:
        """Return columns of all cells, in their order.

        Parameters
        ----------
        names : tuple of str, optional
            Which; all if omitted.
        """
        return CellColumns(self.path, self.layout).read(names)

    def barcodes(self) -> pd.Index[str]:
        """Return the names of all cells."""
        return CellColumns(self.path, self.layout).names()

    def rows(self, first: int, last: int) -> CellRows:
        """Read the cells ``first:last``.

        Parameters
        ----------
        first, last : int
            0 <= first <= last <= n_cells.

        Raises
        ------
        StoreError
            If a shard is damaged; its file is named.
        """
        ends = self._ends.read(first, last + 1).astype(np.int64)
        begin, end = int(ends[0]), int(ends[-1])
        if not 0 <= begin <= end <= self.layout.n_entries or (np.diff(ends) < 0).any():
            raise self._impossible(f"cells {first} to {last - 1} end where they cannot")
        genes = self._genes.read(begin, end)
        if genes.size and not 0 <= int(genes.min()) <= int(genes.max()) < self.layout.n_genes:
            raise self._impossible(f"cells {first} to {last - 1} have genes beyond the {self.layout.n_genes} there are")
        return CellRows(first, ends - begin, genes, self._counts.read(begin, end))

    def _impossible(self, what: str) -> StoreError:
        return StoreError(
            what,
            where=str(self.path),
            expected="an atlas as tmescope writes it",
            next_step="the files were written by something else: make the atlas again from its samples",
        )

    def entries(self, first: int, last: int) -> int:
        """Return how many counts above zero the cells ``first:last`` have.

        Parameters
        ----------
        first, last : int
            0 <= first <= last <= n_cells.
        """
        begin, end = (int(self._ends.read(cell, cell + 1)[0]) for cell in (first, last))
        return end - begin

    def bounds(
        self, entries: int, *, first: int = 0, last: int | None = None, cells: int | None = None
    ) -> tuple[tuple[int, int], ...]:
        """Cut cells into runs of about so many entries, always in the same way.

        Parameters
        ----------
        entries : int
            Entries of a run; one cell at least.
        first, last : int
            Which cells; all if omitted.
        cells : int, optional
            Most cells of a run; no limit if omitted.
        """
        stop = self.layout.n_cells if last is None else last
        ends = self._ends.read(first, stop + 1).astype(np.int64)
        cuts = [0]
        while cuts[-1] < stop - first:
            found = int(np.searchsorted(ends, ends[cuts[-1]] + entries, side="right")) - 1
            most = stop - first if cells is None else min(cuts[-1] + cells, stop - first)
            cuts.append(min(max(found, cuts[-1] + 1), most))
        return tuple((first + a, first + b) for a, b in itertools.pairwise(cuts))

    def spans(self, n: int) -> tuple[tuple[int, int], ...]:
        """Cut the cells into `n` spans of about as many entries each, fewer where there are fewer cells.

        Parameters
        ----------
        n : int
            At least one.
        """
        ends = self._ends.read(0, self.layout.n_cells + 1).astype(np.int64)
        wanted = np.linspace(0, int(ends[-1]), n + 1)[1:-1]
        cuts = np.unique([0, *np.searchsorted(ends, wanted), self.layout.n_cells])
        return tuple((int(a), int(b)) for a, b in itertools.pairwise(cuts))

    def verify(self) -> Iterator[str]:
        """Read every file, and yield what is wrong with each one that is not as it was written."""
        matrix = vectors_of(self.layout)
        try:
            self.genes()
        except StoreError as error:
            yield error.what
        for name, shards in self.layout.shards.items():
            form = matrix.get(name, matrix["X/data"])  # columns name their files as the counts do
            for number, shard in enumerate(shards):
                place = form.path(Path(name), number)
                wrong = check_shard(self.path / place, shard)
                if wrong and not (number == len(shards) - 1 and self._is_left_whole(name, place, shard)):
                    yield f"{place} {wrong}"
        for result in self.layout.results.values():
            for file, shard in result.files.items():
                if wrong := check_shard(self.path / file, shard):
                    yield f"{file} {wrong}"
        yield from check_tables(self.path)

    def _is_left_whole(self, name: str, place: Path, shard: Shard) -> bool:
        """Return whether all that counts is in the last file of a vector: a writer stopped before its commit.

        It took over what had been committed, chunk by chunk with the checksums; the next writer writes over the rest.
        """
        readers = {"X/data": self._counts, "X/indices": self._genes, "X/indptr": self._ends}
        columns = CellColumns(self.path, self.layout)
        try:
            if name in readers:
                found = committed_shard(readers[name])
            elif name.startswith("obs/"):
                found = columns.committed(name)
            else:
                return False
            # another version of the compressor may make other bytes of the same
            return found == shard or (self.path / place).stat().st_size > shard.nbytes
        except Exception:  # a damaged file makes the libraries raise nearly anything
            return False


def open_atlas(path: Path) -> Atlas:
    """Open an atlas to read from it.

    Parameters
    ----------
    path : Path
        Folder made by ``tmescope atlas ingest``.

    Raises
    ------
    MissingFileError, FileFormatError, FormatVersionError
        As `read_layout`.
    """
    return Atlas(path)


def vectors_of(layout: AtlasLayout) -> dict[str, VectorForm]:
    """Return the form of the three vectors of the matrix.

    Parameters
    ----------
    layout : AtlasLayout
        Of the atlas.
    """
    chunk, shard = layout.chunk, layout.shard
    small = min(chunk, 1 << 16)
    # SciPy works with one type for both of its index arrays, as long as 32 bits are enough for the ends
    fits = layout.n_entries <= _LARGEST_INT32
    return {
        "X/data": VectorForm(layout.count_dtype, chunk=chunk, shard=shard),
        "X/indices": VectorForm("int32", chunk=chunk, shard=shard),
        "X/indptr": VectorForm("int32", small, shard) if fits else VectorForm("int64", small, shard, keys="v2"),
    }
