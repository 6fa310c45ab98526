"""Which samples of a question about time to event were taken after time began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tmescope.associate.immortal_time import Sampling, warn_of_immortal_time
from tmescope.foundation.errors import listing
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.asked_question import AskedQuestion

__all__ = ["late_in_answers", "late_samples"]

_TAKES_BOTH = ("survival",)
_TAKES_LANDMARK = ("restricted_mean", "competing_risks")


def late_samples(asked: AskedQuestion, outcome: pd.DataFrame) -> Iterator[RunWarning]:
    """Yield a warning where samples were, or may have been, taken after the time from which a question counts.

    Parameters
    ----------
    asked : AskedQuestion
        The question; nothing is yielded for one about response.
    outcome : pandas.DataFrame
        Index sample_id; columns time_months and event as they are analysed, and entry_months where patients enter late.

    Yields
    ------
    RunWarning
        ``survival.immortal_time``; or ``survival.landmark_sampling`` where time starts at a landmark and time points
        alone say when a sample was taken: no name of a time point says whether that was by the landmark.
    """
    if asked.is_response:
        return
    timepoint, months = asked.material.samples["timepoint"], asked.material.survival.sampled_months
    if months is None and not timepoint.notna().any():
        return
    sampling = Sampling(timepoint=timepoint, months=months)
    if asked.question.baseline:
        sampling = replace(sampling, baseline=tuple(asked.question.baseline))
    names = sorted({str(n) for n in timepoint.dropna()} - set(sampling.baseline))
    hint = f"; if {listing(names, most=3)} is before treatment, name it in the question's baseline" if names else ""
    options = asked.question.survival
    landmark = options.landmark_months if options else None
    for warning in warn_of_immortal_time(outcome, sampling, where=asked.where):
        if landmark is None:
            yield replace(warning, message=f"{warning.message}; {_remedy(asked.question.kind)}{hint}")
        else:
            message = (
                f"{warning.count} of {len(outcome)} samples are of time points after time zero, and nothing says that "
                f"they were taken by the landmark of {landmark:g} months: for those taken later the time until then is "
                "immortal; choose a landmark by which all were taken"
            )
            yield replace(warning, code="survival.landmark_sampling", message=message + hint)


def late_in_answers(samples: pd.DataFrame, outcome: pd.DataFrame, *, where: str) -> Iterator[RunWarning]:
    """Yield a warning where samples of the study's own survival answers were taken after time zero.

    Parameters
    ----------
    samples : pandas.DataFrame
        The table samples, index sample_id.
    outcome : pandas.DataFrame
        Index sample_id; columns time_months and event.
    where : str
        Cohort and endpoint.

    Yields
    ------
    RunWarning
        ``survival.immortal_time``.
    """
    if not samples["timepoint"].notna().any():
        return
    for warning in warn_of_immortal_time(outcome, Sampling(timepoint=samples["timepoint"]), where=where):
        advice = "if these are before treatment, ask a question of kind survival that names them in its baseline"
        yield replace(warning, message=f"{warning.message}; {_remedy('')}; {advice}")


def _remedy(kind: str) -> str:
    if kind in _TAKES_BOTH:
        return "in the study file: survival.late_entry or survival.landmark_months"
    if kind in _TAKES_LANDMARK:
        return "in the study file: survival.landmark_months"
    return "in the study file: select samples from before treatment, or ask a question of kind survival"
