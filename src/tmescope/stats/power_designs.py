"""Designs of studies and their power by formula: response, survival, and treatment-by-feature interactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.power import (
    LARGEST_RATIO,
    power_of_hazard_ratio,
    power_of_hazard_ratio_per_sd,
    power_of_odds_ratio_of_groups,
    power_of_odds_ratio_per_sd,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Design",
    "FollowUp",
    "InteractionDesign",
    "PlannedPower",
    "ResponseDesign",
    "SurvivalDesign",
    "feature_points",
    "fewest_patients",
    "plan_power",
    "response_intercept",
]

_FEWEST = 4
_FEWEST_IN_GROUP = 2


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """How long patients are watched: what turns patients into events.

    Parameters
    ----------
    median_months : float
        Median time to the event of a patient at the reference: at the mean of a continuous feature, without the
        feature where it has two levels, and in the control arm.
    accrual_months : float
        Patients enter evenly over this time; zero where all enter at once.
    follow_up_months : float
        From the last entry to the end.
    dropout_per_year : float
        Share of patients at risk who are lost within a year, 0 to below 1.

    Raises
    ------
    InputError
        If a time is negative, nothing is watched, or the dropout is no share.

    Notes
    -----
    Times to the event and to dropout are exponential and independent. With hazards a and b, accrual A, follow-up F and
    s = a + b, the chance of a seen event is ``a / s (1 - (exp(-s F) - exp(-s (A + F))) / (s A))``.
    """

    median_months: float
    accrual_months: float
    follow_up_months: float
    dropout_per_year: float = 0.0

    def __post_init__(self) -> None:
        """Refuse times and shares that make no sense."""
        times = (self.median_months, self.accrual_months, self.follow_up_months)
        if not np.isfinite(times).all() or min(times) < 0.0 or self.median_months == 0.0 or not sum(times[1:]) > 0.0:
            raise InputError(
                f"median {times[0]!r}, accrual {times[1]!r}, follow-up {times[2]!r} months",
                where="times of the design",
                expected="a median above zero, no negative time, and accrual and follow-up not both zero",
            )
        if not 0.0 <= self.dropout_per_year < 1.0:
            raise InputError(
                f"the dropout per year is {self.dropout_per_year!r}",
                where="dropout_per_year",
                expected="a share from 0 to below 1, such as 0.05 for 5%",
            )

    @property
    def dropout_hazard(self) -> float:
        """Hazard of dropout per month."""
        return float(-np.log1p(-self.dropout_per_year) / 12.0)

    def chance_of_event(self, ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance that an event is seen.

        Parameters
        ----------
        ratio : array of float
            Hazards, as multiples of that of the reference.
        """
        hazard = np.log(2.0) / self.median_months * ratio
        total = hazard + self.dropout_hazard
        left = np.exp(-total * self.follow_up_months)
        if self.accrual_months > 0.0:
            left = left * -np.expm1(-total * self.accrual_months) / (total * self.accrual_months)
        return np.asarray(hazard / total * (1.0 - left))


@dataclass(frozen=True, kw_only=True)
class ResponseDesign:
    """Design of the question whether a feature goes with response.

    Parameters
    ----------
    rate : float
        Share of responders over all patients.
    ratio : float
        Odds ratio per standard deviation, or between two groups.
    share : float, optional
        Share of patients with the feature; None for a continuous feature.
    alpha : float
        Two-sided level.
    """

    rate: float
    ratio: float
    share: float | None = None
    alpha: float = 0.05


@dataclass(frozen=True, kw_only=True)
class SurvivalDesign:
    """Design of the question whether a feature goes with survival.

    Parameters
    ----------
    ratio : float
        Hazard ratio per standard deviation, or between two groups.
    follow_up : FollowUp
        What turns patients into events.
    share : float, optional
        Share of patients with the feature; None for a continuous feature.
    alpha : float
        Two-sided level.
    """

    ratio: float
    follow_up: FollowUp
    share: float | None = None
    alpha: float = 0.05


