"""Sentences about visits that were compared, cut-offs that were carried, and what pooled effects go with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural, quoted

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.schema_questions import Question

__all__ = ["describe_questions"]

_MIXED = ("10.2307/2529876", "10.2307/2530872")
_KNAPP_HARTUNG = "10.1002/sim.1482"


def describe_questions(material: Material) -> Iterator[str]:
    """Yield a paragraph for each question of change, each cut-off that is carried, and each meta-regression.

    Parameters
    ----------
    material : Material
        With the tables visits, answers and meta_regression.
    """
    visits, answers = material.tables.get("visits"), material.tables["answers"]
    for question in material.study.question:
        if question.visits is not None and visits is not None:
            mine = visits[visits["question_id"] == question.id]
            yield " ".join(_change(material, question, mine))
        if question.carry is not None:
            frozen = answers["effect_name"].astype(str).str.endswith("_at_frozen_cut")
            yield " ".join(_carried(question, answers[(answers["question_id"] == question.id) & frozen]))
    slopes = material.tables.get("meta_regression")
    if slopes is not None and len(slopes):
        yield " ".join(_moderated(material, slopes))


def _change(material: Material, question: Question, visits: pd.DataFrame) -> Iterator[str]:
    if question.visits is None:
        return
    people = visits.drop_duplicates(["cohort_id", "sample_id"])
    pairs = int(people.duplicated(["cohort_id", "patient_id"]).sum())
    patients = len(people.drop_duplicates(["cohort_id", "patient_id"]))
    yield (
        f"For {said(question.id)}, samples before treatment ({quoted(question.visits.before)}) and on treatment "
        f"({quoted(question.visits.on)}) of {plural(patients, 'patient')} were compared, {pairs:,} of them with a "
        "complete pair; they were read and scored apart from the baseline, which holds no sample on treatment."
    )
    yield (
        "Changes are in standard deviations of the samples before treatment, from models with a random intercept for "
        f"each patient{material.citations.cite(*_MIXED)}; without a control arm they are changes under treatment, "
        "not by it."
    )
    if question.axis is not None:
        yield f"Each change is also given among complete pairs given the patient's change of {said(question.axis)}."


def _carried(question: Question, rows: pd.DataFrame) -> Iterator[str]:
    if question.carry is None:
        return
    origin = "files of an earlier study" if question.carry.files else "the cohort that chose them"
    yield (
        f"For {said(question.id)}, cut-offs from {origin} were frozen and applied unchanged in "
        f"{listed(question.carry.to)}, whose patients had no part in choosing them: {plural(len(rows), 'estimate')}."
    )
    lost = int(rows["effect"].isna().sum())
    if lost:
        yield f"{lost:,} could not be estimated."


def _moderated(material: Material, slopes: pd.DataFrame) -> Iterator[str]:
    names = listed(dict.fromkeys(slopes["moderator"]))
    yield (
        f"Meta-regressions{material.citations.cite(_KNAPP_HARTUNG)} asked whether pooled effects go with {names}, as "
        f"the study file states them for each cohort: {plural(len(slopes), 'slope')}."
    )
    yield "They speak of cohorts, not of patients."
