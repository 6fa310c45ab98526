"""The commands that fix a biomarker before new data are opened, and that test it on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.progress import Quiet, listening
from tmescope.foundation.errors import InputError, UnknownNameError, examples

if TYPE_CHECKING:
    from tmescope.study.biomarker_cohorts import BiomarkerCohort

__all__ = ["biomarker_app"]

biomarker_app = typer.Typer(
    help="Biomarkers that are fixed before they are tested: lock writes one file on the cohort of discovery, validate "
    "runs exactly that on a new cohort and refuses what differs without being declared.",
    no_args_is_help=True,
)

StudyFile = Annotated[Path, typer.Argument(help="study.toml with the cohort and the endpoint.", show_default=False)]
CohortName = Annotated[
    str | None, typer.Option("--cohort", help="Its id; may be left out where there is one.", show_default=False)
]
NewFile = Annotated[Path, typer.Option("--output", "-o", help="New file; none is replaced.", show_default=False)]


Signature = Annotated[str, typer.Option("--signature", "-s", help="One of the study's signatures.", show_default=False)]
EndpointName = Annotated[str, typer.Option("--endpoint", "-e", help="One of its endpoints.", show_default=False)]
Method = Annotated[str, typer.Option("--method", "-m", help="A method that looks at the signature's genes.")]
CutOff = Annotated[
    str | None,
    typer.Option("--cut-off", help="median, or a score; continuous if omitted.", show_default=False),
]
Direction = Annotated[
    Literal["higher", "lower"], typer.Option("--direction", help="higher: high scores go with response, or events.")
]
Alpha = Annotated[float, typer.Option("--alpha", help="Two-sided level of the test.")]
Test = Annotated[Literal["wald", "score", "likelihood_ratio"], typer.Option("--test", help="Which test.")]
Adjust = Annotated[
    list[str] | None, typer.Option("--adjust", help="Numeric features beside the score.", show_default=False)
]
MaxMissing = Annotated[
    float, typer.Option("--max-missing-genes", min=0, max=1, help="Share of genes that may be missing later.")
]
PlannedPatients = Annotated[int | None, typer.Option("--planned-n", min=1, show_default=False, help="Patients.")]
PlannedEvents = Annotated[
    int | None, typer.Option("--planned-events", min=1, show_default=False, help="Events, or responders.")
]
Expected = Annotated[
    float | None, typer.Option("--expected-effect", show_default=False, help="Ratio that the power is for.")
]
Power = Annotated[
    float | None, typer.Option("--power", min=0, max=1, show_default=False, help="If calculated elsewhere.")
]


@biomarker_app.command("lock")
def lock(
    study: StudyFile,
    signature: Signature,
    endpoint: EndpointName,
    output: NewFile,
    cohort: CohortName = None,
    method: Method = "zscore",
    cut_off: CutOff = None,
    direction: Direction = "higher",
    alpha: Alpha = 0.05,
    test: Test = "wald",
    adjust: Adjust = None,
    max_missing: MaxMissing = 0.2,
    planned: PlannedPatients = None,
    planned_events: PlannedEvents = None,
    expected: Expected = None,
    power: Power = None,
    quiet: Quiet = False,
) -> None:
    """Fix signature, preprocessing, cut-off, endpoint and plan of a biomarker in one file."""
    from tmescope.associate.biomarker_files import write_lock
    from tmescope.associate.biomarker_locking import lock_biomarker
    from tmescope.associate.biomarkers import AnalysisPlan

    found = _read(study, cohort, endpoint=endpoint, command="biomarker lock", quiet=quiet)
    plan = AnalysisPlan(
        endpoint=endpoint,
        kind=found.kind,  # type: ignore[arg-type]
        rule=found.rule,
        direction=direction,
        alpha=alpha,
        test=test,
        adjusted_for=tuple(adjust or ()),
        n_planned=planned,
        n_events_planned=planned_events,
        expected_effect=expected,
        power=power,
    )
    locked = lock_biomarker(
        found.adata,
        found.outcome,
        plan,
        signature=_of(found, signature),
        method=method,
        cut_off=_cut_off(cut_off, median=True),
        max_missing_genes=max_missing,
    )
    sha256 = write_lock(locked, output)
    told = f"{signature} by {method}, {locked.unit}, on {endpoint}; {locked.training['n']} patients"
    power_told = "" if locked.plan.power is None else f"\npower {locked.plan.power:.2f} at the planned size"
    typer.echo(f"{output}: {told}{power_told}\nsha256 {sha256}")


@biomarker_app.command("validate")
def validate(
    lock: Annotated[Path, typer.Argument(help="File that tmescope biomarker lock wrote.", show_default=False)],
    study: StudyFile,
    output: NewFile,
    cohort: CohortName = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", "-e", help="Another endpoint than the lock's.", show_default=False)
    ] = None,
    cut_off: Annotated[
        str | None, typer.Option("--cut-off", help="Another cut-off than the lock's.", show_default=False)
    ] = None,
    deviation: Annotated[
        list[str] | None,
        typer.Option(
            "--deviation", help="NAME=REASON for scale, genes, endpoint or cut_off; repeated.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run exactly what a lock says on a new cohort, and write what came of it."""
    from tmescope.associate.biomarker_files import read_lock, write_new
    from tmescope.associate.biomarker_validation import NewCohort, validate_biomarker

    locked, sha256 = read_lock(lock)
    asked = endpoint or locked.plan.endpoint
    declared, at = _declared(deviation or []), _cut_off(cut_off, median=False)
    found = _read(study, cohort, endpoint=asked, command="biomarker validate", quiet=quiet)
    if found.kind != locked.plan.kind:
        raise InputError(f"{asked} is a {found.kind}, the lock is for a {locked.plan.kind}", where="--endpoint")
    new = NewCohort(found.adata, found.outcome, asked, found.rule, at if isinstance(at, float) else None)
    result = validate_biomarker(locked, new, deviations=declared)
    head = {"format": "tmescope biomarker validation", "version": 1, "lock_sha256": sha256}
    write_new({**head, **result}, output)
    _tell(result)
    typer.echo(f"{output}")


