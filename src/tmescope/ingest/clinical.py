"""Sample tables: read as text, columns named by the caller, identifiers exactly as in the file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

import pandas as pd

from tmescope.foundation.errors import (
    FileFormatError,
    SampleError,
    TmescopeError,
    UnknownNameError,
    examples,
)
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.delimited import DELIMITERS, ENCODING_STEP, FIRST_COLUMN, decode, say_csv_error, suggest_delimiter
from tmescope.ingest.expression import find_duplicates
from tmescope.ingest.formats import check_text, find_format
from tmescope.ingest.number_styles import PLAIN, NumberStyle, as_plain_table, find_unclear
from tmescope.ingest.numerals import parse_numbers
from tmescope.ingest.options import COLUMNS, MISSING_WORDS, PLACEHOLDER, FileFormat
from tmescope.ingest.parquet import read_parquet_text
from tmescope.ingest.spelling import check_spelling

__all__ = ["SampleTable", "name_columns", "read_samples"]

_NO_ORIGINS: Mapping[str, tuple[str, tuple[int, ...]]] = MappingProxyType({})


@dataclass(frozen=True)
class SampleTable:
    """A sample table, all text.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a sample; every column of dtype ``string``, the empty text where the file has nothing.
    where : str
        The file, for messages.
    lines : tuple of int
        The line of the file that each row stands in (the header is line 1), or its number where the format
        has no lines.
    duplicated : tuple of str
        Column names that the file has more than once; the frame holds the first of each.
    style : NumberStyle
        How the file writes numbers; `frame` has them so.
    origins : mapping of str to (str, tuple of int)
        Of a table that was joined from several files, the columns that another file holds: that file, and the line
        of each row in it.
    """

    frame: pd.DataFrame
    where: str
    lines: tuple[int, ...]
    duplicated: tuple[str, ...] = ()
    style: NumberStyle = PLAIN
    origins: Mapping[str, tuple[str, tuple[int, ...]]] = field(default_factory=lambda: _NO_ORIGINS)

    def origin(self, name: str) -> tuple[str, tuple[int, ...]]:
        """Return the file that holds a column, and the line of each row in it.

        Parameters
        ----------
        name : str
            Of the column.
        """
        return self.origins.get(name, (self.where, self.lines))

    def column(self, name: str, *, role: str) -> pd.Series[str]:
        """Return a column as text.

        Parameters
        ----------
        name : str
            As in the file.
        role : str
            What it is wanted for, for the message.

        Raises
        ------
        UnknownNameError
            If there is none, with the most similar name.
        SampleError
            If the file has two of that name.
        """
        where = f"{self.origin(name)[0]}, {role}"
        if name not in self.frame.columns:
            raise UnknownNameError.of("column", name, map(str, self.frame.columns), where=where)
        if name in self.duplicated:
            raise SampleError(
                f"the column {name!r} occurs more than once",
                where=where,
                expected="one column of that name",
                next_step="rename or remove one of them",
            )
        return self.frame[name]

    def numbers(self, name: str, *, role: str, missing: Collection[str] = ()) -> pd.Series[str]:
        """Return a column as text, with its numbers as they would stand in a plain table.

        Parameters
        ----------
        name, role : str
            See `column`.
        missing : collection of str
            Words that are declared missing, as in the file; what they are in the column that is returned, says
            `tmescope.ingest.number_styles.plain_codes`.

        Raises
        ------
        UnknownNameError, SampleError
            See `column`; cells that nothing says how to read, such as ``1,234``.
        """
        cells = self.column(name, role=role)
        unclear = find_unclear(self.style, list(cells), missing=missing)
        if unclear:
            counts = Counter(cells.iloc[unclear])
            file, lines = self.origin(name)
            raise SampleError(
                f"{len(unclear)} cells can have a decimal mark or a separator of thousands: "
                f"{examples(f'{v} ({n}x)' for v, n in counts.most_common())}",
                where=f"{file}, {role}, column {name!r}, line {lines[unclear[0]]}",
                expected="numbers that can be read in one way",
                next_step=self.style.step,
            )
        plain = as_plain_table(self.style, list(cells), missing=missing)
        return pd.Series(plain, index=cells.index, name=name, dtype="string")


def read_samples(path: Path, declared: FileFormat | None = None, *, limits: Limits = DEFAULT_LIMITS) -> SampleTable:
    """Read a sample table as text.

    Parameters
    ----------
    path : Path
        TSV, CSV (also gzip) or Parquet with a header. The header may lack a cell for the first column, as R
        writes it; a first column without a name is called ``index``.
    declared : {'tsv', 'csv', 'parquet'}, optional
        None takes the format from the ending.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    SampleTable
        Nothing is converted: ``007``, ``NA`` and ``1e5`` stay what they are.

    Raises
    ------
    MissingFileError, FileFormatError
        See `tmescope.ingest.formats.find_format`; rows of unequal length with their line, no rows, not UTF-8.
    """
    form = find_format(path, declared)
    where = str(path)
    if form in ("h5ad", "zarr"):
        raise FileFormatError(
            f"a sample table cannot be {'an h5ad file' if form == 'h5ad' else 'a Zarr store'}",
            where=where,
            expected="TSV, CSV or Parquet",
            next_step="leave the sample table out: the one inside the matrix' file is then used",
        )
    if form == "parquet":
        names, columns = read_parquet_text(path, limits=limits)
        lines: list[int] = list(range(1, len(columns[0]) + 1 if columns else 1))
    else:
        with open_bytes(path, limits=limits) as handle:
            names, rows, lines = _read_rows(handle, DELIMITERS[form], where)
        columns = [[row[i] for row in rows] for i in range(len(names))]
    if not lines:
        raise FileFormatError(
            f"the table has a header of {len(names)} columns and no rows",
            where=where,
            expected="one row per sample",
            next_step="write or download the file again",
        )
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    frame = pd.DataFrame({n: columns[first[n]] for n in dict.fromkeys(names)}, dtype="string")
    return SampleTable(frame, where, tuple(lines), tuple(find_duplicates(names)))


def _read_rows(handle: IO[bytes], delimiter: str, where: str) -> tuple[list[str], list[list[str]], list[int]]:
    reader = csv.reader(_decoded_lines(handle, where), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        names = next(reader, [])
        for row in reader:
            if row and any(row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FileFormatError(
            f"the table cannot be parsed ({say_csv_error(error)})",
            where=f"{where}, line {reader.line_num}",
            expected="cells below 128 KiB and quotes closed",
            next_step="look for a lone quotation mark in that line",
        ) from error
    names = _name_header(names, rows[0] if rows else names, delimiter, where=where)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise FileFormatError(
                f"line {line} has {len(row)} cells; the header has {len(names)}",
                where=f"{where}, line {line}",
                expected="the same number of cells in every line",
                next_step="look for a delimiter inside a cell, or a line that was cut",
            )
    return names, rows, lines


def _decoded_lines(handle: IO[bytes], where: str) -> Iterator[str]:
    for number, raw in enumerate(handle, start=1):
        if number == 1:
            check_text(raw, where)
        if number == 1 or not raw.isascii():
            text = decode(raw, where, line=number, step=ENCODING_STEP)
        else:
            text = raw.decode("ascii")
        if "\0" in text:
            raise FileFormatError(
                "there is a NUL byte in the text",
                where=f"{where}, line {number}",
                expected="UTF-8 text",
                next_step="write the file again",
            )
        yield text


def _name_header(names: list[str], first: Sequence[str], delimiter: str, *, where: str) -> list[str]:
    if len(first) == len(names) + 1:
        names = ["", *names]
    if names and not names[0] and FIRST_COLUMN not in names:
        names = [FIRST_COLUMN, *names[1:]]
    if len(names) == 1 and (other := suggest_delimiter(names[0], "".join(first), delimiter)):
        raise FileFormatError(
            f"the header has one column only: {names[0][:60]!r}",
            where=f"{where}, line 1",
            expected="several columns",
            next_step=f"the cells look separated by {other!r}: declare the format, or write tabs or commas",
        )
    empty = [i for i, name in enumerate(names, start=1) if not name.strip()]
    if empty:
        raise FileFormatError(
            f"{len(empty)} columns have no name, at position {examples(empty)}",
            where=f"{where}, line 1",
            expected="a name for every column but the first",
            next_step="name or remove those columns",
        )
    return names


def name_columns(table: SampleTable, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[TmescopeError]]:
    """Pick the columns with a meaning of their own and type them as declared.

    Parameters
    ----------
    table : SampleTable
        As read.
    columns : mapping of str to str
        Our names to the file's. A name of ours that is not mapped is taken from a column called exactly so.

    Returns
    -------
    named : pandas.DataFrame
        The columns of `COLUMNS` that were found, in that order and in the table's row order; ``sample_id``
        exactly as in the file, ``patient_id`` too but nothing where it is one of `MISSING_WORDS` in any case; the
        other text without spaces around it and with `MISSING_WORDS` as NA, ``age_years`` as float. Of ages and sexes
        a word in brackets such as ``[Not Available]`` is missing too.
    problems : list of TmescopeError
        Unknown names (ours or the file's), no or empty or repeated sample identifiers, ages that are not
        numbers.
    """
    problems: list[TmescopeError] = [
        UnknownNameError.of("column of a sample table", ours, COLUMNS, where=f"{table.where}, columns")
        for ours in columns
        if ours not in COLUMNS
    ]
    found: dict[str, pd.Series[str]] = {}
    for ours in COLUMNS:
        if ours not in columns and ours not in table.frame.columns:
            continue
        try:
            read = table.numbers if ours == "age_years" else table.column
            found[ours] = read(columns.get(ours, ours), role=f"columns.{ours}")
        except TmescopeError as error:
            problems.append(error)
    if "sample_id" in found:
        problems.extend(_check_ids(found["sample_id"], table))
    elif "sample_id" not in columns:
        problems.append(_no_ids(table))
    for ours in ("sample_id", "patient_id"):
        if ours in found:
            where = f"{table.origin(str(found[ours].name))[0]}, column {found[ours].name!r}"
            problems += check_spelling(found[ours], f"values of {ours}", SampleError, where=where)
    treat = {"sample_id": _keep, "patient_id": _drop_missing, "sex": _blank_held}
    named: dict[str, object] = {ours: treat.get(ours, _blank)(cells) for ours, cells in found.items()}
    if "age_years" in found:
        held = [cell for cell in found["age_years"].unique() if PLACEHOLDER.fullmatch(cell.strip())]
        ages, bad = parse_numbers(list(found["age_years"]), missing=(*MISSING_WORDS, *held))
        named["age_years"] = ages
        if bad:
            problems.append(_bad_ages(found["age_years"], bad, table))
    return pd.DataFrame(named, index=table.frame.index), problems


def _keep(cells: pd.Series[str]) -> pd.Series[str]:
    return cells


def _blank(cells: pd.Series[str]) -> pd.Series[str]:
    stripped = cells.str.strip()
    return stripped.mask(stripped.isin(MISSING_WORDS))


def _blank_held(cells: pd.Series[str]) -> pd.Series[str]:
    blank = _blank(cells)
    return blank.mask(blank.str.fullmatch(PLACEHOLDER).fillna(False).astype(bool))


def _drop_missing(patients: pd.Series[str]) -> pd.Series[str]:
    # one patient called NA, as R writes a missing one, would hold the samples of all who have none
    return patients.mask(patients.str.strip().str.casefold().isin([w.casefold() for w in MISSING_WORDS]), "")


def _no_ids(table: SampleTable) -> SampleError:
    names = [str(c) for c in table.frame.columns]
    return SampleError(
        "no column with sample identifiers is declared",
        where=f"{table.where}, columns.sample_id",
        expected=f"a mapping for sample_id; the table has {examples(names)}",
        next_step="set columns.sample_id to the column whose values are the sample names of the matrix",
    )


def _check_ids(ids: pd.Series[str], table: SampleTable) -> Iterable[SampleError]:
    empty = [line for line, value in zip(table.lines, ids, strict=True) if not value.strip()]
    if empty:
        yield SampleError(
            f"{len(empty)} rows have no sample identifier, at line {examples(empty)}",
            where=f"{table.where}, column {ids.name!r}",
            expected="an identifier in every row",
            next_step="name or remove those rows",
        )
    counts = Counter(value for value in ids if value.strip())
    repeated = [value for value, n in counts.items() if n > 1]
    if repeated:
        yield SampleError(
            f"{len(repeated)} sample identifiers occur more than once: {examples(repeated)}",
            where=f"{table.where}, column {ids.name!r}",
            expected="one row per sample",
            next_step="remove the repeated rows, or map sample_id to a column that is unique",
        )


def _bad_ages(cells: pd.Series[str], bad: list[int], table: SampleTable) -> SampleError:
    where, lines = table.origin(str(cells.name))
    counts = Counter(cells.iloc[bad])
    return SampleError(
        f"{len(bad)} ages are not numbers: {examples(f'{v} ({n}x)' for v, n in counts.most_common())}",
        where=f"{where}, column {cells.name!r}, line {lines[bad[0]]}",
        expected="years as numbers, or nothing",
        next_step=table.style.advise(counts) or "write the number, or leave the cell empty",
    )
