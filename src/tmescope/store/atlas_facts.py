"""What an atlas holds, in numbers: cells, genes, counts, samples, columns, bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmescope.store.atlas_reading import Atlas
from tmescope.store.stale_results import stale_results

__all__ = ["AtlasFacts", "SampleFacts", "describe_atlas"]

_MATRIX = ("X/data", "X/indices", "X/indptr")


@dataclass(frozen=True)
class SampleFacts:
    """A sample.

    Parameters
    ----------
    sample_id : str
    n_cells, n_entries : int
        Its cells, and counts above zero.
    """

    sample_id: str
    n_cells: int
    n_entries: int


@dataclass(frozen=True, kw_only=True)
class AtlasFacts:
    """What an atlas holds.

    Parameters
    ----------
    n_cells, n_genes, n_entries : int
        Sizes.
    count_dtype : str
        Type of the counts.
    samples : tuple of SampleFacts
        In their order.
    columns : dict of str to str
        Of the cells, and their form.
    repeated_barcodes : int
        Barcodes that stand in more than one sample; their cells are apart by the name of the sample.
    bytes_of_counts, bytes_in_all : int
        Of the three vectors, and of all files.
    n_panels, cells_in_panels : int
        Gene-major copies, and the cells that they hold.
    results : tuple of str
        Results that lie in the atlas.
    out_of_date : dict of str to str
        Why some of them no longer fit what else lies in it, as `tmescope.store.stale_results.stale_results` says.
    """

    n_cells: int
    n_genes: int
    n_entries: int
    count_dtype: str
    samples: tuple[SampleFacts, ...]
    columns: dict[str, str]
    repeated_barcodes: int
    bytes_of_counts: int
    bytes_in_all: int
    n_panels: int
    cells_in_panels: int
    results: tuple[str, ...]
    out_of_date: dict[str, str]

    @property
    def bytes_of_an_entry(self) -> float:
        """Return the bytes on the disk for each count above zero, without the gene-major copy."""
        return self.bytes_of_counts / self.n_entries if self.n_entries else 0.0


def describe_atlas(atlas: Atlas) -> AtlasFacts:
    """Return what an atlas holds.

    Parameters
    ----------
    atlas : Atlas
        See `tmescope.store.atlas_reading.open_atlas`.
    """
    layout = atlas.layout
    barcodes = atlas.barcodes().str.partition(":", expand=True).get_level_values(2) if layout.n_cells else None
    counts = sum(s.nbytes for name in _MATRIX for s in layout.shards.get(name, ()))
    return AtlasFacts(
        n_cells=layout.n_cells,
        n_genes=layout.n_genes,
        n_entries=layout.n_entries,
        count_dtype=layout.count_dtype,
        samples=tuple(SampleFacts(s.sample_id, s.n_cells, s.n_entries) for s in layout.samples),
        columns=dict(layout.columns),
        repeated_barcodes=0 if barcodes is None else int(barcodes[barcodes.duplicated()].nunique()),
        bytes_of_counts=counts,
        bytes_in_all=_size_of(atlas.path),
        n_panels=len(layout.panels),
        cells_in_panels=sum(p.last - p.first for p in layout.panels),
        results=tuple(layout.results),
        out_of_date=stale_results(atlas),
    )


def _size_of(path: Path) -> int:
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
