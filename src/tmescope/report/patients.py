"""Pages of single patients, drawn on demand from data inside the report: no second file, no request."""

from __future__ import annotations

from typing import Any

from tmescope.report.contents import ReportContents
from tmescope.report.embedding import safe_json
from tmescope.report.patient_records import gather_records
from tmescope.report.patient_scores import pack_scores
from tmescope.report.patient_subtypes import pack_subtypes

__all__ = ["patient_json", "patient_payload"]


def patient_payload(contents: ReportContents) -> dict[str, Any] | None:
    """Return what the page needs to show any patient: records, scores, flags; None where there is no sample.

    Parameters
    ----------
    contents : ReportContents
        Tables of the run.

    Notes
    -----
    Size: two bytes for each sample, signature and method (2.7 characters of the file), and some hundred characters
    for each sample. See `tmescope.report.patient_scores.MOST_BYTES` for the limit.
    """
    measured = any(contents.has(name) for name in ("scores", "fractions", "subtypes"))
    if not contents.has("samples") or not measured:
        return None
    records = gather_records(contents)
    scores = pack_scores(contents, records.keys, records.cohorts)
    return {**records.payload, **scores, "subtypes": pack_subtypes(contents, records.keys)}


def patient_json(contents: ReportContents) -> str | None:
    """Return `patient_payload` as JSON that cannot end its script element; None where there is no sample."""
    payload = patient_payload(contents)
    return None if payload is None else safe_json(payload)
