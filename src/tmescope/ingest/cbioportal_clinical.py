"""Clinical tables of a cBioPortal study folder: five rows of header, patients and samples joined into one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tmescope.foundation.errors import FileFormatError, MissingFileError, SampleError, TmescopeError, examples
from tmescope.ingest.blocks import each_line, split_line
from tmescope.ingest.cbioportal_folder import StudyFolder, open_study_folder
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.findings import raise_all
from tmescope.ingest.matrix import Note

__all__ = ["DATATYPES", "PATIENT", "SAMPLE", "ClinicalFile", "read_clinical_file", "read_study_samples"]

PATIENT, SAMPLE = "PATIENT_ID", "SAMPLE_ID"
"""Identifiers as the format calls them."""

DATATYPES = ("STRING", "NUMBER", "BOOLEAN")
"""What the third row of a header may say of a column."""

_ABOVE = 4
_ROWS = "four rows that begin with '#' (display names, descriptions, datatypes, priorities), then the attributes' names"


@dataclass(frozen=True)
class ClinicalFile:
    """A clinical file, all text.

    Parameters
    ----------
    path : Path
        The file.
    display, descriptions, datatypes, priorities : tuple of str
        The four rows above the names, one cell a column.
    names : tuple of str
        The attributes.
    rows : list of list of str
        Cells exactly as in the file.
    lines : tuple of int
        The line of each row.
    """

    path: Path
    display: tuple[str, ...]
    descriptions: tuple[str, ...]
    datatypes: tuple[str, ...]
    priorities: tuple[str, ...]
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: tuple[int, ...]

    def column(self, name: str) -> list[str]:
        """Return the cells of a column."""
        at = self.names.index(name)
        return [row[at] for row in self.rows]


def read_clinical_file(path: Path, *, required: Sequence[str], limits: Limits = DEFAULT_LIMITS) -> ClinicalFile:
    """Read the file of patients' or of samples' attributes.

    Parameters
    ----------
    path : Path
        Tab-separated text, plain or gzip.
    required : sequence of str
        Columns that must be there, each cell filled.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    ClinicalFile
        Nothing is converted.

    Raises
    ------
    FileFormatError
        Another header, a datatype that there is not, names that repeat, rows of unequal length, no rows, not UTF-8.
    SampleError
        A required column is absent or has empty cells.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        lines = [(number, split_line(text)) for number, text in each_line(handle, where) if text.strip()]
    above = [cells for _, cells in lines[: _ABOVE + 1] if cells[0].startswith("#")]
    if len(above) != _ABOVE or len(lines) <= _ABOVE:
        raise FileFormatError(
            f"{len(above)} of the first {_ABOVE + 1} lines begin with '#'",
            where=f"{where}, line {lines[min(len(above), len(lines) - 1)][0] if lines else 1}",
            expected=_ROWS,
            next_step="write the header as the format wants it, or read the file as a plain table: "
            'samples = the file, samples_format = "tsv"',
        )
    names = lines[_ABOVE][1]
    _check_widths(lines, len(names), where)
    if len(lines) == _ABOVE + 1:
        raise FileFormatError(
            f"the table has a header of {len(names)} columns and no rows",
            where=where,
            expected="one row per patient or sample",
            next_step="download the file again",
        )
    display, descriptions, datatypes, priorities = (_without_mark(cells) for cells in above)
    rows = [cells for _, cells in lines[_ABOVE + 1 :]]
    found = ClinicalFile(
        path,
        display=display,
        descriptions=descriptions,
        datatypes=datatypes,
        priorities=priorities,
        names=tuple(names),
        rows=rows,
        lines=tuple(number for number, _ in lines[_ABOVE + 1 :]),
    )
    raise_all([*_name_problems(found, lines[_ABOVE][0]), *_id_problems(found, required, lines[_ABOVE][0])])
    return found


