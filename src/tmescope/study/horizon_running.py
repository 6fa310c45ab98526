"""A study of a lake of papers and trials, from its file to its report: the path of every run of kind horizon."""

from __future__ import annotations

import time
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import ManyProblems, TmescopeError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import hash_json, versions
from tmescope.foundation.result import RunWarning
from tmescope.study.context import Context
from tmescope.study.crate import write_crate
from tmescope.study.describing import publish_methods
from tmescope.study.describing_horizon import horizon_methods_step
from tmescope.study.horizon_areas import area_step, find_areas, lead_step
from tmescope.study.horizon_subjects import changes_step, landscape_step
from tmescope.study.horizon_tables import horizon_table_step, sources_step
from tmescope.study.ledger import open_ledger
from tmescope.study.needs import gather_needs
from tmescope.study.outcomes import RunOutcome, now, withdraw_report, write_times
from tmescope.study.run_records import write_run_record
from tmescope.study.study_lake import StudyLake, horizon_of, open_study_lake

if TYPE_CHECKING:
    from tmescope.facts.focus import FocusArea
    from tmescope.study.schema import Study

__all__ = ["check_horizon", "run_horizon"]

_FIGURES, _AREA, _QUICK = 16.0, 6.0, 1.0


def check_horizon(study: Study) -> tuple[list[TmescopeError], list[RunWarning], str]:
    """Return everything that is wrong with a study of a lake before it runs, what to know, and what the lake holds.

    Parameters
    ----------
    study : Study
        Of kind horizon.

    Returns
    -------
    problems : list of TmescopeError
    warnings : list of RunWarning
        See `tmescope.study.study_lake.StudyLake.warnings`.
    summary : str
        One kind of document a line, as far as it counts; empty where there are problems.
    """
    _, lake, problems = _prepare(study)
    if problems or lake is None:
        return problems, [], ""
    rows = lake.connection.execute(
        "SELECT kind, count(*), min(entered_on), max(entered_on) FROM documents GROUP BY kind ORDER BY kind"
    ).fetchall()
    said = "\n".join(f"{kind}: {n:,} documents, entered {first} to {last}" for kind, n, first, last in rows)
    return [], lake.warnings, said


def _prepare(study: Study, *, threads: int = 1) -> tuple[dict[str, FocusArea], StudyLake | None, list[TmescopeError]]:
    areas, problems = find_areas(horizon_of(study), study.resolve)
    try:
        return areas, open_study_lake(study, threads=threads), problems
    except TmescopeError as error:
        return areas, None, [*problems, error]


def run_horizon(study: Study, root: Path, *, threads: int = 1, progress: Progress = SILENT) -> RunOutcome:
    """Carry a study of a lake out, or what of it is not yet done.

    Parameters
    ----------
    study : Study
        Of kind horizon.
    root : Path
        Folder of results.
    threads : int
        Of queries; results do not depend on it.
    progress : Progress
        Listener.

    Returns
    -------
    RunOutcome

    Raises
    ------
    ManyProblems
        Everything that is wrong with the study; nothing was written.

    Notes
    -----
    Steps, commits and resuming are those of `tmescope.study.running.run`. A step is made anew where the lake changed.
    """
    began, started = time.monotonic(), now()
    areas, lake, problems = _prepare(study, threads=threads)
    if problems or lake is None:
        raise ManyProblems(problems)
    progress.plan({**{f"area-{name}": _AREA for name in areas}, "landscapes": _QUICK, "tables": _QUICK})
    with open_ledger(root) as ledger:
        context = Context(study, ledger, gather_needs(study), metadata.version("tmescope"), threads, progress)
        context.do(sources_step(context, lake))
        for area in areas.values():
            context.do(area_step(context, lake, area))
        context.do(lead_step(context, lake))
        context.do(landscape_step(context, lake))
        context.do(changes_step(context, lake, list(areas.values())))
        names = [area.name for area in areas.values()]
        context.do(horizon_table_step(context, names))
        provenance = _provenance(study, lake, areas)
        context.do(horizon_methods_step(context, provenance, names))
        publish_methods(context)
        write_run_record(root, study, provenance)
        _report(context, provenance, names)
        write_crate(context, provenance=provenance, date=now())
        outcome = RunOutcome(root, tuple(ledger.redone), tuple(ledger.kept), time.monotonic() - began)
        write_times(outcome, started=started, threads=threads)
        ledger.forget_others(set(context.outcomes))
    return outcome


def _report(context: Context, provenance: dict[str, Any], areas: list[str]) -> None:
    if not context.study.output.report:
        withdraw_report(context.ledger.root)
        return
    from tmescope.study.horizon_reporting import horizon_report_steps
    from tmescope.study.reporting import publish_report

    for step in horizon_report_steps(context, provenance, areas):
        context.do(step)
    publish_report(context)


def _provenance(study: Study, lake: StudyLake, areas: dict[str, FocusArea]) -> dict[str, Any]:
    """Return what the report and the crate say about where the run came from."""
    inputs = {f"lake: {part.name} {part.sha256[:8]}": part.sha256 for part in lake.lake.parts}
    facts = {f"focus area {area.name}": hash_json(asdict(area)) for area in areas.values()}
    facts["dictionary of entities"] = lake.lake.layout.dictionary
    parameters = study.model_dump(mode="json", include={"study", "horizon", "output"})
    parameters["horizon"]["lake"] = Path(parameters["horizon"]["lake"]).name
    parameters["horizon"]["focus_files"] = [Path(p).name for p in parameters["horizon"]["focus_files"]]
    return {
        "versions": versions(),
        "inputs": inputs,
        "facts": facts,
        "models": {},
        "terms": {},
        "seed": study.study.seed,
        "parameters": parameters,
    }