@dataclass(frozen=True, kw_only=True)
class InteractionDesign:
    """Design of the question whether the effect of treatment depends on a feature.

    Parameters
    ----------
    ratio : float
        Ratio of the treatment's effects: between the two levels of the feature, or per standard deviation.
    rate : float, optional
        Share of responders of the control arm at the reference of the feature; for response.
    follow_up : FollowUp, optional
        For survival. One of the two is given.
    treatment_ratio : float
        Odds or hazard ratio of treatment at the reference of the feature; 1 for none.
    feature_ratio : float
        Odds or hazard ratio of the feature in the control arm; 1 for none.
    treated : float
        Share of patients who get the treatment.
    share : float, optional
        Share of patients with the feature; None for a continuous one.
    alpha : float
        Two-sided level.

    Raises
    ------
    InputError
        If neither or both of rate and follow_up are given.
    """

    ratio: float
    rate: float | None = None
    follow_up: FollowUp | None = None
    treatment_ratio: float = 1.0
    feature_ratio: float = 1.0
    treated: float = 0.5
    share: float | None = None
    alpha: float = 0.05

    def __post_init__(self) -> None:
        """Refuse a design that is for neither response nor survival."""
        if (self.rate is None) == (self.follow_up is None):
            raise InputError(
                "an interaction needs either a response rate or the times of follow-up",
                where="InteractionDesign",
                expected="rate for response, or follow_up for survival",
            )


Design = ResponseDesign | SurvivalDesign | InteractionDesign
"""What `plan_power`, `sample_size`, `detectable_ratio` and `simulate_design` take."""


@dataclass(frozen=True, kw_only=True)
class PlannedPower:
    """Power of a design at a number of patients.

    Parameters
    ----------
    n : int
        Patients.
    n_events : float
        Responders or events that are expected.
    n_in_cell : float
        Fewest events (for response: of responders and others, the fewer) that are expected in a group, an arm, or a
        group of an arm.
    power : float
        Chance to reject, 0 to 1.
    method : str
        Formula and its source.
    """

    n: int
    n_events: float
    n_in_cell: float
    power: float
    method: str


