"""A frozen method from one cohort: read with every check of a study, fitted, written as one file."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.deconvolution import list_deconvolvers
from tmescope.bulk.frozen import FrozenScore, find_fit, fit_scores
from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution, check_can_be_fitted, fit_deconvolution
from tmescope.bulk.frozen_deconvolution_files import write_deconvolution
from tmescope.bulk.frozen_files import write_model
from tmescope.foundation.errors import ManyProblems, MethodError, TmescopeError
from tmescope.foundation.method import find_method
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.matrices import read_cohort_folder
from tmescope.study.checking import cross_problems
from tmescope.study.deconvolving import deconvolve_options
from tmescope.study.ingesting import ingest_into
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.pins import find_pins
from tmescope.study.schema import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

    from tmescope.study.needs import Needs

__all__ = ["fit_composition", "fit_model"]


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
    loaded = _checked(study, facts_home, methods=study.profile.methods)
    needs = gather_needs(loaded)
    spec, _ = find_fit(needs.specs[0].name)
    adata = _read(loaded, needs, progress)
    parameters = dict(loaded.profile.parameters.get(spec.name, {}))
    if any(p.name == "threads" for p in spec.parameters):
        parameters["threads"] = threads
    progress.start("fit")
    model = fit_scores(adata, needs.weighted_sets(), method=spec.name, parameters=parameters)
    progress.finish("fit", "done")
    write_model(model, output)
    return model


def fit_composition(
    study: Study,
    output: Path,
    *,
    threads: int = 1,
    facts_home: Path | None = None,
    progress: Progress = SILENT,
) -> FrozenDeconvolution:
    """Fit the one deconvolution method of a study on its one cohort and write the model.

    Parameters
    ----------
    study : Study
        One cohort, one method; from `tmescope.study.single.deconvolution_study`.
    output : pathlib.Path
        File of the model, replaced at once where it exists.
    threads, facts_home, progress
        As in `fit_model`.

    Returns
    -------
    FrozenDeconvolution
        What was written.

    Raises
    ------
    ManyProblems
        Everything that is wrong with the cohort; nothing was written.
    MethodError
        If there are several cohorts or methods, or the method estimates each sample alone.
    """
    loaded = _checked(study, facts_home, methods=study.deconvolution.methods)
    method = find_method(loaded.deconvolution.methods[0], list_deconvolvers())
    options = deconvolve_options(loaded, method.spec)
    if any(p.name == "threads" for p in method.spec.parameters):
        options = replace(options, parameters={"threads": threads, **options.parameters})
    check_can_be_fitted(method)
    adata = _read(loaded, gather_needs(loaded), progress)
    progress.start("fit")
    model = fit_deconvolution(adata, method=method, options=options)
    progress.finish("fit", "done")
    write_deconvolution(model, output)
    return model


def _checked(study: Study, facts_home: Path | None, *, methods: Sequence[str]) -> Study:
    """Return the study that a model is fitted for, with every name in it known."""
    loaded = study.with_facts(facts_home)
    problems = [*name_problems(loaded), *find_pins(loaded, facts_home)[1]]
    if problems:
        raise ManyProblems(problems)
    if len(loaded.cohorts) != 1 or len(methods) != 1:
        raise MethodError(
            f"a model is fitted on one cohort with one method, not on {len(loaded.cohorts)} with {len(methods)}",
            where="--method",
            next_step="fit one model for each",
        )
    return loaded


def _read(study: Study, needs: Needs, progress: Progress) -> AnnData:
    """Return the study's one cohort, checked against what it needs."""
    (cohort,) = study.cohorts
    with tempfile.TemporaryDirectory(prefix="tmescope-fit-") as scratch:
        folder = Path(scratch)
        progress.start(f"cohort-{cohort.id}")
        ingest_into(folder, study, cohort, needs=needs)
        found: list[TmescopeError] = cross_problems(study, needs, {cohort.id: folder})
        if found:
            raise ManyProblems(found)
        progress.finish(f"cohort-{cohort.id}", "read")
        return read_cohort_folder(folder)
