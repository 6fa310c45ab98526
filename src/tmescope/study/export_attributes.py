"""What is known about the samples of a cohort, as attributes of a clinical table: of patients, or of samples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tmescope.foundation.errors import SampleError, StoreError, examples
from tmescope.ingest.cbioportal_writing import Attribute, attribute_name
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.deidentification import find_identifying
from tmescope.store.tables import SCHEMAS, TEXT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVENT_WORDS", "ClinicalAttributes", "list_attributes"]

EVENT_WORDS = {
    "os": ("1:DECEASED", "0:LIVING"),
    "dfs": ("1:Recurred/Progressed", "0:DiseaseFree"),
    "pfs": ("1:PROGRESSION", "0:CENSORED"),
}
"""Words of the status columns, for an event and for a censored time; other endpoints have 1:EVENT and 0:CENSORED."""

_OTHER_WORDS = ("1:EVENT", "0:CENSORED")
_OF_PATIENTS = (("sex", "SEX", "Sex", "STRING"), ("age_years", "AGE", "Age (years)", "NUMBER"))
_OF_SAMPLES = (
    ("cancer_type", "CANCER_TYPE", "Cancer type", "STRING"),
    ("treatment", "TREATMENT", "Treatment", "STRING"),
    ("timepoint", "TIMEPOINT", "Timepoint", "STRING"),
)
_IDS = ("sample_id", "patient_id")


@dataclass(frozen=True)
class ClinicalAttributes:
    """Attributes of a cohort, one cell a sample each, without the identifiers.

    Parameters
    ----------
    of_patients, of_samples : tuple of Attribute
        Those that say the same for all samples of every patient, and the others.
    notes : tuple of str
        What was left out or moved, one sentence each.
    """

    of_patients: tuple[Attribute, ...]
    of_samples: tuple[Attribute, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """Columns that stand in the same table, such as a time and its status."""

    sources: tuple[str, ...]
    attributes: tuple[Attribute, ...]


def list_attributes(
    samples: pd.DataFrame, features: pd.DataFrame, *, allow_identifying: Collection[str] = (), where: str
) -> ClinicalAttributes:
    """Turn the tables of one cohort into attributes.

    Parameters
    ----------
    samples : pandas.DataFrame
        Its rows of the table ``samples``.
    features : pandas.DataFrame
        Its rows of the table ``features``.
    allow_identifying : collection of str
        Columns or features to write although they look like they identify persons.
    where : str
        For messages.

    Returns
    -------
    ClinicalAttributes
        Times become ``NAME_MONTHS`` and events ``NAME_STATUS``. Columns without any value are left out.

    Raises
    ------
    SampleError
        If identifiers of samples or patients look like they identify persons.
    StoreError
        If two columns would get the same name.
    """
    candidates = [*_patient_groups(samples), *_endpoint_groups(samples)]
    others = [*_plain(samples, _OF_SAMPLES), *_feature_groups(samples, features)]
    identifying = _find_identifying(samples, features, allowed=allow_identifying, where=where)
    notes = [f"{name} looks like {what} and is not exported" for name, what in identifying.items()]
    candidates, others = (
        [g for g in groups if not identifying.keys() & set(g.sources) and any(any(a.cells) for a in g.attributes)]
        for groups in (candidates, others)
    )
    patients = samples["patient_id"].tolist()
    kept: list[Attribute] = []
    moved: list[Attribute] = []
    for group in candidates:
        agrees = all(_agrees(patients, a.cells) for a in group.attributes)
        (kept if agrees else moved).extend(group.attributes)
        if not agrees:
            shown = ", ".join(a.name for a in group.attributes)
            notes.append(f"{shown} differs between samples of one patient and stands in the samples' table")
    of_samples = (*moved, *(a for group in others for a in group.attributes))
    _check_names([*kept, *of_samples], where)
    return ClinicalAttributes(tuple(kept), of_samples, tuple(notes))


def _patient_groups(samples: pd.DataFrame) -> Iterator[_Group]:
    yield from _plain(samples, _OF_PATIENTS)


def _plain(samples: pd.DataFrame, columns: Sequence[tuple[str, str, str, str]]) -> Iterator[_Group]:
    for source, name, display, kind in columns:
        datatype: Literal["STRING", "NUMBER"] = "NUMBER" if kind == "NUMBER" else "STRING"
        yield _Group((source,), (Attribute(name, display, display, datatype, _cells(samples[source])),))


def _endpoint_groups(samples: pd.DataFrame) -> Iterator[_Group]:
    further = [str(c) for c in samples.columns if c not in SCHEMAS["samples"].columns]
    times = [c.removesuffix("_time_months") for c in further if c.endswith("_time_months")]
    times = [name for name in times if f"{name}_event" in further]
    parts = {f"{name}{end}" for name in times for end in ("_time_months", "_event")}
    for name in times:
        yield _time_group(name, samples)
    for name in further:
        if name not in parts:
            text = f"Endpoint {name} by the rule of the study file"
            yield _Group((name,), (Attribute(attribute_name(name), name, text, "STRING", _cells(samples[name])),))


def _time_group(name: str, samples: pd.DataFrame) -> _Group:
    event, censored = EVENT_WORDS.get(name.lower(), _OTHER_WORDS)
    sources = f"{name}_time_months", f"{name}_event"
    happened = samples[sources[1]].astype("boolean")
    cells = tuple("" if missing else (event if yes else censored) for yes, missing in _flags(happened))
    plain = attribute_name(name)
    status = Attribute(f"{plain}_STATUS", f"{name} status", f"Whether {name} ended with its event", "STRING", cells)
    text = f"Time to the event of {name} or to the end of observation, in months of 30.4375 days"
    months = Attribute(f"{plain}_MONTHS", f"{name} (months)", text, "NUMBER", _cells(samples[sources[0]]))
    return _Group(sources, (status, months))


def _flags(column: pd.Series[bool]) -> Iterator[tuple[bool, bool]]:
    for value, missing in zip(column.fillna(value=False), column.isna(), strict=True):
        yield bool(value), bool(missing)


def _feature_groups(samples: pd.DataFrame, features: pd.DataFrame) -> Iterator[_Group]:
    for name in dict.fromkeys(features["feature"]):
        rows = features[features["feature"] == name].set_index("sample_id").reindex(samples["sample_id"])
        is_number = "numeric" in set(rows["kind"].dropna())
        unit = next((u for u in rows["unit"].dropna() if u), "")
        cells = _cells(rows["value" if is_number else "category"])
        text = f"Feature {name}" + (f" in {unit}" if unit else "")
        display = f"{name} ({unit})" if unit else name
        kind: Literal["NUMBER", "STRING"] = "NUMBER" if is_number else "STRING"
        yield _Group((name,), (Attribute(attribute_name(name), display, text, kind, cells),))


def _cells(column: pd.Series[Any]) -> tuple[str, ...]:
    is_float = column.dtype.kind == "f"
    missing = column.isna()
    return tuple(
        "" if gone else (repr(float(v)) if is_float else str(v)) for v, gone in zip(column, missing, strict=True)
    )


def _agrees(patients: Sequence[str], cells: Sequence[str]) -> bool:
    first: dict[str, str] = {}
    return all(first.setdefault(patient, cell) == cell for patient, cell in zip(patients, cells, strict=True))


def _find_identifying(
    samples: pd.DataFrame, features: pd.DataFrame, *, allowed: Collection[str], where: str
) -> dict[str, str]:
    frame = samples.astype(TEXT).fillna("")
    for name in dict.fromkeys(features["feature"]):
        rows = features[features["feature"] == name].set_index("sample_id").reindex(samples["sample_id"])
        frame[name] = rows["category"].fillna(rows["value"].astype(TEXT)).fillna("").to_numpy()
    table = SampleTable(frame.astype("string"), where, tuple(range(1, len(frame) + 1)))
    found = {k: v for k, v in find_identifying(table, identifiers=_IDS).items() if k not in allowed}
    ids = [name for name in _IDS if name in found]
    if ids:
        raise SampleError(
            f"{examples(ids)} looks like {found[ids[0]]}",
            where=where,
            expected="pseudonyms: a portal is read by many people",
            next_step=f"write pseudonyms in the source, or allow it: --allow-identifying {ids[0]}",
        )
    return found


def _check_names(attributes: Sequence[Attribute], where: str) -> None:
    names = [a.name for a in attributes]
    reserved = {"PATIENT_ID", "SAMPLE_ID"}
    twice = [n for i, n in enumerate(names) if n in names[:i] or n in reserved]
    if twice:
        raise StoreError(
            f"several columns would be called {examples(twice)}",
            where=where,
            expected="names that differ in letters and digits",
            next_step="rename an endpoint or a feature in the study file, and run it again",
        )