def feature_points(share: float | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values of a feature and their weights: 0 and 1 for two levels, Gauss-Hermite nodes for a normal one.

    Parameters
    ----------
    share : float, optional
        Share of patients with the feature; None for a continuous feature.
    """
    if share is not None:
        return np.array([0.0, 1.0]), np.array([1.0 - share, share])
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    return nodes, weights / weights.sum()


def fewest_patients(design: Design) -> int:
    """Return the fewest patients with two of them in each group and arm of a design, four at least.

    Parameters
    ----------
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        Its shares are between 0 and 1.
    """
    shares = (design.share, design.treated if isinstance(design, InteractionDesign) else None)
    smallest = min(min(share, 1.0 - share) for share in (0.5, *shares) if share is not None)
    return int(np.ceil(_FEWEST_IN_GROUP / smallest))


def plan_power(n: int, design: Design) -> PlannedPower:
    """Return the power of a design at a number of patients.

    Parameters
    ----------
    n : int
        Patients, both groups and arms together.
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        The question and the effect that would matter, stated before data are seen.

    Returns
    -------
    PlannedPower

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    Response: `power_of_odds_ratio_per_sd`, `power_of_odds_ratio_of_groups`. Survival: Schoenfeld's formula at the
    expected events (not rounded). Interaction: ``|log ratio| / se - z``; for response the inverse of the logistic
    model's expected information over arms and feature; for survival ``se^2`` is the sum of one over the events of the
    four cells (Peterson and George), per standard deviation that of one over the events of both arms. These suppose
    effects that are small to moderate: the variance of a continuous feature among those still at risk shrinks as an
    effect grows, and the power for survival is then overstated. The formula of an interaction is that of Wald's
    test; the likelihood-ratio test finds strong interactions of a continuous feature with response more often (150
    patients, rate 0.3, ratio 2.5: 63% by formula, 67% in 2,000 trials).

    References
    ----------
    Schoenfeld, Biometrics 1983, doi:10.2307/2531021. Hsieh and Lavori, Controlled Clinical Trials 2000,
    doi:10.1016/S0197-2456(00)00104-5. Peterson and George, Controlled Clinical Trials 1993, 511-522.
    """
    _check(n, design)
    if isinstance(design, ResponseDesign):
        return _response(n, design)
    return _survival(n, design) if isinstance(design, SurvivalDesign) else _interaction(n, design)


def _response(n: int, design: ResponseDesign) -> PlannedPower:
    given = {"rate": design.rate, "odds_ratio": design.ratio, "alpha": design.alpha}
    if design.share is None:
        found, patients, p = power_of_odds_ratio_per_sd(n, **given), np.array([n]), np.array([design.rate])
    else:
        found = power_of_odds_ratio_of_groups(n, share=design.share, **given)
        points, weights = feature_points(design.share)
        patients, p = n * weights, special.expit(response_intercept(design) + np.log(design.ratio) * points)
    least = float((patients * np.minimum(p, 1.0 - p)).min())
    return PlannedPower(n=n, n_events=n * design.rate, n_in_cell=least, power=found.power, method=found.method)


def response_intercept(design: ResponseDesign) -> float:
    """Return the log odds of response where the feature is zero, given the rate over all patients.

    Parameters
    ----------
    design : ResponseDesign
        Its numbers make sense.
    """
    points, weights = feature_points(design.share)
    slope = float(np.log(design.ratio))
    end = 60.0 + abs(slope)
    return float(optimize.brentq(lambda a: float(weights @ special.expit(a + slope * points)) - design.rate, -end, end))


def _survival(n: int, design: SurvivalDesign) -> PlannedPower:
    points, weights = feature_points(design.share)
    seen = n * weights * design.follow_up.chance_of_event(design.ratio**points)
    events = float(seen.sum())
    least = events if design.share is None else float(seen.min())
    variance = 1.0 if design.share is None else design.share * (1.0 - design.share)
    z = abs(np.log(design.ratio)) * np.sqrt(events * variance) - stats.norm.isf(design.alpha / 2.0)
    formula = power_of_hazard_ratio_per_sd if design.share is None else power_of_hazard_ratio
    method = formula(2, hazard_ratio=design.ratio).method
    return PlannedPower(n=n, n_events=events, n_in_cell=least, power=float(stats.norm.cdf(z)), method=method)


def _interaction(n: int, design: InteractionDesign) -> PlannedPower:
    x, weights = feature_points(design.share)
    arms = np.repeat([0.0, 1.0], x.size)
    x = np.tile(x, 2)
    patients = n * np.concatenate([weights * (1.0 - design.treated), weights * design.treated])
    predictor = arms * np.log(design.treatment_ratio) + x * (np.log(design.feature_ratio) + arms * np.log(design.ratio))
    if design.follow_up is None:
        p = special.expit(special.logit(design.rate) + predictor)
        terms = np.column_stack([np.ones(x.size), arms, x, arms * x])
        variance = float(np.linalg.inv(terms.T @ (terms * (patients * p * (1.0 - p))[:, None]))[3, 3])
        events, rarer = patients * p, patients * np.minimum(p, 1.0 - p)
        method = "interaction in a logistic model, expected information"
    else:
        events = rarer = patients * design.follow_up.chance_of_event(np.exp(predictor))
        variance = float((1.0 / _cells(events, design)).sum())
        method = "interaction in a Cox model, expected events (Peterson and George)"
    z = abs(np.log(design.ratio)) / np.sqrt(variance) - stats.norm.isf(design.alpha / 2.0)
    found = {"n_in_cell": float(_cells(rarer, design).min()), "power": float(stats.norm.cdf(z))}
    return PlannedPower(n=n, n_events=float(events.sum()), **found, method=method)


def _cells(values: NDArray[np.float64], design: InteractionDesign) -> NDArray[np.float64]:
    """Return sums over the groups of both arms; over the arms alone where the feature is continuous."""
    return values if design.share is not None else values.reshape(2, -1).sum(axis=1)


def _check(n: int, design: Design) -> None:
    shares = {"alpha": design.alpha, "share": design.share}
    ratios = {"ratio": design.ratio}
    if not isinstance(design, SurvivalDesign):
        shares["rate"] = design.rate
    if isinstance(design, InteractionDesign):
        shares["treated"] = design.treated
        ratios |= {"treatment_ratio": design.treatment_ratio, "feature_ratio": design.feature_ratio}
    for name, value in shares.items():
        if value is not None and not 0.0 < value < 1.0:
            raise InputError(f"{name} is {value!r}", where=name, expected="a number between 0 and 1")
    for name, value in ratios.items():
        if not 1.0 / LARGEST_RATIO <= value <= LARGEST_RATIO or (name == "ratio" and value == 1.0):
            raise InputError(
                f"{name} is {value!r}",
                where=name,
                expected=f"a ratio from {1.0 / LARGEST_RATIO:g} to {LARGEST_RATIO:g}; the one tested is not 1",
                next_step="state the smallest effect that would matter, such as 2",
            )
    if n < _FEWEST:
        raise InputError(f"the number of patients is {n}", where="n", expected="4 or more")
    for name in ("share", "treated"):
        _check_groups(n, getattr(design, name, None), name=name)


def _check_groups(n: int, share: float | None, *, name: str) -> None:
    if share is None:
        return
    inside = round(n * share)
    if min(inside, n - inside) < _FEWEST_IN_GROUP:
        raise InputError(
            f"{name} {share!r} of {n} patients: {inside} in one group, {n - inside} in the other",
            where=name,
            expected=f"{_FEWEST_IN_GROUP} patients or more in each",
            next_step=f"plan with {int(np.ceil(_FEWEST_IN_GROUP / min(share, 1.0 - share)))} patients or more, or with "
            "a share nearer to a half",
        )
