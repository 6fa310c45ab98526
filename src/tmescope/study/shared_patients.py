"""Which samples a cohort leaves to other cohorts of a pooled question, so that a patient counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.shared_patients import count_once
from tmescope.store.tables import read_table
from tmescope.study.overlapping import patient_of
from tmescope.study.question_material import find_arms, find_confounders
from tmescope.study.subtyping import subtype_features
from tmescope.study.visits import visit_folder, visit_overlaps

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tmescope.study.context import Context
    from tmescope.study.schema_questions import Question

__all__ = ["COUNTING_RULE", "count_patients_once", "find_elsewhere", "people_of", "usable_samples"]

COUNTING_RULE = 2
"""Raised where the same overlaps leave other samples to other cohorts, so that what rests on them is made again."""


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
    usable = {c: usable_samples(context, question, c) for c in cohorts if c in concerned}
    return count_patients_once(shared, {c: people_of(context, c) for c in cohorts}, usable=usable)


def people_of(context: Context, cohort_id: str) -> dict[str, str]:
    """Return sample to patient of a cohort; TCGA barcodes by their patient's part, as overlaps are found.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    cohort_id : str
        The cohort.
    """
    folder = context.ledger.folder(f"cohort-{cohort_id}")
    return _people(read_table(folder / "samples.parquet", columns=["sample_id", "patient_id"]))


def _people(samples: pd.DataFrame) -> dict[str, str]:
    patients = samples["patient_id"].where(samples["patient_id"].notna(), samples["sample_id"])
    return {str(s): patient_of(str(p)) for s, p in zip(samples["sample_id"], patients, strict=True)}


def count_patients_once(
    overlaps: pd.DataFrame, people: Mapping[str, Mapping[str, str]], *, usable: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the samples that cohorts leave to others; of a patient all that a cohort has, also those without a pair.

    Parameters
    ----------
    overlaps : pandas.DataFrame
        The table ``overlaps``, which lists one pair of samples of a patient at least.
    people : mapping of str to mapping of str to str
        Cohort to its samples and their patients, as `people_of` gives them; in the order of the cohorts.
    usable : mapping of str to collection of str
        Cohort to its samples that the question can use.
    """
    named = overlaps.assign(**{f"sample_{x}": [patient_of(str(p)) for p in overlaps[f"patient_{x}"]] for x in "ab"})
    known = {c: {people[c][s] for s in samples if s in people[c]} for c, samples in usable.items()}
    left = {c: set(names) for c, names in count_once(named, list(people), usable=known).items()}
    return {c: tuple(sorted(s for s, p in people[c].items() if p in names)) for c, names in left.items()}


def _visits_elsewhere(context: Context, question: Question, cohorts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the visits of patients who count in another cohort, be they alike at the baseline or at a visit alone."""
    shared = [
        read_table(context.ledger.folder("overlaps") / "overlaps.parquet"),
        visit_overlaps(context, question),
    ]
    pairs = pd.concat([t for t in shared if len(t)], ignore_index=True) if any(map(len, shared)) else shared[0]
    visits = {c: read_table(visit_folder(context, question, c) / "samples.parquet") for c in cohorts}
    people = {c: _people(samples) for c, samples in visits.items()}
    usable = {c: _paired(question, c, t.assign(person=list(people[c].values()))) for c, t in visits.items()}
    return count_patients_once(pairs, people, usable=usable)


def _paired(question: Question, cohort_id: str, samples: pd.DataFrame) -> frozenset[str]:
    """Return the samples of patients with both visits, and with the endpoint where the question has one."""
    if question.visits is None:
        return frozenset()
    words = question.visits.words_in(cohort_id)
    sides = [set(samples.loc[samples["timepoint"].isin(names), "person"]) for names in (words.before, words.on)]
    known = set(samples.loc[samples[question.endpoint].notna(), "person"]) if question.endpoint else sides[0]
    return frozenset(samples.loc[samples["person"].isin(sides[0] & sides[1] & known), "sample_id"].astype(str))


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
