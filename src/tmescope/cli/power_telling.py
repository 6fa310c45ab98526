"""What the commands of power answer: words, a table, a curve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import typer

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from tmescope.stats.power_designs import Design, PlannedPower
    from tmescope.stats.power_simulation import SimulatedPower

__all__ = ["Asked", "answer"]

_POINTS = 24
_SIMULATED_POINTS = 5
_FEW = 40
_FEW_IN_CELL = 10


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is wanted of a design.

    Parameters
    ----------
    n : int, optional
        Patients; None asks for their number.
    power : float
        Wanted.
    runs, seed : int
        Simulated trials and their seed; no run for the formula alone.
    output, figure : pathlib.Path, optional
        Files to write.
    """

    n: int | None
    power: float
    runs: int
    seed: int
    output: Path | None
    figure: Path | None


def answer(design: Design, asked: Asked) -> None:
    """Answer a design on the terminal, and write the files that were asked for.

    Parameters
    ----------
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        The question.
    asked : Asked
        What is wanted of it.

    Raises
    ------
    InputError
        If a number makes no sense, or a file has an ending that cannot be written.
    """
    from tmescope.stats.power_designs import plan_power
    from tmescope.stats.sample_sizes import LARGEST, detectable_ratio, find_sample_size, sample_size

    _check_ending(asked.output, {".csv", ".parquet", ".json"})
    _check_ending(asked.figure, {".svg", ".png"})
    planned = sample_size(design, power=asked.power) if asked.n is None else plan_power(asked.n, design)
    needed = planned if asked.n is None else find_sample_size(design, power=asked.power)
    seen = _simulate(planned.n, design, asked)
    typer.echo(f"question      {_question(design)}")
    typer.echo(f"patients      {planned.n}, of whom {planned.n_events:.1f} are expected to {_outcome(design)}")
    typer.echo(f"power         {planned.power:.1%} by formula ({planned.method})")
    if seen:
        without = f"; {seen.n_without} without an estimate" if seen.n_without else ""
        typer.echo(
            f"simulated     {seen.power:.1%} ({seen.confidence:.0%} interval {seen.ci_low:.1%} to {seen.ci_high:.1%}; "
            f"{seen.n_runs} trials, {seen.method}{without})"
        )
    if asked.n is not None:
        many = f"more than {LARGEST:,}" if needed is None else str(needed.n)
        typer.echo(f"needed        {many} patients for a power of {asked.power:.0%}")
    found = detectable_ratio(planned.n, design, power=asked.power)
    told = f"{found:.2f}" if isfinite(found) else "none up to 100"
    typer.echo(f"detectable    ratio {told} with a power of {asked.power:.0%} at {planned.n} patients")
    for line in _assumptions(design):
        typer.echo(f"supposed      {line}")
    if not seen and (few := _few(planned, design)):
        typer.echo(f"notice: {few} the formula can be far off; ask for --simulate 2000", err=True)
    _write(design, asked, n=planned.n, needed=planned.n if needed is None else needed.n)


def _few(planned: PlannedPower, design: Design) -> str:
    """Return which events are too few for a formula; nothing where they are not."""
    response = _outcome(design) == "respond"
    least = min(planned.n_events, planned.n - planned.n_events) if response else planned.n_events
    if least < _FEW:
        return f"with fewer than {_FEW} events"
    if planned.n_in_cell < _FEW_IN_CELL:
        what = "responders or others" if response else "events"
        return f"with {planned.n_in_cell:.1f} {what} expected in the smallest group"
    return ""


def _check_ending(path: Path | None, allowed: set[str]) -> None:
    if path is not None and path.suffix.lower() not in allowed:
        raise InputError(
            f"the ending is {path.suffix!r}",
            where=path.name,
            expected=", ".join(sorted(allowed)),
            next_step="rename it",
        )


def _simulate(n: int, design: Design, asked: Asked) -> SimulatedPower | None:
    import numpy as np

    from tmescope.stats.power_simulation import simulate_design

    if not asked.runs:
        return None
    return simulate_design(n, design, rng=np.random.default_rng([asked.seed, n]), n_runs=asked.runs)


