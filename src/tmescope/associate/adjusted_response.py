"""Whether a feature goes with response beyond an immune axis and confounders, side by side on the same patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.covariates import EncodedCovariates, encode_covariates, find_determined
from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import EndpointError, InputError, examples, listing
from tmescope.foundation.result import RunWarning
from tmescope.stats.auc_comparison import bootstrap_auc
from tmescope.stats.designs import check_columns
from tmescope.stats.firth import fit_firth
from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.ordinal import check_proportional_odds, fit_ordinal
from tmescope.stats.roc import auc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["associate_adjusted_response"]

_FEW_PATIENTS = 10
_FEW_EVENTS_A_COLUMN = 10.0
_RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class _Patients:
    """The patients of one feature: all values known."""

    feature: Feature
    values: NDArray[np.float64]
    codes: NDArray[np.float64]
    ordinal: bool
    n_left_out: int
    left_out: str

    @property
    def is_group(self) -> bool:
        """Whether the values are 1 and 0."""
        return self.feature.is_group

    @property
    def n_events(self) -> int:
        """Responders; for an ordered endpoint the patients above its lowest level."""
        return int((self.codes > self.codes.min(initial=np.inf)).sum()) if self.ordinal else int(self.codes.sum())


def associate_adjusted_response(
    features: Sequence[Feature],
    outcome: pd.Series[Any],
    *,
    cohort_id: str,
    endpoint: str,
    confounders: pd.DataFrame | None = None,
    axis: Feature | None = None,
    seed: int = 0,
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Estimate each feature's effect on response alone, beside an axis, beside confounders, and beside both.

    Answers "is it more than immune content?": give the purity or immune score as `axis`.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample.
    outcome : pandas.Series
        Index sample_id, one sample per patient: ``responder`` and ``non_responder``, or ordered codes (whole numbers
        from 0, higher is better, such as PD 0, SD 1, PR 2, CR 3); missing allowed.
    cohort_id, endpoint : str
        Names for the table.
    confounders : pandas.DataFrame, optional
        Index sample_id; numeric or categorical columns, such as biopsy site, library, batch.
    axis : Feature, optional
        Purity, immune score, or another feature that may stand behind all others.
    seed : int
        Of the bootstrap of the AUC.

    Returns
    -------
    answers : pandas.DataFrame
        For each feature, all on the same patients (those with every value known): an ``auc`` (numeric features, binary
        endpoint; DeLong, with the bootstrap interval among the `checks`), then ``odds_ratio_per_sd`` or ``odds_ratio``
        (``cumulative_odds_ratio_per_sd`` or ``cumulative_odds_ratio``, of a better level, for ordered codes)
        unadjusted and adjusted as ``adjusted_for`` says, and with an axis ``spearman`` (its correlation with the axis,
        -1 to 1). Standard errors are on the log scale for odds ratios. An effect that cannot be estimated is NaN and
        ``method`` says why; under separation the estimate is Firth's and ``method`` says so.
    warnings : tuple of RunWarning
        Few patients, penalised estimates, effects without an estimate, confounders that the outcome nearly determines,
        columns that were left out.

    Raises
    ------
    EndpointError
        If the outcome is neither of the two forms.
    InputError
        If a sample stands twice in a table, or a confounder is infinite.

    Notes
    -----
    The feature is divided by its standard deviation among the patients used. An adjusted effect that is near 1 where
    the unadjusted is not says that axis or confounders carry the same information, not that the feature has no role.
    """
    codes, ordinal = _codes(outcome)
    stated = confounders if confounders is not None else pd.DataFrame(index=codes.index)
    for what, index in (("outcome", codes.index), ("confounders", stated.index)):
        if index.has_duplicates:
            raise InputError(
                f"{what}: {int(index.duplicated().sum())} samples stand twice",
                where=f"argument {what}",
                expected="one row a patient",
            )
    rows: list[dict[str, Any]] = []
    reduced: dict[RunWarning, None] = {}
    where = f"{cohort_id}: {endpoint}"
    determined: dict[str, None] = {}
    for feature in features:
        patients, known = _patients(feature, codes, stated=stated, axis=axis, ordinal=ordinal)
        for name in find_determined(known, patients.codes) if patients.codes.size else ():
            determined.setdefault(name)
        found, told = _rows(patients, known, axis=axis, seed=seed, where=where)
        reduced.update(dict.fromkeys(told))
        head = {
            "question_id": f"response:{endpoint}",
            "cohort_id": cohort_id,
            "feature": feature.name,
            "source": feature.source,
            "endpoint": endpoint,
        }
        tail = {"n_left_out": patients.n_left_out, "left_out": patients.left_out}
        rows += [{**head, **row, **tail} for row in found]
    answers = pd.DataFrame(rows)
    return answers, (*reduced, *_warnings(answers, tuple(determined), where=where))


