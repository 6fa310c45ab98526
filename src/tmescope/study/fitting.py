"""A frozen score from one cohort: read with every check of a study, fitted, written as one file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tmescope.bulk.frozen import FrozenScore, find_fit, fit_scores
from tmescope.bulk.frozen_files import write_model
from tmescope.foundation.errors import ManyProblems, MethodError, TmescopeError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.matrices import read_cohort_folder
from tmescope.study.checking import cross_problems
from tmescope.study.ingesting import ingest_into
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.pins import find_pins
from tmescope.study.schema import Study

__all__ = ["fit_model"]


def fit_model(
    study: Study,
    output: Path,
    *,
    threads: int = 1,
    facts_home: Path | None = None,
    progress: Progress = SILENT,
) -> FrozenScore:
    """Fit the one method of a study on its one cohort and write the model.

    Parameters
    ----------
    study : Study
        One cohort, one method, its gene sets; from `tmescope.study.single.scoring_study`.
    output : pathlib.Path
        File of the model, replaced at once where it exists.
    threads : int
        Threads; the model does not depend on them.
    facts_home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.
    progress : Progress
        Listener.

    Returns
    -------
    FrozenScore
        What was written.

    Raises
    ------
    ManyProblems
        Everything that is wrong with the cohort; nothing was written.
    MethodError
        If there are several cohorts or methods, or the method scores each sample alone.
    """
    loaded = study.with_facts(facts_home)
    problems = [*name_problems(loaded), *find_pins(loaded, facts_home)[1]]
    if problems:
        raise ManyProblems(problems)
    if len(loaded.cohorts) != 1 or len(loaded.profile.methods) != 1:
        raise MethodError(
            f"a model is fitted on one cohort with one method, not on {len(loaded.cohorts)} with "
            f"{len(loaded.profile.methods)}",
            where="--method",
            next_step="fit one model for each",
        )
    (cohort,), needs = loaded.cohorts, gather_needs(loaded)
    spec, _ = find_fit(needs.specs[0].name)
    with tempfile.TemporaryDirectory(prefix="tmescope-fit-") as scratch:
        folder = Path(scratch)
        progress.start(f"cohort-{cohort.id}")
        ingest_into(folder, loaded, cohort, needs=needs)
        found: list[TmescopeError] = cross_problems(loaded, needs, {cohort.id: folder})
        if found:
            raise ManyProblems(found)
        progress.finish(f"cohort-{cohort.id}", "read")
        adata = read_cohort_folder(folder)
    parameters = dict(loaded.profile.parameters.get(spec.name, {}))
    if any(p.name == "threads" for p in spec.parameters):
        parameters["threads"] = threads
    progress.start("fit")
    model = fit_scores(adata, needs.weighted_sets(), method=spec.name, parameters=parameters)
    progress.finish("fit", "done")
    write_model(model, output)
    return model
