"""How many patients a design needs, and which effect a number of patients can find: the inverses of power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from tmescope.foundation.errors import InputError
from tmescope.stats.power_designs import PlannedPower, fewest_patients, plan_power

if TYPE_CHECKING:
    from tmescope.stats.power_designs import Design

__all__ = ["LARGEST", "detectable_ratio", "find_sample_size", "sample_size"]

LARGEST = 10_000_000
"""No more patients than this are looked for."""

_FEWEST = 10
_STRONGEST = 100.0


def sample_size(design: Design, *, power: float = 0.8) -> PlannedPower:
    """Return the smallest number of patients at which a design has the wanted power.

    Parameters
    ----------
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        The question and the effect that would matter.
    power : float
        Wanted, above the level and below 1.

    Returns
    -------
    PlannedPower
        At that number; one patient fewer has less than the wanted power. The smallest number looked at is ten, or that
        at which each group and arm has two patients.

    Raises
    ------
    InputError
        If the power is no share, or more than ten million patients would be needed.

    Notes
    -----
    Bisection over whole numbers. In a comparison of groups the size of a group is rounded, so that power need not rise
    with each single patient.
    """
    found = find_sample_size(design, power=power)
    if found is None:
        raise InputError(
            f"the effect {design.ratio!r} needs more than {LARGEST} patients",
            where="the stated effect",
            expected="an effect that a study could find",
            next_step="state the smallest effect that would matter",
        )
    return found


def find_sample_size(design: Design, *, power: float = 0.8) -> PlannedPower | None:
    """Return what `sample_size` does, or None where more than ten million patients would be needed.

    Parameters
    ----------
    design, power
        As in `sample_size`.

    Raises
    ------
    InputError
        If a number makes no sense.
    """
    _check_power(power, alpha=design.alpha)
    plan_power(LARGEST, design)  # shares that make no sense are refused
    fewest = max(_FEWEST, fewest_patients(design))
    low, high = fewest, fewest
    while plan_power(high, design).power < power:
        if high >= LARGEST:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if plan_power(middle, design).power >= power else (middle, high)
    while high > fewest and plan_power(high - 1, design).power >= power:
        high -= 1
    return plan_power(high, design)


def detectable_ratio(n: int, design: Design, *, power: float = 0.8) -> float:
    """Return the smallest ratio above 1 that a number of patients finds with the wanted power.

    Parameters
    ----------
    n : int
        Patients.
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        Its `ratio` is not used but for its side: below 1, the answer is the largest ratio below 1.
    power : float
        Wanted, above the level and below 1.

    Returns
    -------
    float
        NaN where no ratio up to 100 (or down to 1/100) has that power.

    Raises
    ------
    InputError
        If a number makes no sense.
    """
    _check_power(power, alpha=design.alpha)
    plan_power(n, design)
    sign = 1.0 if design.ratio > 1.0 else -1.0

    def short(log_ratio: float) -> float:
        return plan_power(n, replace(design, ratio=float(np.exp(sign * log_ratio)))).power - power

    # power can fall again at extreme ratios, where rates near 0 or 1 carry no information: the first crossing counts
    grid = np.linspace(1e-6, np.log(_STRONGEST), 400)
    enough = next((i for i, value in enumerate(grid) if short(value) >= 0.0), None)
    if not enough:
        return float("nan")
    return float(np.exp(sign * optimize.brentq(short, grid[enough - 1], grid[enough])))


def _check_power(power: float, *, alpha: float) -> None:
    if not alpha < power < 1.0:
        raise InputError(f"the wanted power is {power!r}", where="power", expected=f"above {alpha} and below 1")
