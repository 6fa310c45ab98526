"""How the hazard moves with a feature: ratios per standard deviation, alone and adjusted, on the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.covariates import EncodedCovariates, encode_covariates
from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import FollowUp, merge_warnings, per_sd, read_follow_up
from tmescope.foundation.errors import EndpointError
from tmescope.foundation.result import RunWarning
from tmescope.stats.cox_model import CoxDesign, CoxModel, CoxOptions, fit_cox
from tmescope.stats.fine_gray import FineGrayModel, fit_fine_gray
from tmescope.stats.proportionality import check_proportional_hazards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["Adjustment", "HazardAnswers", "associate_competing_hazard", "associate_hazard"]

_PH_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """What associations are adjusted for.

    Parameters
    ----------
    covariates : pandas.DataFrame, optional
        Index sample_id; numeric and categorical columns in the model.
    strata : pandas.Series, optional
        Index sample_id; each value has its own baseline hazard (Cox models only).
    """

    covariates: pd.DataFrame | None = None
    strata: pd.Series | None = None


@dataclass(frozen=True)
class HazardAnswers:
    """Outcome of `associate_hazard` and `associate_competing_hazard`.

    Parameters
    ----------
    answers : pandas.DataFrame
        One row a feature without adjustment, and one more with it where there is any; columns question_id, cohort_id,
        feature, source, endpoint, n, n_events, effect, effect_name, std_error (log scale), ci_low, ci_high, p_value,
        method, adjusted_for, n_left_out, left_out, checks.
    warnings : tuple of RunWarning
        About the endpoint, the covariates, features without estimate, and ratios that change with time.
    """

    answers: pd.DataFrame
    warnings: tuple[RunWarning, ...]


@dataclass(frozen=True)
class _Fitted:
    """One model, and what stands in the row of its first covariate."""

    model: CoxModel | FineGrayModel
    checks: str
    changes: bool = False


@dataclass(frozen=True)
class _Question:
    """What is the same for every feature."""

    head: dict[str, str]
    follow_up: FollowUp
    covariates: EncodedCovariates
    strata: pd.Series | None
    cause: int | None

    @property
    def kind(self) -> str:
        return "hazard_ratio" if self.cause is None else "subdistribution_hazard_ratio"


def associate_hazard(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str,
    adjustment: Adjustment | None = None,
) -> HazardAnswers:
    """Estimate the hazard ratio per within-cohort standard deviation of each feature (Cox model, Efron ties).

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; a feature that is a group gets the ratio of its members against the rest.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months, event, and entry_months where samples enter late.
        Events above 1 (competing causes) count as censored: the ratio is that of the cause itself.
    cohort_id, endpoint : str
        Names for the tables.
    adjustment : Adjustment, optional
        Covariates and strata. Each feature then has two rows, both on the patients with all values.

    Returns
    -------
    HazardAnswers
        `checks` has the test of proportional hazards of the feature and of the whole model (Kaplan-Meier time).

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample with times of zero or more.
    """
    return _answer(features, outcome, names=(cohort_id, endpoint), adjustment=adjustment, cause=None)


def associate_competing_hazard(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str,
    adjustment: Adjustment | None = None,
    cause: int = 1,
) -> HazardAnswers:
    """Estimate the subdistribution hazard ratio per standard deviation of each feature (Fine and Gray).

    Parameters
    ----------
    features, outcome, cohort_id, endpoint
        As in `associate_hazard`; event is 0 (censored), 1, 2 ... (causes).
    adjustment : Adjustment, optional
        Covariates; strata and late entry are not part of this model and are refused.
    cause : int
        Code of the cause asked for.

    Returns
    -------
    HazardAnswers
        A warning where no competing event was seen: the answer is then that of a Cox model with other errors.

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample with times of zero or more, or asks for strata or late entry.
    """
    return _answer(features, outcome, names=(cohort_id, endpoint), adjustment=adjustment, cause=cause)


def _answer(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    names: tuple[str, str],
    adjustment: Adjustment | None,
    cause: int | None,
) -> HazardAnswers:
    cohort_id, endpoint = names
    where = f"{cohort_id}: {endpoint}"
    adjustment = adjustment or Adjustment()
    follow_up = read_follow_up(outcome, where=where, cause=cause or 1)
    warnings = list(follow_up.warnings)
    if cause is not None:
        warnings += _check_competing(follow_up, adjustment, cause=cause, where=where)
    encoded = encode_covariates(adjustment.covariates, sample_ids=follow_up.sample_ids, where=where)
    warnings += encoded.warnings
    word = "survival" if cause is None else "competing"
    head = {"question_id": f"{word}:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    strata = None if adjustment.strata is None else adjustment.strata.reindex(follow_up.sample_ids)
    question = _Question(head, follow_up, encoded, strata, cause)
    rows: list[dict[str, Any]] = []
    for feature in features:
        found, told = _rows(feature, question)
        rows += found
        warnings += told
    return HazardAnswers(pd.DataFrame(rows), merge_warnings(warnings))


def _check_competing(follow_up: FollowUp, adjustment: Adjustment, *, cause: int, where: str) -> Iterator[RunWarning]:
    if adjustment.strata is not None or follow_up.entry is not None:
        raise EndpointError(
            "strata and late entry are not part of the Fine-Gray model",
            where=where,
            expected="covariates only",
            next_step="give the strata as covariates, or ask for cause-specific hazards (associate_hazard)",
        )
    if not ((follow_up.event > 0) & (follow_up.event != cause)).any():
        yield RunWarning("answers.no_competing_events", "no competing event was seen", where)


def _rows(feature: Feature, question: _Question) -> tuple[list[dict[str, Any]], list[RunWarning]]:
    values = feature.values.reindex(question.follow_up.sample_ids).to_numpy(dtype=np.float64)
    own = np.isfinite(values)
    others = question.covariates.matrix.notna().all(axis=1).to_numpy()
    if question.strata is not None:
        others = others & question.strata.notna().to_numpy()
    keep = own & others
    n_left_out, left_out = count_left_out(
        [
            (question.follow_up.n_without, "endpoint"),
            (int((~own).sum()), "value"),
            (int((own & ~others).sum()), "covariate or stratum"),
        ]
    )
    scaled, sd_reason = per_sd(np.asarray(values[keep], dtype=np.float64), is_group=feature.is_group)
    name = question.kind if feature.is_group else f"{question.kind}_per_sd"
    head = {**question.head, "feature": feature.name, "source": feature.source}
    tail = {"n_left_out": n_left_out, "left_out": left_out}
    rows: list[dict[str, Any]] = []
    warnings: list[RunWarning] = []
    plain = replace(question, covariates=EncodedCovariates(pd.DataFrame(index=question.follow_up.sample_ids), (), ()))
    adjusted = bool(question.covariates.stated) or question.strata is not None
    for asked in [replace(plain, strata=None), question] if adjusted else [plain]:
        fitted = _fit(scaled, keep, asked, name=feature.name)
        rows.append(
            {
                **head,
                **_effect(fitted, name, sd_reason=sd_reason),
                "adjusted_for": _words(asked),
                **tail,
                "checks": "; ".join(part for part in (fitted.checks, asked.covariates.checks) if part),
            }
        )
        warnings += _tell(fitted, feature, asked)
    return rows, warnings


def _words(question: _Question) -> str:
    strata = "" if question.strata is None else f"strata: {question.strata.name or 'given'}"
    return ", ".join(part for part in (question.covariates.adjusted_for, strata) if part)


def _fit(scaled: NDArray[np.float64], keep: NDArray[np.bool_], question: _Question, *, name: str) -> _Fitted:
    follow_up = question.follow_up
    matrix = question.covariates.matrix.to_numpy(dtype=np.float64)[keep]
    # the feature comes last, so that it is the feature that gives way where covariates say the same
    x = np.column_stack([matrix, scaled])
    columns = (*question.covariates.matrix.columns, f"{name} (feature)")
    if question.cause is not None:
        model = fit_fine_gray(x, follow_up.time[keep], follow_up.event[keep], cause=question.cause, names=columns)
        return _Fitted(model, "")
    codes = None if question.strata is None else pd.factorize(question.strata[keep], sort=True)[0]
    design = CoxDesign(entry=None if follow_up.entry is None else follow_up.entry[keep], strata=codes)
    cox = fit_cox(
        x, follow_up.time[keep], follow_up.event[keep] == 1.0, design=design, options=CoxOptions(names=columns)
    )
    test = check_proportional_hazards(cox)
    if test.reason:
        return _Fitted(cox, f"proportional hazards not tested ({test.reason})")
    own = test.terms[columns[-1]]
    text = f"proportional hazards: p {own.p_value:.3g}"
    if len(columns) > 1:
        text += f", whole model p {test.overall.p_value:.3g}"
    return _Fitted(cox, f"{text} (score test, Kaplan-Meier time)", changes=bool(own.p_value < _PH_LEVEL))


def _effect(fitted: _Fitted, name: str, *, sd_reason: str) -> dict[str, Any]:
    model = fitted.model
    reason = model.reason or model.term_reasons[-1]
    if reason == "no_informative_covariate":
        reason = model.term_reasons[-1]
    reason = sd_reason or reason
    method = f"not estimated ({reason})" if reason else model.method
    return {
        "n": model.n,
        "n_events": model.n_events,
        "effect": float(model.hazard_ratio[-1]),
        "effect_name": name,
        "std_error": float(model.std_error[-1]),
        "ci_low": float(model.ci_low[-1]),
        "ci_high": float(model.ci_high[-1]),
        "p_value": float(model.p_value[-1]),
        "method": method,
    }


def _tell(fitted: _Fitted, feature: Feature, question: _Question) -> Iterator[RunWarning]:
    where = f"{question.head['cohort_id']}: {question.head['endpoint']}"
    model = fitted.model
    if fitted.changes:
        message = "hazard ratios change with time (p < 0.05): they are averages over the follow-up"
        yield RunWarning("answers.hazards_not_proportional", message, where, 1, (feature.name,))
    reason = model.reason or model.term_reasons[-1]
    if reason:
        yield RunWarning(
            "answers.not_estimated", "hazard ratios could not be estimated", where, 1, (f"{feature.name} ({reason})",)
        )
    lost = [name for name, why in zip(model.names[:-1], model.term_reasons[:-1], strict=True) if why]
    if lost and not model.reason:
        message = "covariates are constant or a sum of others among these patients, and were left out of the model"
        yield RunWarning("covariates.collinear", message, where, len(lost), tuple(lost[:3]))
