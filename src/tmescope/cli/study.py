"""Commands about a study: init, check, run, schema."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.progress import Json, Listener, Quiet, listening
from tmescope.foundation.errors import ManyProblems, StoreError, StudyFileError

if TYPE_CHECKING:
    from tmescope.study.outcomes import RunOutcome

__all__ = ["check", "init", "run", "say_outcome", "schema", "tell_warnings"]

StudyFile = Annotated[Path, typer.Argument(help="The study file.", show_default=False)]
Threads = Annotated[
    int,
    typer.Option("--threads", min=1, max=256, envvar="TMESCOPE_THREADS", help="Threads; results do not depend on it."),
]


def init(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Expression matrix and sample table of each cohort, in turn; a cBioPortal folder stands for both.",
            metavar="EXPRESSION SAMPLES ...",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The study file to write.")] = Path("study.toml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing study file.")] = False,
) -> None:
    """Write a commented study file: what the files show is filled in, what only you know is marked DECIDE."""
    from tmescope.study.drafting import draft_study, pair_files

    pairs = pair_files(files)
    if output.exists() and not force:
        raise StudyFileError(
            "the study file exists already", where=str(output), next_step="give another name with -o, or --force"
        )
    draft = draft_study(pairs, folder=output.parent, name=output.name)
    _write(output, draft.text)
    typer.echo(f"wrote {output}; cohorts: {draft.n_cohorts}; places marked DECIDE: {draft.n_undecided}")
    typer.echo(f"next: edit it, then: tmescope check {output}")


def check(study: StudyFile, quiet: Quiet = False, json: Json = False) -> None:
    """List everything that is wrong with a study and its files, at once. Nothing is written."""
    from tmescope.study.checking import check as check_study

    with listening("check", quiet=quiet, json=json) as progress:
        outcome = check_study(study, facts_home=facts_home(), progress=progress)
        for warning in outcome.warnings:
            progress.warn(warning)
        if outcome.problems and json:
            raise ManyProblems(outcome.problems)
    if json:
        return
    for warning in outcome.warnings:
        place = f"{warning.where}: " if warning.where else ""
        typer.echo(f"warning  {place}{warning.message} [{warning.code}]")
    if outcome.problems:
        raise ManyProblems(outcome.problems)
    typer.echo(f"{study}: no problem found, {len(outcome.warnings)} warnings")
    typer.echo(outcome.summary)


def run(
    study: StudyFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of results.")] = Path("results"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Carry a study out. A second run into the same folder redoes only what changed."""
    from tmescope.study.running import run as run_study

    with listening("run", quiet=quiet, json=json) as progress:
        outcome = run_study(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output if omitted.")
    ] = None,
) -> None:
    """Print the JSON Schema of the study file, for editors."""
    from tmescope.study.schema import Study

    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Study.model_json_schema()}
    text = dumps(described, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        _write(output, text + "\n")
        typer.echo(f"wrote {output}")


def _write(path: Path, text: str) -> None:
    from tmescope.store.atomic import staged_file

    if path.is_dir():  # a folder is never replaced by a file
        raise StoreError("the output is a folder, not a file", where=str(path), next_step="give a file name with -o")
    try:
        with staged_file(path) as staged:
            staged.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the file cannot be written: {error.strerror}", where=str(path), next_step="give another name with -o"
        ) from error


def tell_warnings(outcome: RunOutcome, listener: Listener | None) -> None:
    """Tell a listener of the warnings of a run; None is nobody."""
    from tmescope.foundation.result import RunWarning

    if listener is None:
        return
    table = outcome.table("warnings")[["code", "message", "where", "count"]]
    for code, message, where, count in table.itertuples(index=False):
        listener.warn(RunWarning(code, message, where if isinstance(where, str) else "", int(count)))


def say_outcome(outcome: RunOutcome) -> None:
    """Tell what a run did and where its results are."""
    done, kept = len(outcome.redone), len(outcome.kept)
    typer.echo(f"{done} steps done, {kept} unchanged, {outcome.seconds:.1f} s")
    typer.echo(f"tables: {outcome.folder / 'tables'}")
    if outcome.report is not None:
        typer.echo(f"report: {outcome.report}")
