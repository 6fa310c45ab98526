"""How long the steps of a run take compared with each other, as far as that can be said beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.study.asked_expression import expresses
from tmescope.study.schema_subtypes import EACH

if TYPE_CHECKING:
    from tmescope.foundation.progress import Progress
    from tmescope.study.schema import Cohort, Study

__all__ = ["PartOfTask", "pace_of_reading", "pace_of_run"]

_MEGABYTE = 1e6
_MOST_BEFORE_SAMPLES = 0.9
_FIGURES, _REPORT, _TABLES, _ANSWERS, _METHODS, _MODEL = 16.0, 2.0, 1.0, 1.0, 0.2, 20.0


class PartOfTask:
    """A listener for one method of several: it passes on what it hears, and moves the task of all on meanwhile.

    Parameters
    ----------
    progress : Progress
        Who listens.
    task : str
        The task of all.
    parts : float
        What the method is of it.

    Notes
    -----
    A pass over samples is taken for all that is left of the method, a pass over anything else (genes) for nine tenths.
    """

    def __init__(self, progress: Progress, task: str, parts: float) -> None:
        self._progress = progress
        self._task = task
        self._left = parts
        self._passes: dict[str, float] = {}

    def plan(self, steps: Mapping[str, float]) -> None:
        """Pass it on."""
        self._progress.plan(steps)

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Pass it on, and remember what each part is worth.

        Parameters
        ----------
        task : str
            Its name.
        total : float, optional
            How many parts it has.
        unit : str
            Of the parts.
        """
        share = self._left if unit == "samples" else _MOST_BEFORE_SAMPLES * self._left
        self._passes[task] = share / total if total else 0.0
        self._progress.start(task, total, unit=unit)

    def advance(self, task: str, parts: float = 1) -> None:
        """Pass it on, and move the task of all."""
        self._progress.advance(task, parts)
        self._move(parts * self._passes.get(task, 0.0))

    def finish(self, task: str, note: str = "") -> None:
        """Pass it on."""
        self._progress.finish(task, note)

    def complete(self) -> None:
        """Move the task of all by what is left of the method."""
        self._move(self._left)

    def _move(self, parts: float) -> None:
        moved = min(parts, self._left)
        if moved > 0:
            self._left -= moved
            self._progress.advance(self._task, moved)


def pace_of_reading(study: Study) -> dict[str, float]:
    """Return the step that reads each cohort with its weight.

    Parameters
    ----------
    study : Study
        The study; its files need not be there.

    Returns
    -------
    dict of str to float
        About seconds on a machine of 2020; only the proportions count.
    """
    return {f"cohort-{c.id}": 0.5 + _megabytes(study, c) / 15 for c in study.cohorts}


def pace_of_run(study: Study) -> dict[str, float]:
    """Return all steps of a run, in order, with their weights.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to float
        See `pace_of_reading`. Reading and scoring go with the size of the matrix, figures and report do not.
    """
    reading = pace_of_reading(study)
    methods = len(study.profile.methods)
    steps = {**reading, "overlaps": 0.2 * len(study.cohorts), "universe": 0.1}
    steps |= {f"profile-{c.id}": methods * (0.3 + _megabytes(study, c) / 40) for c in study.cohorts}
    asked = len(study.deconvolution.methods) + len(study.deconvolution.models)
    if asked:
        steps |= {f"fractions-{c.id}": asked * (0.3 + _megabytes(study, c) / 40) for c in study.cohorts}
    if study.subtypes.models or study.subtypes.fit:
        fitted = [c for c in study.cohorts if study.subtypes.fit in {EACH, c.id}]
        slow = 20.0 if study.subtypes.kind == "clusters" else 1.0
        steps |= {f"subtype-model-{c.id}": slow * (1 + _megabytes(study, c) / 20) for c in fitted}
        steps |= {f"subtypes-{c.id}": 0.5 + _megabytes(study, c) / 20 for c in study.cohorts}
    steps |= {f"answers-{c.id}": _ANSWERS for c in study.cohorts}
    if expresses(study):
        steps |= {f"expression-{c.id}": 1 + _megabytes(study, c) / 20 for c in study.cohorts}
    steps |= {f"model-{m.id}": _MODEL for m in study.model}
    steps |= {f"predicted-{c.id}": _ANSWERS for c in study.cohorts if study.predict}
    steps |= {"tables": _TABLES, "methods": _METHODS}
    return steps | ({"figures": _FIGURES, "report": _REPORT} if study.output.report else {})


def _megabytes(study: Study, cohort: Cohort) -> float:
    path = study.resolve(cohort.expression)
    try:
        files = [p for p in path.iterdir() if p.is_file()] if path.is_dir() else [path]
    except OSError:  # a name too long, say: reading it says so
        return 0.0
    return sum(_size(p) for p in files) / _MEGABYTE


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it says what is wrong
        return 0
