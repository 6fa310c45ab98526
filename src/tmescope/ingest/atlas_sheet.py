"""Sheets that list the sources of an atlas, one sample or one file of many samples a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from tmescope.foundation.errors import (
    FileFormatError,
    MissingFileError,
    SampleError,
    TmescopeError,
    UnknownNameError,
    examples,
)
from tmescope.ingest.cell_tables import TableOrientation
from tmescope.ingest.expression import find_duplicates
from tmescope.ingest.findings import raise_all
from tmescope.ingest.options import MISSING_WORDS
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.tenx_folder import is_tenx_folder
from tmescope.store.atlas_layout import check_column

__all__ = ["CellFormat", "SheetRow", "read_atlas_sheet"]

CellFormat = Literal["h5ad", "10x_h5", "10x_mtx", "table"]
"""What a source of cells is."""

_OTHER_NAMES = {"sample": "sample_id", "file": "path", "patient": "patient_id"}
_SETTINGS = ("format", "layer", "sample_column", "orientation", "genome")
_MOST_ROWS = 100_000
_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One source.

    Parameters
    ----------
    sample_id : str
        Name of its sample; empty where a column of the source names the samples.
    path : Path
        Resolved.
    form : str
        One of `CellFormat`.
    layer, sample_column, genome : str, optional
        Which matrix, which column of its cells names the sample, which genome.
    orientation : str, optional
        Of a table.
    columns : mapping of str to str
        What else the sheet says of the sample; the empty text is missing.
    place : str
        Sheet and line, for messages.
    """

    sample_id: str
    path: Path
    form: CellFormat
    layer: str | None = None
    sample_column: str | None = None
    genome: str | None = None
    orientation: TableOrientation | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


def read_atlas_sheet(path: Path) -> tuple[SheetRow, ...]:
    """Read a sheet.

    Parameters
    ----------
    path : Path
        CSV or TSV with the columns ``sample_id`` and ``path`` (or ``sample`` and ``file``). The columns ``format``,
        ``layer``, ``sample_column``, ``orientation`` and ``genome`` say how a source is read; every other one,
        such as ``patient_id``, ``treatment`` or ``outcome``, is said of the cells, as text. A path is relative to the
        sheet, or absolute. A row with a ``sample_column`` has no ``sample_id``.

    Returns
    -------
    tuple of SheetRow

    Raises
    ------
    FileFormatError, SampleError, MissingFileError, UnknownNameError
        The problem, or `ManyProblems` with those of all rows.
    """
    table = read_sample_table(path, key="")
    frame = table.frame.rename(columns={k: v for k, v in _OTHER_NAMES.items() if v not in table.frame.columns})
    _check_header([str(c) for c in frame.columns], [*table.duplicated], path)
    if len(frame) > _MOST_ROWS:
        raise FileFormatError(f"the sheet has {len(frame):,} rows", where=str(path), expected=f"{_MOST_ROWS:,} at most")
    kept = {"sample_id", "patient_id", "path", *_SETTINGS}
    frame = frame.assign(**{name: table.numbers(name, role="sheet") for name in frame.columns if name not in kept})
    rows: list[SheetRow] = []
    problems: list[TmescopeError] = []
    for line, cells in zip(table.lines, frame.to_dict("records"), strict=True):
        said = {str(k): "" if str(v).strip() in MISSING_WORDS else str(v).strip() for k, v in cells.items()}
        said["sample_id"] = str(cells.get("sample_id", "")).strip()  # a sample may be called NA
        try:
            rows.append(_row(said, path, place=f"{path}, line {line}"))
        except TmescopeError as error:
            problems.append(error)
    if twice := find_duplicates(row.sample_id for row in rows if row.sample_id):
        problems.append(
            SampleError(
                f"{len(twice)} samples are listed more than once: {examples(twice)}",
                where=f"{path}, column 'sample_id'",
                expected="a row for each sample",
                next_step="give each library a name of its own; cells of one sample in several files are put together "
                "before",
            )
        )
    raise_all(problems)
    return tuple(rows)


