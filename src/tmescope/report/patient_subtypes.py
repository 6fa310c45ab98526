"""Subtypes of every sample for the patient pages: probabilities, axes, and why somebody has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import is_missing, plain

__all__ = ["pack_subtypes"]

_AXES = ("immune", "stromal")


def pack_subtypes(contents: ReportContents, keys: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return one entry for each model of subtypes.

    Parameters
    ----------
    contents : ReportContents
        Tables of the run.
    keys : sequence of (str, str)
        Cohort and sample of each row of the page.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``fitted_on`` in words, ``classes``, and by sample: ``subtype`` (index, null for none),
        ``shares`` (probabilities of the classes), ``verdict``, ``axes`` (immune and stromal, each with its cut).
    """
    places, models = contents.table("subtypes"), contents.table("subtype_models")
    return list(_packed(places, models, keys)) if len(places) else []


def _packed(places: pd.DataFrame, models: pd.DataFrame, keys: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for name in pd.unique(models["model"]):
        told = models[models["model"] == name]
        mine = places[places["model"] == name].drop_duplicates(["cohort_id", "sample_id"])
        classes = list(dict.fromkeys(s for t in told["subtypes"].dropna() for s in str(t).split("; ") if s))
        pairs = zip(mine["cohort_id"].astype(str), mine["sample_id"].astype(str), strict=True)
        rows = dict(zip(pairs, mine.to_dict(orient="records"), strict=True))
        cuts = told.drop_duplicates("cohort_id").set_index(told["cohort_id"].astype(str).drop_duplicates())
        found = [rows.get(key, {}) for key in keys]
        measures = dict.fromkeys(f"{plain(c)} ({int(n)} samples)" for c, n in told[["fitted_on", "n_fitted"]].values)
        yield {
            "name": plain(name),
            "kind": str(told["kind"].iloc[0]),
            "fitted_on": ", ".join(measures),
            "classes": [plain(c) for c in classes],
            "subtype": [_index(row.get("subtype"), classes) for row in found],
            "shares": [[_number(row.get(f"p_{c}"), 3) for c in classes] for row in found],
            "verdict": [plain(row.get("verdict", "")) for row in found],
            "axes": [_axes(row, cuts, cohort) for row, (cohort, _) in zip(found, keys, strict=True)],
        }


def _index(subtype: Any, classes: Sequence[str]) -> int | None:
    return None if is_missing(subtype) or str(subtype) not in classes else classes.index(str(subtype))


def _number(value: Any, digits: int) -> float | None:
    return None if is_missing(value) else round(float(value), digits)


def _axes(row: dict[Any, Any], cuts: pd.DataFrame, cohort: str) -> list[list[float | None]]:
    if cohort not in cuts.index:
        return []
    pairs = [[_number(row.get(a), 4), _number(cuts.loc[cohort, f"{a}_cut"], 4)] for a in _AXES]
    return pairs if all(value is not None for pair in pairs for value in pair) else []