def _codes(outcome: pd.Series[Any]) -> tuple[pd.Series[float], bool]:
    known = outcome.dropna()
    if pd.api.types.is_numeric_dtype(known.dtype):
        values = known.astype("float64")
        wrong = values[(values < 0) | (values != values.round())]
        if len(wrong):
            raise EndpointError(
                f"the outcome has {len(wrong)} values that are no ordered code: {examples(wrong[:4])}",
                expected="whole numbers from 0, higher is better",
            )
        return values, True
    other = known[~known.isin(["responder", "non_responder"])]
    if len(other):
        raise EndpointError(
            f"the outcome has {len(other)} values that are no response: {examples(other.unique()[:4])}",
            expected="responder and non_responder, or ordered codes as numbers",
        )
    return (known == "responder").astype("float64"), False


def _patients(
    feature: Feature, codes: pd.Series[float], *, stated: pd.DataFrame, axis: Feature | None, ordinal: bool
) -> tuple[_Patients, pd.DataFrame]:
    """Return the patients with everything known, and their axis (first column) and confounders."""
    table = stated.copy()
    if axis is not None:
        table.insert(0, axis.name, axis.values.reindex(table.index))
    table = table.reindex(codes.index)
    values = feature.values.reindex(codes.index).to_numpy(dtype=np.float64)
    no_value = np.isnan(values)
    no_covariate = table.isna().any(axis=1).to_numpy() & ~no_value
    n_no_outcome = len(feature.values.index.difference(codes.index))
    counts = (
        (n_no_outcome, "endpoint"),
        (int(no_value.sum()), "value"),
        (int(no_covariate.sum()), "axis or confounder"),
    )
    keep = ~(no_value | no_covariate)
    n_left_out, left_out = count_left_out(counts)
    patients = _Patients(
        feature=feature,
        values=np.asarray(values[keep], dtype=np.float64),
        codes=np.asarray(codes.to_numpy()[keep], dtype=np.float64),
        ordinal=ordinal,
        n_left_out=n_left_out,
        left_out=left_out,
    )
    return patients, table[keep]


def _rows(
    patients: _Patients, known: pd.DataFrame, *, axis: Feature | None, seed: int, where: str
) -> tuple[list[dict[str, Any]], tuple[RunWarning, ...]]:
    rows: list[dict[str, Any]] = []
    warnings: list[RunWarning] = []
    axis_is_it = axis is patients.feature
    if not patients.is_group and not patients.ordinal:
        rows.append(_area(patients, seed))
    first = 0 if axis is None else 1
    beside_axis = bool(first) and not axis_is_it
    sets = [known.iloc[:, :0]]
    sets += [known.iloc[:, :1]] if beside_axis else []
    if known.shape[1] > first:
        sets += [known.iloc[:, first:], known] if beside_axis else [known.iloc[:, first:]]
    done: set[str] = set()
    for columns in sets:
        encoded = encode_covariates(columns, sample_ids=known.index, where=where)
        warnings += encoded.warnings
        if encoded.adjusted_for not in done:  # a set of which nothing is left asks no question of its own
            done.add(encoded.adjusted_for)
            rows.append({**_effect(patients, encoded), "adjusted_for": encoded.adjusted_for})
    if axis is not None and not axis_is_it:
        rows.append(_correlation(patients, known.iloc[:, 0].to_numpy(dtype=np.float64), axis.name))
    return rows, tuple(warnings)


def _row(patients: _Patients, name: str, *, numbers: Sequence[float], method: str, checks: str = "") -> dict[str, Any]:
    effect, std_error, low, high, p_value = numbers
    return {
        "n": patients.codes.size,
        "n_events": patients.n_events,
        "effect": effect,
        "effect_name": name,
        "std_error": std_error,
        "ci_low": low,
        "ci_high": high,
        "p_value": p_value,
        "method": method,
        "adjusted_for": "",
        "checks": checks,
    }


def _area(patients: _Patients, seed: int) -> dict[str, Any]:
    area = auc(patients.values, patients.codes)
    drawn = bootstrap_auc(patients.values, patients.codes, rng=np.random.default_rng(seed), n_resamples=_RESAMPLES)
    told = (
        f"no bootstrap interval ({drawn.reason})"
        if drawn.reason
        else (f"{drawn.method}: {drawn.ci_low:.3f} to {drawn.ci_high:.3f}")
    )
    method = f"{area.method} ({area.reason})" if area.reason else area.method
    numbers = (area.auc, area.std_error, area.ci_low, area.ci_high, area.p_value)
    return _row(patients, "auc", numbers=numbers, method=method, checks=told)


