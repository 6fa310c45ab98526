"""What an atlas of cells says of itself: an AnnData store in Zarr v3 whose root holds what tmescope adds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.atomic import staged_file
from tmescope.store.sharded_vectors import Shard

__all__ = [
    "ATTRIBUTE",
    "HIDDEN",
    "PANELS",
    "VERSION",
    "AtlasLayout",
    "AtlasPanel",
    "AtlasSample",
    "StoredResult",
    "check_column",
    "hash_names",
    "parse_layout",
    "read_layout",
    "write_root",
]

ATTRIBUTE = "tmescope-atlas"
VERSION = 1
HIDDEN = ".atlas"
"""Folder in an atlas that readers of AnnData do not look into."""
PANELS = f"{HIDDEN}/panels"
_LARGEST_ROOT = 1 << 28
_NAME = re.compile(r"[^\W_][\w .()%+-]{0,99}")
_PLACE = re.compile(r"(obs|var|obsm|varm|obsp|\.atlas)(/[^\W][\w .()%+-]*)+")
_TAKEN = frozenset({"c", "codes", "categories", "zarr.json"})
_VECTORS = frozenset({"X/data", "X/indices", "X/indptr"})
_PANEL_VECTORS = ("ends", "steps", "counts", "totals")
_PANEL_CELLS = 1 << 16


@dataclass(frozen=True)
class AtlasSample:
    """A sample of an atlas.

    Parameters
    ----------
    sample_id : str
    n_cells, n_entries : int
        Its cells, and counts above zero.
    source : str
        Hash of what it was read from.
    """

    sample_id: str
    n_cells: int
    n_entries: int
    source: str


@dataclass(frozen=True)
class AtlasPanel:
    """A run of cells of which there is a gene-major copy.

    Parameters
    ----------
    first, last : int
        Cells ``first:last``.
    n_entries : int
    """

    first: int
    last: int
    n_entries: int

    @property
    def places(self) -> dict[str, str]:
        """Return where its vectors are in the store, by what they hold: ends, steps, counts, totals."""
        return {name: f"{PANELS}/{self.first}-{self.last}/{name}" for name in _PANEL_VECTORS}


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    """What an atlas holds of a result: of all its cells, or not at all.

    Parameters
    ----------
    obs, var : tuple of str
        Columns of cells and genes.
    arrays : tuple of str
        Places of arrays, such as ``obsm/X_pca``.
    tables : tuple of str
        Tables, in the hidden folder of the atlas.
    files : mapping of str to Shard
        Every file of it, by place.
    provenance : mapping of str to object
        Parameters, versions and hashes: what JSON can say.
    made_of : mapping of str to str
        Hashes of what it was made of, by place; empty where that is not known.
    """

    obs: tuple[str, ...] = ()
    var: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    files: Mapping[str, Shard] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    made_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AtlasLayout:
    """What is in an atlas.

    Parameters
    ----------
    n_cells, n_genes, n_entries : int
        Sizes.
    count_dtype : str
        Type of the counts: uint16 or uint32. Numbers of genes are int32, which SciPy's matrices can be used with.
    chunk, shard : int
        Numbers of a chunk and of a file.
    genes_sha256 : str
        Of the names of the genes, a line each.
    columns : mapping of str to str
        Columns of cells and their form: category, float64, int64 or bool.
    samples : tuple of AtlasSample
        In their order.
    panels : tuple of AtlasPanel
        Gene-major copies, in order; cells after the last have none.
    shards : mapping of str to tuple of Shard
        Files of each vector.
    results : mapping of str to StoredResult
        By name; cells that are added make them out of date, and they go.
    made_with : mapping of str to object
        Options of the ingest that made it: ``gene_name``, ``columns``. Empty where it does not say.
    """

    n_cells: int = 0
    n_genes: int
    n_entries: int = 0
    count_dtype: str = "uint16"
    chunk: int = 1 << 18
    shard: int = 1 << 24
    genes_sha256: str
    columns: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[AtlasSample, ...] = ()
    panels: tuple[AtlasPanel, ...] = ()
    shards: Mapping[str, tuple[Shard, ...]] = field(default_factory=dict)
    results: Mapping[str, StoredResult] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cell_columns(self) -> tuple[str, ...]:
        """Return the names of all columns of cells: those that came with the samples, then those of results."""
        return (*self.columns, *(name for result in self.results.values() for name in result.obs))

    def with_shards(self, vector: str, written: Mapping[int, Shard]) -> AtlasLayout:
        """Return the layout with some shards of a vector replaced or added.

        Parameters
        ----------
        vector : str
            Its place in the store.
        written : mapping of int to Shard
            As from `VectorAppender.finish`.
        """
        if not written:
            return self
        kept = dict(enumerate(self.shards.get(vector, ()))) | dict(written)
        return replace(self, shards={**self.shards, vector: tuple(kept[i] for i in range(len(kept)))})


def read_layout(path: Path) -> AtlasLayout:
    """Read what an atlas says of itself.

    Parameters
    ----------
    path : Path
        Folder of the atlas.

    Raises
    ------
    MissingFileError
        If there is nothing.
    FileFormatError
        If it is no atlas of tmescope.
    FormatVersionError
        If a newer version wrote it.
    """
    where = str(path)
    try:
        with (path / "zarr.json").open("rb") as file:
            text = file.read(_LARGEST_ROOT)
        said = json.loads(text)["attributes"][ATTRIBUTE]
        version = said["version"]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(
            "there is no atlas here", where=where, expected="a folder made by tmescope atlas ingest"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _no_atlas(where, "its root says nothing of one") from error
    if not isinstance(version, int) or version > VERSION:
        raise FormatVersionError(
            f"the atlas has the format version {version!r}",
            where=where,
            expected=f"at most {VERSION}",
            next_step="open it with the tmescope that wrote it, or a newer one",
        )
    try:
        return parse_layout(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_atlas(where, f"its description is damaged ({type(error).__name__}: {error})") from error


def parse_layout(said: Mapping[str, Any]) -> AtlasLayout:
    """Return a layout from what JSON says of it, checked.

    Parameters
    ----------
    said : mapping of str to object
        The fields of `AtlasLayout`, a file of a vector as its size and checksum.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If something is missing or cannot be.
    """
    layout = AtlasLayout(
        n_cells=_size(said["n_cells"]),
        n_genes=_size(said["n_genes"]),
        n_entries=_size(said["n_entries"]),
        count_dtype=_one_of(said["count_dtype"], "uint16", "uint32"),
        chunk=_size(said["chunk"]),
        shard=_size(said["shard"]),
        genes_sha256=str(said["genes_sha256"]),
        columns={
            check_column(k): _one_of(v, "category", "float64", "int64", "bool") for k, v in said["columns"].items()
        },
        samples=tuple(
            AtlasSample(str(s["sample_id"]), _size(s["n_cells"]), _size(s["n_entries"]), str(s["source"]))
            for s in said["samples"]
        ),
        panels=tuple(AtlasPanel(_size(p["first"]), _size(p["last"]), _size(p["n_entries"])) for p in said["panels"]),
        shards={str(k): tuple(Shard(_size(a), _size(b)) for a, b in v) for k, v in said["shards"].items()},
        results={check_column(k): _parse_result(v) for k, v in said.get("results", {}).items()},
        made_with=_parse_made(said.get("made_with", {})),
    )
    _check_places(layout)
    _check_sizes(layout)
    return layout


def _check_places(layout: AtlasLayout) -> None:
    places = _VECTORS | {f"obs/{n}/codes" if f == "category" else f"obs/{n}" for n, f in layout.columns.items()}
    places |= {place for panel in layout.panels for place in panel.places.values()}
    places |= {"obs/_index", *(f"obs/{n}/categories" for n, f in layout.columns.items() if f == "category")}
    if strange := sorted(set(layout.shards) - places):
        message = f"{strange[0]!r} is no vector of it"
        raise ValueError(message)


def _check_sizes(layout: AtlasLayout) -> None:
    good = 0 < layout.chunk <= 1 << 24 and layout.chunk <= layout.shard <= 1 << 28
    if not good or layout.shard % layout.chunk:
        message = f"chunk {layout.chunk}, shard {layout.shard}"
        raise ValueError(message)
    for what, size in (("n_cells", layout.n_cells), ("n_entries", layout.n_entries)):
        if sum(getattr(s, what) for s in layout.samples) != size:
            message = f"samples and {what} do not add up"
            raise ValueError(message)
    lengths = {"X/data": layout.n_entries, "X/indices": layout.n_entries, "X/indptr": layout.n_cells + 1}
    for name, length in lengths.items():
        if (n := len(layout.shards.get(name, ()))) != (needed := -(-length // layout.shard)):
            message = f"{name} has {n} files where {length} numbers take {needed}"
            raise ValueError(message)
    at = 0
    for panel in layout.panels:
        if panel.first != at or not at < panel.last <= min(at + _PANEL_CELLS, layout.n_cells):
            message = f"a gene-major copy of the cells {panel.first} to {panel.last}"
            raise ValueError(message)
        at = panel.last


def _parse_made(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "gene_name" in said:
        found["gene_name"] = _one_of(said["gene_name"], "gene_name", "gene_id")
    if "columns" in said:
        columns = said["columns"]
        found["columns"] = None if columns is None else [str(c) for c in columns]
    return found


def _parse_result(said: Mapping[str, Any]) -> StoredResult:
    for place in (*said["arrays"], *said["files"]):
        if not isinstance(place, str) or not _PLACE.fullmatch(place) or ".." in place:
            message = f"{place!r} is no place in it"
            raise ValueError(message)
    return StoredResult(
        obs=tuple(check_column(c) for c in said["obs"]),
        var=tuple(check_column(c) for c in said["var"]),
        arrays=tuple(said["arrays"]),
        tables=tuple(check_column(t) for t in said["tables"]),
        files={str(k): Shard(_size(a), _size(b)) for k, (a, b) in said["files"].items()},
        provenance=dict(said["provenance"]),
        made_of={str(k): str(v) for k, v in said.get("made_of", {}).items()},
    )


def write_root(path: Path, layout: AtlasLayout, *, members: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the root of the store: the one step that makes all that was written before it count.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    layout : AtlasLayout
        What is in it.
    members : mapping of str to mapping
        Every array and group by its place, with its declaration: readers look at these alone.
    """
    said = asdict(layout)
    said["shards"] = {k: [[s.nbytes, s.crc32] for s in v] for k, v in layout.shards.items()}
    for name, result in layout.results.items():
        said["results"][name]["files"] = {k: [s.nbytes, s.crc32] for k, s in result.files.items()}
    root = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {
            "encoding-type": "anndata",
            "encoding-version": "0.1.0",
            ATTRIBUTE: {"version": VERSION, **said},
        },
        "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": members},
    }
    with staged_file(path / "zarr.json") as staged:
        staged.write_text(json.dumps(root), encoding="utf-8")


def hash_names(names: Iterable[str]) -> str:
    """Return the SHA-256 of names, a line each.

    Parameters
    ----------
    names : iterable of str
        Of genes.
    """
    return hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest()


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        message = f"{value!r} is no size"
        raise ValueError(message)
    return value


def _one_of(value: object, *allowed: str) -> str:
    if value not in allowed:
        message = f"{value!r} is none of {', '.join(allowed)}"
        raise ValueError(message)
    return str(value)


def check_column(name: object) -> str:
    """Return a name that a column of cells can have.

    Parameters
    ----------
    name : object
        The name: letters, digits and ``_ . ( ) % + -`` or spaces after a first letter or digit, 100 at most.

    Raises
    ------
    ValueError
        If it cannot be one.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        message = f"{name!r} is no name of a column"
        raise ValueError(message)
    return name


def _no_atlas(where: str, why: str) -> FileFormatError:
    return FileFormatError(
        f"this is no atlas of tmescope: {why}",
        where=where,
        expected="a folder made by tmescope atlas ingest",
        next_step="make one with tmescope atlas ingest; to read one AnnData store as a cohort name it in a study",
    )
