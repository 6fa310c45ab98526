"""How the hazard moves with a feature: ratios per standard deviation, alone and adjusted, on the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

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

__all__ = ["Adjustment", "HazardAnswers", "HazardOptions", "associate_competing_hazard", "associate_hazard"]

_PH_LEVEL = 0.05
_FEW_FOR_SANDWICH = 100
_COVER = "95% intervals cover 90 to 92% at n = 40, 92 to 94% at n = 60"
_TOO_SMALL = (
    f"sandwich standard errors are too small below about {_FEW_FOR_SANDWICH} patients: in simulated trials {_COVER}"
)


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


@dataclass(frozen=True, kw_only=True)
class HazardOptions:
    """How Cox models are fitted.

    Parameters
    ----------
    ties : {"efron", "breslow"}
        Treatment of tied event times.
    robust : bool
        Sandwich standard errors: right where weights stand for how patients were sampled, or hazards change with time.
    weights : pandas.Series, optional
        Index sample_id; case weights, zero or more. A sample without one is left out.
    """

    ties: Literal["efron", "breslow"] = "efron"
    robust: bool = False
    weights: pd.Series[float] | None = None


@dataclass(frozen=True)
class HazardAnswers:
    """Outcome of `associate_hazard` and `associate_competing_hazard`.

    Parameters
    ----------
    answers : pandas.DataFrame
        One row a feature without adjustment, and one more for each adjustment; columns question_id, cohort_id,
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
    sandwich: bool = False


@dataclass(frozen=True)
class _Question:
    """What is the same for every feature."""

    head: dict[str, str]
    follow_up: FollowUp
    covariates: EncodedCovariates
    strata: pd.Series | None
    cause: int | None
    options: HazardOptions = field(default_factory=HazardOptions)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Samples whose covariates, stratum and weight are known."""
        known = self.covariates.complete.to_numpy()
        if self.strata is not None:
            known = known & self.strata.notna().to_numpy()
        if self.options.weights is not None:
            known = known & self.options.weights.reindex(self.follow_up.sample_ids).notna().to_numpy()
        return np.asarray(known, dtype=bool)

    @property
    def kind(self) -> str:
        return "hazard_ratio" if self.cause is None else "subdistribution_hazard_ratio"


def associate_hazard(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str,
    adjustment: Adjustment | Sequence[Adjustment] | None = None,
    options: HazardOptions | None = None,
) -> HazardAnswers:
    """Estimate the hazard ratio per within-cohort standard deviation of each feature (Cox model).

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; a feature that is a group gets the ratio of its members against the rest.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months, event, and entry_months where samples enter late.
        Events above 1 (competing causes) count as censored: the ratio is that of the cause itself.
    cohort_id, endpoint : str
        Names for the tables.
    adjustment : Adjustment or sequence of Adjustment, optional
        Covariates and strata. Each feature then has a row without and one for each, all on the patients with every
        value; an adjustment that is stated like an earlier one has no row of its own.
    options : HazardOptions, optional
        Ties, robust errors, weights; Efron's ties and errors of the model if omitted.

    Returns
    -------
    HazardAnswers
        `checks` has the test of proportional hazards of the feature and of the whole model (Kaplan-Meier time).

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample with times of zero or more.
    """
    plan = _Plan(_as_list(adjustment), options or HazardOptions(), None)
    return _answer(features, outcome, names=(cohort_id, endpoint), plan=plan)


def associate_competing_hazard(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str,
    adjustment: Adjustment | Sequence[Adjustment] | None = None,
    cause: int = 1,
) -> HazardAnswers:
    """Estimate the subdistribution hazard ratio per standard deviation of each feature (Fine and Gray).

    Parameters
    ----------
    features, outcome, cohort_id, endpoint
        As in `associate_hazard`; event is 0 (censored), 1, 2 ... (causes).
    adjustment : Adjustment or sequence of Adjustment, optional
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
    plan = _Plan(_as_list(adjustment), HazardOptions(), cause)
    return _answer(features, outcome, names=(cohort_id, endpoint), plan=plan)


@dataclass(frozen=True)
class _Plan:
    """What is fitted: adjustments, options of the Cox model, and the cause of a Fine-Gray model."""

    adjustments: tuple[Adjustment, ...]
    options: HazardOptions
    cause: int | None


def _as_list(adjustment: Adjustment | Sequence[Adjustment] | None) -> tuple[Adjustment, ...]:
    if adjustment is None:
        return ()
    return (adjustment,) if isinstance(adjustment, Adjustment) else tuple(adjustment)


