"""Who is on the patient pages: identifiers, clinical values and flags of each sample, without what names a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.deidentification import find_identifying
from tmescope.report.contents import TABLE_COLUMNS, ReportContents
from tmescope.report.embedding import columns_of
from tmescope.report.numbers import endpoint_name, is_missing, plain
from tmescope.store.tables import TEXT

__all__ = ["OLDEST", "Records", "gather_records"]

OLDEST = 89
"""Ages above it are shown as one group: the United States' Safe Harbor rule (45 CFR 164.514(b)(2)(i)(C)) counts them
among what identifies a person."""

_IDS = ("sample_id", "patient_id")
_FIXED = ("cancer_type", "treatment", "timepoint", "sex", "age_years")
_TITLES = {"cancer_type": "Cancer type", "age_years": "Age (years)", "timepoint": "Time point"}
_TIME, _EVENT = "_time_months", "_event"


@dataclass(frozen=True)
class Records:
    """Samples of the patient pages.

    Parameters
    ----------
    cohorts : tuple of str
        Identifiers, in the order of the report.
    keys : tuple of (str, str)
        Cohort and sample of each row.
    payload : dict
        What the page is given: names, clinical values in columns, flags, notes.
    """

    cohorts: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    payload: dict[str, Any]


def gather_records(contents: ReportContents) -> Records:
    """Return the samples that the patient pages show.

    Parameters
    ----------
    contents : ReportContents
        Tables of the run.

    Returns
    -------
    Records

    Notes
    -----
    Columns and features that look like they identify a person (`tmescope.ingest.deidentification.find_identifying`)
    are left out, also where the study file allows them elsewhere; identifiers that do are replaced by numbers; ages
    above `OLDEST` are one group. What was left out is named in the notes, its values are not.
    """
    samples = contents.table("samples").drop_duplicates(["cohort_id", "sample_id"]).reset_index(drop=True)
    cohorts = tuple(contents.cohort_ids())
    frame = _clinical(contents, samples)
    identifying = _identifying(samples, frame)
    frame = frame.drop(columns=[c for c in identifying if c in frame.columns])
    labels, patients = _names(samples, identifying)
    keys = tuple(zip(samples["cohort_id"].astype(str), samples["sample_id"].astype(str), strict=True))
    names = dict(zip(keys, labels, strict=True))
    people = list(dict.fromkeys(zip(samples["cohort_id"].astype(str), patients, strict=True)))
    place = {p: i for i, p in enumerate(people)}
    shown = [c for c in frame.columns if not c.endswith((_TIME, _EVENT))]
    payload = {
        "cohorts": [plain(c) for c in cohorts],
        "cohort": [cohorts.index(c) for c, _ in keys],
        "samples": [plain(x) for x in labels],
        "people": [plain(p) for _, p in people],
        "person": [place[c, p] for (c, _), p in zip(keys, patients, strict=True)],
        "titles": [_title(c) for c in shown],
        "values": columns_of(frame[shown].set_axis([str(i) for i in range(len(shown))], axis=1)),
        "times": list(_times(frame)),
        "flags": list(_flags(contents, names)),
        "notes": _notes(identifying),
    }
    return Records(cohorts, keys, payload)


def _clinical(contents: ReportContents, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the columns to show, all text apart from times and events; missing where nothing is known."""
    known = set(TABLE_COLUMNS["samples"])
    columns = [*_FIXED, *(c for c in samples.columns if c not in known)]
    frame = pd.DataFrame(index=samples.index)
    for column in columns:
        if column.endswith((_TIME, _EVENT)):
            frame[column] = samples[column]
        elif column == "age_years":
            frame[column] = [_age(v) for v in samples[column]]
        else:
            frame[column] = [None if is_missing(v) else plain(v).replace("_", "-") for v in samples[column]]
    keys = pd.MultiIndex.from_frame(samples[["cohort_id", "sample_id"]].astype(str))
    for name, part in contents.table("features").groupby("feature", sort=False):
        rows = part.drop_duplicates(["cohort_id", "sample_id"])
        rows = rows.set_index(pd.MultiIndex.from_frame(rows[["cohort_id", "sample_id"]].astype(str))).reindex(keys)
        texts = zip(rows["category"], rows["value"], rows["unit"], strict=True)
        frame[f"feature {name}"] = [_measured(c, v, u) for c, v, u in texts]
    return frame.loc[:, [bool(frame[c].notna().any()) for c in frame.columns]]


