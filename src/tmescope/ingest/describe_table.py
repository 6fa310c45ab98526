"""What the columns of a sample table could be: candidates with their evidence, never decisions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.number_styles import NumberStyle, as_plain_table
from tmescope.ingest.numerals import parse_numbers
from tmescope.ingest.options import MISSING_WORDS, PLACEHOLDER
from tmescope.ingest.timepoints import read_moment

__all__ = ["NAMES_TRIED", "Candidate", "ColumnSummary", "SamplesDescription", "TimePair", "describe_table"]

_VALUES_KEPT = 12
_FEW = 12
_RESPONSE = re.compile(r"respon|recist|benefit|(^|_)bor($|_)", re.IGNORECASE)
_RECIST = frozenset({"cr", "pr", "sd", "pd", "ne", "r", "nr", "responder", "non-responder", "nonresponder"})
_TIME_WORDS = frozenset({"time", "months", "month", "days", "day", "weeks", "years", "survival", "followup"})
_EVENT_WORDS = frozenset({"event", "status", "occurred", "censor", "censored", "dead", "death", "vital"})
_ENDPOINT_WORDS = frozenset({"os", "pfs", "dfs", "efs", "rfs", "dss", "ttp", "survival"})
_UNITS = {"day": "days", "days": "days", "week": "weeks", "weeks": "weeks", "month": "months"}
_UNITS |= {"months": "months", "year": "years", "years": "years"}
_TIMEPOINT = frozenset({"timepoint", "visit", "biopsytime"})
_PATIENT = frozenset({"patient", "patientid", "subject", "subjectid", "donor", "case", "participant"})
_CANCER_TYPE = frozenset(
    {"cancertype", "cancertypedetailed", "diseasetype", "indication", "oncotreecode", "tumortype", "tumourtype"}
)
_TREATMENT = frozenset(
    {
        "arm",
        "drug",
        "drugs",
        "regimen",
        "studyarm",
        "therapy",
        "treatment",
        "treatmentarm",
        "treatmentgroup",
        "trialarm",
    }
)
_SEXES = frozenset({"m", "f", "male", "female"})
_OLDEST = 120

NAMES_TRIED = {
    "patient_id": _PATIENT,
    "timepoint": _TIMEPOINT,
    "cancer_type (the whole name)": _CANCER_TYPE,
    "treatment (the whole name)": _TREATMENT,
    "time of an endpoint": _TIME_WORDS | _ENDPOINT_WORDS,
    "event of an endpoint": _EVENT_WORDS,
}
"""Words in the name of a column, without case and punctuation, that propose it to a draft, and decide nothing."""


@dataclass(frozen=True)
class Candidate:
    """One possibility and what speaks for it."""

    value: str
    evidence: str


@dataclass(frozen=True)
class ColumnSummary:
    """A column in numbers.

    Parameters
    ----------
    name : str
        As in the file.
    n_distinct, n_missing : int
        Different values that are not missing; missing cells, placeholders among them.
    numeric : bool
        Whether every cell that is not missing is a number.
    values : tuple of (str, int)
        The most frequent values and how often they occur, at most 12.
    placeholders : tuple of str
        Words in brackets that stand for a missing value; a rule must name them as missing.
    """

    name: str
    n_distinct: int
    n_missing: int
    numeric: bool
    values: tuple[tuple[str, int], ...]
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimePair:
    """Two columns that could be a time and its event.

    Parameters
    ----------
    time, event : str
        The columns.
    unit : str
        Named by the column or by a column of units; empty where neither says.
    event_values : tuple of (str, int)
        Values of the event column and how often they occur.
    evidence : str
        Why they could belong together.
    placeholders : tuple of str
        Words in brackets that stand for a missing value in either column.
    """

    time: str
    event: str
    unit: str
    event_values: tuple[tuple[str, int], ...]
    evidence: str
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class SamplesDescription:
    """What can be read from a sample table.

    Parameters
    ----------
    n_rows : int
        Of the table.
    columns : tuple of ColumnSummary
        All columns, in the order of the file.
    sample_id, patient_id, cancer_type, treatment, timepoint, sex, age_years : tuple of Candidate
        Columns that could be it, best first; empty where none could.
    response : tuple of ColumnSummary
        Columns that could hold a response.
    times : tuple of TimePair
        Columns that could be a time and its event.
    """

    n_rows: int
    columns: tuple[ColumnSummary, ...]
    sample_id: tuple[Candidate, ...]
    patient_id: tuple[Candidate, ...]
    cancer_type: tuple[Candidate, ...]
    treatment: tuple[Candidate, ...]
    timepoint: tuple[Candidate, ...]
    sex: tuple[Candidate, ...]
    age_years: tuple[Candidate, ...]
    response: tuple[ColumnSummary, ...]
    times: tuple[TimePair, ...]


def describe_table(
    table: SampleTable, *, rows: Collection[str] = (), columns: Collection[str] = ()
) -> SamplesDescription:
    """Look at every column of a sample table.

    Parameters
    ----------
    table : SampleTable
        As read.
    rows, columns : collection of str
        Names of the two axes of the matrix.

    Returns
    -------
    SamplesDescription
        Candidates by the overlap of values with the matrix, by names of columns and by kinds of values.
    """
    summaries = tuple(_summarise(str(name), table.frame[name], table.style) for name in table.frame.columns)
    return SamplesDescription(
        n_rows=len(table.frame),
        columns=summaries,
        sample_id=_rank_ids(table.frame, (("column", columns), ("row", rows))),
        patient_id=tuple(_by_name(summaries, _PATIENT, numeric=None)),
        cancer_type=tuple(_by_whole_name(summaries, _CANCER_TYPE)),
        treatment=tuple(_by_whole_name(summaries, _TREATMENT)),
        timepoint=tuple(_by_name(summaries, _TIMEPOINT, numeric=False, most=_FEW)),
        sex=tuple(_find_sex(summaries)),
        age_years=tuple(_find_age(summaries, table)),
        response=tuple(_find_response(summaries)),
        times=tuple(_pair_times(summaries)),
    )


def _summarise(name: str, cells: pd.Series[str], style: NumberStyle) -> ColumnSummary:
    counts = Counter(cell for cell in cells if cell.strip() not in MISSING_WORDS)
    placeholders = tuple(word for word in counts if PLACEHOLDER.fullmatch(word))
    for word in placeholders:
        del counts[word]
    _, bad = parse_numbers(as_plain_table(style, list(counts)), missing=())
    return ColumnSummary(
        name=name,
        n_distinct=len(counts),
        n_missing=len(cells) - counts.total(),
        numeric=bool(counts) and not bad,
        values=tuple(counts.most_common(_VALUES_KEPT)),
        placeholders=placeholders,
    )


def _words(name: str) -> list[str]:
    """Return the words of a column name: ``orig__Survival.time_OS`` has orig, survival, time, os."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z0-9]+", split.casefold()) if word]


