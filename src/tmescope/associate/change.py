"""What a treatment changes in the tumour: samples before and on treatment of the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import SampleError, examples
from tmescope.foundation.result import RunWarning
from tmescope.stats.mixed_models import MixedModel, fit_random_intercepts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["associate_change"]

_FEW_PAIRS = 10


@dataclass(frozen=True)
class _Visits:
    """Samples with a known patient and time point, and what is known of the patient's response (NaN where not)."""

    sample_ids: pd.Index[str]
    patient: NDArray[np.int64]
    on: NDArray[np.float64]
    responds: NDArray[np.float64]
    n_without: int


def associate_change(
    features: Sequence[Feature],
    visits: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str = "",
    response: pd.Series[str] | None = None,
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Estimate how each feature changes from before to on treatment, and whether it changes more in responders.

    Describes what happens under treatment; without a control arm it cannot say that the treatment does it.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; groups are left out.
    visits : pandas.DataFrame
        Index sample_id; columns patient_id and on_treatment (True on, False before; missing allowed). One sample of a
        patient at each of the two; patients with one sample take part in the means.
    cohort_id, endpoint : str
        Names for the table.
    response : pandas.Series, optional
        Index patient_id; ``responder``, ``non_responder`` or missing.

    Returns
    -------
    answers : pandas.DataFrame
        In standard deviations of the samples before treatment: ``change_per_sd``; with a response also
        ``change_per_sd_in_responders``, ``change_per_sd_in_non_responders`` and ``change_difference_per_sd`` (how much
        more it rises in responders). ``n`` patients, ``n_events`` pairs.
    warnings : tuple of RunWarning
        Few pairs, features without an estimate.

    Raises
    ------
    SampleError
        If a patient has two samples at one time point, or a sample stands twice.

    Notes
    -----
    A mixed model with an intercept for each patient, by restricted maximum likelihood: with complete pairs the paired t
    test. Cost: two or three fits a feature.
    """
    where = f"{cohort_id}: change under treatment"
    known = _read(visits, response, where=where)
    rows: list[dict[str, Any]] = []
    for feature in (f for f in features if not f.is_group):
        head = {"question_id": f"change:{endpoint}", "cohort_id": cohort_id, "feature": feature.name,
                "source": feature.source, "endpoint": endpoint}  # fmt: skip
        rows += [{**head, **row} for row in _rows(feature, known)]
    answers = pd.DataFrame(rows)
    return answers, tuple(_warnings(answers, where=where))


def _read(visits: pd.DataFrame, response: pd.Series[str] | None, *, where: str) -> _Visits:
    if visits.index.has_duplicates:
        twice = visits.index[visits.index.duplicated()]
        raise SampleError(f"{len(twice)} samples stand twice: {examples(twice[:4])}", where=where)
    complete = visits.dropna(subset=["patient_id", "on_treatment"])
    on = complete["on_treatment"].astype("float64")
    torn = complete[complete.assign(on=on).duplicated(["patient_id", "on"], keep=False)]
    if len(torn):
        people = torn["patient_id"].astype("str").unique()
        raise SampleError(
            f"{len(people)} patients have two samples at one time point: {examples(people[:4])}",
            where=where,
            expected="one sample before and one on treatment",
            next_step="choose one, or set on_treatment to missing for the other",
        )
    codes, names = pd.factorize(complete["patient_id"], sort=True)
    people, patient = pd.Index(names), np.asarray(codes, dtype=np.int64)
    said = pd.Series(np.nan, index=people) if response is None else response.reindex(people)
    responds = np.asarray(said.map({"responder": 1.0, "non_responder": 0.0}), dtype=np.float64)[patient]
    return _Visits(complete.index, patient, np.asarray(on, dtype=np.float64), responds, len(visits) - len(complete))


def _rows(feature: Feature, known: _Visits) -> Iterator[dict[str, Any]]:
    values = np.asarray(feature.values.reindex(known.sample_ids), dtype=np.float64)
    before = values[(known.on == 0.0) & np.isfinite(values)]
    sd = float(before.std(ddof=1)) if before.size > 1 else 0.0
    z = values / sd if sd > 0.0 else np.full(values.size, np.nan)
    nobody = "" if sd > 0.0 else "no spread before treatment"
    yield _row("change_per_sd", z, known, covariates=known.on[:, None], nobody=nobody)
    told = np.isfinite(known.responds)
    if not told.any():
        return
    for name, reference in (("change_per_sd_in_non_responders", 0.0), ("change_per_sd_in_responders", 1.0)):
        other = np.abs(known.responds - reference)
        covariates = np.column_stack([known.on, other, known.on * other])
        yield _row(name, z, known, covariates=covariates, nobody=nobody)
        if reference == 0.0:
            yield _row("change_difference_per_sd", z, known, covariates=covariates, at=2, nobody=nobody)


def _row(
    name: str,
    z: NDArray[np.float64],
    known: _Visits,
    *,
    covariates: NDArray[np.float64],
    at: int = 0,
    nobody: str = "",
) -> dict[str, Any]:
    used = np.isfinite(z) & np.isfinite(covariates).all(axis=1)
    if name.endswith("responders"):  # counts are those of the group, the fit is one of both
        mine = 0.0 if name.endswith("non_responders") else 1.0
        counted = used & (known.responds == mine)
    else:
        counted = used
    sizes = np.bincount(known.patient[counted]) if counted.any() else np.zeros(1, dtype=np.int64)
    model = fit_random_intercepts(z, covariates, known.patient)
    reason = nobody or model.reason
    n_left_out, left_out = count_left_out(
        [
            (known.n_without, "patient or time point"),
            (int((~np.isfinite(z)).sum()), "value"),
            (int((np.isfinite(z) & ~used).sum()), "response"),
        ]
    )
    return {
        "n": int((sizes > 0).sum()),
        "n_events": int((sizes == 2).sum()),
        **_numbers(model, at, reason=reason),
        "effect_name": name,
        "method": f"not estimated ({reason})" if reason else model.method,
        "adjusted_for": "",
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": "no control arm: change under treatment, not by it",
    }


def _numbers(model: MixedModel, at: int, *, reason: str) -> dict[str, float]:
    names = {"effect": model.coefficients, "std_error": model.std_errors, "ci_low": model.ci_low,
             "ci_high": model.ci_high, "p_value": model.p_values}  # fmt: skip
    return {name: float("nan") if reason else float(v[at]) for name, v in names.items()}


def _warnings(answers: pd.DataFrame, *, where: str) -> Iterator[RunWarning]:
    if not len(answers):
        return
    overall = answers[answers["effect_name"] == "change_per_sd"]
    fewest = int(overall["n_events"].min())
    if fewest < _FEW_PAIRS:
        yield RunWarning("answers.few_pairs", f"{fewest} pairs: changes rest on few patients", where, fewest)
    lost = answers[answers["effect"].isna()]
    if len(lost):
        names = tuple(dict.fromkeys(lost["feature"]))
        yield RunWarning(
            "answers.not_estimable", f"{len(lost)} changes could not be estimated", where, len(lost), names[:3]
        )
