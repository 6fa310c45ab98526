"""Whether intervals cover and tests reject as often as they say: response models on simulated cohorts."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from scipy import special, stats

from tmescope.stats.auc_comparison import bootstrap_auc
from tmescope.stats.firth import penalised_likelihood_ratio
from tmescope.stats.logistic import odds_ratio_of_group, odds_ratio_per_sd
from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.mixed_models import fit_random_intercepts
from tmescope.stats.moderated import fit_genes, moderate
from tmescope.stats.ordinal import fit_ordinal
from tmescope.stats.roc import auc
from tmescope.stats.voom import weigh_counts

SUMMARY = "coverage and type-I error of response models against the exact 99.9% binomial band (--runs, --only)"

# fixed before the first run
SIZES = (40, 150, 600)
SLOPE = 0.7
RATE_INTERCEPT = -0.7
CONFOUNDER_SLOPE = 0.8
CUTS = (-1.0, 0.5, 1.5)
CHANGE = 0.4
BETWEEN = 1.0
PAIRED_SHARE = 0.7
DISPERSION = 0.3
GENES_A_RUN = 50
SEED = 20260601
BAND = 0.999

Outcome = tuple[int, int]
"""How many intervals covered (or tests rejected), and how many there were."""


def _binary(rng: np.random.Generator, n: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=n)
    return x, (rng.random(n) < special.expit(RATE_INTERCEPT + slope * x)).astype(float)


def _inside(low: float, high: float, truth: float) -> Outcome:
    return (int(low <= truth <= high), 1) if np.isfinite([low, high]).all() else (0, 0)


def _rejects(p_value: float) -> Outcome:
    return (int(p_value < 0.05), 1) if np.isfinite(p_value) else (0, 0)


def _wald_coverage(rng: np.random.Generator, n: int) -> Outcome:
    x, y = _binary(rng, n, SLOPE)
    model = fit_logistic(x, y)
    return _inside(model.ci_low[0], model.ci_high[0], SLOPE)


def _wald_size(rng: np.random.Generator, n: int) -> Outcome:
    return _rejects(odds_ratio_per_sd(*_binary(rng, n, 0.0)).p_value)


def _firth_coverage(rng: np.random.Generator, n: int) -> Outcome:
    x, y = _binary(rng, n, SLOPE)
    # the profile interval holds a value exactly where its test does not reject
    p_value = penalised_likelihood_ratio(x, y, column=0, value=SLOPE).p_value
    return (int(p_value >= 0.05), 1) if np.isfinite(p_value) else (0, 0)


def _firth_size(rng: np.random.Generator, n: int) -> Outcome:
    return _rejects(penalised_likelihood_ratio(*_binary(rng, n, 0.0), column=0).p_value)


def _adjusted(rng: np.random.Generator, n: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    other = rng.normal(size=n)
    x = 0.6 * other + 0.8 * rng.normal(size=n)
    site = (rng.random(n) < 0.3).astype(float)
    chance = special.expit(RATE_INTERCEPT + slope * x + CONFOUNDER_SLOPE * other - 0.5 * site)
    return np.column_stack([x, other, site]), (rng.random(n) < chance).astype(float)


def _adjusted_coverage(rng: np.random.Generator, n: int) -> Outcome:
    model = fit_logistic(*_adjusted(rng, n, SLOPE))
    return _inside(model.ci_low[0], model.ci_high[0], SLOPE)


def _adjusted_size(rng: np.random.Generator, n: int) -> Outcome:
    return _rejects(fit_logistic(*_adjusted(rng, n, 0.0)).p_values[0])


def _shifted(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    y = (np.arange(n) < round(0.35 * n)).astype(float)
    return rng.normal(size=n) + SLOPE * y, y


def _delong_coverage(rng: np.random.Generator, n: int) -> Outcome:
    area = auc(*_shifted(rng, n))
    return _inside(area.ci_low, area.ci_high, float(stats.norm.cdf(SLOPE / np.sqrt(2.0))))


def _bootstrap_coverage(rng: np.random.Generator, n: int) -> Outcome:
    area = bootstrap_auc(*_shifted(rng, n), rng=rng, n_resamples=500)
    return _inside(area.ci_low, area.ci_high, float(stats.norm.cdf(SLOPE / np.sqrt(2.0))))


def _fisher_size(rng: np.random.Generator, n: int) -> Outcome:
    group, y = rng.random(n) < 0.3, rng.random(n) < 0.35
    return _rejects(odds_ratio_of_group(group, y).p_value)


def _ordinal_coverage(rng: np.random.Generator, n: int) -> Outcome:
    x = rng.normal(size=n)
    model = fit_ordinal(x, np.searchsorted(CUTS, SLOPE * x + rng.logistic(size=n)))
    return _inside(model.ci_low[0], model.ci_high[0], SLOPE)


def _ordinal_size(rng: np.random.Generator, n: int) -> Outcome:
    x = rng.normal(size=n)
    return _rejects(fit_ordinal(x, np.searchsorted(CUTS, rng.logistic(size=n))).p_values[0])


def _group(n: int) -> np.ndarray:
    return np.column_stack([np.ones(n), np.arange(n) < n // 2]).astype(float)


def _limma_size(rng: np.random.Generator, n: int) -> Outcome:
    # one gene of each run counts, so that runs are independent
    spread = 1.0 / np.sqrt(rng.gamma(4.0, 0.25, GENES_A_RUN))
    test = moderate(fit_genes(rng.normal(size=(n, GENES_A_RUN)) * spread, _group(n)), [0, 1])
    return _rejects(test.p_values[0])


def _voom_size(rng: np.random.Generator, n: int) -> Outcome:
    mean = np.exp(rng.uniform(2, 7, GENES_A_RUN)) * rng.uniform(0.5, 2.0, (n, 1))
    size = 1.0 / DISPERSION
    counts = rng.negative_binomial(size, size / (size + mean)).astype(float)
    weighted = weigh_counts(counts, _group(n))
    test = moderate(fit_genes(weighted.log_cpm, _group(n), weights=weighted.weights), [0, 1])
    return _rejects(test.p_values[0])


def _paired(rng: np.random.Generator, n: int, change: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    patient = np.repeat(np.arange(n), 2)
    on = np.tile([0.0, 1.0], n)
    values = BETWEEN * rng.normal(size=n)[patient] + change * on + rng.normal(size=2 * n)
    keep = np.ones(2 * n, dtype=bool)
    alone = np.flatnonzero(rng.random(n) > PAIRED_SHARE)
    keep[2 * alone + rng.integers(0, 2, alone.size)] = False
    return values[keep], on[keep], patient[keep]


def _mixed_coverage(rng: np.random.Generator, n: int) -> Outcome:
    model = fit_random_intercepts(*_paired(rng, n, CHANGE))
    return _inside(model.ci_low[0], model.ci_high[0], CHANGE)


def _mixed_size(rng: np.random.Generator, n: int) -> Outcome:
    return _rejects(fit_random_intercepts(*_paired(rng, n, 0.0)).p_values[0])


SCENARIOS: dict[str, tuple[str, bool, Callable[[np.random.Generator, int], Outcome]]] = {
    "logistic, Wald": ("coverage", False, _wald_coverage),
    "logistic per SD, Wald p": ("type I", False, _wald_size),
    "Firth, profile": ("coverage", False, _firth_coverage),
    "Firth, penalised ratio": ("type I", False, _firth_size),
    "adjusted logistic, Wald": ("coverage", False, _adjusted_coverage),
    "adjusted logistic, Wald p": ("type I", False, _adjusted_size),
    "AUC, DeLong": ("coverage", False, _delong_coverage),
    "AUC, bootstrap": ("coverage", False, _bootstrap_coverage),
    "group, Fisher": ("type I", True, _fisher_size),
    "ordinal, Wald": ("coverage", False, _ordinal_coverage),
    "ordinal, Wald p": ("type I", False, _ordinal_size),
    "limma": ("type I", False, _limma_size),
    "voom-limma, overdispersed": ("type I", False, _voom_size),
    "mixed model": ("coverage", False, _mixed_coverage),
    "mixed model p": ("type I", False, _mixed_size),
}
"""Name: what is counted, whether the test is known to be conservative (upper bound only), one run."""


def measure(name: str, n: int, *, runs: int) -> dict[str, object]:
    """Return one row: how often, the band, and whether it lies inside."""
    kind, conservative, simulate = SCENARIOS[name]
    rng = np.random.default_rng([SEED, list(SCENARIOS).index(name), n])
    outcomes = np.array([simulate(rng, n) for _ in range(runs)])
    counted, used = (int(v) for v in outcomes.sum(axis=0))
    nominal = 0.95 if kind == "coverage" else 0.05
    low, high = (float(v) for v in stats.binom.interval(BAND, used, nominal))
    inside = counted <= high and (conservative or counted >= low)
    return {
        "method": name,
        "counts": kind,
        "n": n,
        "runs": used,
        "lost": runs - used,
        "rate": counted / max(used, 1),
        "low": 0.0 if conservative else low / max(used, 1),
        "high": high / max(used, 1),
        "band": "inside" if inside else "OUTSIDE",
    }


def run(options: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return one row for each method and size."""
    parser = argparse.ArgumentParser(prog="python -m bench coverage_response", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="simulated cohorts for each row")
    parser.add_argument("--only", default="", help="methods whose name has this")
    asked = parser.parse_args(list(options))
    names = [name for name in SCENARIOS if asked.only in name]
    return [measure(name, n, runs=asked.runs) for name in names for n in SIZES]
