"""The command that shows all of it on simulated data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tmescope.cli.progress import Json, Quiet, listening
from tmescope.cli.study import Threads, say_outcome, tell_warnings

__all__ = ["demo"]


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the data and the results.")] = Path("demo"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the simulation.")] = 0,
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate a three-cohort study with known truth, run it, and write OUTPUT/report.html."""
    from tmescope.study.demonstrating import write_demo
    from tmescope.study.running import run

    with listening("demo", quiet=quiet, json=json) as progress:
        study = write_demo(output, seed=seed, progress=progress)
        outcome = run(study, output, threads=threads, progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)
        typer.echo(f"study:  {study}")
