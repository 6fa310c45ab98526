"""One study, one folder of results: the only path by which anything is computed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import ManyProblems, TmescopeError
from tmescope.foundation.progress import SILENT, UNCHANGED, Progress
from tmescope.study.answering import answer_step, asked_methods
from tmescope.study.atlas_views import view_step
from tmescope.study.carry_references import cutoff_problems
from tmescope.study.carrying import CUTOFFS, carry_steps, freezes
from tmescope.study.checking import cross_problems
from tmescope.study.context import Context
from tmescope.study.counted_atlas import atlas_step
from tmescope.study.crate import input_hashes, provenance_of, write_crate
from tmescope.study.deconvolving import deconvolve_step
from tmescope.study.describing import methods_step, publish_methods
from tmescope.study.expressing import expresses, expression_step
from tmescope.study.ingesting import cohort_step
from tmescope.study.ledger import Ledger, open_ledger
from tmescope.study.loading import load_study
from tmescope.study.modelling import model_steps, publish_step, withdraw_models
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.outcomes import RunOutcome, now, withdraw, withdraw_report, write_times
from tmescope.study.overlapping import overlap_step
from tmescope.study.pacing import pace_of_run
from tmescope.study.pins import find_pins
from tmescope.study.predicting import predict_problems, predict_step
from tmescope.study.profiling import profile_step, universe_step
from tmescope.study.questioning import pool_step, pools
from tmescope.study.run_records import write_run_record
from tmescope.study.schema import Cohort, Study
from tmescope.study.subtyping import subtype_steps
from tmescope.study.tabulating import table_step
from tmescope.study.visits import measure_visits

__all__ = ["RunOutcome", "run"]


def run(
    study: Study | Path | str,
    output: Path | str,
    *,
    threads: int = 1,
    facts_home: Path | None = None,
    progress: Progress = SILENT,
) -> RunOutcome:
    """Carry a study out, or what of it is not yet done.

    Parameters
    ----------
    study : Study, path or str
        A study, or its file.
    output : path or str
        Folder of results: made if it does not exist; an earlier run's is brought up to date.
    threads : int
        Threads for methods that can use them; results do not depend on it.
    facts_home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.
    progress : Progress
        Listener.

    Returns
    -------
    RunOutcome

    Raises
    ------
    ManyProblems
        Everything that is wrong with the study or its files; nothing was written.
    FolderInUseError
        If another run is writing into the folder.
    StoreError
        If the folder holds other files.

    Notes
    -----
    Each step is committed by one rename. A killed run leaves the last good state, and the next run makes only what is
    missing or was made from other ingredients (content hashes, not dates).
    """
    began = time.monotonic()
    started = now()
    loaded = (study if isinstance(study, Study) else load_study(study)).with_facts(facts_home)
    installed, missing = find_pins(loaded, facts_home)
    if loaded.study.kind == "horizon":
        from tmescope.study.horizon_running import run_horizon

        return run_horizon(loaded, Path(output), threads=threads, progress=progress)
    problems = [*name_problems(loaded), *cutoff_problems(loaded), *predict_problems(loaded), *missing]
    if problems:
        raise ManyProblems(problems)
    root = Path(output)
    progress.plan(pace_of_run(loaded))
    with open_ledger(root) as ledger:
        release = metadata.version("tmescope")
        context = Context(loaded, ledger, gather_needs(loaded), release, threads, progress, installed)
        _ingest(context)
        _view_cells(context)
        context.do(overlap_step(context))
        context.do(universe_step(context))
        measure_visits(context, methods=asked_methods(context))
        for cohort in loaded.cohorts:
            context.do(profile_step(context, cohort))
            if context.composes:
                context.do(deconvolve_step(context, cohort))
        for step in subtype_steps(context):
            context.do(step)
        _answer(context)
        context.do(table_step(context))
        provenance = provenance_of(context, input_hashes(context))
        context.do(methods_step(context, provenance))
        publish_methods(context)
        write_run_record(root, loaded, provenance)
        _report(context, provenance)
        write_crate(context, provenance=provenance, date=now())
        outcome = RunOutcome(root, tuple(ledger.redone), tuple(ledger.kept), time.monotonic() - began)
        write_times(outcome, started=started, threads=threads)
        ledger.forget_others(set(context.outcomes))
    return outcome


def _report(context: Context, provenance: dict[str, Any]) -> None:
    """Draw the report, or remove the one of an earlier run where the study asks for none."""
    if not context.study.output.report:
        withdraw_report(context.ledger.root)
        return
    from tmescope.study.reporting import publish_report, report_steps

    for step in report_steps(context, provenance):
        context.do(step)
    publish_report(context)


def _ingest(context: Context) -> None:
    """Read every cohort that changed; commit none of them unless all of them are right."""
    problems: list[TmescopeError] = []
    for cohort in context.study.cohorts:
        if cohort.kind == "cells":
            _count(context, cohort)
    steps = [cohort_step(context, cohort) for cohort in context.study.cohorts]
    folders = {}
    with ExitStack() as stack:
        for cohort, step in zip(context.study.cohorts, steps, strict=True):
            context.progress.start(step.name)
            if context.ledger.is_done(step):
                folders[cohort.id] = context.ledger.folder(step.name)
                context.progress.finish(step.name, UNCHANGED)
                continue
            staged = stack.enter_context(context.ledger.staged(step))
            n_problems = len(problems)
            try:
                step.make(staged)
                folders[cohort.id] = staged
            except ManyProblems as many:
                problems += many.problems
            except TmescopeError as error:
                problems.append(error)
            context.progress.finish(step.name, "read" if len(problems) == n_problems else "failed")
        if not problems:
            problems += cross_problems(context.study, context.needs, folders)
        if problems:
            raise ManyProblems(problems)
    _remember(context.ledger, context, [s.name for s in steps], fresh={f.name for f in folders.values()})


def _count(context: Context, cohort: Cohort) -> None:
    """Add up the cells of a cohort; what is wrong with them is told when the cohort is read, with all else."""
    try:
        context.do(atlas_step(context, cohort))
    except TmescopeError as error:
        context.failed[f"atlas-{cohort.id}"] = error


def _view_cells(context: Context) -> None:
    for cohort in context.study.cohorts:
        if cohort.kind == "cells":
            context.do(view_step(context, cohort))


def _answer(context: Context) -> None:
    for cohort in context.study.cohorts:
        context.do(answer_step(context, cohort))
        if expresses(context.study):
            context.do(expression_step(context, cohort))
    for step in carry_steps(context):
        context.do(step)
    if not freezes(context):
        withdraw(context.ledger.root / CUTOFFS)
    if pools(context):
        context.do(pool_step(context))
    for step in model_steps(context):
        context.do(step)
    for cohort in context.study.cohorts if context.study.predict else ():
        context.do(predict_step(context, cohort))
    if context.study.model:
        context.do(publish_step(context))
    else:
        withdraw_models(context.ledger.root)


def _remember(ledger: Ledger, context: Context, names: list[str], *, fresh: set[str]) -> None:
    for name in names:
        (ledger.kept if name in fresh else ledger.redone).append(name)
        context.outcomes[name] = ledger.outcome(name)
