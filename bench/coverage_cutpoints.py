"""How often cut-points find what is not there, how much they overstate, and whether held-out intervals cover.

Fixed before the first run: n 40, 150, 600; 30 and 60% censored; no effect, or a hazard ratio of 2 above the median;
level 5%, intervals 95%; 199 permutations a run (199 + 1 is a multiple of 20, so the level is met exactly). A feature is
uniform, times and censoring are exponential.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, stats

from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cutpoint_p_values import exact_gauss
from tmescope.stats.cutpoints import CutSearch, cut_for_survival
from tmescope.stats.held_out import held_out_hazard_ratio

SUMMARY = "cut-points: type-I error, bias of the naive effect, coverage of the held-out one, --runs N (default 10,000)"
SIZES = (40, 150, 600)
CENSORING = (0.3, 0.6)
HAZARD_RATIOS = (1.0, 2.0)
LEVEL = 0.05
SEED = 20
BAND = 0.999
_SEARCH = CutSearch(n_permutations=199, exact_gauss=False)
_GRID = np.linspace(0.02, 0.98, 25)  # has the step, 0.5, in it


@dataclass(frozen=True)
class Setting:
    """One design."""

    n: int
    censored: float
    hazard_ratio: float

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return values, times and events of n patients; the share censored is meant where there is no effect."""
        values = rng.random(n)
        time = rng.exponential(size=n) / np.where(values > 0.5, self.hazard_ratio, 1.0)
        leaves = rng.exponential(size=n) * (1.0 - self.censored) / self.censored
        return values, np.minimum(time, leaves), (time <= leaves).astype(float)

    def truth(self) -> np.ndarray:
        """Return the log hazard ratio at each cut of `_GRID` in a population of 200,000 with the same censoring."""
        return _truth(self.censored, self.hazard_ratio)


@cache
def _truth(censored: float, hazard_ratio: float) -> np.ndarray:
    if hazard_ratio == 1.0:
        return np.zeros(_GRID.size)
    values, time, event = Setting(0, censored, hazard_ratio).draw(200_000, np.random.default_rng(SEED))
    return np.array([hazard_ratio_of_group(time, event, values > cut).log_hazard_ratio for cut in _GRID])


@dataclass
class Tally:
    """What the runs of one setting gave, one entry a run; NaN where there was no estimate."""

    p: dict[str, np.ndarray]
    naive_error: np.ndarray
    naive_covers: np.ndarray
    held_error: np.ndarray
    held_covers: np.ndarray
    both_cover: np.ndarray


def settings() -> Iterator[Setting]:
    """Yield the designs."""
    for ratio in HAZARD_RATIOS:
        for censored in CENSORING:
            for n in SIZES:
                yield Setting(n, censored, ratio)


def band(runs: int, nominal: float) -> tuple[float, float]:
    """Return the exact binomial band, as shares, that holds the share seen with a chance of `BAND`."""
    low, high = stats.binom.ppf([(1 - BAND) / 2, (1 + BAND) / 2], runs, nominal) / max(runs, 1)
    return float(low), float(high)


def simulate(setting: Setting, runs: int) -> Tally:
    """Run one setting; the same numbers give the same tally."""
    rng = np.random.default_rng([SEED, setting.n, int(100 * setting.censored), int(10 * setting.hazard_ratio)])
    truth = setting.truth()
    tried = np.arange(max(1, int(0.1 * setting.n)), int(0.9 * setting.n) + 1)
    # without ties the cuts are the same in every run, so that one critical value serves all
    critical = optimize.brentq(lambda b: exact_gauss(b, tried, setting.n) - LEVEL, 1.5, 5.0)
    names = ("naive", "lau92", "lau94", "exact_gauss", "permutation")
    tally = Tally({name: np.full(runs, np.nan) for name in names}, *(np.full(runs, np.nan) for _ in range(5)))
    for i in range(runs):
        values, time, event = setting.draw(setting.n, rng)
        found = cut_for_survival(values, time, event, search=_SEARCH, rng=rng)
        if found.reason:
            continue
        tally.p["exact_gauss"][i] = LEVEL if found.statistic >= critical else 1.0
        for name in ("naive", "lau92", "lau94", "permutation"):
            tally.p[name][i] = getattr(found, f"p_{name}")
        naive = hazard_ratio_of_group(time, event, values > found.cut)
        if not naive.reason:
            error = naive.log_hazard_ratio - float(np.interp(found.cut, _GRID, truth))
            tally.naive_error[i] = error * found.direction
            tally.naive_covers[i] = abs(error) <= stats.norm.ppf(0.975) * naive.std_error
        _hold_out(tally, i, sample=(values, time, event), truth=truth, rng=rng)
    return tally


