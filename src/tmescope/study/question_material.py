"""What one cohort brings to one question: its features, its covariates, and the patients it leaves to other cohorts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.features import Feature
from tmescope.foundation.errors import UnknownNameError
from tmescope.foundation.result import RunWarning
from tmescope.ingest.numerals import value_key
from tmescope.study.asked_levels import ask_levels
from tmescope.study.common_expression import read_log2_genes
from tmescope.study.question_references import SAMPLE_COLUMNS
from tmescope.study.survival_material import SurvivalMaterial, gather_survival

if TYPE_CHECKING:
    from tmescope.study.schema_questions import Question

__all__ = [
    "GENE",
    "PLACING_RULE",
    "QuestionMaterial",
    "Surroundings",
    "find_arms",
    "find_confounders",
    "gather_material",
    "place_values",
]

GENE = "gene"
"""Source of features that are single genes."""

PLACING_RULE = 2
"""Raised where the words of a question come to mean other samples, so that what was answered is answered again."""


@dataclass(frozen=True)
class QuestionMaterial:
    """Everything that a question is answered from in one cohort.

    Parameters
    ----------
    features : tuple of Feature
        What is asked about.
    axis : Feature or None
        Immune content or purity that answers are adjusted for.
    confounders : pandas.DataFrame
        Index sample_id; a numeric or text column for each.
    arms : pandas.Series or None
        Index sample_id; ``treated``, ``control`` or missing.
    samples : pandas.DataFrame
        The cohort's table samples without those left to other cohorts.
    n_elsewhere : int
        Samples left out because another cohort of the question has the patient.
    survival : SurvivalMaterial
        Strata, weights and times of sampling.
    folder : pathlib.Path or None
        Where the cohort's expression lies, for a question about every gene.
    """

    features: tuple[Feature, ...]
    axis: Feature | None
    confounders: pd.DataFrame
    arms: pd.Series[str] | None
    samples: pd.DataFrame
    n_elsewhere: int
    survival: SurvivalMaterial = field(default_factory=SurvivalMaterial)
    folder: Path | None = None


@dataclass(frozen=True)
class Surroundings:
    """Where a question is asked, and what else is asked it.

    Parameters
    ----------
    cohort_id : str
        The cohort, for messages.
    known : frozenset of str
        Names of features that other cohorts of the question may have: a cohort that lacks one of them is told of.
    """

    cohort_id: str = ""
    known: frozenset[str] = frozenset()

    def knows(self, name: str) -> bool:
        """Return whether NAME, METHOD:NAME or NAME=LEVEL means a feature that another cohort may have."""
        return bool({name, own := name.split(":", 1)[-1], own.split("=", 1)[0]} & self.known)


def gather_material(
    question: Question,
    features: Sequence[Feature],
    samples: pd.DataFrame,
    *,
    extra: pd.DataFrame,
    folder: Path,
    elsewhere: Collection[str] = (),
    around: Surroundings | None = None,
) -> tuple[QuestionMaterial, tuple[RunWarning, ...]]:
    """Choose a question's features and covariates from all that a cohort has.

    Parameters
    ----------
    question : Question
        The question.
    features : sequence of Feature
        All features of the cohort.
    samples : pandas.DataFrame
        The cohort's table ``samples``, index sample_id.
    extra : pandas.DataFrame
        Its table ``features``.
    folder : pathlib.Path
        Where its expression lies.
    elsewhere : collection of str
        Samples whose patient another cohort of the question has.
    around : Surroundings, optional
        The cohort, and the features that other cohorts of the question may have.

    Returns
    -------
    material : QuestionMaterial
    warnings : tuple of RunWarning
        Features and covariates that this cohort does not have.

    Raises
    ------
    UnknownNameError
        If the cohort has none of the features that the question names, or not its axis, and no other may have them.
    """
    around = around or Surroundings()
    where = f"{around.cohort_id}: question {question.id}" if around.cohort_id else f"question {question.id}"
    features = ask_levels(question, features, extra)
    chosen, absent = _chosen(question, features, around=around, where=where)
    genes = read_log2_genes(folder, question.genes)
    chosen += [Feature(str(g), GENE, genes[g].reindex(samples.index)) for g in genes.columns]
    absent += [g for g in question.genes if g not in genes.columns]
    axis = _axis(question, features, around=around, where=where)
    kept = samples[~samples.index.isin(list(elsewhere))]
    confounders, without = find_confounders(question, samples, extra)
    without = [*([question.axis] if question.axis and axis is None else []), *without]
    material = QuestionMaterial(
        tuple(f for f in chosen if f is not axis),
        axis,
        confounders.reindex(kept.index),
        find_arms(question, samples, extra),
        kept,
        len(samples) - len(kept),
        gather_survival(question, lambda name: _column(name, samples, extra), where=where),
        folder,
    )
    return material, tuple(_warnings(absent, without, where=where))


def _axis(question: Question, features: Sequence[Feature], *, around: Surroundings, where: str) -> Feature | None:
    if question.axis is None:
        return None
    found = [f for f in features if _is_called(f, question.axis)]
    if not found and not around.knows(question.axis):
        raise UnknownNameError.of("feature", question.axis, _names(features), where=f"{where}: axis")
    return found[0] if found else None


def _chosen(
    question: Question, features: Sequence[Feature], *, around: Surroundings, where: str
) -> tuple[list[Feature], list[str]]:
    if question.features is None:
        return list(features), []
    found, absent = [], []
    for name in question.features:
        called = [f for f in features if _is_called(f, name)]
        found += [f for f in called if f not in found]
        absent += [] if called else [name]
    strange = [name for name in absent if not around.knows(name)]
    if not found and strange and not question.genes:
        raise UnknownNameError.of("feature", strange[0], _names(features), where=f"{where}: features")
    return found, absent


def _is_called(feature: Feature, name: str) -> bool:
    """Return whether NAME or METHOD:NAME means the feature; a categorical one is meant with all its levels."""
    own = feature.name.split("=", 1)[0] if feature.is_group else feature.name
    return name in {feature.name, own, f"{feature.source}:{feature.name}", f"{feature.source}:{own}"}


def _names(features: Sequence[Feature]) -> list[str]:
    return list(dict.fromkeys(f.name for f in features))


def find_confounders(question: Question, samples: pd.DataFrame, extra: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the confounders of a question that a cohort records, and the names of those that it does not.

    Parameters
    ----------
    question : Question
        The question.
    samples : pandas.DataFrame
        The cohort's table ``samples``, index sample_id.
    extra : pandas.DataFrame
        Its table ``features``.
    """
    columns: dict[str, pd.Series[float] | pd.Series[str]] = {}
    absent = []
    for name in question.confounders:
        column = _column(name, samples, extra)
        if column is None or not column.notna().any():
            absent.append(name)
        else:
            columns[name] = column
    return pd.DataFrame(columns, index=samples.index), absent


