"""References as folders: Parquet tables and a page of JSON; and plain tables of genes x cell types as references."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.bulk.references import SignatureReference, StateProfiles, check_reference, reference_hash
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError, StoreError
from tmescope.ingest.delimited import read_delimited
from tmescope.store.atomic import staged_folder
from tmescope.store.tables import read_table, write_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FORMAT_VERSION",
    "ReferenceFolder",
    "read_reference",
    "read_reference_folder",
    "read_reference_table",
    "write_reference",
]

FORMAT_VERSION = 1
_FORMAT = "tmescope reference"
_PAGE = "reference.json"
_GENE = "gene_symbol"
_LARGEST_PAGE = 64 << 20
_LARGEST_TABLE = 4 << 30


@dataclass(frozen=True, eq=False)
class ReferenceFolder:
    """Everything that a folder of a reference holds.

    Parameters
    ----------
    reference : SignatureReference
        What methods read.
    accuracy, markers : pandas.DataFrame, optional
        As `tmescope.bulk.reference_accuracy.build_reference` made them; None where it was not built from cells.
    about : mapping
        How it was built: labels, cells of each type, what was left out, the rule for markers, hashes of the input.
    """

    reference: SignatureReference
    accuracy: pd.DataFrame | None
    markers: pd.DataFrame | None
    about: Mapping[str, Any]


def write_reference(
    reference: SignatureReference,
    folder: Path,
    *,
    accuracy: pd.DataFrame | None = None,
    markers: pd.DataFrame | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write a reference as a folder; the same reference gives the same bytes.

    Parameters
    ----------
    reference : SignatureReference
        Checked with `tmescope.bulk.references.check_reference`.
    folder : pathlib.Path
        Made at once, or replaced at once where it is a reference already.
    accuracy, markers : pandas.DataFrame, optional
        What is known of it.
    about : mapping, optional
        How it was built, as JSON can hold it.

    Raises
    ------
    StoreError
        If something else than a reference has that name, or a cell type is called ``gene_symbol``.
    """
    if folder.exists() and not (folder / _PAGE).is_file():
        raise StoreError(
            "there is something else of this name", where=str(folder), next_step="choose another name for the reference"
        )
    states = reference.states
    named = (*reference.cell_types, *(states.states if states else ()))
    if _GENE in named:
        raise StoreError(f"a cell type is called {_GENE!r}", where=str(folder), next_step="rename it")
    tables = {"profiles": _as_table(reference.genes, reference.cell_types, reference.profiles)}
    if reference.variances is not None:
        tables["variances"] = _as_table(reference.genes, reference.cell_types, reference.variances)
    if states is not None:
        tables["states"] = _as_table(states.genes, states.states, states.profiles.T)
    tables |= {n: t for n, t in (("accuracy", accuracy), ("markers", markers)) if t is not None}
    page = {
        "format": _FORMAT,
        "version": FORMAT_VERSION,
        "sha256": reference.sha256,
        "unit": reference.unit,
        "cell_types": list(reference.cell_types),
        "malignant": reference.malignant,
        "size_factors": None if reference.size_factors is None else reference.size_factors.tolist(),
        "states": None
        if states is None
        else {"names": list(states.states), "cell_types": list(states.cell_types), "n_cells": list(states.n_cells)},
        "tables": sorted(tables),
        "about": dict(about or {}),
    }
    with staged_folder(folder) as staged:
        for name, table in tables.items():
            write_table(table, staged / f"{name}.parquet")
        text = json.dumps(page, indent=1, ensure_ascii=False, allow_nan=False)
        (staged / _PAGE).write_text(text + "\n", encoding="utf-8")


def read_reference(folder: Path) -> SignatureReference:
    """Read the reference of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        See `read_reference_folder`, which also returns what is known of the reference.
    """
    return read_reference_folder(folder).reference


