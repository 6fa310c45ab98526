"""Coverage and type-I error of pooled effects: how honest each way of pooling is with few cohorts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from tmescope.stats.meta_analysis import PoolingOptions, pool_effects

SUMMARY = "coverage and type-I error of pooled effects by method, cohorts and heterogeneity: --runs N"

# fixed before the first run
COHORTS = (3, 5, 10)
TAU2 = (0.0, 0.05, 0.2)
SPREADS = {"alike": (0.25, 0.35), "unlike": (0.1, 0.6)}
"""Range of the cohorts' standard errors: of 40 to 100 patients each, or one large cohort among small ones."""
EFFECT = 0.3
SEED = 20260611
BAND = 0.999
METHODS = {
    "REML, HK": (PoolingOptions(), False),
    "REML, HK not below one": (PoolingOptions(test="hartung_knapp_max1"), True),
    "DL, normal": (PoolingOptions(tau2="dl", test="z"), False),
    "fixed": (PoolingOptions(tau2="fixed", test="z"), False),
}
"""Options, and whether the method is known to be conservative: it is then held to one side of the band."""


def main(arguments: Sequence[str]) -> int:
    """Print one line a setting; * marks what lies outside the exact 99.9% binomial band."""
    parser = argparse.ArgumentParser(prog="python -m bench coverage_pooling", description=SUMMARY)
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args(arguments).runs
    print(f"{runs} runs; band of coverage {band(runs, 0.95)}, of type I {band(runs, 0.05)}")
    for row in measure(runs):
        print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)
    return 0


def band(runs: int, nominal: float) -> tuple[float, float]:
    """Return the exact binomial band around a nominal rate."""
    low, high = stats.binom.ppf([(1 - BAND) / 2, (1 + BAND) / 2], runs, nominal) / runs
    return float(low), float(high)


def measure(runs: int, *, cohorts: Sequence[int] = COHORTS) -> Iterator[dict[str, object]]:
    """Yield coverage of the mean effect, type-I error where it is zero, and coverage of the prediction interval."""
    for k in cohorts:
        for tau2 in TAU2:
            for spread, ends in SPREADS.items():
                yield {"k": k, "tau2": tau2, "errors": spread, **_setting(k, tau2, ends=ends, runs=runs)}


def _setting(k: int, tau2: float, *, ends: tuple[float, float], runs: int) -> dict[str, object]:
    rng = np.random.default_rng([SEED, k, round(1000 * tau2), round(1000 * ends[0])])
    s = rng.uniform(*ends, size=(runs, k))
    noise = rng.normal(size=(runs, k)) * np.sqrt(s**2 + tau2)
    further = EFFECT + rng.normal(size=runs) * np.sqrt(tau2)
    told: dict[str, object] = {}
    for name, (options, bounded) in METHODS.items():
        covered, rejected, predicted = 0, 0, 0
        for i in range(runs):
            found = pool_effects(EFFECT + noise[i], s[i], options=options)
            covered += found.ci_low <= EFFECT <= found.ci_high
            predicted += found.prediction_low <= further[i] <= found.prediction_high
            # under no effect the same noise moves the interval by the effect alone
            rejected += not found.ci_low - EFFECT <= 0.0 <= found.ci_high - EFFECT
        parts = [_judge(covered / runs, runs, 0.95, bounded), _judge(rejected / runs, runs, 0.05, bounded)]
        told[name] = "/".join([*parts, "-" if options.tau2 == "fixed" else f"{predicted / runs:.3f}"])
    return told


def _judge(share: float, runs: int, nominal: float, bounded: bool) -> str:
    low, high = band(runs, nominal)
    outside = share > high if nominal < 0.5 else share < low
    if not bounded:
        outside = not low <= share <= high
    return f"{share:.3f}{'*' if outside else ''}"
