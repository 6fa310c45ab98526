"""Which samples a cohort leaves to other cohorts of a pooled question, so that a patient counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.shared_patients import count_once
from tmescope.store.tables import read_table
from tmescope.study.question_material import find_arms, find_confounders
from tmescope.study.subtyping import subtype_features
from tmescope.study.visits import visit_folder, visit_overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmescope.study.context import Context
    from tmescope.study.schema_questions import Question

__all__ = ["find_elsewhere", "usable_samples"]


def find_elsewhere(context: Context, question: Question, cohorts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the samples whose patient counts in another cohort of a question.

    Parameters
    ----------
    context : Context
        The run; cohorts are read, overlaps are known.
    question : Question
        The question; one that is not pooled shares nothing.
    cohorts : sequence of str
        Cohorts that are asked it, in the order of the study file.

    Returns
    -------
    dict of str to tuple of str
        Cohort to samples. A patient counts in the first cohort that knows her endpoint, her confounders and, where the
        question asks for it, her arm; values of single features are not looked at. For a change it is the first that
        knows her endpoint and has both her visits, and the samples are those of the visits.
    """
    if question.pool is None:
        return {}
    if question.visits is not None:
        return _visits_elsewhere(context, question, cohorts)
    overlaps = read_table(context.ledger.folder("overlaps") / "overlaps.parquet")
    shared = overlaps[overlaps["cohort_a"].isin(cohorts) & overlaps["cohort_b"].isin(cohorts)]
    shared = shared[shared["cohort_a"] != shared["cohort_b"]]
    if not len(shared):
        return {}
    concerned = set(shared["cohort_a"]) | set(shared["cohort_b"])
    return count_once(
        shared, cohorts, usable={c: usable_samples(context, question, c) for c in cohorts if c in concerned}
    )


def _visits_elsewhere(context: Context, question: Question, cohorts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the visits of patients who count in another cohort, be they alike at the baseline or at a visit alone."""
    shared = [
        read_table(context.ledger.folder("overlaps") / "overlaps.parquet"),
        visit_overlaps(context, question),
    ]
    pairs = pd.concat([t for t in shared if len(t)], ignore_index=True) if any(map(len, shared)) else shared[0]
    people = pairs.assign(sample_a=pairs["patient_a"], sample_b=pairs["patient_b"])
    visits = {c: _visits(context, question, c) for c in cohorts}
    left = count_once(people, cohorts, usable={c: _paired(question, c, t) for c, t in visits.items()})
    return {c: tuple(str(s) for s in visits[c].index[visits[c]["person"].isin(names)]) for c, names in left.items()}


def _visits(context: Context, question: Question, cohort_id: str) -> pd.DataFrame:
    samples = read_table(visit_folder(context, question, cohort_id) / "samples.parquet")
    person = samples["patient_id"].where(samples["patient_id"].notna(), samples["sample_id"])
    return samples.assign(person=person).set_index("sample_id")


def _paired(question: Question, cohort_id: str, samples: pd.DataFrame) -> frozenset[str]:
    """Return the patients with both visits, and with the endpoint where the question has one."""
    if question.visits is None:
        return frozenset()
    words = question.visits.words_in(cohort_id)
    sides = [set(samples.loc[samples["timepoint"].isin(names), "person"]) for names in (words.before, words.on)]
    known = set(samples.loc[samples[question.endpoint].notna(), "person"]) if question.endpoint else sides[0]
    return frozenset(str(p) for p in sides[0] & sides[1] & known)


def usable_samples(context: Context, question: Question, cohort_id: str) -> frozenset[str]:
    """Return the samples of a cohort whose endpoint, confounders and arm, where the question asks for them, are known.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    question : Question
        The question.
    cohort_id : str
        The cohort.
    """
    folder = context.ledger.folder(f"cohort-{cohort_id}")
    samples = read_table(folder / "samples.parquet").set_index("sample_id")
    extra = subtype_features(context, cohort_id, read_table(folder / "features.parquet"))
    name = question.endpoint
    of_time = [f"{name}_time_months", f"{name}_event"] if name else []  # a change may go without an endpoint
    columns = [name] if name in samples else of_time
    needed = [samples[columns], find_confounders(question, samples, extra)[0]]
    arms = find_arms(question, samples, extra)
    needed += [] if arms is None else [arms.to_frame()]
    known = pd.concat(needed, axis=1).notna().all(axis=1)
    return frozenset(str(s) for s in samples.index[known])