def _answer(
    features: Sequence[Feature], outcome: pd.DataFrame, *, names: tuple[str, str], plan: _Plan
) -> HazardAnswers:
    cohort_id, endpoint = names
    where = f"{cohort_id}: {endpoint}"
    follow_up = read_follow_up(outcome, where=where, cause=plan.cause or 1)
    warnings = list(follow_up.warnings)
    if plan.cause is not None:
        warnings += _check_competing(follow_up, plan, where=where)
    word = "survival" if plan.cause is None else "competing"
    head = {"question_id": f"{word}:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    nothing = EncodedCovariates(pd.DataFrame(index=follow_up.sample_ids), (), ())
    asked = [_Question(head, follow_up, nothing, None, plan.cause, plan.options)]
    for adjustment in plan.adjustments:
        encoded = encode_covariates(adjustment.covariates, sample_ids=follow_up.sample_ids, where=where)
        warnings += [w for w in encoded.warnings if w not in warnings]
        strata = None if adjustment.strata is None else adjustment.strata.reindex(follow_up.sample_ids)
        question = replace(asked[0], covariates=encoded, strata=strata)
        if _words(question) not in {_words(q) for q in asked}:
            asked.append(question)
    others = np.all([q.complete for q in asked], axis=0)
    rows: list[dict[str, Any]] = []
    for feature in features:
        found, told = _rows(feature, asked, others=others)
        rows += found
        warnings += told
    return HazardAnswers(pd.DataFrame(rows), merge_warnings(warnings))


def _check_competing(follow_up: FollowUp, plan: _Plan, *, where: str) -> Iterator[RunWarning]:
    if any(a.strata is not None for a in plan.adjustments) or follow_up.entry is not None:
        raise EndpointError(
            "strata and late entry are not part of the Fine-Gray model",
            where=where,
            expected="covariates only",
            next_step="give the strata as covariates, or ask for cause-specific hazards (associate_hazard)",
        )
    if not ((follow_up.event > 0) & (follow_up.event != plan.cause)).any():
        yield RunWarning("answers.no_competing_events", "no competing event was seen", where)


def _rows(
    feature: Feature, asked: Sequence[_Question], *, others: NDArray[np.bool_]
) -> tuple[list[dict[str, Any]], list[RunWarning]]:
    first = asked[0]
    values = feature.values.reindex(first.follow_up.sample_ids).to_numpy(dtype=np.float64)
    own = np.isfinite(values)
    keep = own & others
    lacking = "covariate or stratum" if first.options.weights is None else "covariate, stratum or weight"
    n_left_out, left_out = count_left_out(
        [
            (first.follow_up.n_without, "endpoint"),
            (int((~own).sum()), "value"),
            (int((own & ~others).sum()), lacking),
        ]
    )
    scaled, sd_reason = per_sd(np.asarray(values[keep], dtype=np.float64), is_group=feature.is_group)
    name = first.kind if feature.is_group else f"{first.kind}_per_sd"
    head = {**first.head, "feature": feature.name, "source": feature.source}
    tail = {"n_left_out": n_left_out, "left_out": left_out}
    rows: list[dict[str, Any]] = []
    warnings: list[RunWarning] = []
    for question in asked:
        fitted = _fit(scaled, keep, question, name=feature.name)
        rows.append(
            {
                **head,
                **_effect(fitted, name, sd_reason=sd_reason),
                "adjusted_for": _words(question),
                **tail,
                "checks": "; ".join(part for part in (fitted.checks, question.covariates.checks) if part),
            }
        )
        warnings += _tell(fitted, feature, question)
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
        return _Fitted(model, _small_sample(model.n, model.reason), sandwich=True)
    given = question.options
    codes = None if question.strata is None else pd.factorize(question.strata[keep], sort=True)[0]
    weights = None if given.weights is None else given.weights.reindex(follow_up.sample_ids).to_numpy()[keep]
    entry = None if follow_up.entry is None else follow_up.entry[keep]
    cox = fit_cox(
        x,
        follow_up.time[keep],
        follow_up.event[keep] == 1.0,
        design=CoxDesign(entry=entry, strata=codes, weights=weights),
        options=CoxOptions(names=columns, ties=given.ties, robust=given.robust),
    )
    small = _small_sample(cox.n, cox.reason) if given.robust else ""
    test = check_proportional_hazards(cox)
    if test.reason:
        text = f"proportional hazards not tested ({test.reason})"
        return _Fitted(cox, "; ".join(t for t in (text, small) if t), sandwich=given.robust)
    own = test.terms[columns[-1]]
    text = f"proportional hazards: p {own.p_value:.3g}"
    if len(columns) > 1:
        text += f", whole model p {test.overall.p_value:.3g}"
    text += " (score test, Kaplan-Meier time)"
    changes = bool(own.p_value < _PH_LEVEL)
    return _Fitted(cox, "; ".join(t for t in (text, small) if t), changes=changes, sandwich=given.robust)


def _small_sample(n: int, reason: str) -> str:
    return f"n = {n}: sandwich errors too small ({_COVER})" if n < _FEW_FOR_SANDWICH and not reason else ""


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
    if fitted.sandwich and not reason and model.n < _FEW_FOR_SANDWICH:
        example = f"{feature.name} (n = {model.n})"
        yield RunWarning("answers.small_sample_errors", _TOO_SMALL, where, 1, (example,))
    if reason:
        yield RunWarning(
            "answers.not_estimated", "hazard ratios could not be estimated", where, 1, (f"{feature.name} ({reason})",)
        )
    lost = [name for name, why in zip(model.names[:-1], model.term_reasons[:-1], strict=True) if why]
    if lost and not model.reason:
        message = "covariates are constant or a sum of others among these patients, and were left out of the model"
        yield RunWarning("covariates.collinear", message, where, len(lost), tuple(lost[:3]))