def _age(value: Any) -> str | None:
    if is_missing(value):
        return None
    return f"over {OLDEST}" if float(value) > OLDEST else f"{float(value):g}"


def _measured(category: Any, value: Any, unit: Any) -> str | None:
    if not is_missing(category):
        return plain(category)
    if is_missing(value):
        return None
    return f"{float(value):.4g}" + ("" if is_missing(unit) or not str(unit) else f" {plain(unit)}")


def _identifying(samples: pd.DataFrame, frame: pd.DataFrame) -> dict[str, str]:
    """Return what looks like it identifies a person; features under the name that they have in the frame."""
    text = pd.concat([samples[list(_IDS)], frame], axis=1).astype(TEXT).fillna("").astype("string")
    heads = {c: c.removeprefix("feature ") for c in map(str, text.columns)}
    found: dict[str, str] = {}
    for column, head in heads.items():  # one at a time: a feature may be called as a column is
        table = SampleTable(text[[column]].set_axis([head], axis=1), "samples", tuple(range(1, len(text) + 1)))
        for what in find_identifying(table, identifiers=_IDS).values():
            found[column] = what
    return found


def _names(samples: pd.DataFrame, identifying: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return a label for each sample, and the patient of each; numbers where identifiers name a person."""
    ids = samples["sample_id"].astype(str)
    patients = samples["patient_id"].where(samples["patient_id"].notna(), samples["sample_id"]).astype(str)
    people = list(patients)
    if identifying:
        if "patient_id" in identifying or ("sample_id" in identifying and samples["patient_id"].isna().any()):
            pairs = list(zip(samples["cohort_id"].astype(str), patients, strict=True))
            number = {p: i for i, p in enumerate(dict.fromkeys(pairs), start=1)}
            people = [f"patient {number[p]}" for p in pairs]
        if "sample_id" in identifying:
            return [f"sample {i}" for i in range(1, len(ids) + 1)], people
    return list(ids), people


def _title(column: str) -> str:
    if column.startswith("feature "):
        return plain(column.removeprefix("feature "))
    name = _TITLES.get(column) or endpoint_name(column)
    return name[:1].upper() + name[1:]


def _times(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for column in map(str, frame.columns):
        name = column.removesuffix(_TIME)
        if column.endswith(_TIME) and f"{name}{_EVENT}" in frame.columns:
            months = pd.to_numeric(frame[column], errors="coerce")
            events = frame[f"{name}{_EVENT}"].astype("boolean")
            yield {
                "title": _title(name),
                "months": [None if pd.isna(m) else round(float(m), 2) for m in months],
                "events": [None if pd.isna(e) else int(e) for e in events],
            }


def _flags(contents: ReportContents, names: Mapping[tuple[str, str], str]) -> Iterator[list[Any]]:
    """Yield sample, check, status and evidence of whatever was found odd about a sample."""
    place = {key: i for i, key in enumerate(names)}
    for r in contents.table("sample_flags").to_dict(orient="records"):
        key = (str(r["cohort_id"]), str(r["sample_id"]))
        if key in place:
            yield [place[key], plain(r["check"]), plain(r["status"]), plain(r["evidence"])]
    for r in contents.table("overlaps").to_dict(orient="records"):
        ends = [(str(r[f"cohort_{k}"]), str(r[f"sample_{k}"])) for k in "ab"]
        for mine, other in (ends, ends[::-1]):
            if mine not in place:
                continue
            where = "this cohort" if mine[0] == other[0] else f"the cohort {plain(other[0])}"
            told = f"counted twice: also {plain(names.get(other, 'a sample'))} in {where} ({plain(r['evidence'])})"
            yield [place[mine], "overlap", "problem" if mine[0] == other[0] else "notice", told]


def _notes(identifying: Mapping[str, str]) -> list[str]:
    notes = []
    for column, what in identifying.items():
        if column in _IDS:
            notes.append(f"The identifiers in {column} look like {what}: these pages give numbers instead.")
        else:
            notes.append(f"{_title(column)} looks like {what} and is not shown on these pages.")
    return notes
