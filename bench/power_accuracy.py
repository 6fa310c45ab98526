"""Power by formula beside power by simulated trials, over a grid fixed beforehand."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from tmescope.stats.power_designs import Design, FollowUp, InteractionDesign, ResponseDesign, SurvivalDesign, plan_power
from tmescope.stats.power_simulation import simulate_design

SUMMARY = "power by formula against simulated trials with a 99.9% interval (--runs, --only)"

# fixed before the first run
SIZES = (40, 150, 600)
FOLLOWED = {
    "30% censored": FollowUp(median_months=12, accrual_months=0, follow_up_months=20.8),
    "60% censored": FollowUp(median_months=12, accrual_months=0, follow_up_months=8.8),
}
"""Shares without the event at the reference: 2 to the power of minus 20.8 / 12, and of minus 8.8 / 12."""
SEED = 20260602


def _designs() -> dict[str, Design]:
    found: dict[str, Design] = {}
    for ratio in (1.3, 2.0):
        found[f"response per SD, {ratio}"] = ResponseDesign(rate=0.3, ratio=ratio)
        found[f"response groups, {ratio}"] = ResponseDesign(rate=0.3, ratio=ratio, share=0.4)
        found[f"interaction response per SD, {ratio}"] = InteractionDesign(rate=0.3, ratio=ratio)
        found[f"interaction response groups, {ratio}"] = InteractionDesign(rate=0.3, ratio=ratio, share=0.4)
        for name, watched in FOLLOWED.items():
            found[f"survival per SD, {ratio}, {name}"] = SurvivalDesign(ratio=ratio, follow_up=watched)
            found[f"survival groups, {ratio}, {name}"] = SurvivalDesign(ratio=ratio, follow_up=watched, share=0.4)
            found[f"interaction survival per SD, {ratio}, {name}"] = InteractionDesign(ratio=ratio, follow_up=watched)
            found[f"interaction survival groups, {ratio}, {name}"] = InteractionDesign(
                ratio=ratio, follow_up=watched, share=0.4
            )
    return found


def run(options: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return one row for each design and size."""
    parser = argparse.ArgumentParser(prog="python -m bench power_accuracy", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="simulated trials for each row")
    parser.add_argument("--only", default="", help="designs whose name has this")
    asked = parser.parse_args(list(options))
    rows: list[dict[str, object]] = []
    for place, (name, design) in enumerate(_designs().items()):
        for n in SIZES if asked.only in name else ():
            formula = plan_power(n, design)
            rng = np.random.default_rng([SEED, place, n])
            seen = simulate_design(n, design, rng=rng, n_runs=asked.runs, confidence=0.999)
            rows.append(
                {
                    "design": name,
                    "n": n,
                    "events": formula.n_events,
                    "formula": formula.power,
                    "simulated": seen.power,
                    "low": seen.ci_low,
                    "high": seen.ci_high,
                    "without": seen.n_without,
                    "difference": formula.power - seen.power,
                    "agrees": "yes" if seen.ci_low <= formula.power <= seen.ci_high else "NO",
                }
            )
    return rows
