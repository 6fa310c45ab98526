"""A model of subtypes from one cohort: read with every check of a study, fitted, written as one file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tmescope.bulk.subtyping import AnyModel, fit_kind, write_any
from tmescope.foundation.errors import ManyProblems, MethodError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.matrices import read_cohort_folder
from tmescope.study.checking import cross_problems
from tmescope.study.ingesting import ingest_into
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.pins import find_pins
from tmescope.study.schema import Study

__all__ = ["fit_subtype_model"]


def fit_subtype_model(
    study: Study, output: Path, *, facts_home: Path | None = None, progress: Progress = SILENT
) -> AnyModel:
    """Fit the model that a study asks for on its one cohort and write it.

    Parameters
    ----------
    study : Study
        One cohort, ``subtypes.fit`` naming it; from `tmescope.study.single.subtype_study`.
    output : pathlib.Path
        File of the model, replaced at once where it exists.
    facts_home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.
    progress : Progress
        Listener.

    Returns
    -------
    SubtypeModel or ClusterModel
        What was written.

    Raises
    ------
    ManyProblems
        Everything that is wrong with the cohort; nothing was written.
    MethodError
        If there are several cohorts, or the study fits nothing.
    """
    loaded = study.with_facts(facts_home)
    problems = [*name_problems(loaded), *find_pins(loaded, facts_home)[1]]
    if problems:
        raise ManyProblems(problems)
    needs = gather_needs(loaded)
    if len(loaded.cohorts) != 1 or needs.subtypes.fitted is None:
        raise MethodError(
            f"a model is fitted on one cohort, not on {len(loaded.cohorts)}",
            where="subtypes.fit",
            expected="a study of one cohort that says what to fit",
        )
    cohort = loaded.cohorts[0]
    with tempfile.TemporaryDirectory(prefix="tmescope-fit-") as scratch:
        folder = Path(scratch)
        progress.start(f"cohort-{cohort.id}")
        ingest_into(folder, loaded, cohort, needs=needs)
        found = cross_problems(loaded, needs, {cohort.id: folder})
        if found:
            raise ManyProblems(found)
        progress.finish(f"cohort-{cohort.id}", "read")
        adata = read_cohort_folder(folder)
    progress.start("fit")
    model = fit_kind(needs.subtypes.fitted, adata, seed=loaded.study.seed)
    progress.finish("fit", "done")
    write_any(model, output)
    return model
