"""How many patients a question needs, by formula and by simulated trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.logistic_models import fit_logistic

__all__ = [
    "LARGEST_RATIO",
    "Power",
    "events_of_hazard_ratio",
    "power_of_hazard_ratio",
    "power_of_hazard_ratio_per_sd",
    "power_of_odds_ratio_of_groups",
    "power_of_odds_ratio_per_sd",
    "power_of_two_proportions",
    "simulate_power_of_odds_ratio_per_sd",
    "simulate_power_of_two_proportions",
]

LARGEST_RATIO = 1000.0
"""No odds or hazard ratio beyond this, or below one over it, is planned for: rates are then 0 or 1 to all digits."""


@dataclass(frozen=True, kw_only=True)
class Power:
    """Power of a test.

    Parameters
    ----------
    power : float
        Chance to reject, 0 to 1.
    std_error : float
        Monte-Carlo error of a simulated power; zero for a formula.
    method : str
        Formula with its source, or what was simulated.
    """

    power: float
    std_error: float
    method: str


def power_of_two_proportions(n1: int, n2: int, *, p1: float, p2: float, alpha: float = 0.05) -> Power:
    """Return the power of the two-sided test of two response rates without continuity correction.

    Parameters
    ----------
    n1, n2 : int
        Patients of each group.
    p1, p2 : float
        Their response rates, between 0 and 1.
    alpha : float
        Level of the test.

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    ``|p1 - p2| = z_{1 - alpha/2} sqrt(pbar qbar (1/n1 + 1/n2)) + z_power sqrt(p1 q1 / n1 + p2 q2 / n2)``, pbar weighted
    by the group sizes; the far tail is neglected.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition 2003, chapter 4.
    """
    _check(alpha=alpha, rates=(p1, p2), sizes=(n1, n2))
    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    null = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2))
    error = np.sqrt(p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2)
    z = (abs(p1 - p2) - stats.norm.isf(alpha / 2.0) * null) / error
    return Power(power=float(stats.norm.cdf(z)), std_error=0.0, method="two proportions, normal approximation (Fleiss)")


def power_of_odds_ratio_per_sd(n: int, *, rate: float, odds_ratio: float, alpha: float = 0.05) -> Power:
    """Return the power to find an odds ratio per standard deviation of a normal feature.

    Parameters
    ----------
    n : int
        Patients.
    rate : float
        Share of responders overall.
    odds_ratio : float
        Per standard deviation.
    alpha : float
        Level of the two-sided Wald test.

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    ``z_power = |log OR| sqrt(information) - z_{1 - alpha/2}``, the information of the slope being that of the model
    itself at normal covariates by Gauss-Hermite quadrature, the intercept chosen so that the overall rate holds. For
    small effects this is the ``n p (1 - p)`` of Hsieh, Bloch and Larsen.

    References
    ----------
    Hsieh, Bloch and Larsen, Statistics in Medicine 1998, 17(14), 1623-1634.
    """
    _check(alpha=alpha, rates=(rate,), sizes=(n,), ratios=(odds_ratio,))
    slope = float(np.log(odds_ratio))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    intercept = _intercept(rate, slope)
    p = special.expit(intercept + slope * nodes)
    w = weights * p * (1.0 - p)
    information = n * float((w * nodes**2).sum() - (w * nodes).sum() ** 2 / w.sum())
    z = abs(slope) * np.sqrt(information) - stats.norm.isf(alpha / 2.0)
    return Power(
        power=float(stats.norm.cdf(z)),
        std_error=0.0,
        method="logistic regression on a normal feature, expected information (after Hsieh, Bloch and Larsen)",
    )


def power_of_hazard_ratio(
    n_events: int,
    *,
    hazard_ratio: float,
    share: float = 0.5,
    alpha: float = 0.05,
    interaction_share: float | None = None,
) -> Power:
    """Return the power to find a hazard ratio between two groups, or a ratio of hazard ratios (Schoenfeld).

    Parameters
    ----------
    n_events : int
        Events, not patients.
    hazard_ratio : float
        Between the groups; for an interaction the ratio of the hazard ratios of the two strata.
    share : float
        Share of patients in the group.
    alpha : float
        Level of the two-sided test.
    interaction_share : float, optional
        Share of patients in one level of a second factor that modifies the effect; the test is then of the interaction.

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    ``z_power = |log HR| sqrt(events share (1 - share)) - z_{1 - alpha/2}``; for an interaction the events are
    multiplied by ``q (1 - q)`` too (four cells in proportion), which for equal halves asks for four times the events.

    References
    ----------
    Schoenfeld, Biometrics 1983, doi:10.2307/2531021.
    """
    rates = (share,) if interaction_share is None else (share, interaction_share)
    _check(alpha=alpha, rates=rates, sizes=(n_events,), ratios=(hazard_ratio,))
    variance = share * (1.0 - share)
    if interaction_share is not None:
        variance *= interaction_share * (1.0 - interaction_share)
    z = abs(np.log(hazard_ratio)) * np.sqrt(n_events * variance) - stats.norm.isf(alpha / 2.0)
    name = (
        "log-rank or Cox test (Schoenfeld)"
        if interaction_share is None
        else "Cox test of the interaction (after Schoenfeld)"
    )
    return Power(power=float(stats.norm.cdf(z)), std_error=0.0, method=name)


def power_of_hazard_ratio_per_sd(n_events: int, *, hazard_ratio: float, alpha: float = 0.05) -> Power:
    """Return the power to find a hazard ratio per standard deviation of a feature.

    Parameters
    ----------
    n_events : int
        Events, not patients.
    hazard_ratio : float
        Per standard deviation.
    alpha : float
        Level of the two-sided test.

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    ``z_power = |log HR| sqrt(events) - z_{1 - alpha/2}``: Schoenfeld's, with a variance of 1.

    References
    ----------
    Hsieh and Lavori, Controlled Clinical Trials 2000, doi:10.1016/S0197-2456(00)00104-5.
    """
    _check(alpha=alpha, rates=(), sizes=(n_events,), ratios=(hazard_ratio,))
    z = abs(np.log(hazard_ratio)) * np.sqrt(n_events) - stats.norm.isf(alpha / 2.0)
    return Power(power=float(stats.norm.cdf(z)), std_error=0.0, method="Cox test per SD (Hsieh and Lavori)")


def power_of_odds_ratio_of_groups(
    n: int, *, rate: float, odds_ratio: float, share: float = 0.5, alpha: float = 0.05
) -> Power:
    """Return the power to find an odds ratio between two groups of stated shares.

    Parameters
    ----------
    n : int
        Patients.
    rate : float
        Share of responders overall.
    odds_ratio : float
        Between the groups.
    share : float
        Share of patients in the group.
    alpha : float
        Level of the two-sided test.

    Raises
    ------
    InputError
        If a number makes no sense, or a group has fewer than two patients.

    Notes
    -----
    The response rates of both groups follow from the overall rate and the odds ratio; the rest is
    `power_of_two_proportions`, with the group's size rounded.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition 2003, chapter 4.
    """
    _check(alpha=alpha, rates=(rate, share), sizes=(n,), ratios=(odds_ratio,))
    slope, n_high = float(np.log(odds_ratio)), round(n * share)

    def too_many(low: float) -> float:
        return float(share * special.expit(low + slope) + (1.0 - share) * special.expit(low) - rate)

    low = float(optimize.brentq(too_many, -60.0 - abs(slope), 60.0 + abs(slope)))
    p_high, p_low = float(special.expit(low + slope)), float(special.expit(low))
    return power_of_two_proportions(n_high, n - n_high, p1=p_high, p2=p_low, alpha=alpha)


def events_of_hazard_ratio(
    hazard_ratio: float, *, variance: float = 0.25, power: float = 0.8, alpha: float = 0.05, rule: str = "schoenfeld"
) -> int:
    """Return how many events a hazard ratio needs.

    Parameters
    ----------
    hazard_ratio : float
        Per unit of the feature.
    variance : float
        Of the feature: share times one minus share for groups (0.25 for halves), 1 per standard deviation.
    power, alpha : float
        Wanted power and level of the two-sided test.
    rule : {"schoenfeld", "freedman"}
        Freedman's is for two equal groups.

    Raises
    ------
    InputError
        If a number makes no sense or the rule is not known.

    Notes
    -----
    Schoenfeld: ``(z_a + z_b)^2 / (variance log(HR)^2)``. Freedman: ``(z_a + z_b)^2 ((HR + 1) / (HR - 1))^2``.

    References
    ----------
    Schoenfeld, Biometrics 1983, doi:10.2307/2531021. Hsieh and Lavori, Controlled Clinical Trials 2000,
    doi:10.1016/S0197-2456(00)00104-5. Freedman, Statistics in Medicine 1982, doi:10.1002/sim.4780010204.
    """
    _check(alpha=alpha, rates=(power,), sizes=(), ratios=(hazard_ratio,))
    if not variance > 0.0 or (rule == "freedman" and variance != 0.25) or rule not in {"schoenfeld", "freedman"}:
        raise InputError(
            f"rule {rule!r} with variance {variance!r}",
            where="arguments rule and variance",
            expected="schoenfeld with a variance above zero, or freedman with 0.25 (equal groups)",
        )
    total = (stats.norm.isf(alpha / 2.0) + stats.norm.ppf(power)) ** 2
    if rule == "freedman":
        return int(np.ceil(total * ((hazard_ratio + 1.0) / (hazard_ratio - 1.0)) ** 2))
    return int(np.ceil(total / (variance * np.log(hazard_ratio) ** 2)))


def simulate_power_of_two_proportions(
    n1: int, n2: int, *, p1: float, p2: float, rng: np.random.Generator, n_runs: int = 2000
) -> Power:
    """Return the power of the two-sided 5% chi-squared test of two response rates by simulated trials.

    Parameters
    ----------
    n1, n2, p1, p2
        As in `power_of_two_proportions`.
    rng : numpy.random.Generator
        Source of the trials.
    n_runs : int
        How many.

    Raises
    ------
    InputError
        If a number makes no sense.
    """
    _check(alpha=0.05, rates=(p1, p2), sizes=(n1, n2, n_runs))
    a, b = rng.binomial(n1, p1, n_runs) / n1, rng.binomial(n2, p2, n_runs) / n2
    pooled = (n1 * a + n2 * b) / (n1 + n2)
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2))
    rejected = np.abs(a - b) > stats.norm.isf(0.025) * error
    return _simulated(rejected, "chi-squared test of two proportions")


def simulate_power_of_odds_ratio_per_sd(
    n: int, *, rate: float, odds_ratio: float, rng: np.random.Generator, n_runs: int = 1000
) -> Power:
    """Return the power of the two-sided 5% Wald test of an odds ratio per standard deviation by simulated cohorts.

    Parameters
    ----------
    n, rate, odds_ratio
        As in `power_of_odds_ratio_per_sd`.
    rng : numpy.random.Generator
        Source of the cohorts.
    n_runs : int
        How many.

    Raises
    ------
    InputError
        If a number makes no sense.
    """
    _check(alpha=0.05, rates=(rate,), sizes=(n, n_runs), ratios=(odds_ratio,))
    slope = float(np.log(odds_ratio))
    intercept = _intercept(rate, slope)
    rejected = np.zeros(n_runs, dtype=bool)
    for run in range(n_runs):
        x = rng.normal(size=n)
        y = (rng.random(n) < special.expit(intercept + slope * x)).astype(np.float64)
        rejected[run] = fit_logistic(x, y).p_values[0] < 0.05  # no estimate, no rejection
    return _simulated(rejected, "logistic regression on a normal feature")


def _intercept(rate: float, slope: float) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    return float(optimize.brentq(lambda a: float(weights @ special.expit(a + slope * nodes)) - rate, -60.0, 60.0))


def _simulated(rejected: np.ndarray[tuple[int], np.dtype[np.bool_]], name: str) -> Power:
    share = float(rejected.mean())
    error = float(np.sqrt(share * (1.0 - share) / rejected.size))
    return Power(power=share, std_error=error, method=f"{name}, {rejected.size} simulated runs")


def _check(*, alpha: float, rates: tuple[float, ...], sizes: tuple[int, ...], ratios: tuple[float, ...] = ()) -> None:
    for name, values in (("alpha", (alpha,)), ("a rate, share or power", rates)):
        wrong = [v for v in values if not 0.0 < v < 1.0]
        if wrong:
            raise InputError(f"{name} is {wrong[0]!r}", expected="a number between 0 and 1")
    if any(n < 2 for n in sizes):
        raise InputError(f"a size is {min(sizes)}", expected="2 or more")
    wrong = [r for r in ratios if not 1.0 / LARGEST_RATIO <= r <= LARGEST_RATIO or r == 1.0]
    if wrong:
        raise InputError(
            f"the ratio is {wrong[0]!r}",
            expected=f"above zero and not 1, from {1.0 / LARGEST_RATIO:g} to {LARGEST_RATIO:g}",
            next_step="state the smallest effect that would matter, such as 2",
        )
