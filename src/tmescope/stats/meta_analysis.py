"""One effect from several studies, pooled with random or fixed effects, and regressed on what differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector, check_confidence
from tmescope.stats.between_studies import NO_SPREAD, Between, Spread, between_variance, usable_studies

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MetaRegression", "PooledEffect", "PoolingOptions", "name_of_pooling", "pool_effects", "regress_effects"]

Test = Literal["hartung_knapp", "hartung_knapp_max1", "z"]
_TESTS = {
    "hartung_knapp": "Hartung-Knapp",
    "hartung_knapp_max1": "Hartung-Knapp, not below one",
    "z": "normal theory",
}
_NAMES = {
    "reml": "REML", "dl": "DerSimonian-Laird", "pm": "Paule-Mandel", "ml": "maximum likelihood", "sj": "Sidik-Jonkman",
    "eb": "empirical Bayes", "he": "Hedges", "hs": "Hunter-Schmidt", "fixed": "fixed effect",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PoolingOptions:
    """How studies are pooled.

    Parameters
    ----------
    tau2 : {"reml", "dl", "pm", "ml", "sj", "eb", "he", "hs", "fixed"}
        Estimator of the variance between studies; fixed supposes it to be zero.
    test : {"hartung_knapp", "hartung_knapp_max1", "z"}
        How the standard error and the reference distribution of the pooled effect are made. A fixed effect always
        takes ``z``.
    prediction_df : {"k-1", "k-2", "normal"}
        Degrees of freedom of the prediction interval; ``normal`` is what goes with ``z``.
    confidence : float
        Level of all intervals.
    """

    tau2: Between = "reml"
    test: Test = "hartung_knapp"
    prediction_df: Literal["k-1", "k-2", "normal"] = "k-1"
    confidence: float = 0.95


@dataclass(frozen=True, kw_only=True)
class PooledEffect:
    """A pooled effect with the heterogeneity behind it.

    Parameters
    ----------
    k, n_left_out : int
        Studies used, and those without a finite effect or a usable standard error.
    estimate, std_error, ci_low, ci_high, statistic, df, p_value : float
        Pooled effect on the scale of the input; df is infinite for normal theory.
    spread : Spread
        How much studies differ: tau2 with its limits, I2, Q.
    prediction_low, prediction_high, prediction_df : float
        Interval for the effect in a further study.
    fixed_estimate, fixed_ci_low, fixed_ci_high : float
        The same with no variance between studies.
    narrower_than_fixed : bool
        Whether the interval is narrower than the fixed effect's: Hartung-Knapp can be, by chance, with few studies.
    residual_mean_square : float
        What Hartung-Knapp multiplies the variance by: about 1 for studies that differ as their errors and tau2 say,
        near 0 for studies that agree by luck. 1 where the test multiplies by nothing.
    max1_ci_low, max1_ci_high, max1_p_value : float
        Limits and p of Hartung-Knapp not below one (a residual mean square of at least 1); the pooled effect's own
        where the test is another.
    weights : array of float, shape (k,)
        Share of each study used.
    used : array of bool
        Which of the studies given were used.
    method : str
        For tables: estimator and test by name.
    confidence : float
    reason : str
        ``no_studies`` or ``one_study`` (no heterogeneity can be seen: the study's own estimate, by normal theory);
        empty otherwise.
    """

    k: int
    n_left_out: int
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p_value: float
    spread: Spread
    prediction_low: float
    prediction_high: float
    prediction_df: float
    fixed_estimate: float
    fixed_ci_low: float
    fixed_ci_high: float
    narrower_than_fixed: bool
    residual_mean_square: float
    max1_ci_low: float
    max1_ci_high: float
    max1_p_value: float
    weights: NDArray[np.float64]
    used: NDArray[np.bool_]
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class MetaRegression:
    """Effects of studies regressed on what differs between them.

    Parameters
    ----------
    k : int
        Studies used.
    coefficients, std_errors, p_values, ci_low, ci_high : array of float, shape (p + 1,)
        Intercept first.
    statistic, p_value : float
        Test that no covariate matters (F under Hartung-Knapp, chi-square under normal theory).
    tau2, tau2_without : float
        Variance between studies that is left, and that without covariates.
    r2 : float
        Share of it that the covariates explain, percent; 0 at the least.
    method : str
    reason : str
        ``too_few_studies`` or ``collinear``; empty otherwise.
    """

    k: int
    coefficients: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    p_values: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    statistic: float
    p_value: float
    tau2: float
    tau2_without: float
    r2: float
    method: str
    reason: str = ""


_DEFAULT = PoolingOptions()


def pool_effects(effects: ArrayLike, std_errors: ArrayLike, *, options: PoolingOptions = _DEFAULT) -> PooledEffect:
    """Pool the effects of independent studies.

    Answers what the effect is on average over studies like these, and how much it differs between them. Not for
    studies that share patients, nor for different endpoints.

    Parameters
    ----------
    effects : array-like of float, shape (k,)
        On a scale where they are about normal: log odds or hazard ratios, differences. NaN and infinite are left out.
    std_errors : array-like of float, shape (k,)
        Their standard errors; those that are not positive and finite, or 1e12 times smaller or larger than the median
        one, are left out: the latter decide everything or nothing, and arithmetic ends there.
    options : PoolingOptions
        Estimator, test, prediction interval, level.

    Returns
    -------
    PooledEffect
        NaN, with a reason, where no study is left; one study is given back by normal theory.

    Raises
    ------
    InputError
        If lengths differ or an option is unknown.

    Notes
    -----
    Weights are ``1 / (v + tau2)``. Hartung-Knapp multiplies the variance ``1 / sum(w)`` by the weighted mean square
    of the residuals and refers to t with k - 1 degrees of freedom. I2 is ``tau2 / (tau2 + s2)`` with the typical
    sampling variance s2 of Higgins and Thompson, and ``(Q - k + 1) / Q`` for a fixed effect. The order of studies does
    not matter beyond rounding.

    References
    ----------
    DerSimonian and Laird, Control Clin Trials 1986, doi:10.1016/0197-2456(86)90046-2. Hartung and Knapp, Stat Med 2001,
    doi:10.1002/sim.791. Higgins and Thompson, Stat Med 2002, doi:10.1002/sim.1186. Viechtbauer, Stat Med 2007,
    doi:10.1002/sim.2514 (Q-profile). Higgins et al., J R Stat Soc A 2009, doi:10.1111/j.1467-985X.2008.00552.x
    (prediction).
    """
    _check(options)
    y, v, used = _studies(effects, std_errors)
    if y.size < 2:
        return _lone(y, v, used, options=options)
    spread = between_variance(y, v, estimator=options.tau2, confidence=options.confidence)
    fit = _weighted(y, v, np.ones((y.size, 1)), tau2=spread.tau2, options=options)
    fixed = _weighted(
        y, v, np.ones((y.size, 1)), tau2=0.0, options=PoolingOptions(tau2="fixed", confidence=options.confidence)
    )
    estimate, std_error = float(fit.coefficients[0]), float(fit.std_errors[0])
    ci_low, ci_high = estimate - fit.critical * std_error, estimate + fit.critical * std_error
    fixed_low, fixed_high = (
        float(fixed.coefficients[0]) + s * fixed.critical * float(fixed.std_errors[0]) for s in (-1, 1)
    )
    statistic = _ratio(estimate, std_error)
    prediction = _prediction(estimate, std_error, spread.tau2, k=y.size, options=options)
    weights = 1.0 / (v + spread.tau2)
    bounded = float(np.sqrt(max(fit.scale, 1.0) / weights.sum()))
    return PooledEffect(
        k=y.size, n_left_out=int((~used).sum()), estimate=estimate, std_error=std_error, ci_low=ci_low, ci_high=ci_high,
        statistic=statistic, df=fit.df, p_value=_two_sided(statistic, fit.df),
        spread=spread, prediction_low=prediction[0], prediction_high=prediction[1], prediction_df=prediction[2],
        fixed_estimate=float(fixed.coefficients[0]), fixed_ci_low=fixed_low, fixed_ci_high=fixed_high,
        narrower_than_fixed=bool(options.tau2 != "fixed" and ci_high - ci_low < (fixed_high - fixed_low) * (1 - 1e-12)),
        residual_mean_square=fit.scale, max1_ci_low=estimate - fit.critical * bounded,
        max1_ci_high=estimate + fit.critical * bounded, max1_p_value=_two_sided(_ratio(estimate, bounded), fit.df),
        weights=weights / weights.sum(), used=used, method=name_of_pooling(options), confidence=options.confidence,
    )  # fmt: skip


def regress_effects(
    effects: ArrayLike, std_errors: ArrayLike, covariates: ArrayLike, *, options: PoolingOptions = _DEFAULT
) -> MetaRegression:
    """Regress the effects of studies on what differs between them (mixed-effects meta-regression).

    Describes; with few studies it cannot show causes, and it speaks of studies, not of patients.

    Parameters
    ----------
    effects, std_errors : array-like of float, shape (k,)
        As in `pool_effects`.
    covariates : array-like of float, shape (k,) or (k, p)
        One row a study. A study with a missing value is left out.
    options : PoolingOptions
        Estimator, test, level.

    Returns
    -------
    MetaRegression
        NaN, with a reason, where studies are too few (at least p + 2) or covariates are constant or collinear.

    Raises
    ------
    InputError
        If lengths differ or an option is unknown.

    References
    ----------
    Knapp and Hartung, Stat Med 2003, doi:10.1002/sim.1482.
    """
    _check(options)
    z = np.asarray(covariates, dtype=np.float64)
    z = z[:, None] if z.ndim == 1 else z
    y, v, used = _studies(effects, std_errors, also=np.asarray(np.isfinite(z).all(axis=1), dtype=bool))
    x = np.column_stack([np.ones(y.size), z[used]])
    p = x.shape[1]
    reason = "too_few_studies" if y.size < p + 1 else ("collinear" if np.linalg.matrix_rank(x) < p else "")
    if reason:
        nothing = np.full(p, np.nan)
        return MetaRegression(
            k=y.size, coefficients=nothing, std_errors=nothing, p_values=nothing, ci_low=nothing, ci_high=nothing,
            statistic=np.nan, p_value=np.nan, tau2=np.nan, tau2_without=np.nan, r2=np.nan, method="not estimated",
            reason=reason,
        )  # fmt: skip
    tau2 = between_variance(y, v, estimator=options.tau2, design=x, confidence=options.confidence).tau2
    without = between_variance(y, v, estimator=options.tau2, confidence=options.confidence).tau2
    fit = _weighted(y, v, x, tau2=tau2, options=options)
    b, m = fit.coefficients[1:], p - 1
    wald = float(b @ np.linalg.solve(fit.covariance[1:, 1:], b))
    half = fit.critical * fit.std_errors
    return MetaRegression(
        k=y.size, coefficients=fit.coefficients, std_errors=fit.std_errors,
        p_values=np.array([_two_sided(float(s), fit.df) for s in fit.coefficients / fit.std_errors]),
        ci_low=fit.coefficients - half, ci_high=fit.coefficients + half,
        statistic=wald if np.isinf(fit.df) else wald / m,
        p_value=float(stats.chi2.sf(wald, m) if np.isinf(fit.df) else stats.f.sf(wald / m, m, fit.df)),
        tau2=tau2, tau2_without=without, r2=max(0.0, 100.0 * (without - tau2) / without) if without > 0.0 else np.nan,
        method=name_of_pooling(options),
    )  # fmt: skip


@dataclass(frozen=True)
class _Fit:
    coefficients: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    covariance: NDArray[np.float64]
    df: float
    critical: float
    scale: float


def _weighted(
    y: NDArray[np.float64], v: NDArray[np.float64], x: NDArray[np.float64], *, tau2: float, options: PoolingOptions
) -> _Fit:
    w = 1.0 / (v + tau2)
    covariance = np.linalg.inv((x * w[:, None]).T @ x)
    coefficients = covariance @ (x.T @ (w * y))
    k, p = x.shape
    df, scale = float("inf"), 1.0
    if options.test != "z" and options.tau2 != "fixed":
        df = float(k - p)
        scale = float((w * (y - x @ coefficients) ** 2).sum()) / df
        covariance = covariance * (max(scale, 1.0) if options.test == "hartung_knapp_max1" else scale)
    tail = 0.5 + options.confidence / 2.0
    critical = float(stats.norm.ppf(tail) if np.isinf(df) else stats.t.ppf(tail, df))
    errors: NDArray[np.float64] = np.sqrt(np.diag(covariance))
    return _Fit(np.asarray(coefficients), errors, np.asarray(covariance, dtype=np.float64), df, critical, scale)


def _check(options: PoolingOptions) -> None:
    check_confidence(options.confidence)
    for name, value, known in (("tau2", options.tau2, _NAMES), ("test", options.test, _TESTS)):
        if value not in known:
            raise InputError(f"{name} is {value!r}", where=f"options.{name}", expected=", ".join(known))


def _studies(
    effects: ArrayLike, std_errors: ArrayLike, also: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    y = as_vector(np.where(np.isinf(np.asarray(effects, dtype=np.float64)), np.nan, effects), name="effects")
    s = as_vector(np.where(np.isinf(np.asarray(std_errors, dtype=np.float64)), np.nan, std_errors), name="std_errors")
    if y.size != s.size or (also is not None and also.size != y.size):
        raise InputError(
            f"{y.size} effects, {s.size} standard errors, {y.size if also is None else also.size} rows of covariates",
            where="effects, std_errors, covariates",
            expected="one of each for every study",
        )
    used = usable_studies(y, s)
    used = used if also is None else used & also
    return y[used], s[used] ** 2, used


def _lone(
    y: NDArray[np.float64], v: NDArray[np.float64], used: NDArray[np.bool_], *, options: PoolingOptions
) -> PooledEffect:
    nan = float("nan")
    estimate, std_error = (float(y[0]), float(np.sqrt(v[0]))) if y.size else (nan, nan)
    half = float(stats.norm.ppf(0.5 + options.confidence / 2.0)) * std_error
    return PooledEffect(
        k=y.size, n_left_out=int((~used).sum()), estimate=estimate, std_error=std_error, ci_low=estimate - half,
        ci_high=estimate + half, statistic=estimate / std_error, df=float("inf"),
        p_value=_two_sided(estimate / std_error, float("inf")), spread=NO_SPREAD,
        prediction_low=nan, prediction_high=nan, prediction_df=nan,
        fixed_estimate=estimate, fixed_ci_low=estimate - half, fixed_ci_high=estimate + half, narrower_than_fixed=False,
        residual_mean_square=1.0, max1_ci_low=estimate - half, max1_ci_high=estimate + half,
        max1_p_value=_two_sided(estimate / std_error, float("inf")),
        weights=np.ones(y.size), used=used, method="one study, not pooled" if y.size else "not estimated",
        confidence=options.confidence, reason="one_study" if y.size else "no_studies",
    )  # fmt: skip


def _prediction(
    estimate: float, std_error: float, tau2: float, *, k: int, options: PoolingOptions
) -> tuple[float, float, float]:
    """Return the limits for a further study and their degrees of freedom; NaN for a fixed effect."""
    if options.tau2 == "fixed":
        return float("nan"), float("nan"), float("nan")
    rule = "normal" if options.test == "z" else options.prediction_df
    df = {"k-1": float(k - 1), "k-2": float(k - 2), "normal": float("inf")}[rule]
    if df < 1.0:
        return float("nan"), float("nan"), float("nan")
    tail = 0.5 + options.confidence / 2.0
    critical = float(stats.norm.ppf(tail) if np.isinf(df) else stats.t.ppf(tail, df))
    half = critical * float(np.sqrt(tau2 + std_error**2))
    return estimate - half, estimate + half, df


def _ratio(estimate: float, std_error: float) -> float:
    # studies that agree to the last digit leave Hartung-Knapp no error at all
    if std_error == 0.0:
        return 0.0 if estimate == 0.0 else float(np.copysign(np.inf, estimate))
    return estimate / std_error


def _two_sided(statistic: float, df: float) -> float:
    return float(2.0 * (stats.norm.sf(abs(statistic)) if np.isinf(df) else stats.t.sf(abs(statistic), df)))


def name_of_pooling(options: PoolingOptions) -> str:
    """Return what a pooling is called in a table.

    Parameters
    ----------
    options : PoolingOptions
        Estimator and test.
    """
    if options.tau2 == "fixed":
        return "fixed effect, normal theory"
    return f"random effects: {_NAMES[options.tau2]}, {_TESTS[options.test]}"
