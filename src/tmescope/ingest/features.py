"""Further columns per sample or patient (TMB, PD-L1, clonality, mutations) as a long table of features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, SampleError, TmescopeError, examples
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.deidentification import check_identifying
from tmescope.ingest.expression import find_duplicates
from tmescope.ingest.findings import Findings
from tmescope.ingest.number_styles import plain_codes
from tmescope.ingest.numerals import parse_numbers, value_key
from tmescope.ingest.options import MISSING_WORDS, Dialect, FileFormat
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.spelling import find_similar, group_similar
from tmescope.store.tables import SCHEMAS

__all__ = ["FEATURE_COLUMNS", "FeatureColumn", "FeatureSource", "read_features"]

_KEY = "in [[cohorts.features]] dialect"

_Alike: TypeAlias = tuple[Path | None, FileFormat | None, Dialect | None, str, str]
_Joined: TypeAlias = tuple[SampleTable, list[int | None]]

FEATURE_COLUMNS = tuple(SCHEMAS["features"].columns)
"""Columns of the ``features`` table."""


@dataclass(frozen=True)
class FeatureColumn:
    """One column that becomes a feature.

    Parameters
    ----------
    column : str
        In the file.
    kind : {'numeric', 'categorical'}
        Numbers, or words.
    unit : str
        For the report, such as ``mutations/Mb``.
    missing : tuple of str
        Words that mean "not known", beside `MISSING_WORDS`.
    """

    column: str
    kind: Literal["numeric", "categorical"]
    unit: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeatureSource:
    """A table with features.

    Parameters
    ----------
    columns : mapping of str to FeatureColumn
        By the name of the feature.
    path : Path, optional
        TSV, CSV (also gzip) or Parquet; None means the cohort's own sample table.
    id_column : str
        Column with the identifiers (not used for the cohort's own table).
    joins : {'sample_id', 'patient_id'}
        What those identifiers are; a patient's value goes to all of the patient's samples.
    format : {'tsv', 'csv', 'parquet'}, optional
        None takes it from the ending.
    dialect : Dialect, optional
        Of that file, where it is TSV or CSV; what it does not say is found by evidence.
    """

    columns: Mapping[str, FeatureColumn] = field(default_factory=dict)
    path: Path | None = None
    id_column: str = "sample_id"
    joins: Literal["sample_id", "patient_id"] = "sample_id"
    format: FileFormat | None = None
    dialect: Dialect | None = None


def read_features(
    sources: Sequence[FeatureSource],
    samples: pd.DataFrame,
    own: SampleTable | None,
    *,
    findings: Findings,
    allowed: Collection[str] = (),
) -> pd.DataFrame:
    """Read all features of a cohort.

    Parameters
    ----------
    sources : sequence of FeatureSource
        Where they stand.
    samples : pandas.DataFrame
        The samples that enter: ``sample_id``, ``patient_id`` and ``row``, the position of its row in `own`.
    own : SampleTable, optional
        The cohort's sample table.
    findings : Findings
        Receives problems (also columns of other files that look like they identify persons, see
        `tmescope.ingest.deidentification.check_identifying`), warnings (values missing, rows of samples that do not
        enter) and quality rows.
    allowed : collection of str
        Columns that may be used although they look like they identify persons.

    Returns
    -------
    pandas.DataFrame
        `FEATURE_COLUMNS`; one row per sample and feature, in the order of the declarations and then of the
        samples. ``value`` is float (NaN where missing or categorical), ``category`` text (NA where missing or
        numeric).
    """
    frames = []
    seen: set[str] = set()
    files: dict[_Alike, _Joined | None] = {}
    for source in sources:
        repeated = [name for name in source.columns if name in seen]
        seen.update(source.columns)
        if repeated:
            findings.add([_repeated(repeated)])
        with findings.collecting():
            alike = _alike(source)
            if alike not in files:
                files[alike] = None  # a file that cannot be read is told once
                same = [other for other in sources if _alike(other) == alike]
                files[alike] = _open(same, samples, own, findings=findings, allowed=allowed)
            joined = files[alike]
            if joined is not None:
                frames.extend(_read_source(source, samples, joined, findings=findings))
    if not frames:
        return _shape(pd.DataFrame({name: [] for name in FEATURE_COLUMNS}))
    return _shape(pd.concat(frames, ignore_index=True))


def _repeated(names: list[str]) -> InputError:
    return InputError(
        f"the features {examples(names)} are declared more than once",
        where="features",
        expected="one declaration per feature",
        next_step="give one of them another name",
    )


def _shape(table: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(FEATURE_COLUMNS, "string") | {"value": "float64"}
    return table.astype(kinds)[list(FEATURE_COLUMNS)]


def _alike(source: FeatureSource) -> _Alike:
    """Return what sources share whose file is read, checked and joined once."""
    return source.path, source.format, source.dialect, source.joins, source.id_column


def _open(
    same: Sequence[FeatureSource],
    samples: pd.DataFrame,
    own: SampleTable | None,
    *,
    findings: Findings,
    allowed: Collection[str],
) -> _Joined:
    source = same[0]
    if source.path is None:
        if own is None:
            raise SampleError(
                f"the features {examples([name for one in same for name in one.columns])} have no table",
                where="features",
                expected="a sample table or a file of their own",
                next_step="name the file",
            )
        return own, [int(i) for i in samples["row"]]
    table = read_sample_table(source.path, source.format, dialect=source.dialect, key=_KEY, findings=findings)
    used: dict[str, str] = {source.joins: source.id_column}
    used |= {f"feature {n}": c.column for one in same for n, c in one.columns.items()}
    check_identifying(table, used, allowed=allowed, findings=findings, name=source.path.name, untabled=own is None)
    return table, _join(source, samples, table, findings=findings)


def _read_source(
    source: FeatureSource, samples: pd.DataFrame, joined: _Joined, *, findings: Findings
) -> list[pd.DataFrame]:
    table, rows = joined
    frames = []
    for name, column in source.columns.items():
        with findings.collecting():
            frames.append(_read_column(name, column, table, rows=rows, samples=samples, findings=findings))
    return frames


def _join(source: FeatureSource, samples: pd.DataFrame, table: SampleTable, *, findings: Findings) -> list[int | None]:
    """Return, for each sample, the position of its row in `table`, or None."""
    ids = table.column(source.id_column, role="features, id_column")
    duplicates = find_duplicates(i for i in ids if i.strip())
    if duplicates:
        raise SampleError(
            f"{len(duplicates)} identifiers occur more than once: {examples(duplicates)}",
            where=f"{table.where}, column {source.id_column!r}",
            expected=f"one row per {source.joins}",
            next_step="remove the repeated rows",
        )
    position: dict[str, int] = {value: i for i, value in enumerate(ids)}
    rows = [position.get(i) for i in samples[source.joins]]
    found = sum(row is not None for row in rows)
    if not found and rows:
        raise SampleError(
            f"no {source.joins} of the cohort ({examples(list(samples[source.joins]))}) is in the table "
            f"({examples(list(ids))})",
            where=f"{table.where}, column {source.id_column!r}",
            expected=f"the cohort's {source.joins}",
            next_step="check id_column and joins",
        )
    wanted = frozenset(samples[source.joins])
    unused = [i for i in ids if i not in wanted]
    file = source.path.name if source.path else ""
    if unused:
        message = f"{len(unused)} of {len(ids)} rows of {file} belong to no sample of the analysis"
        findings.warn("features.table_only", message, items=unused)
    if found < len(rows):
        absent = [s for s, row in zip(samples["sample_id"], rows, strict=True) if row is None]
        findings.warn("features.no_row", f"{len(absent)} of {len(rows)} samples have no row in {file}", items=absent)
    if similar := find_similar(dict.fromkeys(i for i in samples[source.joins] if i not in position), unused):
        message = f"{len(similar)} without a row agree with rows of {file} apart from case, spaces or punctuation"
        findings.warn("features.similar", message, items=[f"{a!r} and {b!r}" for a, b in similar])
    return rows


def _read_column(
    name: str,
    column: FeatureColumn,
    table: SampleTable,
    *,
    rows: list[int | None],
    samples: pd.DataFrame,
    findings: Findings,
) -> pd.DataFrame:
    if column.kind == "numeric":
        cells = table.numbers(column.column, role=f"feature {name!r}", missing=column.missing)
    else:
        cells = table.column(column.column, role=f"feature {name!r}")
    texts = ["" if row is None else str(cells.iloc[row]) for row in rows]
    missing = (*MISSING_WORDS, *column.missing)
    values = np.full(len(texts), np.nan)
    categories: list[str | None] = [None] * len(texts)
    if column.kind == "numeric":
        values, bad = parse_numbers(texts, missing=plain_codes(table.style, missing))
        if bad:
            raise _not_numbers(name, column, [texts[i] for i in bad], table=table, row=rows[bad[0]] or 0)
        n_missing = int(np.isnan(values).sum())
    else:
        words = {value_key(word) for word in missing}
        categories = [None if value_key(text) in words else text.strip() for text in texts]
        n_missing = sum(c is None for c in categories)
        if similar := group_similar(c for c in categories if c is not None):
            message = f"{len(similar)} categories of {name} are written in several ways and stay apart"
            findings.warn("features.similar_categories", message, items=[" and ".join(map(repr, g)) for g in similar])
    _tell(name, column, n_missing, n=len(texts), findings=findings)
    return pd.DataFrame(
        {
            "cohort_id": findings.cohort_id,
            "sample_id": list(samples["sample_id"]),
            "feature": name,
            "kind": column.kind,
            "value": values,
            "category": pd.array(categories, dtype="string"),
            "unit": column.unit,
        }
    )


def _tell(name: str, column: FeatureColumn, n_missing: int, *, n: int, findings: Findings) -> None:
    if n_missing:
        findings.warn("features.missing", f"{n_missing} of {n} samples have no {name}", count=n_missing)
    evidence = f"{n - n_missing} of {n} samples have a value in column {column.column!r}."
    findings.note(f"feature {name}", n - n_missing, evidence, status="ok" if n > n_missing else "notice")


def _not_numbers(name: str, column: FeatureColumn, bad: list[str], *, table: SampleTable, row: int) -> TmescopeError:
    counts = Counter(bad)
    file, lines = table.origin(column.column)
    return InputError(
        f"{len(bad)} values of the feature {name!r} are not numbers: "
        f"{examples(f'{v} ({n}x)' for v, n in counts.most_common())}",
        where=f"{file}, column {column.column!r}, line {lines[row]}",
        expected="numbers, or nothing",
        next_step=table.style.advise(counts) or "declare the feature as categorical, or those words as missing",
    )