def _read(study: Path, cohort: str | None, *, endpoint: str, command: str, quiet: bool) -> BiomarkerCohort:
    from tmescope.study.biomarker_cohorts import read_biomarker_cohort
    from tmescope.study.loading import load_study

    with listening(command, quiet=quiet) as progress:
        return read_biomarker_cohort(
            load_study(study), cohort=cohort, endpoint=endpoint, facts_home=facts_home(), progress=progress
        )


def _of(found: BiomarkerCohort, signature: str) -> Any:
    if signature not in found.signatures:
        known = examples(sorted(found.signatures))
        told = f"the study does not score {signature!r}"
        raise UnknownNameError(told, where="--signature", expected=f"one of profile.signatures: {known}")
    return {signature: found.signatures[signature]}


def _cut_off(text: str | None, *, median: bool) -> Any:
    if text is None or (text == "median" and median):
        return text
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        told = "median, or a number" if median else "a number"
        raise InputError(f"the cut-off is {text!r}", where="--cut-off", expected=told)
    return value


def _declared(values: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, equals, reason = value.partition("=")
        if not equals or name in found:
            raise InputError(f"{value!r} declares nothing", where="--deviation", expected="NAME=REASON, each name once")
        found[name.strip()] = reason.strip()
    return found


def _tell(result: dict[str, Any]) -> None:
    estimate = result["estimate"]
    if estimate["effect"] is not None:
        numbers = [estimate[k] for k in ("effect", "ci_low", "ci_high", "p_value")]
        effect, low, high, p = ("infinite" if v is None else f"{v:.3g}" for v in numbers)
        typer.echo(f"{estimate['effect_name']}: {effect} (95% {low} to {high}), p = {p}")
    typer.echo(f"n = {estimate['n']}, events = {estimate['n_events']}; left out: {estimate['left_out'] or 'nobody'}")
    for one in result["deviations"]:
        typer.echo(f"deviation {one['what']}: {one['how']} (reason: {one['reason']})")
    typer.echo(f"{result['criterion']}: {result['verdict']}")
