"""What is inside a matrix of Cell Ranger in HDF5, added up in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tmescope.foundation.errors import FileFormatError, TmescopeError, UnknownNameError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.hdf5_rules import check_tree, find_child
from tmescope.ingest.memory import allow_memory
from tmescope.ingest.parcels import Parcel
from tmescope.ingest.pseudobulk import GENE_EXPRESSION, Features, PseudoBulk, Summing

__all__ = ["find_group", "read_content", "read_features", "read_texts", "size_of_names"]

_BLOCK = 1 << 22
_ROOM = 1 << 30
_WORDS = 24
_NEEDED = ("data", "indices", "indptr", "shape", "barcodes")


def read_content(
    path: Path, *, genome: str | None = None, split: bool = True, limits: Limits = DEFAULT_LIMITS
) -> Parcel:
    """Add up the cells of a file, in this process.

    Parameters
    ----------
    path, genome, split, limits
        See `tmescope.ingest.tenx.read_tenx`, which calls this in a process of its own.

    Returns
    -------
    Parcel
        Array ``sums``; everything else of a `PseudoBulk` by name.

    Raises
    ------
    FileFormatError, ExpressionError, UnknownNameError
        See there.
    """
    where = str(path)
    try:
        with h5py.File(path, "r") as file:
            found = _read(file, genome, split=split, limits=limits, where=where)
    except (TmescopeError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes the library raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise FileFormatError(
            f"the file cannot be read ({reason})",
            where=where,
            expected="a matrix of Cell Ranger in HDF5",
            next_step="write or download the file again",
        ) from error
    return Parcel({"sums": found.sums}, {name: value for name, value in vars(found).items() if name != "sums"})


def _read(file: Any, genome: str | None, *, split: bool, limits: Limits, where: str) -> PseudoBulk:
    group, place = find_group(file, genome, where)
    n_bytes = check_tree(group, limits, place)
    missing = [name for name in _NEEDED if not isinstance(group.get(name), h5py.Dataset)]
    if missing:
        raise _unsound(f"there is no {examples(missing)}", place)
    allow_memory(_ROOM + _WORDS * size_of_names(group) + min(n_bytes, 64 * _BLOCK))
    features = read_features(group, genome, place)
    barcodes = read_texts(group["barcodes"], f"{place}/barcodes")
    n_features, n_barcodes = (int(n) for n in np.asarray(group["shape"][()]).ravel()[:2])
    if (n_features, n_barcodes) != (len(features.types), len(barcodes)):
        raise _unsound(
            f"the shape is {n_features:,} x {n_barcodes:,}, but there are {len(features.types):,} features and "
            f"{len(barcodes):,} barcodes",
            place,
        )
    sums = Summing(features, barcodes, place, split=split)
    _add_all(group, sums, n_barcodes, where=place)
    return sums.finish()


def find_group(file: Any, genome: str | None, where: str) -> tuple[Any, str]:
    """Return the group that holds the matrix, and its place for messages.

    Parameters
    ----------
    file : h5py.File
        The file.
    genome : str, optional
        Which one, in a file of several.
    where : str
        The file, for messages.
    """
    if "matrix" in file:  # Cell Ranger 3 and later
        return find_child(file, "matrix", where), f"{where}, matrix"
    genomes = [name for name in file if isinstance(file.get(name), h5py.Group) and "indptr" in file[name]]
    if not genomes:
        raise _unsound(f"there is no matrix; there is {examples(sorted(file)) or 'nothing'}", where)
    name = _choose(genomes, genome, where)
    return find_child(file, name, where), f"{where}, {name}"


def _choose(genomes: list[str], genome: str | None, where: str) -> str:
    if genome is not None:
        if genome not in genomes:
            raise UnknownNameError.of("genome", genome, genomes, where=f"{where}, layer")
        return genome
    if len(genomes) > 1:
        raise FileFormatError(
            f"there are cells of {len(genomes)} genomes: {examples(genomes)}",
            where=where,
            expected="one genome",
            next_step="name the one that counts with layer",
        )
    return genomes[0]


def read_features(group: Any, genome: str | None, where: str) -> Features:
    """Return the rows of the matrix; genes of other genomes than the chosen one are of another type.

    Parameters
    ----------
    group, genome, where
        See `find_group`.
    """
    if "features" not in group:  # Cell Ranger 2
        ids, names = (read_texts(find_child(group, name, where), f"{where}/{name}") for name in ("genes", "gene_names"))
        return _features(ids, names, [GENE_EXPRESSION] * len(ids), where=where)
    features = find_child(group, "features", where)
    place = f"{where}/features"
    ids, names, types = (
        read_texts(find_child(features, name, place), f"{place}/{name}") for name in ("id", "name", "feature_type")
    )
    genomes = read_texts(features["genome"], f"{place}/genome") if "genome" in features else [""] * len(ids)
    if len(genomes) != len(types):
        raise _unsound(f"there are {len(genomes):,} genomes for {len(types):,} features", place)
    of_genes = [g for g, t in zip(genomes, types, strict=True) if t == GENE_EXPRESSION]
    if of_genes:
        chosen = _choose(list(dict.fromkeys(of_genes)), genome, place)
        types = [
            f"genes of {g or 'no genome'}" if t == GENE_EXPRESSION and g != chosen else t
            for g, t in zip(genomes, types, strict=True)
        ]
    return _features(ids, names, types, where=place)


def _features(ids: list[str], names: list[str], types: list[str], *, where: str) -> Features:
    if not len(ids) == len(names) == len(types):
        raise _unsound(f"there are {len(ids):,} ids, {len(names):,} names and {len(types):,} types", where)
    return Features(tuple(ids), tuple(names), tuple(types))


def _add_all(group: Any, sums: Summing, n_barcodes: int, *, where: str) -> None:
    data, indices = group["data"], group["indices"]
    indptr = np.asarray(group["indptr"][()]).astype(np.int64)
    n_entries = data.shape[0] if data.ndim == 1 else -1
    rises = indptr.ndim == 1 and len(indptr) == n_barcodes + 1 and not (np.diff(indptr) < 0).any()
    if not rises or indptr[0] != 0 or indptr[-1] != n_entries or indices.shape != data.shape:
        raise _unsound(
            f"indptr has {len(indptr):,} numbers for {n_barcodes:,} barcodes and {data.shape} entries, or does not "
            "rise from 0 to the number of entries",
            where,
        )
    if indices.dtype.kind not in "iu" or data.dtype.kind not in "iuf":
        raise _unsound(f"the entries are {data.dtype}, their features {indices.dtype}", where)
    for start in range(0, n_entries, _BLOCK):
        end = min(start + _BLOCK, n_entries)
        first = int(np.searchsorted(indptr, start, side="right")) - 1
        last = int(np.searchsorted(indptr, end, side="left"))
        inside = np.clip(indptr[first : last + 1], start, end)
        columns = np.repeat(np.arange(first, last), np.diff(inside))
        sums.add(indices[start:end].astype(np.int64), columns, data[start:end])


def size_of_names(group: Any) -> int:
    """Return how many bytes the names of a matrix declare."""
    names = [group["barcodes"], *(group.get(n) for n in ("genes", "gene_names", "indptr"))]
    names += list(group["features"].values()) if isinstance(group.get("features"), h5py.Group) else []
    return sum(int(n.size) * max(n.dtype.itemsize, 16) for n in names if isinstance(n, h5py.Dataset))


def read_texts(node: Any, where: str) -> list[str]:
    """Return a list of names.

    Parameters
    ----------
    node : h5py.Dataset
        Checked with `tmescope.ingest.hdf5_rules.check_tree`.
    where : str
        For messages.
    """
    values = node[()] if isinstance(node, h5py.Dataset) else None
    if values is None or values.ndim != 1 or values.dtype.kind not in "OS":
        raise _unsound("there is no list of names", where)
    return [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in values.tolist()]


def _unsound(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=where,
        expected="data, indices, indptr, shape, barcodes and features as Cell Ranger writes them",
        next_step="write or download the file again",
    )