def _rank_ids(frame: pd.DataFrame, axes: Sequence[tuple[str, Collection[str]]]) -> tuple[Candidate, ...]:
    found: list[tuple[int, Candidate]] = []
    for axis, names in axes:
        wanted = frozenset(names)
        for column in frame.columns:
            cells = frame[column]
            overlap = len(wanted.intersection(cells))
            if overlap and not cells.duplicated().any():
                evidence = f"{overlap} of {len(cells)} values are {axis} names of the matrix"
                found.append((overlap, Candidate(str(column), evidence)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(candidate for _, candidate in found)


def _by_name(
    summaries: Sequence[ColumnSummary],
    wanted: frozenset[str],
    *,
    numeric: bool | None,
    most: int | None = None,
) -> Iterator[Candidate]:
    for s in summaries:
        words = _words(s.name)
        named = wanted.intersection(words) or "".join(w for w in words if w not in ("orig", "id")) in wanted
        fits = (numeric is None or s.numeric == numeric) and (most is None or s.n_distinct <= most)
        if named and fits and s.n_distinct:
            yield Candidate(s.name, f"{s.n_distinct} different values: {_list(s)}")


def _by_whole_name(summaries: Sequence[ColumnSummary], wanted: frozenset[str]) -> Iterator[Candidate]:
    """Propose columns of words that are called so and nothing else: a treatment_response is no treatment.

    A column of times (before, on treatment) is not proposed, whatever it is called.
    """
    for s in summaries:
        words = [w for w in _words(s.name) if w != "orig"]
        if "".join(words) in wanted and s.values and not s.numeric and not all(read_moment(v) for v, _ in s.values):
            yield Candidate(s.name, f"{s.n_distinct} different values: {_list(s)}")


def _list(summary: ColumnSummary) -> str:
    shown = ", ".join(f"{value} ({n}x)" for value, n in summary.values[: _VALUES_KEPT // 3])
    return shown + (", ..." if summary.n_distinct > _VALUES_KEPT // 3 else "")


def _find_sex(summaries: Sequence[ColumnSummary]) -> Iterator[Candidate]:
    for s in summaries:
        if s.values and {value.casefold() for value, _ in s.values} <= _SEXES:
            yield Candidate(s.name, _list(s))


def _find_age(summaries: Sequence[ColumnSummary], table: SampleTable) -> Iterator[Candidate]:
    for s in summaries:
        if s.numeric and "age" in _words(s.name):
            values, _ = parse_numbers(as_plain_table(table.style, list(table.frame[s.name])))
            ages = pd.Series(values).dropna()
            if ages.between(0, _OLDEST).all():
                yield Candidate(s.name, f"{len(ages)} numbers from {ages.min():g} to {ages.max():g}")


def _find_response(summaries: Sequence[ColumnSummary]) -> Iterator[ColumnSummary]:
    for s in summaries:
        values = {value.casefold() for value, _ in s.values}
        if 1 < s.n_distinct <= _FEW and (_RESPONSE.search(s.name) or (values and values <= _RECIST)):
            yield s


def _pair_times(summaries: Sequence[ColumnSummary]) -> Iterator[TimePair]:
    units = [value for s in summaries if "unit" in _words(s.name) and s.n_distinct == 1 for value, _ in s.values]
    for time in summaries:
        words = frozenset(_words(time.name))
        if not (time.numeric and words & (_TIME_WORDS | _ENDPOINT_WORDS)) or words & _EVENT_WORDS:
            continue
        if any(value.startswith("-") for value, _ in time.values) or time.n_distinct <= 2:
            continue
        rest = words - _TIME_WORDS
        for event in summaries:
            others = frozenset(_words(event.name))
            if others & _EVENT_WORDS and others - _EVENT_WORDS == rest and 0 < event.n_distinct <= 3:
                named = [_UNITS[w] for w in (*sorted(words), *_words(" ".join(units))) if w in _UNITS]
                evidence = f"numbers beside {event.n_distinct} values; both names share {', '.join(sorted(rest))}"
                absent = tuple(dict.fromkeys((*event.placeholders, *time.placeholders)))
                unit = named[0] if named else ""
                yield TimePair(time.name, event.name, unit, event.values, evidence, placeholders=absent)
