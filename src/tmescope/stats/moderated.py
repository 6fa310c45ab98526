"""Linear models of many genes at once, with variances that borrow strength from each other (limma's moderated t)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.designs import as_matrix
from tmescope.stats.multiplicity import benjamini_hochberg

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["GeneFits", "ModeratedTest", "fit_genes", "moderate"]

_TINY_DF = 1e-15
_PROPORTION = 0.01
_SD_LIMITS = (0.1, 4.0)


@dataclass(frozen=True, kw_only=True)
class GeneFits:
    """Least squares of every gene on one design.

    Parameters
    ----------
    coefficients : array of float64, shape (genes, p)
        NaN for a gene whose known samples cannot tell the columns apart.
    unscaled : array of float64, shape (genes, p, p)
        Covariance of the coefficients divided by the residual variance.
    variances, residual_df, averages : array of float64, shape (genes,)
        Residual variance (NaN without residual degrees of freedom), those degrees, and the mean over samples.
    """

    coefficients: NDArray[np.float64]
    unscaled: NDArray[np.float64]
    variances: NDArray[np.float64]
    residual_df: NDArray[np.float64]
    averages: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ModeratedTest:
    """Moderated t of one contrast for every gene.

    Parameters
    ----------
    effects, std_errors, t, p_values, q_values, log_odds, averages : array of float64, shape (genes,)
        Value of the contrast (a difference of logarithms), its moderated standard error, t, two-sided p,
        Benjamini-Hochberg q, log odds of being different (B, with a prior share of 1%), and mean expression.
    total_df : array of float64, shape (genes,)
        Residual plus prior degrees of freedom, at most those of all genes together.
    prior_df : float
        Degrees of freedom of the prior; infinite where genes vary no more than by chance.
    prior_variance : array of float64, shape (genes,)
        Variance of the prior: one value, or a curve over mean expression with a trend.
    n_zero_variance : int
        Genes without any residual variance: their variance is the prior's alone in effect.
    """

    effects: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    t: NDArray[np.float64]
    p_values: NDArray[np.float64]
    q_values: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    averages: NDArray[np.float64]
    total_df: NDArray[np.float64]
    prior_df: float
    prior_variance: NDArray[np.float64]
    n_zero_variance: int


def fit_genes(expression: ArrayLike, design: ArrayLike, *, weights: ArrayLike | None = None) -> GeneFits:
    """Fit every gene on one design by (weighted) least squares.

    Parameters
    ----------
    expression : array-like of float, shape (n, genes)
        Logarithms; NaN leaves that sample out of that gene.
    design : array-like of float, shape (n, p)
        With its intercept or group columns.
    weights : array-like of float, shape (n, genes), optional
        Precision of each value, such as voom's; above zero.

    Returns
    -------
    GeneFits

    Raises
    ------
    InputError
        If shapes differ, the design has a missing value or columns that are collinear, or a weight is not above zero.

    Notes
    -----
    One QR for all genes where all values are known and there are no weights; else the normal equations of each gene,
    in one batch. Cost O(n p^2 + n p genes), with weights O(n p^2 genes).
    """
    y, x = as_matrix(expression, name="expression"), as_matrix(design, name="design")
    _check_design(y, x)
    given = None if weights is None else as_matrix(weights, name="weights")
    if given is not None and (given.shape != y.shape or not (given > 0.0).all()):
        raise InputError("weights must have the shape of the expression and be above zero", where="argument weights")
    known = ~np.isnan(y)
    with np.errstate(invalid="ignore"):
        averages = np.where(known.any(axis=0), np.nansum(y, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)
    if given is None and known.all():
        q, r = np.linalg.qr(x)
        inverse = np.linalg.inv(r)
        coefficients = (inverse @ (q.T @ y)).T
        unscaled = np.broadcast_to(inverse @ inverse.T, (y.shape[1], x.shape[1], x.shape[1]))
        residual = y - x @ coefficients.T
        squares = (residual**2).sum(axis=0)
    else:
        w = np.where(known, 1.0 if given is None else given, 0.0)
        coefficients, unscaled = _weighted(np.where(known, y, 0.0), x, w)
        residual = np.where(known, y - x @ coefficients.T, 0.0)
        squares = (w * residual**2).sum(axis=0)
    df = known.sum(axis=0) - float(x.shape[1])
    df = np.where(np.isnan(coefficients[:, 0]), 0.0, np.maximum(df, 0.0))
    return GeneFits(
        coefficients=np.ascontiguousarray(coefficients),
        unscaled=np.asarray(unscaled),
        variances=np.where(df > 0.0, squares / np.maximum(df, 1.0), np.nan),
        residual_df=df,
        averages=averages,
    )


def moderate(fits: GeneFits, contrast: ArrayLike, *, trend: bool = False) -> ModeratedTest:
    """Test a contrast of the coefficients with variances shrunk towards each other.

    Parameters
    ----------
    fits : GeneFits
    contrast : array-like of float, shape (p,)
        Weights of the columns of the design, such as (0, 1) for the second column.
    trend : bool
        Whether the prior variance may change with mean expression (a natural spline), as for log data of sequencing.

    Returns
    -------
    ModeratedTest

    Raises
    ------
    InputError
        If the contrast has another length or is zero, or fewer than two genes have residual degrees of freedom.

    Notes
    -----
    The residual variances are taken as scaled F variables; prior variance and degrees of freedom come from the moments
    of their logarithms (Smyth 2004). Variances below 1e-5 of their median are raised to that before. The prior variance
    of effects, for B, comes from the top half per cent of t and is limited to standard deviations of 0.1 to 4.
    Contrasts of weighted fits use the covariance of each gene, where limma takes that of the unweighted design.

    References
    ----------
    Smyth, Statistical Applications in Genetics and Molecular Biology 2004, doi:10.2202/1544-6115.1027. Phipson et al.,
    Annals of Applied Statistics 2016, doi:10.1214/16-AOAS920.
    """
    c = np.asarray(contrast, dtype=np.float64)
    if c.shape != fits.coefficients.shape[1:] or not np.any(c) or not np.isfinite(c).all():
        raise InputError(
            f"the contrast has the shape {c.shape}",
            where="argument contrast",
            expected=f"{fits.coefficients.shape[1]} finite weights, not all zero: one a column of the design",
        )
    prior_df, prior = _prior(fits.variances, fits.residual_df, fits.averages if trend else None)
    df = fits.residual_df
    own = np.where(df > 0.0, fits.variances, 0.0)
    posterior = prior.copy() if np.isinf(prior_df) else (df * own + prior_df * prior) / (df + prior_df)
    effects = fits.coefficients @ c
    spread = np.sqrt(np.einsum("i,gij,j->g", c, fits.unscaled, c))
    std_errors = spread * np.sqrt(posterior)
    t = effects / std_errors
    total = np.minimum(df + prior_df, df.sum())
    p_values = 2.0 * stats.t.sf(np.abs(t), total)
    limits = np.array(_SD_LIMITS) ** 2 / np.nanmedian(prior)
    return ModeratedTest(
        effects=effects,
        std_errors=std_errors,
        t=t,
        p_values=p_values,
        q_values=benjamini_hochberg(p_values),
        log_odds=_log_odds(t, spread, total, prior_df=prior_df, prior=prior, limits=limits),
        averages=fits.averages,
        total_df=total,
        prior_df=prior_df,
        prior_variance=prior,
        n_zero_variance=int((fits.variances == 0.0).sum()),
    )


def _check_design(y: NDArray[np.float64], x: NDArray[np.float64]) -> None:
    if len(y) != len(x):
        raise InputError(
            f"the expression has {len(y)} samples, the design {len(x)} rows", expected="one row of the design a sample"
        )
    if np.isnan(x).any():
        raise InputError("the design has missing values", where="argument design")
    rank = int(np.linalg.matrix_rank(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300))) if x.size else 0
    if rank < x.shape[1] or rank == 0:
        raise InputError(
            f"the {x.shape[1]} columns of the design have rank {rank}: some follow from others",
            where="argument design",
            expected="columns that can be told apart",
            next_step="leave out a level of each categorical column, and what is confounded with another column",
        )
    if len(x) <= rank:
        raise InputError(
            f"{len(x)} samples leave no residual degrees of freedom beside {rank} columns",
            where="argument design",
            expected="more samples than columns",
        )


def _weighted(
    y: NDArray[np.float64], x: NDArray[np.float64], w: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p = x.shape[1]
    pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)
    normal = (w.T @ pairs).reshape(-1, p, p)
    scale = np.sqrt(np.maximum(np.einsum("gii->gi", normal), 1e-300))
    scaled = normal / (scale[:, :, None] * scale[:, None, :])
    fine = np.linalg.eigvalsh(scaled)[:, 0] > 1e-12
    unscaled = np.full(normal.shape, np.nan)
    unscaled[fine] = np.linalg.inv(scaled[fine]) / (scale[fine][:, :, None] * scale[fine][:, None, :])
    return np.einsum("gij,gj->gi", unscaled, (w * y).T @ x), unscaled


def _prior(
    variances: NDArray[np.float64], df: NDArray[np.float64], averages: NDArray[np.float64] | None
) -> tuple[float, NDArray[np.float64]]:
    """Return degrees of freedom and variance of the prior from the moments of log F."""
    used = (df > _TINY_DF) & np.isfinite(variances)
    if used.sum() < 2:
        raise InputError(
            f"{int(used.sum())} genes have residual degrees of freedom",
            expected="two genes or more with several samples",
        )
    s2, d = np.maximum(variances[used], 0.0), df[used]
    middle = float(np.median(s2)) or 1.0
    s2 = np.maximum(s2, 1e-5 * middle)
    e = np.log(s2) - special.digamma(d / 2.0) + np.log(d / 2.0)
    curve, spread = np.full(used.size, e.mean()), float(e.var(ddof=1))
    if averages is not None:
        basis = _natural_spline(averages[used], at=averages)
        slopes = np.linalg.lstsq(basis[used], e, rcond=None)[0]
        curve = basis @ slopes
        spread = float(((e - curve[used]) ** 2).sum() / (e.size - basis.shape[1]))
    excess = spread - float(special.polygamma(1, d / 2.0).mean())
    if excess <= 0.0:
        return float("inf"), np.full(used.size, s2.mean()) if averages is None else np.exp(curve)
    prior_df = 2.0 * _inverse_trigamma(excess)
    return prior_df, np.exp(curve + special.digamma(prior_df / 2.0) - np.log(prior_df / 2.0))


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value by Newton steps on 1 / trigamma, which is convex and nearly linear."""
    if value > 1e7:
        return float(1.0 / np.sqrt(value))
    if value < 1e-6:
        return 1.0 / value
    x = 0.5 + 1.0 / value
    for _ in range(60):
        now = float(special.polygamma(1, x))
        step = now * (1.0 - now / value) / float(special.polygamma(2, x))
        x += step
        if abs(step) < 1e-14 * x:
            break
    return x