def _question(design: Design) -> str:
    from tmescope.stats.power_designs import InteractionDesign, ResponseDesign

    unit = "per standard deviation" if design.share is None else f"between two groups, {100 * design.share:.3g}% in one"
    if isinstance(design, InteractionDesign):
        kind = "odds ratios" if design.follow_up is None else "hazard ratios"
        return f"interaction, ratio of {kind} {design.ratio:g} {unit}, {100 * design.treated:.3g}% treated"
    kind = "response, odds" if isinstance(design, ResponseDesign) else "survival, hazard"
    return f"{kind} ratio {design.ratio:g} {unit}"


def _outcome(design: Design) -> str:
    return "respond" if getattr(design, "follow_up", None) is None else "have the event"


def _assumptions(design: Design) -> list[str]:
    from tmescope.stats.power_designs import InteractionDesign, ResponseDesign

    told = [f"two-sided test at {design.alpha:g}, one feature: no correction for the testing of many"]
    follow_up = None if isinstance(design, ResponseDesign) else design.follow_up
    if follow_up:
        told.append(
            f"exponential survival, median {follow_up.median_months:g} months at the reference; entry even over "
            f"{follow_up.accrual_months:g}, then {follow_up.follow_up_months:g} months of follow-up; "
            f"{follow_up.dropout_per_year:.0%} lost a year; proportional hazards"
        )
    if isinstance(design, InteractionDesign):
        told.append(
            f"at the reference treatment has a ratio of {design.treatment_ratio:g}, among controls the feature "
            f"one of {design.feature_ratio:g}; treatment and feature are independent"
        )
    if design.share is None:
        told.append("the feature is normal; no adjustment for covariates")
    return told


def _curve(design: Design, asked: Asked, *, n: int, needed: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from tmescope.stats.power_designs import fewest_patients, plan_power

    end = max(n, needed) * 1.6
    sizes = sorted(
        {*np.linspace(max(10, fewest_patients(design), end / _POINTS), end, _POINTS).astype(int).tolist(), n, needed}
    )
    spread = sizes[:: max(1, len(sizes) // _SIMULATED_POINTS)]
    simulated = {size for size in spread if abs(size - n) > end / _POINTS} | {n}
    rows = []
    for size in sizes:
        planned = plan_power(size, design)
        seen = _simulate(size, design, asked) if size in simulated else None
        rows.append(
            {
                "n": size,
                "n_events": planned.n_events,
                "effect": design.ratio,
                "alpha": design.alpha,
                "power": planned.power,
                "method": planned.method,
                "simulated_power": seen.power if seen else np.nan,
                "simulated_low": seen.ci_low if seen else np.nan,
                "simulated_high": seen.ci_high if seen else np.nan,
                "n_runs": seen.n_runs if seen else 0,
            }
        )
    return pd.DataFrame(rows)


def _write(design: Design, asked: Asked, *, n: int, needed: int) -> None:
    if asked.output is None and asked.figure is None:
        return
    from tmescope.store.atomic import staged_file

    curve = _curve(design, asked, n=n, needed=needed)
    if asked.output is not None:
        with staged_file(asked.output) as path:
            _write_table(curve, path, ending=asked.output.suffix.lower())
        typer.echo(f"table         {asked.output}")
    if asked.figure is not None:
        from tmescope.report.power_curves import draw_power_curve
        from tmescope.report.static import draw_png, draw_svg

        figure = draw_power_curve(curve, wanted=asked.power, n=n, title=_question(design))
        png = asked.figure.suffix.lower() == ".png"
        with staged_file(asked.figure) as path:
            path.write_bytes(draw_png(figure) if png else draw_svg(figure).encode())
        typer.echo(f"figure        {asked.figure}")


def _write_table(curve: pd.DataFrame, path: Path, *, ending: str) -> None:
    from tmescope.store.tables import write_csv, write_table

    if ending == ".json":
        rows = curve.astype(object).where(curve.notna(), None).to_dict(orient="records")
        path.write_text(json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    elif ending == ".csv":
        write_csv(curve, path)
    else:
        write_table(curve, path)