def _hold_out(
    tally: Tally,
    i: int,
    *,
    sample: tuple[np.ndarray, np.ndarray, np.ndarray],
    truth: np.ndarray,
    rng: np.random.Generator,
) -> None:
    seed = int(rng.integers(2**32))
    held = held_out_hazard_ratio(*sample, rng=np.random.default_rng(seed), search=_SEARCH)
    if held.reason:
        return
    z = stats.norm.ppf(0.975)
    error = held.log_effect - float(np.interp(held.cut, _GRID, truth))
    tally.held_error[i] = error
    tally.held_covers[i] = abs(error) <= z * held.std_error
    # for comparison only: the halves exchanged as well, both estimates pooled as if they were independent
    other = held_out_hazard_ratio(*sample, rng=_Exchanged(seed), search=_SEARCH)  # type: ignore[arg-type]
    if not other.reason:
        weights = np.array([held.std_error, other.std_error]) ** -2.0
        errors = np.array([error, other.log_effect - float(np.interp(other.cut, _GRID, truth))])
        tally.both_cover[i] = abs((weights * errors).sum() / weights.sum()) <= z / np.sqrt(weights.sum())


class _Exchanged:
    """Draws the same halves as a generator of this seed with the roles exchanged (to one patient of odd numbers)."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def permutation(self, members: np.ndarray) -> np.ndarray:
        """Return the members in random order, neighbours exchanged."""
        drawn = self._rng.permutation(members)
        even = drawn.size - drawn.size % 2
        drawn[:even] = drawn[:even].reshape(-1, 2)[:, ::-1].ravel()
        return drawn


def summarise(setting: Setting, tally: Tally) -> dict[str, object]:
    """Return one row: shares below the level (marked where outside the band), bias and coverage."""
    row: dict[str, object] = {"HR": setting.hazard_ratio, "censored": setting.censored, "n": setting.n}
    is_null = setting.hazard_ratio == 1.0
    for name, p in tally.p.items():
        seen = p[~np.isnan(p)]
        seen_rate = float((seen <= LEVEL).mean())
        row[name] = judge(seen_rate, seen.size, LEVEL, bounded=name.startswith("lau"), asked=is_null)
    row["naive_bias"] = f"{np.nanmean(tally.naive_error):+.3f}"
    row["held_bias"] = f"{np.nanmean(tally.held_error):+.3f}"
    for name in ("naive_covers", "held_covers", "both_cover"):
        seen = getattr(tally, name)[~np.isnan(getattr(tally, name))]
        row[name] = judge(float(seen.mean()), seen.size, 1 - LEVEL, bounded=False, asked=True)
    row["no_held_out"] = f"{np.isnan(tally.held_covers).mean():.3f}"
    return row


def judge(share: float, runs: int, nominal: float, *, bounded: bool, asked: bool) -> str:
    """Write a share, with + above the band, - below it (not for tests known to be conservative)."""
    low, high = band(runs, nominal)
    mark = "+" if share > high else "-" if share < low and not bounded else ""
    return f"{share:.4f}{mark if asked else ''}"


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Simulate every setting; + and - mark what lies outside the exact 99.9% binomial band around nominal."""
    parser = argparse.ArgumentParser(prog="python -m bench coverage_cutpoints")
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args(arguments).runs
    print(f"  {runs} runs; band of 0.05: {band(runs, LEVEL)}, of 0.95: {band(runs, 1 - LEVEL)}", flush=True)
    rows = []
    for setting in settings():
        rows.append(summarise(setting, simulate(setting, runs)))
        print(f"  {rows[-1]}", flush=True)
    return rows
