"""The steps that freeze the cut-offs of one cohort and estimate their effect in cohorts that did not choose them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.cutoff_files import read_cutoff, write_cutoff
from tmescope.associate.families import adjust_families
from tmescope.associate.frozen_cutoffs import FrozenCutoff, carry_cutoff, freeze_cutoff
from tmescope.associate.time_to_event import merge_warnings
from tmescope.foundation.provenance import hash_file
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.answering import asked_methods, cohort_features
from tmescope.study.asked_question import AskedQuestion
from tmescope.study.asking import choosing_cohort
from tmescope.study.common_expression import expression_unit
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.question_material import GENE, gather_material
from tmescope.study.questioning import name_answers, surroundings
from tmescope.study.sampling_times import late_samples
from tmescope.study.shared_patients import COUNTING_RULE, count_patients_once, people_of, usable_samples
from tmescope.study.subtyping import subtype_features

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema_carry import Carry
    from tmescope.study.schema_questions import Question

__all__ = ["CUTOFFS", "carries", "carry_steps", "freezes"]

CUTOFFS = "cutoffs"
"""Folder of the results with the frozen cut-offs."""

_TABLE = "table"
_Units = dict[tuple[str, str], str]


def carries(context: Context) -> bool:
    """Return whether any question carries a cut-off."""
    return any(q.carry for q in context.study.question)


def freezes(context: Context) -> bool:
    """Return whether any question freezes a cut-off that it chose itself."""
    return any(q.carry and not q.carry.files for q in context.study.question)


def carry_steps(context: Context) -> Iterator[Step]:
    """Yield the step that freezes cut-offs into files, then the one that carries them; none where nothing is carried.

    Parameters
    ----------
    context : Context
        The run; its cohorts are answered. The steps are done one after the other.
    """
    if freezes(context):
        yield _freeze_step(context)
    if carries(context):
        yield _carry_step(context)


def _asked(context: Context) -> Iterator[tuple[Question, Carry]]:
    yield from ((q, q.carry) for q in context.study.question if q.carry is not None)


def _data_of(context: Context, cohort_id: str) -> dict[str, object]:
    return {
        kind: context.outcomes.get(f"{kind}-{cohort_id}")
        for kind in ("cohort", "profile", "fractions", "subtypes", "answers")
    }


def _freeze_step(context: Context) -> Step:
    chosen = {q.id: choosing_cohort(context.study, q) for q, carry in _asked(context) if not carry.files}
    ingredients = {
        "step": CUTOFFS,
        "release": context.release,
        "questions": [q.model_dump(mode="json") for q, _ in _asked(context)],
        "data": {name: _data_of(context, cohort.id) for name, cohort in chosen.items() if cohort},
    }

    def make(folder: Path) -> None:
        for name, cohort in chosen.items():
            if cohort is None:
                continue
            for cutoff in _freeze(context, name, cohort.id):
                write_cutoff(cutoff, folder / f"{_slug(name, cutoff)}.json")

    return Step(CUTOFFS, ingredients, make, public=True)


def _slug(question_id: str, cutoff: FrozenCutoff) -> str:
    """Return a file name; what its letters lose is kept apart by a check sum."""
    words = f"{cutoff.source}-{cutoff.feature}"
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", words).strip("-.")[:80]
    mark = "" if plain == words else f"-{zlib.crc32(words.encode()):08x}"
    return f"{question_id}~{plain}{mark}"


def _freeze(context: Context, question_id: str, cohort_id: str) -> Iterator[FrozenCutoff]:
    folder = context.ledger.folder(f"answers-{cohort_id}")
    answers, cuts = (read_table(folder / f"{name}.parquet") for name in ("answers", "cuts"))
    answers, cuts = (t[t["question_id"] == question_id] for t in (answers, cuts))
    units = _units(context, cohort_id)
    for row in cuts[cuts["cut"].notna()].to_dict(orient="records"):
        feature, source = str(row["feature"]), str(row["source"])
        unit = units.get((source, feature), _gene_unit(context, cohort_id, source))
        yield freeze_cutoff(answers, cuts, feature=feature, source=source, unit=unit)


def _units(context: Context, cohort_id: str) -> _Units:
    """Return the unit of each feature: scores say which expression they come from, as their numbers depend on it."""
    measured = [read_table(context.ledger.folder(f"profile-{cohort_id}") / "scores.parquet")]
    if context.composes:
        measured.append(read_table(context.ledger.folder(f"fractions-{cohort_id}") / "fractions.parquet"))
    origin = expression_unit(context.ledger.folder(f"cohort-{cohort_id}"))
    found: _Units = {}
    for table in measured:
        for row in table.drop_duplicates(["method", "feature"]).to_dict(orient="records"):
            found[str(row["method"]), str(row["feature"])] = f"{row['unit']} from {origin}"
    extra = read_table(context.ledger.folder(f"cohort-{cohort_id}") / "features.parquet")
    for row in extra.drop_duplicates("feature").to_dict(orient="records"):
        found[_TABLE, str(row["feature"])] = str(row["unit"]) if isinstance(row["unit"], str) else ""
    return found


def _gene_unit(context: Context, cohort_id: str, source: str) -> str:
    return expression_unit(context.ledger.folder(f"cohort-{cohort_id}")) if source == GENE else ""


def _carry_step(context: Context) -> Step:
    study = context.study
    given = [name for _, carry in _asked(context) for name in carry.files]
    ingredients = {
        "step": "carried",
        "rule": COUNTING_RULE,
        "release": context.release,
        "questions": [q.model_dump(mode="json") for q, _ in _asked(context)],
        "frozen": context.outcomes.get(CUTOFFS),
        "files": {name: hash_file(study.resolve(name)) for name in given},
        "data": {name: _data_of(context, name) for _, carry in _asked(context) for name in carry.to},
        "overlaps": context.outcomes["overlaps"]["overlaps.parquet"],
        "methods": asked_methods(context),
        "seed": study.study.seed,
    }

    def make(folder: Path) -> None:
        parts: list[pd.DataFrame] = []
        warnings: list[RunWarning] = []
        for question, carry in _asked(context):
            cutoffs = _cutoffs(context, question, carry)
            for cohort_id, chooser in product(carry.to, dict.fromkeys(_chooser(context, c) for c in cutoffs)):
                of_chooser = [c for c in cutoffs if _chooser(context, c) == chooser]
                found, noted = _carry_all(context, question, of_chooser, cohort_id=cohort_id)
                parts += found
                warnings += noted
        answers = adjust_families(pd.concat(parts, ignore_index=True)) if parts else empty_table("answers")
        write_table(shape_table("answers", answers), folder / "answers.parquet")
        write_table(warning_table(list(merge_warnings(warnings))), folder / "warnings.parquet")

    return Step("carried", ingredients, make)


def _cutoffs(context: Context, question: Question, carry: Carry) -> list[FrozenCutoff]:
    if carry.files:
        return [read_cutoff(context.study.resolve(name)) for name in carry.files]
    folder = context.ledger.folder(CUTOFFS, public=True)
    return [read_cutoff(path) for path in sorted(folder.glob(f"{question.id}~*.json"))]


def _chooser(context: Context, cutoff: FrozenCutoff) -> str:
    """Return the cohort of this study that a cut-off was chosen on; empty where it comes from elsewhere."""
    known = cutoff.endpoint and any(c.id == cutoff.cohort_id for c in context.study.cohorts)
    return cutoff.cohort_id if known else ""


def _carry_all(
    context: Context, question: Question, cutoffs: list[FrozenCutoff], *, cohort_id: str
) -> tuple[list[pd.DataFrame], tuple[RunWarning, ...]]:
    """Return one row for each cut-off whose feature the cohort has."""
    asked, units = _asked_there(context, question, cutoffs, cohort_id=cohort_id)
    outcome = asked.material.samples[question.endpoint] if asked.is_response else asked.outcome
    parts: list[pd.DataFrame] = []
    warnings: list[RunWarning] = [] if asked.is_response else list(late_samples(asked, asked.outcome))
    absent: list[str] = []
    for cutoff in cutoffs:
        called = [f for f in asked.material.features if (f.name, f.source) == (cutoff.feature, cutoff.source)]
        if not called:
            absent.append(cutoff.feature)
            continue
        found, noted = carry_cutoff(
            cutoff,
            called[0],
            outcome,
            unit=units.get((cutoff.source, cutoff.feature), _gene_unit(context, cohort_id, cutoff.source)),
            cohort_id=cohort_id,
            endpoint=question.endpoint,
        )
        if _is_relative(context, cutoff.source):
            found["checks"] = found["checks"] + "; scores are relative to their cohort"
        parts.append(name_answers(found, question, asked.material))
        warnings += noted
    return parts, merge_warnings(chain(warnings, _tell(context, question, cutoffs, absent=absent, where=asked.where)))


def _asked_there(
    context: Context, question: Question, cutoffs: list[FrozenCutoff], *, cohort_id: str
) -> tuple[AskedQuestion, _Units]:
    """Return the question in a cohort without the patients that others have who chose the cut or test it before.

    The cut-offs are of one choosing cohort; all of its patients had a part in the choice.
    """
    folder = context.ledger.folder(f"cohort-{cohort_id}")
    samples = read_table(folder / "samples.parquet").set_index("sample_id")
    methods = question.methods or list(dict.fromkeys([*asked_methods(context), *(c.source for c in cutoffs)]))
    features = cohort_features(context, cohort_id, sample_ids=list(samples.index), methods=methods)
    wanted = question.model_copy(update={"genes": [c.feature for c in cutoffs if c.source == GENE]})
    material, _ = gather_material(
        wanted,
        features,
        samples,
        extra=subtype_features(context, cohort_id, read_table(folder / "features.parquet")),
        folder=folder,
        elsewhere=_elsewhere(context, question, cutoffs).get(cohort_id, ()),
        around=surroundings(context, question, cohort_id),
    )
    return AskedQuestion(question, material, cohort_id, context.study.study.seed), _units(context, cohort_id)


def _elsewhere(context: Context, question: Question, cutoffs: list[FrozenCutoff]) -> dict[str, tuple[str, ...]]:
    """Return the samples that cohorts leave to the one that chose, and to those before them that know the endpoint."""
    first = choosing_cohort(context.study, question)
    chose = first.id if first else next((_chooser(context, c) for c in cutoffs), "")
    to = question.carry.to if question.carry else []
    overlaps = read_table(context.ledger.folder("overlaps") / "overlaps.parquet")
    usable = {name: usable_samples(context, question, name) for name in to}
    if chose:
        pairs = (overlaps.loc[overlaps[f"cohort_{x}"] == chose, f"sample_{x}"] for x in "ab")
        usable[chose] = frozenset(str(s) for s in chain.from_iterable(pairs))
    people = {name: people_of(context, name) for name in [*([chose] if chose else []), *to]}
    return count_patients_once(overlaps, people, usable=usable)


def _is_relative(context: Context, source: str) -> bool:
    return any(s.name == source and s.scope == "cohort" for s in (*context.needs.specs, *context.needs.deconvolution))


def _tell(
    context: Context, question: Question, cutoffs: list[FrozenCutoff], *, absent: list[str], where: str
) -> Iterator[RunWarning]:
    if absent:
        message = f"{len(absent)} frozen cut-offs are of features that this cohort does not have"
        yield RunWarning("cutpoints.no_feature", message, where, len(absent), tuple(absent[:3]))
    relative = [c.feature for c in cutoffs if _is_relative(context, c.source)]
    if relative:
        message = (
            f"{len(relative)} frozen cut-offs of question {question.id} are of scores that depend on the cohort they "
            "were computed in: the same number means another patient elsewhere; freeze the method (tmescope score fit)"
        )
        yield RunWarning("cutpoints.relative_scores", message, where, len(relative), tuple(relative[:3]))