def read_study_samples(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[SampleTable, list[Note]]:
    """Join the clinical tables of a study.

    Parameters
    ----------
    path : Path
        The folder of the study.
    limits : Limits
        On the decompressed sizes.

    Returns
    -------
    table : SampleTable
        All text: ``SAMPLE_ID``, ``PATIENT_ID``, the other columns of the samples' file, then those of the patients'
        file, one row a sample in the order of the samples' file. A column of both files that says the same for every
        sample is there once; where they differ the samples' stands under its name and the patients' under
        ``PATIENT.NAME``, and that is told. Each column knows the file that it is from.
    notes : list of Note
        Which files were joined and what did not agree.

    Raises
    ------
    MissingFileError
        No study, or none with a table of samples.
    FileFormatError, SampleError
        See `read_clinical_file`; samples or patients that stand there twice, samples of patients that the patients'
        file does not know.
    """
    folder = open_study_folder(path)
    if folder.samples is None:
        raise MissingFileError(
            "no meta file of the study is CLINICAL with the datatype SAMPLE_ATTRIBUTES",
            where=str(path),
            expected="meta_clinical_sample.txt and the table that it names",
            next_step="name a sample table with samples, or complete the folder",
        )
    samples = read_clinical_file(folder.samples.data_file(), required=(SAMPLE, PATIENT), limits=limits)
    patients = None
    if folder.patients is not None:
        patients = read_clinical_file(folder.patients.data_file(), required=(PATIENT,), limits=limits)
    problems = [*_repeated(samples, SAMPLE), *(_repeated(patients, PATIENT) if patients else ())]
    if patients:
        problems += _unknown_patients(samples, patients)
    raise_all(problems)
    columns, notes = _join(samples, patients)
    notes.insert(0, _told(folder, samples, patients))
    frame = pd.DataFrame(columns, dtype="string")
    origins = _origins(columns, samples, patients) if patients else {}
    return SampleTable(frame, str(samples.path), samples.lines, origins=origins), notes


def _without_mark(cells: list[str]) -> tuple[str, ...]:
    return (cells[0].removeprefix("#"), *cells[1:])


def _check_widths(lines: Sequence[tuple[int, list[str]]], width: int, where: str) -> None:
    for number, cells in lines:
        if len(cells) != width:
            raise FileFormatError(
                f"line {number} has {len(cells)} cells; the row of names has {width}",
                where=f"{where}, line {number}",
                expected="the same number of cells in every line",
                next_step="look for a tab inside a cell, or a line that was cut",
            )


def _name_problems(found: ClinicalFile, line: int) -> Iterator[TmescopeError]:
    where = f"{found.path}, line {line}"
    repeated = [n for i, n in enumerate(found.names) if n in found.names[:i]]
    if repeated or not all(n.strip() for n in found.names):
        yield FileFormatError(
            f"the names of columns are empty or repeat: {examples(repeated or [''])}",
            where=where,
            expected="each column a name of its own",
            next_step="rename or remove those columns",
        )
    wrong = [d for d in found.datatypes if d.strip() not in DATATYPES]
    if wrong:
        yield FileFormatError(
            f"{len(wrong)} datatypes are not known: {examples(wrong)}",
            where=f"{found.path}, third row of the header",
            expected=_ROWS + f"; a datatype is one of {', '.join(DATATYPES)}",
            next_step="correct the header",
        )


def _id_problems(found: ClinicalFile, required: Sequence[str], line: int) -> Iterator[TmescopeError]:
    for name in required:
        if name not in found.names:
            yield SampleError(
                f"there is no column {name}; there are {examples(found.names)}",
                where=f"{found.path}, line {line}",
                expected=f"the columns {', '.join(required)}",
                next_step="correct the header, or download the file again",
            )
            continue
        cells = found.column(name)
        empty = [n for n, cell in zip(found.lines, cells, strict=True) if not cell.strip()]
        if empty:
            yield SampleError(
                f"{len(empty)} rows have no {name}, at line {examples(empty)}",
                where=f"{found.path}, column {name!r}",
                expected="an identifier in every row",
                next_step="name or remove those rows",
            )


def _repeated(found: ClinicalFile, name: str) -> list[TmescopeError]:
    first: dict[str, int] = {}
    twice = [
        f"{cell} (lines {first[cell]} and {line})"
        for line, cell in zip(found.lines, found.column(name), strict=True)
        if first.setdefault(cell, line) != line
    ]
    if not twice:
        return []
    return [
        SampleError(
            f"{len(twice)} rows repeat a {name}: {examples(twice)}",
            where=f"{found.path}, column {name!r}",
            expected="one row for each",
            next_step="remove the repeated rows; tmescope does not choose between them",
        )
    ]


def _unknown_patients(samples: ClinicalFile, patients: ClinicalFile) -> list[TmescopeError]:
    known = frozenset(patients.column(PATIENT))
    unknown = [(n, c) for n, c in zip(samples.lines, samples.column(PATIENT), strict=True) if c not in known]
    if not unknown:
        return []
    return [
        SampleError(
            f"{len(unknown)} samples are of patients that {patients.path.name} does not have: "
            f"{examples(cell for _, cell in unknown)}",
            where=f"{samples.path}, line {unknown[0][0]}, column {PATIENT!r}",
            expected="a row for each patient",
            next_step="add those patients, or remove the samples",
        )
    ]


def _join(samples: ClinicalFile, patients: ClinicalFile | None) -> tuple[dict[str, list[str]], list[Note]]:
    columns = {name: samples.column(name) for name in (SAMPLE, PATIENT)}
    columns |= {name: samples.column(name) for name in samples.names}
    if patients is None:
        return columns, []
    row_of = {cell: i for i, cell in enumerate(patients.column(PATIENT))}
    rows = [row_of[cell] for cell in columns[PATIENT]]
    notes = []
    for name in patients.names:
        cells = patients.column(name)
        spread = [cells[i] for i in rows]
        differ = [s for s, a, b in zip(columns[SAMPLE], columns.get(name, spread), spread, strict=True) if a != b]
        if differ:
            columns[_free(f"PATIENT.{name}", columns)] = spread
            evidence = (
                f"the column {name} of both clinical files differs for {len(differ)} samples ({examples(differ)}): "
                f"{name} is the samples' one, PATIENT.{name} the patients'"
            )
            notes.append(Note("cbioportal.columns_differ", f"column {name}", str(len(differ)), evidence))
        else:
            columns.setdefault(name, spread)
    idle = len(patients.rows) - len(set(rows))
    if idle:
        evidence = f"{idle} of {len(patients.rows)} patients have no sample and are not in the table"
        notes.append(Note("cbioportal.idle_patients", "patients without sample", str(idle), evidence))
    return columns, notes


def _origins(
    columns: dict[str, list[str]], samples: ClinicalFile, patients: ClinicalFile
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return file and lines of the columns that the samples' file does not hold."""
    line_of = dict(zip(patients.column(PATIENT), patients.lines, strict=True))
    lines = tuple(line_of[cell] for cell in columns[PATIENT])
    return {name: (str(patients.path), lines) for name in columns if name not in samples.names}


def _free(name: str, taken: dict[str, list[str]]) -> str:
    while name in taken:
        name = f"PATIENT.{name}"
    return name


def _told(folder: StudyFolder, samples: ClinicalFile, patients: ClinicalFile | None) -> Note:
    joined = f" joined with {patients.path.name} by {PATIENT}" if patients else ""
    study = folder.study.get("cancer_study_identifier")
    evidence = f"cBioPortal study {study}: the sample table is {samples.path.name}{joined}"
    return Note("", "clinical tables", str(len(samples.rows)), evidence)
