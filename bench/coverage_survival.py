"""Coverage of intervals and type-I error of tests of the survival statistics, on simulated patients."""

from __future__ import annotations

import argparse
import time as clock
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from tmescope.stats.competing_risks import gray_test
from tmescope.stats.cox_model import CoxOptions, compare_nested, fit_cox
from tmescope.stats.fine_gray import fit_fine_gray
from tmescope.stats.proportionality import check_proportional_hazards
from tmescope.stats.restricted_means import compare_restricted_means
from tmescope.stats.survival import log_rank

SUMMARY = "coverage and type-I error of Cox, log-rank, restricted means, PH test, Gray, Fine-Gray, interaction"

# fixed before the first run
SIZES = (40, 150, 600)
SMALL = (60, 100)
"""Sizes between, on request: where sandwich errors become large enough."""
CENSORED = (0.3, 0.6)
LOG_RATIO = 0.4
"""Effect of the covariate (per standard deviation) on the hazard, and on the subdistribution hazard."""
HORIZON = 0.5
SHARE_OF_CAUSE = 0.6
"""Probability of the first cause at the mean of the covariate, were there no censoring."""
LEVEL = 0.05
SEED = 20260611
RUNS = 1000
BAND = 0.999


@dataclass(frozen=True)
class Setting:
    """Patients of one simulated trial: half in each group, which has no effect; a covariate that has one."""

    n: int
    censored: float

    def rate(self, *, competing: bool) -> float:
        """Return the rate of censoring that gives the share of censored patients on average."""
        rng = np.random.default_rng(0)
        x, u = rng.normal(size=20_000), rng.random((3, 20_000))
        times, _ = _competing(x, u) if competing else (_hazard(x, u[0]), None)
        return float(optimize.brentq(lambda rate: np.mean(1.0 - np.exp(-rate * times)) - self.censored, 1e-6, 1e3))


def _hazard(x: np.ndarray, u: np.ndarray) -> np.ndarray:
    return -np.log(u) / np.exp(LOG_RATIO * x)