def read_reference_folder(folder: Path) -> ReferenceFolder:
    """Read a folder that `write_reference` wrote.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.

    Returns
    -------
    ReferenceFolder

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is something else, damaged or changed.
    FormatVersionError
        If a newer release wrote it.
    """
    if not (folder / _PAGE).is_file():
        raise MissingFileError(
            f"there is no reference {folder.name!r}",
            where=str(folder),
            expected=f"a folder with {_PAGE}",
            next_step="build one with: tmescope reference build cells.h5ad --labels COLUMN -o REF",
        )
    try:
        page = _read_page(folder)
        found = _build(folder, page)
    except (StoreError, ValueError, KeyError, TypeError, AttributeError, OSError, pa.ArrowException) as error:
        if isinstance(error, FileFormatError | FormatVersionError):
            raise
        raise _damaged(folder, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    if reference_hash(found.reference) != page["sha256"]:
        raise _damaged(folder, "its content has another sha256 than it states")
    check_reference(found.reference, where=str(folder))
    return found


def read_reference_table(path: Path, *, unit: str = "linear") -> SignatureReference:
    """Read a table of genes x cell types (TSV or CSV, plain or gzip) as a reference.

    Parameters
    ----------
    path : pathlib.Path
        First column genes, first row cell types, linear expression in between.
    unit : str
        ``cpm``, ``tpm``, or ``linear`` where it is not known.

    Returns
    -------
    SignatureReference
        Without variances, size factors and states.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError, ExpressionError, MethodError
        As from `tmescope.ingest.delimited.read_delimited` and `tmescope.bulk.references.check_reference`.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no file {path.name!r}", where=str(path))
    name = path.name.lower().removesuffix(".gz")
    raw = read_delimited(path, "csv" if name.endswith(".csv") else "tsv")
    reference = SignatureReference(
        genes=raw.rows,
        cell_types=raw.columns,
        profiles=np.ascontiguousarray(raw.by_column.T, dtype=np.float64),
        unit=unit,
    )
    check_reference(reference, where=str(path))
    return reference


def _as_table(genes: tuple[str, ...], columns: tuple[str, ...], values: NDArray[np.float64]) -> pd.DataFrame:
    table = pd.DataFrame(np.asarray(values), columns=list(columns))
    table.insert(0, _GENE, list(genes))
    return table


def _read_page(folder: Path) -> dict[str, Any]:
    path = folder / _PAGE
    if path.stat().st_size > _LARGEST_PAGE:
        raise _damaged(folder, f"{_PAGE} is larger than 64 MiB")
    page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if page["format"] != _FORMAT:
        raise _damaged(folder, f"it calls itself {page['format']!r}")
    if int(page["version"]) > FORMAT_VERSION:
        raise FormatVersionError(
            f"the reference is in format {page['version']}; this release reads up to {FORMAT_VERSION}",
            where=str(folder),
            next_step="install a newer tmescope",
        )
    return page


def _build(folder: Path, page: dict[str, Any]) -> ReferenceFolder:
    types = tuple(map(str, page["cell_types"]))
    tables = set(page["tables"])
    genes, profiles = _read_matrix(folder, "profiles", types)
    variances = _read_matrix(folder, "variances", types)[1] if "variances" in tables else None
    sizes = page["size_factors"]
    states = None
    if page["states"] is not None:
        names = tuple(map(str, page["states"]["names"]))
        all_genes, by_state = _read_matrix(folder, "states", names)
        owners = tuple(map(str, page["states"]["cell_types"]))
        n_cells = tuple(map(int, page["states"]["n_cells"]))
        if not len(owners) == len(n_cells) == len(names) or not set(owners) <= set(types):
            raise _damaged(folder, "its states belong to no cell type")
        states = StateProfiles(all_genes, names, owners, np.ascontiguousarray(by_state.T), n_cells)
    reference = SignatureReference(
        genes,
        types,
        profiles,
        variances,
        None if sizes is None else np.array(sizes, dtype=np.float64),
        unit=str(page["unit"]),
        states=states,
        malignant=str(page["malignant"]),
    )
    more = {name: _read(folder, name) if name in tables else None for name in ("accuracy", "markers")}
    return ReferenceFolder(reference, more["accuracy"], more["markers"], dict(page["about"]))


def _read_matrix(folder: Path, name: str, columns: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    table = _read(folder, name)
    if list(table.columns) != [_GENE, *columns]:
        raise _damaged(folder, f"the columns of {name}.parquet are not those that {_PAGE} names")
    values = table[list(columns)].to_numpy(dtype=np.float64)
    genes = tuple(map(str, table[_GENE]))
    if not np.isfinite(values).all() or len(set(genes)) < len(genes):
        raise _damaged(folder, f"{name}.parquet has missing values or a gene twice")
    return genes, np.ascontiguousarray(values)


def _read(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    about = pq.read_metadata(path)
    size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if max(size, about.num_rows * about.num_columns * 8) > _LARGEST_TABLE:
        raise _damaged(folder, f"{path.name} is larger than 4 GiB")
    return read_table(path)


def _damaged(folder: Path, why: str) -> FileFormatError:
    return FileFormatError(
        f"the folder is no reference, or is damaged: {why}",
        where=str(folder),
        expected="a folder that tmescope reference build wrote",
        next_step="build the reference again, or copy the whole folder again",
    )