def _correlation(patients: _Patients, other: NDArray[np.float64], name: str) -> dict[str, Any]:
    n = patients.values.size
    if n < 4 or np.ptp(patients.values) == 0.0 or np.ptp(other) == 0.0:
        return _row(patients, "spearman", numbers=[np.nan] * 5, method="not estimated (constant or too few)")
    rho, p_value = (float(v) for v in stats.spearmanr(patients.values, other))
    if abs(rho) < 1.0:
        error = np.sqrt((1.0 + rho**2 / 2.0) / (n - 3.0))  # of Fisher's z (Bonett and Wright 2000)
        low, high = (float(np.tanh(np.arctanh(rho) + s * stats.norm.ppf(0.975) * error)) for s in (-1.0, 1.0))
    else:
        error, low, high = float("nan"), rho, rho
    method = f"Spearman correlation with {name}; interval by Fisher's z, Bonett and Wright's error"
    return _row(patients, "spearman", numbers=(rho, error, low, high, p_value), method=method)


def _effect(patients: _Patients, encoded: EncodedCovariates) -> dict[str, Any]:
    name = ("cumulative_" if patients.ordinal else "") + ("odds_ratio" if patients.is_group else "odds_ratio_per_sd")
    columns = encoded.matrix.to_numpy(dtype=np.float64)
    last = columns.shape[1]
    design = np.column_stack([columns, patients.values])
    check = check_columns(design)
    if not patients.codes.size or last in check.constant:
        return _row(patients, name, numbers=[np.nan] * 5, method="not estimated (constant)")
    if last in check.collinear:
        told = "collinear with the adjustment" if last else "too_few_samples"
        return _row(patients, name, numbers=[np.nan] * 5, method=f"not estimated ({told})")
    if not patients.is_group:
        design[:, last] /= patients.values.std(ddof=1)
    checks = [warning.message for warning in encoded.warnings]
    checks += [encoded.checks] if encoded.checks else []
    model: Any
    if patients.ordinal:
        model = fit_ordinal(design, patients.codes)
        test = check_proportional_odds(design, patients.codes)
        checks.append(
            f"proportional odds not tested ({test.reason})"
            if test.reason
            else f"proportional odds (Brant) p = {test.p_value:.3g}"
        )
    else:
        model = fit_logistic(design, patients.codes)
        if model.reason == "separation":
            model = fit_firth(design, patients.codes, profile=[last])
            checks.append("the classes are separated by a plane: penalised estimate")
        rarer = min(patients.n_events, patients.codes.size - patients.n_events)
        if rarer < _FEW_EVENTS_A_COLUMN * design.shape[1]:
            checks.append(f"{rarer / design.shape[1]:.1f} patients of the rarer class per column of the model (few)")
    slope = float(model.coefficients[last])
    with np.errstate(over="ignore"):
        effect, low, high = (float(np.exp(v)) for v in (slope, model.ci_low[last], model.ci_high[last]))
    numbers = (effect, float(model.std_errors[last]), low, high, float(model.p_values[last]))
    method = f"{model.method} ({model.reason})" if model.reason else model.method
    return _row(patients, name, numbers=numbers, method=method, checks="; ".join(checks))


def _warnings(answers: pd.DataFrame, determined: tuple[str, ...], *, where: str) -> tuple[RunWarning, ...]:
    found = []
    if determined:
        found.append(
            RunWarning(
                "answers.determined_confounder",
                f"{len(determined)} confounders nearly tell the outcome ({listing(determined, most=3)}): adjusting for "
                "them leaves nothing to ask",
                where,
                len(determined),
                determined[:3],
            )
        )
    if not len(answers):
        return tuple(found)
    for code, chosen, told in (
        ("answers.few_patients", answers["n"] < _FEW_PATIENTS, f"rest on fewer than {_FEW_PATIENTS} patients"),
        ("answers.penalised", answers["method"].str.startswith("Firth"), "are penalised, as the classes are separated"),
        ("answers.not_estimable", answers["effect"].isna(), "could not be estimated; the column method says why"),
    ):
        lost = answers[chosen]
        if len(lost):
            names = tuple(f"{f} ({e})" for f, e in zip(lost["feature"], lost["effect_name"], strict=True))
            found.append(RunWarning(code, f"{len(lost)} effects {told}", where, len(lost), names[:3]))
    return tuple(found)
