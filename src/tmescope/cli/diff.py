"""The command diff: how two folders of results differ, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tmescope.study.causes import Cause
    from tmescope.study.comparing import Comparison, Consequence

__all__ = ["DIFFERENT", "diff"]

DIFFERENT = 1
"""Exit code where the runs differ; 0 where they are equal, 2 where they cannot be compared."""

_LONGEST = 160
_KINDS = {"input": "Inputs", "study": "Study", "model": "Frozen models", "fact": "Facts", "version": "Versions"}


def diff(
    first: Annotated[Path, typer.Argument(help="Results of the first run.", show_default=False)],
    second: Annotated[Path, typer.Argument(help="Results of the second run.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Write everything as JSON, each row that changed.")] = False,
) -> None:
    """Say what changed between two folders of results, and why. Exit code 0: equal; 1: different."""
    from tmescope.study.comparing import compare_runs

    comparison = compare_runs(first, second)
    if as_json:
        typer.echo(json.dumps(comparison.as_dict(), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _tell(comparison)
    if not comparison.equal:
        raise typer.Exit(DIFFERENT)


def _tell(comparison: Comparison) -> None:
    if comparison.equal:
        typer.echo("The runs are equal: inputs, study, facts, versions and tables.")
        return
    typer.echo("What changed")
    for kind, heading in _KINDS.items():
        found = [c for c in comparison.causes if c.kind == kind]
        if found:
            typer.echo(f"\n  {heading}")
        for cause in found:
            typer.echo(f"    {_cause(cause)}")
    if not comparison.causes:
        typer.echo("\n  nothing that the records tell of")
    typer.echo("\nWhat that changed")
    if not comparison.consequences:
        typer.echo("\n  no table")
    table = ""
    for one in comparison.consequences:
        if one.change.table != table:
            table = one.change.table
            typer.echo(f"\n  {table}")
        typer.echo(f"    {_consequence(one)}")


def _cause(cause: Cause) -> str:
    name, change = _printable(cause.name), cause.change
    if change in {"changed", "renamed"}:
        return f"{name}: {_cut(cause.before)} -> {_cut(cause.after)}{' (same content)' if change == 'renamed' else ''}"
    return f"{name}: {change}, {_cut(cause.after or cause.before)}"


def _consequence(one: Consequence) -> str:
    place = ", ".join(_printable(p) for p in (one.change.cohort, one.change.method) if p)
    return (
        f"{place + ': ' if place else ''}{_printable(one.change.summary)}\n      because of: {_printable(one.because)}"
    )


def _cut(text: str) -> str:
    shown = _printable(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def _printable(text: str) -> str:
    # names come from files: nothing of them may steer the terminal
    return "".join(c if c.isprintable() else "?" for c in text)