def _check_header(names: list[str], twice: list[str], path: Path) -> None:
    lacking = [n for n in ("path",) if n not in names]
    if "sample_id" not in names and "sample_column" not in names:
        lacking = ["sample_id", *lacking]
    if lacking or twice:
        what = f"there is no column {examples(lacking)}" if lacking else f"the column {examples(twice)} is there twice"
        raise FileFormatError(
            f"{what}; the header is {examples(names)}",
            where=f"{path}, line 1",
            expected="the columns 'sample_id' and 'path', then what is known of the samples, such as 'patient_id'",
            next_step="write the header so",
        )
    for name in names:
        try:
            check_column(name)
        except ValueError as error:
            raise FileFormatError(
                f"a column is called {name!r}",
                where=f"{path}, line 1",
                expected="a letter or digit, then letters, digits, spaces and _ . ( ) % + -; 100 at most",
                next_step="give the column another name",
            ) from error


def _row(said: dict[str, str], sheet: Path, *, place: str) -> SheetRow:
    settings = {name: said.get(name) or None for name in _SETTINGS}
    if not said.get("path"):
        raise FileFormatError("the row names no file", where=place, expected="a path", next_step="fill in the path")
    path = (sheet.parent / said["path"]).resolve()
    form = _form(path, settings["format"], place=place)
    sample = said["sample_id"]
    if bool(sample) == bool(settings["sample_column"]):
        raise SampleError(
            "the row names a sample and a column of samples" if sample else "the row names no sample",
            where=place,
            expected="a sample_id, or a sample_column of the file",
            next_step="give one of the two",
        )
    if ":" in sample:
        raise SampleError(
            f"a sample is called {sample!r}",
            where=place,
            expected="a name without a colon, which stands between sample and barcode in the names of cells",
            next_step="give it another name",
        )
    _check_settings(settings, form, place=place)
    columns = {k: v for k, v in said.items() if k not in (*_SETTINGS, "sample_id", "path")}
    layer = None if settings["layer"] == "X" else settings["layer"]
    return SheetRow(
        sample_id=sample,
        path=path,
        form=form,
        layer=layer,
        sample_column=settings["sample_column"],
        genome=settings["genome"],
        orientation=cast("TableOrientation | None", settings["orientation"]),
        columns=columns,
        place=place,
    )


def _check_settings(settings: dict[str, str | None], form: CellFormat, *, place: str) -> None:
    orientation = settings["orientation"]
    if (form == "table") != (orientation in get_args(TableOrientation)) or (orientation and form != "table"):
        unsaid = "nothing says whether a row of the table is a gene"
        raise FileFormatError(
            f"the orientation is {orientation!r}" if orientation else unsaid,
            where=f"{place}, orientation",
            expected="genes_by_cells or cells_by_genes with a table of text, nothing with others",
            next_step="look at the first rows of the table, and say what they are",
        )
    for name, takes in (("layer", "h5ad"), ("sample_column", "h5ad"), ("genome", "10x_h5")):
        if settings[name] and form != takes:
            raise FileFormatError(
                f"{name} is {settings[name]!r}, but the source is {form}",
                where=f"{place}, {name}",
                expected=f"{name} with {takes}",
                next_step=f"leave {name} empty",
            )


def _form(path: Path, declared: str | None, *, place: str) -> CellFormat:
    if not path.exists():
        raise MissingFileError(f"there is no {path.name!r}", where=f"{path} ({place})", next_step="correct the path")
    if declared is not None and declared not in get_args(CellFormat):
        raise UnknownNameError.of("format", declared, get_args(CellFormat), where=f"{place}, format")
    found = _found_form(path)
    if found is None or (declared is not None and declared != found):
        raise FileFormatError(
            f"{path.name!r} is {found or 'none of the formats that hold cells'}"
            + (f", not {declared}" if declared else ""),
            where=f"{path} ({place})",
            expected="an h5ad file, an h5 file of Cell Ranger, a folder of matrix.mtx, features.tsv and barcodes.tsv, "
            "or a table (.csv, .tsv, .txt, each also .gz)",
            next_step="name such a file",
        )
    return found


def _found_form(path: Path) -> CellFormat | None:
    if path.is_dir():
        return "10x_mtx" if is_tenx_folder(path) else None
    with path.open("rb") as file:
        hdf5 = file.read(len(_HDF5)) == _HDF5
    if hdf5:
        return "10x_h5" if path.suffix == ".h5" else "h5ad"
    ending = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    return "table" if ending and ending[0] in (".csv", ".tsv", ".txt") else None
