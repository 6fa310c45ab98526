"""What a treatment changes in the tumour: samples before and on treatment of the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
_UNPAIRED = "the other sample of the pair"


@dataclass(frozen=True)
class _Visits:
    """Samples with a known patient and time point, and what is known of the patient's response (NaN where not)."""

    sample_ids: pd.Index[str]
    patient: NDArray[np.int64]
    on: NDArray[np.float64]
    responds: NDArray[np.float64]
    n_without: int

    def paired(self, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which usable samples belong to patients who have a usable one at both times."""
        if not usable.any():
            return usable
        both = np.bincount(self.patient[usable], minlength=int(self.patient.max()) + 1) == 2
        return np.asarray(usable & both[self.patient], dtype=bool)


@dataclass(frozen=True)
class _Measured:
    """One feature in standard deviations of the samples before treatment, and, where asked, the axis beside it."""

    z: NDArray[np.float64]
    known: _Visits
    nobody: str
    axis: NDArray[np.float64] | None = None
    axis_name: str = ""


@dataclass(frozen=True)
class _Contrast:
    """One kind of effect: the columns of the model, which of them it is, and whose patients are counted."""

    name: str
    covariates: NDArray[np.float64]
    at: int = 0
    group: float | None = None


def associate_change(
    features: Sequence[Feature],
    visits: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str = "",
    response: pd.Series[str] | None = None,
    axis: Feature | None = None,
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
    axis : Feature, optional
        Immune content or purity: each change is then given once more, of patients whose axis stays as it is.

    Returns
    -------
    answers : pandas.DataFrame
        In standard deviations of the samples before treatment: ``change_per_sd``; with a response also
        ``change_per_sd_in_responders``, ``change_per_sd_in_non_responders`` and ``change_difference_per_sd`` (how much
        more it rises in responders). ``n`` patients, ``n_events`` pairs. ``checks`` holds the same effect from
        complete pairs alone.
    warnings : tuple of RunWarning
        Few pairs, changes given the axis while visits are missing, features without an estimate.

    Raises
    ------
    SampleError
        If a patient has two samples at one time point, or a sample stands twice.

    Notes
    -----
    A mixed model with an intercept for each patient, by restricted maximum likelihood: with complete pairs the paired t
    test. Patients with one sample add to it; that is right where what decides over the missing sample is in the model
    (missing at random), and the complete pairs stand beside it. Given the axis, complete pairs alone are used, and the
    axis enters as the patient's mean and as the deviation from it: the effect is the change that is expected where the
    axis does not change. Standard deviations are taken as given. Cost: up to twelve fits a feature.
    """
    where = f"{cohort_id}: change under treatment"
    known = _read(visits, response, where=where)
    level = None if axis is None else np.asarray(axis.values.reindex(known.sample_ids), dtype=np.float64)
    rows: list[dict[str, Any]] = []
    for feature in (f for f in features if not f.is_group):
        head = {"question_id": f"change:{endpoint}", "cohort_id": cohort_id, "feature": feature.name,
                "source": feature.source, "endpoint": endpoint}  # fmt: skip
        measured = _measure(feature, known)
        rows += [{**head, **row} for row in _rows(measured)]
        if axis is not None:
            rows += [{**head, **row} for row in _rows(replace(measured, axis=level, axis_name=axis.name))]
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


def _measure(feature: Feature, known: _Visits) -> _Measured:
    values = np.asarray(feature.values.reindex(known.sample_ids), dtype=np.float64)
    there = np.isfinite(values)
    before = values[(known.on == 0.0) & there]
    sd = float(before.std(ddof=1)) if before.size > 1 else 0.0
    if sd <= 0.0:
        return _Measured(np.full(values.size, np.nan), known, "no spread before treatment")
    pairs = known.paired(there)
    order = np.lexsort((known.on[pairs], known.patient[pairs]))
    changes = np.diff(values[pairs][order].reshape(-1, 2), axis=1)
    stays = changes.size > 0 and not changes.any()
    return _Measured(values / sd, known, "the same value at both times in every pair" if stays else "")


def _rows(measured: _Measured) -> Iterator[dict[str, Any]]:
    known = measured.known
    yield _row(measured, _Contrast("change_per_sd", known.on[:, None]))
    if not np.isfinite(known.responds).any():
        return
    for name, reference in (("change_per_sd_in_non_responders", 0.0), ("change_per_sd_in_responders", 1.0)):
        other = np.abs(known.responds - reference)
        covariates = np.column_stack([known.on, other, known.on * other])
        yield _row(measured, _Contrast(name, covariates, group=reference))
        if reference == 0.0:
            yield _row(measured, _Contrast("change_difference_per_sd", covariates, at=2))


def _row(measured: _Measured, contrast: _Contrast) -> dict[str, Any]:
    known, z = measured.known, measured.z
    there = np.isfinite(z)
    on_axis = np.ones(z.size, dtype=bool) if measured.axis is None else np.isfinite(measured.axis)
    used = there & on_axis & np.isfinite(contrast.covariates).all(axis=1)
    pairs = known.paired(used)
    parts = [
        (known.n_without, "patient or time point"),
        (int((~there).sum()), "value"),
        (int((there & ~on_axis).sum()), "axis"),
        (int((there & on_axis & ~used).sum()), "response"),
    ]
    if measured.axis is None:
        model, checks = _fit(measured, contrast, used), _complete_pairs(measured, contrast, used, pairs=pairs)
    else:
        parts.append((int((used & ~pairs).sum()), _UNPAIRED))
        used, checks = pairs, f"complete pairs; given the patient's change of {measured.axis_name}"
        model = _fit(measured, contrast, used)
    counted = used if contrast.group is None else used & (known.responds == contrast.group)
    sizes = np.bincount(known.patient[counted]) if counted.any() else np.zeros(1, dtype=np.int64)
    reason = measured.nobody or model.reason
    n_left_out, left_out = count_left_out(parts)
    return {
        "n": int((sizes > 0).sum()),
        "n_events": int((sizes == 2).sum()),
        **_numbers(model, contrast.at, reason=reason),
        "effect_name": contrast.name,
        "method": f"not estimated ({reason})" if reason else model.method,
        "adjusted_for": measured.axis_name,
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": f"no control arm: change under treatment, not by it; {checks}",
    }


def _fit(measured: _Measured, contrast: _Contrast, used: NDArray[np.bool_]) -> MixedModel:
    covariates, patient = contrast.covariates[used], measured.known.patient[used]
    if measured.axis is not None and used.any():
        level = measured.axis[used]
        totals = np.bincount(patient, weights=level) / np.maximum(np.bincount(patient), 1)
        covariates = np.column_stack([covariates, level - totals[patient], totals[patient]])
    return fit_random_intercepts(measured.z[used], covariates, patient)


def _complete_pairs(
    measured: _Measured, contrast: _Contrast, used: NDArray[np.bool_], *, pairs: NDArray[np.bool_]
) -> str:
    """Say what the complete pairs alone give, where there are patients with one sample."""
    if (used == pairs).all():
        return "all pairs are complete"
    model = _fit(measured, contrast, pairs)
    n = int((pairs if contrast.group is None else pairs & (measured.known.responds == contrast.group)).sum()) // 2
    if measured.nobody or model.reason:
        return f"complete pairs alone ({n}): not estimated ({measured.nobody or model.reason})"
    told = (float(v[contrast.at]) for v in (model.coefficients, model.ci_low, model.ci_high))
    return "complete pairs alone ({}): {:.3f} [{:.3f}, {:.3f}]".format(n, *told)


def _numbers(model: MixedModel, at: int, *, reason: str) -> dict[str, float]:
    names = {"effect": model.coefficients, "std_error": model.std_errors, "ci_low": model.ci_low,
             "ci_high": model.ci_high, "p_value": model.p_values}  # fmt: skip
    return {name: float("nan") if reason else float(v[at]) for name, v in names.items()}


def _warnings(answers: pd.DataFrame, *, where: str) -> Iterator[RunWarning]:
    if not len(answers):
        return
    overall = answers[(answers["effect_name"] == "change_per_sd") & (answers["adjusted_for"] == "")]
    fewest = int(overall["n_events"].min())
    if fewest < _FEW_PAIRS:
        yield RunWarning("answers.few_pairs", f"{fewest} pairs: changes rest on few patients", where, fewest)
    given = answers[(answers["adjusted_for"] != "") & answers["effect"].notna()]
    unpaired = given[given["left_out"].str.contains(_UNPAIRED, regex=False)]
    if len(unpaired):
        yield RunWarning(
            "change.axis_pairs_alone",
            f"{len(unpaired)} changes given the axis rest on complete pairs alone: where the value before decides who "
            "has a sample on treatment they are off, the more clearly the larger the cohort",
            where,
            len(unpaired),
            tuple(dict.fromkeys(unpaired["feature"]))[:3],
        )
    lost = answers[answers["effect"].isna()]
    if len(lost):
        names = tuple(dict.fromkeys(lost["feature"]))
        yield RunWarning(
            "answers.not_estimable", f"{len(lost)} changes could not be estimated", where, len(lost), names[:3]
        )