def _column(name: str, samples: pd.DataFrame, extra: pd.DataFrame) -> pd.Series | None:
    rows = extra[extra["feature"] == name]
    if len(rows):
        value = "value" if (rows["kind"] == "numeric").all() else "category"
        return rows.set_index("sample_id")[value].reindex(samples.index)
    return samples[name] if name in SAMPLE_COLUMNS else None


def find_arms(question: Question, samples: pd.DataFrame, extra: pd.DataFrame) -> pd.Series[str] | None:
    """Return the arm of each sample: treated, control, or missing; None where the question asks of no treatment.

    Parameters
    ----------
    question : Question
        The question.
    samples : pandas.DataFrame
        The cohort's table ``samples``, index sample_id.
    extra : pandas.DataFrame
        Its table ``features``.
    """
    if question.treatment is None:
        return None
    column = _column(question.treatment.feature, samples, extra)
    if column is None:
        return pd.Series(None, index=samples.index, dtype="object")
    words = {w: "treated" for w in question.treatment.treated} | {w: "control" for w in question.treatment.control}
    return place_values(column, words)  # as text, the missing would become an arm of its own


def place_values(column: pd.Series, words: Mapping[str, object]) -> pd.Series:
    """Return what a question's words make of a column, None for other values; ``1`` also stands for ``1.0``.

    Parameters
    ----------
    column : pandas.Series
        Words, or numbers that stand for groups.
    words : mapping of str to object
        Word to what it means.
    """
    meaning = {value_key(word): place for word, place in words.items()}
    places = [None if pd.isna(v) else meaning.get(value_key(str(v))) for v in column]
    return pd.Series(places, index=column.index, dtype="object")


def _warnings(absent: list[str], without: list[str], *, where: str) -> Iterator[RunWarning]:
    if absent:
        message = f"{len(absent)} of the features that the question names are not in this cohort"
        yield RunWarning("question.no_feature", message, where, len(absent), tuple(absent[:3]))
    if without:
        message = (
            f"{len(without)} of axis and confounders are not recorded in this cohort: its answers are not adjusted "
            "for them"
        )
        yield RunWarning("question.no_confounder", message, where, len(without), tuple(without[:3]))