def _competing(x: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw from ``F1(t) = 1 - (1 - p (1 - exp(-t)))^exp(b x)``; the other cause is exponential."""
    power = np.exp(LOG_RATIO * x)
    first = 1.0 - (1.0 - SHARE_OF_CAUSE) ** power
    is_first = u[0] < first
    inner = (1.0 - (1.0 - u[1] * first) ** (1.0 / power)) / SHARE_OF_CAUSE
    times = np.where(is_first, -np.log1p(-np.minimum(inner, 1 - 1e-12)), -np.log(u[2]))
    return times, np.where(is_first, 1, 2)


@dataclass(frozen=True)
class Drawn:
    x: np.ndarray
    group: np.ndarray
    time: np.ndarray
    event: np.ndarray
    other_time: np.ndarray
    other_event: np.ndarray


def draw(setting: Setting, rng: np.random.Generator, *, rates: tuple[float, float]) -> Drawn:
    """Draw one trial with one endpoint, and another with two competing ones."""
    x, group = rng.normal(size=setting.n), np.arange(setting.n) % 2
    u = rng.random((6, setting.n))
    times, leave = _hazard(x, u[0]), -np.log(u[1]) / rates[0]
    other, cause = _competing(x, u[2:5])
    other_leave = -np.log(u[5]) / rates[1]
    return Drawn(
        x,
        group,
        np.minimum(times, leave),
        times <= leave,
        np.minimum(other, other_leave),
        np.where(other <= other_leave, cause, 0),
    )


def measure(d: Drawn) -> Iterator[tuple[str, str, float, bool]]:
    """Yield quantity, kind, nominal, and whether the interval covered or the test rejected; NaN-free by leaving out."""
    both = fit_cox(np.column_stack([d.x, d.group]), d.time, d.event, options=CoxOptions(robust=True))
    z = float(stats.norm.ppf(1.0 - LEVEL / 2.0))
    for name, error in (("Cox Wald", both.model_std_error[0]), ("Cox robust", both.std_error[0])):
        if not both.reason:
            yield name, "coverage", 1.0 - LEVEL, bool(abs(both.coefficients[0] - LOG_RATIO) <= z * error)
    null = fit_cox(d.group, d.time, d.event)
    for name, p in (
        ("Cox Wald", float(null.p_value[0])),
        ("Cox likelihood ratio", null.likelihood_ratio.p_value),
        ("Cox score", null.score.p_value),
        ("log-rank", log_rank(d.time, d.event, d.group).p_value),
        ("Peto-Peto", log_rank(d.time, d.event, d.group, rho=1).p_value),
        ("RMST difference", compare_restricted_means(d.time, d.event, d.group, horizon=HORIZON).p_value),
        ("PH test (km)", check_proportional_hazards(fit_cox(d.x, d.time, d.event)).overall.p_value),
        ("interaction LRT", _interaction(d)),
        ("Gray", gray_test(d.other_time, d.other_event, d.group).p_value),
    ):
        if np.isfinite(p):
            yield name, "type-I error", LEVEL, bool(p < LEVEL)
    yield from _fine_gray(d, z)


def _interaction(d: Drawn) -> float:
    large = np.column_stack([d.x, d.group, d.x * d.group])
    larger, smaller = fit_cox(large, d.time, d.event), fit_cox(large[:, :2], d.time, d.event)
    return compare_nested(smaller, larger).p_value


def _fine_gray(d: Drawn, z: float) -> Iterator[tuple[str, str, float, bool]]:
    found = fit_fine_gray(np.column_stack([d.x, d.group]), d.other_time, d.other_event)
    if not found.reason:
        miss = abs(found.coefficients[0] - LOG_RATIO)
        yield "Fine-Gray", "coverage", 1.0 - LEVEL, bool(miss <= z * found.std_error[0])
        yield "Fine-Gray", "type-I error", LEVEL, bool(found.p_value[1] < LEVEL)


def band(runs: int, nominal: float) -> tuple[float, float]:
    """Return the exact central 99.9 % band of a share of `runs`."""
    low, high = stats.binom.ppf([(1 - BAND) / 2, (1 + BAND) / 2], runs, nominal)
    return float(low / runs), float(high / runs)


def simulate(setting: Setting, runs: int, *, seed: int = SEED) -> list[dict[str, object]]:
    """Run one setting; one row a quantity."""
    rng = np.random.default_rng([seed, setting.n, round(100 * setting.censored)])
    rates = (setting.rate(competing=False), setting.rate(competing=True))
    counts: dict[tuple[str, str, float], list[int]] = {}
    for _ in range(runs):
        for name, kind, nominal, hit in measure(draw(setting, rng, rates=rates)):
            count = counts.setdefault((name, kind, nominal), [0, 0])
            count[0] += 1
            count[1] += hit
    rows: list[dict[str, object]] = []
    for (name, kind, nominal), (estimated, hits) in counts.items():
        low, high = band(estimated, nominal)
        share = hits / estimated
        rows.append(
            {
                "quantity": name,
                "of": kind,
                "n": setting.n,
                "censored": f"{setting.censored:.0%}",
                "share": f"{share:.4f}",
                "band": f"{low:.4f}-{high:.4f}",
                "verdict": "inside" if low <= share <= high else "below" if share < low else "above",
                "without estimate": runs - estimated,
            }
        )
    return rows


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Run all settings; 1,000 runs each unless told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench coverage_survival", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--n", type=int, choices=sorted({*SIZES, *SMALL}), action="append", help="only trials of this size"
    )
    asked = parser.parse_args(list(arguments))
    rows = []
    start = clock.process_time()
    for n in asked.n or SIZES:
        for censored in CENSORED:
            rows += simulate(Setting(n, censored), asked.runs)
    print(f"  {asked.runs} runs a setting; {clock.process_time() - start:.0f} CPU s", flush=True)
    return rows