def _natural_spline(x: NDArray[np.float64], *, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return natural cubic splines with 1 to 4 degrees of freedom, knots at quantiles of `x`."""
    size = min(1 + (x.size >= 3) + (x.size >= 6) + (x.size >= 30), np.unique(x).size)
    low, high = float(x.min()), float(x.max())
    columns = [np.ones(at.size)]
    if size > 1:
        u = (at - low) / (high - low)
        columns.append(u)
        inner = (np.quantile(x, np.arange(1, size - 1) / (size - 1.0)) - low) / (high - low)
        columns += [_natural(u, knot) for knot in inner]
    return np.column_stack(columns)


def _natural(u: NDArray[np.float64], knot: float) -> NDArray[np.float64]:
    """Return a cubic on [0, 1] with a jump of its third derivative at the knot and none of its second at the ends."""
    # (u - knot)+^3 with enough of u^3 taken away that the second derivative at 1 is zero; linear outside [0, 1]
    inside = np.clip(u, 0.0, 1.0)
    value = np.maximum(inside - knot, 0.0) ** 3 - (1.0 - knot) * inside**3
    slope_at_one = 3.0 * (1.0 - knot) ** 2 - 3.0 * (1.0 - knot)
    return np.asarray(value + np.maximum(u - 1.0, 0.0) * slope_at_one)


def _log_odds(
    t: NDArray[np.float64],
    spread: NDArray[np.float64],
    df: NDArray[np.float64],
    *,
    prior_df: float,
    prior: NDArray[np.float64],
    limits: NDArray[np.float64],
) -> NDArray[np.float64]:
    v0 = _effect_variance(t, spread, df, limits=limits)
    if np.isnan(v0):
        v0 = 1.0 / float(np.nanmedian(prior))
    r = (spread**2 + v0) / spread**2
    if prior_df > 1e6:
        kernel = t**2 * (1.0 - 1.0 / r) / 2.0
    else:
        kernel = (1.0 + df) / 2.0 * np.log((t**2 + df) / (t**2 / r + df))
    return np.asarray(np.log(_PROPORTION / (1.0 - _PROPORTION)) - np.log(r) / 2.0 + kernel)


def _effect_variance(
    t: NDArray[np.float64], spread: NDArray[np.float64], df: NDArray[np.float64], *, limits: NDArray[np.float64]
) -> float:
    """Return the prior variance of effects (in residual variances) from the largest t."""
    seen = ~np.isnan(t)
    size, d, most = np.abs(t[seen]), df[seen], float(df[seen].max()) if seen.any() else float("nan")
    n_target = int(np.ceil(_PROPORTION / 2.0 * size.size))
    if n_target < 1:
        return float("nan")
    fewer = d < most
    size = size.copy()
    size[fewer] = stats.t.isf(stats.t.sf(size[fewer], d[fewer]), most)
    share = max(n_target / size.size, _PROPORTION)
    top = np.argsort(-size, kind="stable")[:n_target]
    v1 = spread[seen][top] ** 2
    null = 2.0 * stats.t.sf(size[top], most)
    target = ((np.arange(1, n_target + 1) - 0.5) / size.size - (1.0 - share) * null) / share
    more = target > null
    v0 = np.zeros(n_target)
    v0[more] = v1[more] * ((size[top][more] / stats.t.isf(target[more] / 2.0, most)) ** 2 - 1.0)
    return float(np.clip(v0, limits[0], limits[1]).mean())
