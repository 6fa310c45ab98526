"""A question of change in one cohort: which sample stands for which visit, and what the patient's response was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.change import associate_change
from tmescope.foundation.errors import SampleError, examples
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import TEXT
from tmescope.study.asked_question import AskedQuestion, FoundAnswers

if TYPE_CHECKING:
    from tmescope.associate.features import Feature
    from tmescope.study.schema_visits import VisitWords

__all__ = ["answer_change"]

_BEFORE, _ON = "before", "on"


def answer_change(asked: AskedQuestion) -> FoundAnswers:
    """Answer how features change from before to on treatment in one cohort.

    Parameters
    ----------
    asked : AskedQuestion
        A question with visits, whose material holds the samples of both.

    Returns
    -------
    FoundAnswers
        With the values that were compared, rows of the table ``visits``.

    Raises
    ------
    SampleError
        If a patient has two samples at the same time point.
    """
    question, samples = asked.question, asked.material.samples
    if question.visits is None:
        return FoundAnswers(pd.DataFrame(), ())
    where = f"{asked.cohort_id}: question {question.id}"
    chosen, noted = _choose(samples, question.visits.words_in(asked.cohort_id), where=where)
    response, told = _responses(chosen, question.endpoint, where=where)
    visits = chosen.assign(on_treatment=chosen["visit"] == _ON)[["patient_id", "on_treatment"]]
    answers, warnings = associate_change(
        asked.material.features,
        visits,
        cohort_id=asked.cohort_id,
        endpoint=question.endpoint,
        response=response,
        axis=asked.material.axis,
    )
    values = _values(asked.material.features, chosen, response)
    return FoundAnswers(answers, (*noted, *told, *warnings), visits=values)


def _choose(samples: pd.DataFrame, words: VisitWords, *, where: str) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Return one sample of a patient for each visit: that of the time point that the question names first."""
    order = {
        name: (side, i) for side, names in ((_BEFORE, words.before), (_ON, words.on)) for i, name in enumerate(names)
    }
    timepoint = samples["timepoint"].astype(TEXT)
    table = samples[timepoint.isin(list(order))].assign(timepoint=timepoint)
    table = table.assign(
        visit=[order[t][0] for t in table["timepoint"]], rank=[order[t][1] for t in table["timepoint"]]
    )
    same = table[table.duplicated(["patient_id", "timepoint"], keep=False)]
    if len(same):
        people = [str(p) for p in same["patient_id"].unique()]
        raise SampleError(
            f"{len(people)} patients have several samples at one time point: {examples(people)}",
            where=where,
            expected="one sample of a patient at each time point",
            next_step="leave the others out with select.exclude, for example " + examples(list(same.index.astype(str))),
        )
    kept = table.sort_values("rank", kind="stable").drop_duplicates(["patient_id", "visit"])
    kept = table.loc[table.index.isin(kept.index)]
    passed = [str(i) for i in table.index.difference(kept.index, sort=False)]
    if not passed:
        return kept, ()
    message = f"{len(passed)} samples are passed over: their patient has one of a time point that the question prefers"
    return kept, (RunWarning("change.passed_over", message, where, len(passed), tuple(passed[:3])),)


def _responses(
    chosen: pd.DataFrame, endpoint: str, *, where: str
) -> tuple[pd.Series[str] | None, tuple[RunWarning, ...]]:
    """Return each patient's response; it is missing where her samples contradict each other."""
    if not endpoint:
        return None, ()
    known = chosen.dropna(subset=[endpoint])
    by_patient = known.groupby("patient_id", sort=True)[endpoint]
    torn = [str(p) for p in by_patient.nunique().loc[lambda n: n > 1].index]
    response = by_patient.first().drop(torn)
    if not torn:
        return response, ()
    message = f"{len(torn)} patients have different values of {endpoint} at their two visits: it is not known of them"
    return response, (RunWarning("change.contradicted_response", message, where, len(torn), tuple(torn[:3])),)


def _values(features: Sequence[Feature], chosen: pd.DataFrame, response: pd.Series[str] | None) -> pd.DataFrame:
    parts = list(_tables(features, chosen, response))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _tables(
    features: Sequence[Feature], chosen: pd.DataFrame, response: pd.Series[str] | None
) -> Iterator[pd.DataFrame]:
    said = pd.Series(pd.NA, index=chosen.index, dtype=TEXT)
    if response is not None:
        said = chosen["patient_id"].map(response).astype(TEXT)
    for feature in (f for f in features if not f.is_group):
        yield pd.DataFrame(
            {
                "patient_id": chosen["patient_id"],
                "sample_id": chosen.index.astype(str),
                "visit": chosen["visit"],
                "timepoint": chosen["timepoint"],
                "response": said,
                "feature": feature.name,
                "source": feature.source,
                "value": feature.values.reindex(chosen.index),
            }
        )
