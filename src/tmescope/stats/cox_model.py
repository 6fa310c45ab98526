"""Cox models of several covariates: ties, strata, case weights, late entry and robust standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import check_confidence
from tmescope.stats.cox_newton import alias_reasons, maximise
from tmescope.stats.cox_rows import CoxDesign, CoxRows, read_rows
from tmescope.stats.risk_sets import RiskSets, build_risk_sets

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ChiSquare", "CoxDesign", "CoxModel", "CoxOptions", "compare_nested", "fit_cox"]


@dataclass(frozen=True, kw_only=True)
class CoxOptions:
    """How a Cox model is fitted.

    Parameters
    ----------
    names : sequence of str
        Names of the covariates; ``x1, x2 ...`` where empty.
    ties : {"efron", "breslow"}
        Treatment of tied event times.
    robust : bool
        Sandwich standard errors (Lin and Wei), summed within clusters where the design has some.
    confidence : float
        Level of the two-sided intervals.
    """

    names: Sequence[str] = ()
    ties: Literal["efron", "breslow"] = "efron"
    robust: bool = False
    confidence: float = 0.95


@dataclass(frozen=True, kw_only=True)
class ChiSquare:
    """A chi-square test.

    Parameters
    ----------
    statistic : float
        NaN where it is not defined.
    df : int
        Degrees of freedom.
    p_value : float
        Of the upper tail.
    """

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, kw_only=True)
class CoxModel:
    """A fitted Cox model.

    Parameters
    ----------
    n, n_events : int
        Complete rows with positive weight, and their events.
    n_dropped : int
        Rows with a missing value.
    names : tuple of str
        Covariates, in the order given.
    coefficients, std_error, hazard_ratio, ci_low, ci_high, p_value : array of float, shape (p,)
        Log hazard ratio per unit with its standard error (robust where asked for), the ratio with its Wald
        interval, and the two-sided Wald p-value. NaN for a covariate that has none.
    model_std_error : array of float, shape (p,)
        Standard error from the information, whatever was asked for.
    covariance : array of float, shape (p, p)
        Behind `std_error`.
    term_reasons : tuple of str
        Why a covariate has no coefficient: ``constant``, ``collinear``; empty otherwise.
    log_likelihood_null, log_likelihood : float
        At zero, and at the maximum.
    likelihood_ratio, wald, score : ChiSquare
        Tests that all coefficients are zero.
    linear_predictor : array of float, shape (rows given,)
        Sum of coefficient times (covariate less its mean); NaN for a row that was dropped.
    n_strata, n_clusters : int
        Strata with rows, and clusters (0 where none were asked for).
    ties, method : str
        Treatment of ties, and the words for the methods column of the answers.
    confidence : float
        Level of the intervals.
    reason : str
        Why all numbers are NaN: ``empty``, ``no_events``, ``no_informative_covariate``,
        ``more_terms_than_subjects``, ``monotone_likelihood``, ``not_converged``; empty otherwise.
    risk_sets, rows : RiskSets, CoxRows
        What it was fitted on (covariates with a coefficient, standardised), for the tests that follow.
    standardised : array of float
        Coefficients on that scale.
    """

    n: int
    n_events: int
    n_dropped: int
    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    std_error: NDArray[np.float64]
    hazard_ratio: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    model_std_error: NDArray[np.float64]
    covariance: NDArray[np.float64]
    term_reasons: tuple[str, ...]
    log_likelihood_null: float
    log_likelihood: float
    likelihood_ratio: ChiSquare
    wald: ChiSquare
    score: ChiSquare
    linear_predictor: NDArray[np.float64]
    n_strata: int
    n_clusters: int
    ties: str
    method: str
    confidence: float
    reason: str = ""
    risk_sets: RiskSets = field(repr=False)
    rows: CoxRows = field(repr=False)
    standardised: NDArray[np.float64] = field(repr=False)


def fit_cox(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    design: CoxDesign | None = None,
    options: CoxOptions | None = None,
) -> CoxModel:
    """Fit a Cox proportional hazards model by maximum partial likelihood.

    Supposes that each ratio is the same at all times (see `check_proportional_hazards`).

    Parameters
    ----------
    x : array-like of float, shape (n, p) or (n,)
        Covariates, any unit. A row with a NaN is dropped.
    time : array-like of float, shape (n,)
        End of follow-up, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 where the event happened at `time`, False/0 where follow-up ended without it. NaN is missing.
    design : CoxDesign, optional
        Late entry (start-stop rows), strata, case weights, clusters.
    options : CoxOptions, optional
        Names, ties, robust errors, confidence.

    Returns
    -------
    CoxModel
        A covariate that is constant, or a sum of earlier ones, has NaN and its reason while the rest is
        estimated, as in R. All numbers NaN, with `reason`, where nothing can be estimated.

    Raises
    ------
    InputError
        If shapes differ, a value is infinite, an event is neither 0 nor 1, a weight is negative, or an option
        is unknown.
    EndpointError
        If a time is negative, or a row ends at or before its entry.

    Notes
    -----
    Newton steps from zero on standardised covariates, halved where the likelihood falls. ``S0``
    and ``S1`` of each risk set are differences of running sums, and the information is ``X' diag(r A) X - sum
    m E E'`` with A the cumulative hazard that a row has passed: O(n p^2) a step. Efron's ties take the mean
    weight of the tied events, as R does. Robust: ``I^-1 (sum_c u_c u_c') I^-1`` with the score residuals of a
    cluster summed. The likelihood has no maximum (``monotone_likelihood``) where along a direction every
    event has the largest value of its risk set; this is looked for once steps go on while the likelihood does
    not. A row with weight zero is left out.

    References
    ----------
    Cox, J R Stat Soc B 1972, doi:10.1111/j.2517-6161.1972.tb00899.x. Efron, JASA 1977,
    doi:10.1080/01621459.1977.10480613. Lin and Wei, JASA 1989, doi:10.1080/01621459.1989.10478874.
    """
    options = options or CoxOptions()
    check_confidence(options.confidence)
    if options.ties not in {"efron", "breslow"}:
        raise InputError(
            f"the treatment of ties is {options.ties!r}", where="CoxOptions.ties", expected="efron, breslow"
        )
    rows = read_rows(x, time=time, event=event, design=design, names=options.names)
    reason = _why_not(rows)
    scale, centre = _scale(rows.x)
    parts = {"event": rows.event, "entry": rows.entry, "strata": rows.strata, "weights": rows.weights}
    efron = options.ties == "efron"
    sets = build_risk_sets((rows.x - centre) / scale, rows.time, rows=parts, efron=efron)
    term_reasons = ("",) * len(rows.names)
    if not reason:
        term_reasons = alias_reasons((rows.x - centre) / scale, strata=rows.strata, used=sets.informative())
        reason = "" if "" in term_reasons else "no_informative_covariate"
    kept = np.flatnonzero([not r for r in term_reasons])
    sets = build_risk_sets(((rows.x - centre) / scale)[:, kept], rows.time, rows=parts, efron=efron)
    beta = np.full(kept.size, np.nan)
    if not reason:
        beta, reason = maximise(sets)
    return _model(rows, sets, beta=beta, kept=kept, scale=scale, options=options, reasons=(reason, term_reasons))


def compare_nested(smaller: CoxModel, larger: CoxModel) -> ChiSquare:
    """Compare two models of the same rows, one of which has all covariates of the other, by likelihood ratio.

    With an interaction as the only difference, this is the test of the interaction.

    Parameters
    ----------
    smaller, larger : CoxModel
        Fitted on the same rows, with the same ties, strata and weights.

    Returns
    -------
    ChiSquare
        NaN where one of them has no likelihood, or the larger has no covariate more that could be estimated.

    Raises
    ------
    InputError
        If they rest on different rows, or robust errors say that rows are not independent.
    """
    same = smaller.n == larger.n and smaller.n_events == larger.n_events and smaller.ties == larger.ties
    null = (smaller.log_likelihood_null, larger.log_likelihood_null)
    # a model without a maximum has no likelihood: that is no sign of other rows
    if not same or (np.isfinite(null).all() and not np.isclose(*null, rtol=1e-9)):
        raise InputError(
            f"the models rest on different rows ({smaller.n} with {smaller.n_events} events, {larger.n} with "
            f"{larger.n_events}) or on different ties, strata or weights",
            where="compare_nested",
            expected="two models of the same rows",
            next_step="drop rows with a missing value in any covariate before both fits",
        )
    df = _rank(larger) - _rank(smaller)
    if df <= 0:
        return ChiSquare(statistic=float("nan"), df=max(df, 0), p_value=float("nan"))
    return _chi_square(2.0 * (larger.log_likelihood - smaller.log_likelihood), df)


def _rank(model: CoxModel) -> int:
    return sum(1 for r in model.term_reasons if not r)


def _chi_square(statistic: float, df: int) -> ChiSquare:
    statistic = max(float(statistic), 0.0) if np.isfinite(statistic) else float("nan")
    return ChiSquare(statistic=statistic, df=df, p_value=float(stats.chi2.sf(statistic, df)))


def _why_not(rows: CoxRows) -> str:
    if rows.time.size == 0:
        return "empty"
    if not rows.event.any():
        return "no_events"
    return "more_terms_than_subjects" if rows.x.shape[1] > rows.time.size else ""


def _scale(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if x.shape[0] == 0:
        return np.ones(x.shape[1]), np.zeros(x.shape[1])
    centre, spread = x.mean(axis=0), x.std(axis=0)
    flat = np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0)
    return np.where(flat | (spread == 0.0), 1.0, spread), np.where(flat, x[0], centre)


def _covariances(
    sets: RiskSets, beta: NDArray[np.float64], *, rows: CoxRows, robust: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the covariance from the information, and the one asked for."""
    inverse: NDArray[np.float64] = np.asarray(np.linalg.inv(sets.moments(beta).information), dtype=np.float64)
    if not robust:
        return inverse, inverse
    residuals = sets.score_residuals(beta) * rows.weights[:, None]
    _, member = np.unique(rows.clusters, return_inverse=True)
    sums = np.zeros((int(member.max()) + 1, beta.size))
    np.add.at(sums, member, residuals)
    shifts = sums @ inverse
    return inverse, np.asarray(shifts.T @ shifts, dtype=np.float64)


def _model(
    rows: CoxRows,
    sets: RiskSets,
    *,
    beta: NDArray[np.float64],
    kept: NDArray[np.int64],
    scale: NDArray[np.float64],
    options: CoxOptions,
    reasons: tuple[str, tuple[str, ...]],
) -> CoxModel:
    p, estimated = len(rows.names), not reasons[0]
    coefficients, model_error, covariance = np.full(p, np.nan), np.full(p, np.nan), np.full((p, p), np.nan)
    if estimated:
        from_model, asked = _covariances(sets, beta, rows=rows, robust=options.robust)
        coefficients[kept], model_error[kept] = beta / scale[kept], np.sqrt(np.diag(from_model)) / scale[kept]
        covariance[np.ix_(kept, kept)] = asked / np.outer(scale[kept], scale[kept])
    likelihoods, tests = _tests(sets, beta, covariance=asked if estimated else None)
    error = np.sqrt(np.diag(covariance))
    ratio, low, high = wald_interval(coefficients, error, confidence=options.confidence)
    return CoxModel(
        n=rows.time.size,
        n_events=int(rows.event.sum()),
        n_dropped=int(rows.n_missing),
        names=rows.names,
        coefficients=coefficients,
        std_error=error,
        hazard_ratio=ratio,
        ci_low=low,
        ci_high=high,
        p_value=2.0 * stats.norm.sf(np.abs(coefficients) / error),
        model_std_error=model_error,
        covariance=covariance,
        term_reasons=reasons[1],
        log_likelihood_null=likelihoods[0],
        log_likelihood=likelihoods[1],
        likelihood_ratio=tests[0],
        wald=tests[1],
        score=tests[2],
        linear_predictor=_predict(rows, coefficients, kept=kept) if estimated else np.full(rows.kept.size, np.nan),
        n_strata=int(np.unique(rows.strata).size),
        n_clusters=int(np.unique(rows.clusters).size) if options.robust else 0,
        ties=options.ties,
        method=_method(rows, options) if estimated else "not estimated",
        confidence=options.confidence,
        reason=reasons[0],
        risk_sets=sets,
        rows=rows,
        standardised=beta,
    )


def _predict(rows: CoxRows, coefficients: NDArray[np.float64], *, kept: NDArray[np.int64]) -> NDArray[np.float64]:
    found = np.full(rows.kept.size, np.nan)
    found[rows.kept] = (rows.x[:, kept] - rows.x[:, kept].mean(axis=0)) @ coefficients[kept]
    return found


def wald_interval(
    coefficients: NDArray[np.float64], error: NDArray[np.float64], *, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the ratios and their two limits.

    Parameters
    ----------
    coefficients, error : array of float, shape (p,)
        On the log scale.
    confidence : float
        Level of the interval.
    """
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    with np.errstate(over="ignore"):
        return np.exp(coefficients), np.exp(coefficients - half), np.exp(coefficients + half)


def _tests(
    sets: RiskSets, beta: NDArray[np.float64], *, covariance: NDArray[np.float64] | None
) -> tuple[tuple[float, float], tuple[ChiSquare, ChiSquare, ChiSquare]]:
    """Return the two log-likelihoods, and the likelihood ratio, Wald and score tests; NaN without covariance."""
    k = beta.size
    if covariance is None:
        none = _chi_square(float("nan"), k)
        return (float("nan"), float("nan")), (none, none, none)
    null, best = sets.moments(np.zeros(k)), sets.moments(beta)
    ratio = 2.0 * (best.log_likelihood - null.log_likelihood)
    wald = float(beta @ np.linalg.solve(covariance, beta))
    score = float(null.score @ np.linalg.solve(null.information, null.score))
    found = (_chi_square(ratio, k), _chi_square(wald, k), _chi_square(score, k))
    return (null.log_likelihood, best.log_likelihood), found


def _method(rows: CoxRows, options: CoxOptions) -> str:
    words = [f"Cox model, {options.ties.capitalize()} ties"]
    if np.unique(rows.strata).size > 1:
        words.append("stratified")
    if np.isfinite(rows.entry).any():
        words.append("late entry")
    if (rows.weights != 1.0).any():
        words.append("case weights")
    error = "robust standard error; " if options.robust else ""
    return f"{', '.join(words)}; {error}Wald interval and p"
