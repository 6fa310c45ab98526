"""Patients of a simulated cohort: response, survival and what else their table says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.simulate.plan import CANONICAL_COLUMNS, CohortPlan, Effects
from tmescope.simulate.programmes import PROGRAMMES

__all__ = ["DAYS_PER_MONTH", "draw_patients", "tabulate_samples"]

DAYS_PER_MONTH = 365.25 / 12.0
_WEIBULL_SHAPE = 1.2
_SHARE_CR = 0.25
_SHARE_SD = 0.4
_SHARE_NE = 0.04
_SHARE_WITHOUT_TMB = 0.06
_SHARE_WITHOUT_CPS = 0.08


def draw_patients(
    plan: CohortPlan, latent: NDArray[np.float64], *, effects: Effects, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw outcomes and covariates of a cohort's patients from their latent values before treatment.

    Parameters
    ----------
    plan : CohortPlan
        Sizes, rates and ids.
    latent : array of float, shape (n_patients, number of programmes)
        Latent values.
    effects : Effects
        Planted effects.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        One row per patient, index ``patient_id``: the latent values, ``response_probability`` and
        ``responder`` (the truth), ``best_response`` (CR, PR, SD, PD; NE where it could not be assessed),
        ``true_months`` (time of death had it been awaited), ``os_months``, ``died``, ``sex``, ``age_years``,
        ``tmb`` (mutations/Mb), ``pdl1_cps`` (0-100) and ``mutated``.

    Notes
    -----
    ``logit P(response) = a + log OR' z`` with a chosen so that the mean chance is the planned
    rate. Survival is Weibull with shape 1.2 and a hazard multiplied by ``HR^inflamed``; follow-up ends for
    all at one calendar date after recruitment over two years (12 to 36 months of follow-up), and earlier for
    some who are lost.
    """
    n = plan.n_patients
    names = [programme.name for programme in PROGRAMMES]
    inflamed, tgfb = latent[:, names.index("inflamed")], latent[:, names.index("tgfb_stroma")]
    log_tmb = rng.standard_normal(n)
    slope = np.log([effects.odds_ratio_inflamed, effects.odds_ratio_tgfb, effects.odds_ratio_tmb])
    score = slope[0] * inflamed + slope[1] * tgfb + slope[2] * log_tmb
    chance = _logistic(_intercept(score, plan.response_rate) + score)
    responder = rng.random(n) < chance
    table = pd.DataFrame(latent, columns=names, index=pd.Index(_ids(f"{plan.prefix}-P", n), name="patient_id"))
    table["response_probability"] = chance
    table["responder"] = responder
    table["best_response"] = _best_response(responder, rng=rng)
    log_ratio = float(np.log(effects.hazard_ratio_inflamed))
    table["true_months"] = _true_months(inflamed, plan.median_months, log_ratio=log_ratio, rng=rng)
    follow_up = np.minimum(rng.uniform(12.0, 36.0, n), rng.exponential(150.0, n))
    table["died"] = table["true_months"].to_numpy() <= follow_up
    # nobody's time is zero in the file: one day at least
    table["os_months"] = np.maximum(np.minimum(table["true_months"].to_numpy(), follow_up), 1.0 / DAYS_PER_MONTH)
    table["sex"] = np.where(rng.random(n) < 0.6, "male", "female")
    table["age_years"] = np.clip(np.round(rng.normal(63.0, 10.0, n)), 24, 89).astype(np.int64)
    tmb = np.round(np.exp(np.log(6.0) + 0.8 * log_tmb), 2)
    table["tmb"] = np.where(rng.random(n) < _SHARE_WITHOUT_TMB, np.nan, tmb)
    cps = np.exp(1.8 + effects.cps_slope * inflamed + 0.9 * rng.standard_normal(n)) - 1.0
    cps = np.clip(np.round(cps), 0.0, 100.0)
    table["pdl1_cps"] = np.where(rng.random(n) < _SHARE_WITHOUT_CPS, np.nan, cps)
    table["mutated"] = rng.random(n) < plan.mutation_rate
    return table


def tabulate_samples(plan: CohortPlan, patients: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Write the sample table of a cohort as its file has it: words, units, codings and column names.

    Parameters
    ----------
    plan : CohortPlan
        What the file looks like.
    patients : pandas.DataFrame
        From `draw_patients`.
    samples : pandas.DataFrame
        Index ``sample_id`` with ``patient_id`` and ``on_treatment`` (bool), in the order of the table.

    Returns
    -------
    pandas.DataFrame
        One row per sample, `CANONICAL_COLUMNS` under the cohort's names, no index.
    """
    rows = patients.loc[samples["patient_id"]]
    before, under = plan.timepoint_words
    alive, dead = plan.event_words
    months = rows["os_months"].to_numpy()
    days = np.maximum(np.round(months * DAYS_PER_MONTH), 1.0).astype(np.int64)
    if plan.response_words == "recist":
        response = rows["best_response"].to_numpy()
    else:
        response = np.where(rows["best_response"] == "NE", "", np.where(rows["responder"], "R", "NR"))
    written = {
        "sample_id": samples.index.to_numpy(),
        "patient_id": samples["patient_id"].to_numpy(),
        "timepoint": np.where(samples["on_treatment"], under, before),
        "sex": rows["sex"].to_numpy(),
        "age_years": rows["age_years"].to_numpy(),
        "response": np.array([word or None for word in response], dtype=object),
        "os_time": days if plan.time_unit == "days" else np.maximum(np.round(months, 1), 0.1),
        "os_event": _as_numbers(np.where(rows["died"], dead, alive)),
        "tmb": rows["tmb"].to_numpy(),
        "pdl1_cps": rows["pdl1_cps"].to_numpy(),
        "mutation": np.where(rows["mutated"], "mutated", "wild type"),
    }
    return pd.DataFrame({plan.column(name): written[name] for name in CANONICAL_COLUMNS})


def _ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:03d}" for i in range(1, n + 1)]


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _intercept(score: NDArray[np.float64], rate: float) -> float:
    """Return the intercept that makes the mean chance equal to the rate, by bisection."""
    low, high = -50.0, 50.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _logistic(middle + score).mean() < rate else (low, middle)
    return (low + high) / 2.0


def _best_response(responder: NDArray[np.bool_], *, rng: np.random.Generator) -> NDArray[np.str_]:
    finer = rng.random(responder.size)
    word = np.where(responder, np.where(finer < _SHARE_CR, "CR", "PR"), np.where(finer < _SHARE_SD, "SD", "PD"))
    return np.where(rng.random(responder.size) < _SHARE_NE, "NE", word)


def _true_months(
    inflamed: NDArray[np.float64], median: float, *, log_ratio: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    scale = median / np.log(2.0) ** (1.0 / _WEIBULL_SHAPE)
    hazard = rng.exponential(1.0, inflamed.size) * np.exp(-log_ratio * inflamed)
    return np.asarray(scale * hazard ** (1.0 / _WEIBULL_SHAPE))


def _as_numbers(words: NDArray[Any]) -> NDArray[Any]:
    return words.astype(np.int64) if all(str(word).isdigit() for word in words) else words
