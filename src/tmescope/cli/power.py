"""The commands power response, power survival and power interaction: how many patients a question needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.power_telling import Asked, answer

if TYPE_CHECKING:
    from tmescope.stats.power_designs import FollowUp

__all__ = ["power_app"]

power_app = typer.Typer(
    help="Plan a study: power at a number of patients, the patients that an effect needs, the effect that patients can "
    "find. By formula, and by simulated trials with --simulate.",
    no_args_is_help=True,
)

Patients = Annotated[
    int | None,
    typer.Option("--n", min=4, show_default=False, help="Patients you have. Left out: the number needed is sought."),
]
Wanted = Annotated[float, typer.Option("--power", help="Power that is wanted.")]
Alpha = Annotated[float, typer.Option("--alpha", help="Two-sided level of the test.")]
Share = Annotated[
    float | None,
    typer.Option(
        "--share",
        show_default=False,
        help="Share of patients with a feature of two levels, such as 0.4. Left out: a continuous feature, and the "
        "effect is per standard deviation.",
    ),
]
Runs = Annotated[
    int, typer.Option("--simulate", min=0, metavar="RUNS", help="Check with so many simulated trials; 0 for none.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the simulated trials.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", show_default=False, help="Table of the curve: .csv, .parquet or .json."),
]
Drawn = Annotated[
    Path | None, typer.Option("--figure", show_default=False, help="Curve of power against patients: .svg or .png.")
]
Hazard = Annotated[
    float, typer.Option("--hazard-ratio", show_default=False, help="Smallest hazard ratio that would matter.")
]
Median = Annotated[
    float,
    typer.Option(
        "--median-months",
        show_default=False,
        help="Median time to the event at the reference: controls, without the feature or at its mean.",
    ),
]
Accrual = Annotated[
    float, typer.Option("--accrual-months", help="Patients enter evenly over this time; 0: all at once.")
]
FollowedUp = Annotated[
    float, typer.Option("--follow-up-months", show_default=False, help="From the last entry to the end.")
]
Dropout = Annotated[float, typer.Option("--dropout-per-year", help="Share of patients lost within a year, e.g. 0.05.")]


@power_app.command("response")
def response(
    rate: Annotated[float, typer.Option("--rate", show_default=False, help="Share of responders over all patients.")],
    odds_ratio: Annotated[
        float, typer.Option("--odds-ratio", show_default=False, help="Smallest odds ratio that would matter.")
    ],
    share: Share = None,
    n: Patients = None,
    power: Wanted = 0.8,
    alpha: Alpha = 0.05,
    simulate: Runs = 0,
    seed: Seed = 1,
    output: Output = None,
    figure: Drawn = None,
) -> None:
    """Plan the question whether a feature goes with response."""
    from tmescope.stats.power_designs import ResponseDesign

    design = ResponseDesign(rate=rate, ratio=odds_ratio, share=share, alpha=alpha)
    answer(design, Asked(n=n, power=power, runs=simulate, seed=seed, output=output, figure=figure))


@power_app.command("survival")
def survival(
    hazard_ratio: Hazard,
    median_months: Median,
    follow_up_months: FollowedUp,
    accrual_months: Accrual = 0.0,
    dropout_per_year: Dropout = 0.0,
    share: Share = None,
    n: Patients = None,
    power: Wanted = 0.8,
    alpha: Alpha = 0.05,
    simulate: Runs = 0,
    seed: Seed = 1,
    output: Output = None,
    figure: Drawn = None,
) -> None:
    """Plan the question whether a feature goes with survival."""
    from tmescope.stats.power_designs import FollowUp, SurvivalDesign

    watched = FollowUp(
        median_months=median_months,
        accrual_months=accrual_months,
        follow_up_months=follow_up_months,
        dropout_per_year=dropout_per_year,
    )
    design = SurvivalDesign(ratio=hazard_ratio, follow_up=watched, share=share, alpha=alpha)
    answer(design, Asked(n=n, power=power, runs=simulate, seed=seed, output=output, figure=figure))


InteractionRatio = Annotated[
    float,
    typer.Option(
        "--ratio",
        show_default=False,
        help="Treatment's odds or hazard ratio with the feature, divided by that without; or per standard deviation.",
    ),
]


@power_app.command("interaction")
def interaction(
    ratio: InteractionRatio,
    rate: Annotated[
        float | None,
        typer.Option("--rate", show_default=False, help="For response: rate of controls at the reference."),
    ] = None,
    median_months: Annotated[
        float | None,
        typer.Option("--median-months", show_default=False, help="For survival: median of controls at the reference."),
    ] = None,
    follow_up_months: Annotated[
        float | None, typer.Option("--follow-up-months", show_default=False, help="From the last entry to the end.")
    ] = None,
    accrual_months: Accrual = 0.0,
    dropout_per_year: Dropout = 0.0,
    treatment_ratio: Annotated[
        float, typer.Option("--treatment-ratio", help="Ratio of treatment at the reference of the feature.")
    ] = 1.0,
    feature_ratio: Annotated[float, typer.Option("--feature-ratio", help="Ratio of the feature among controls.")] = 1.0,
    treated: Annotated[float, typer.Option("--treated", help="Share of patients who get the treatment.")] = 0.5,
    share: Share = None,
    n: Patients = None,
    power: Wanted = 0.8,
    alpha: Alpha = 0.05,
    simulate: Runs = 0,
    seed: Seed = 1,
    output: Output = None,
    figure: Drawn = None,
) -> None:
    """Plan the question whether the effect of treatment depends on a feature (predictive, not only prognostic)."""
    from tmescope.stats.power_designs import InteractionDesign

    watched = _watched(median_months, follow_up_months, accrual=accrual_months, dropout=dropout_per_year)
    design = InteractionDesign(
        ratio=ratio,
        rate=rate,
        follow_up=watched,
        treatment_ratio=treatment_ratio,
        feature_ratio=feature_ratio,
        treated=treated,
        share=share,
        alpha=alpha,
    )
    answer(design, Asked(n=n, power=power, runs=simulate, seed=seed, output=output, figure=figure))


def _watched(median: float | None, follow_up: float | None, *, accrual: float, dropout: float) -> FollowUp | None:
    from tmescope.foundation.errors import InputError
    from tmescope.stats.power_designs import FollowUp

    if median is None and follow_up is None:
        return None
    if median is None or follow_up is None:
        raise InputError(
            "one of --median-months and --follow-up-months is missing",
            where="power interaction",
            expected="both for survival, none for response",
        )
    return FollowUp(median_months=median, follow_up_months=follow_up, accrual_months=accrual, dropout_per_year=dropout)
