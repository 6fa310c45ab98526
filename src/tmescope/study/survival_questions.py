"""How questions about time to event are answered in one cohort: hazards, restricted means, competing events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tmescope.associate.hazards import Adjustment, HazardOptions, associate_competing_hazard, associate_hazard
from tmescope.associate.immortal_time import enter_at_sampling, restart_at_landmark
from tmescope.associate.incidence import associate_incidence
from tmescope.associate.restricted_times import associate_restricted_time
from tmescope.foundation.result import RunWarning
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.sampling_times import late_samples
from tmescope.study.schema_survival import SurvivalOptions

__all__ = ["answer_competing_risks", "answer_restricted_mean", "answer_survival"]

_CENSORED, _EVENT = 0.0, 1.0
_EVENT_NAME = "event"


@dataclass(frozen=True)
class _Prepared:
    """The outcome as it is analysed, and what that did to it.

    `outcome` has the columns time_months, event (codes: 1 the event, 2 ... the names of `others`) and entry_months
    where patients enter late. `notes` stand in the method of every answer; `left` and `n_left` say who is not in it.
    """

    outcome: pd.DataFrame
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    n_left: int = 0
    left: str = ""
    warnings: tuple[RunWarning, ...] = ()

    def tell(self, answers: pd.DataFrame, *notes: str) -> pd.DataFrame:
        """Return the answers with what was done to the outcome in their method, and with those whom it left out."""
        if not len(answers):
            return answers
        told = answers.copy()
        if extra := "; ".join((*self.notes, *notes)):
            told["method"] = told["method"] + f"; {extra}"
        if self.n_left:
            told["n_left_out"] = told["n_left_out"] + self.n_left
            told["left_out"] = [f"{self.left}; {t}" if t else self.left for t in told["left_out"]]
        return told


def answer_survival(asked: AskedQuestion) -> FoundAnswers:
    """Estimate hazard ratios per standard deviation, alone and beside axis and confounders.

    Parameters
    ----------
    asked : AskedQuestion
        Of kind survival.
    """
    prepared = _prepare(asked)
    found = associate_hazard(
        asked.material.features,
        prepared.outcome,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        adjustment=_adjustments(asked),
        options=_options(asked),
    )
    notes = ("competing events censored",) if prepared.others else ()
    return FoundAnswers(prepared.tell(found.answers, *notes), (*prepared.warnings, *found.warnings))


def answer_restricted_mean(asked: AskedQuestion) -> FoundAnswers:
    """Compare the months without the event up to the question's horizon.

    Parameters
    ----------
    asked : AskedQuestion
        Of kind restricted_mean.
    """
    prepared = _prepare(asked)
    found = associate_restricted_time(
        asked.material.features,
        prepared.outcome,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        horizon_months=float(asked.question.horizon_months or np.nan),
    )
    notes = ("competing events censored",) if prepared.others else ()
    return FoundAnswers(prepared.tell(found.answers, *notes), (*prepared.warnings, *found.warnings))


def answer_competing_risks(asked: AskedQuestion) -> FoundAnswers:
    """Tell how a feature goes with the incidence of an event that others can forestall, and through which hazard.

    Parameters
    ----------
    asked : AskedQuestion
        Of kind competing_risks.

    Returns
    -------
    FoundAnswers
        Gray's test over the groups, the hazard ratio of the event, that of its competitors, and the subdistribution
        hazard ratio; curves of every cause.
    """
    prepared = _prepare(asked)
    features, endpoint = asked.material.features, asked.question.endpoint
    adjustments, options = _adjustments(asked), _options(asked)
    causes = dict(enumerate((_EVENT_NAME, *prepared.others), start=1))
    groups = associate_incidence(
        features, prepared.outcome, cohort_id=asked.cohort_id, endpoint=endpoint, causes=causes
    )
    parts, warnings = [prepared.tell(groups.answers)], [*prepared.warnings, *groups.warnings]
    for word, outcome in (("cause_specific", prepared.outcome), ("competing", _competitors(prepared.outcome))):
        if word == "competing" and not prepared.others:
            continue
        found = associate_hazard(
            features,
            outcome,
            cohort_id=asked.cohort_id,
            endpoint=endpoint,
            adjustment=adjustments,
            options=options,
        )
        named = found.answers.assign(effect_name=[f"{word}_{name}" for name in found.answers["effect_name"]])
        of = "competing events censored" if word == "cause_specific" else "all competing events; the event censored"
        parts.append(prepared.tell(named, of))
        about = "" if word == "cause_specific" else " (competing events)"
        warnings += [replace(w, where=f"{w.where}{about}") for w in found.warnings]
    found = associate_competing_hazard(
        features, prepared.outcome, cohort_id=asked.cohort_id, endpoint=endpoint, adjustment=adjustments
    )
    parts.append(prepared.tell(found.answers))
    answers = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(map(len, parts)) else parts[0]
    return FoundAnswers(answers, tuple(dict.fromkeys((*warnings, *found.warnings))), incidence=groups.curves)


def _competitors(outcome: pd.DataFrame) -> pd.DataFrame:
    codes = outcome["event"]
    return outcome.assign(event=(codes > _EVENT).astype("Float64").mask(codes.isna()))


def _prepare(asked: AskedQuestion) -> _Prepared:
    options = asked.question.survival or SurvivalOptions()
    outcome, others = _coded(asked)
    if options.landmark_months is not None:
        restarted = _from_landmark(outcome, others, at=options.landmark_months, where=asked.where)
        return replace(restarted, warnings=(*restarted.warnings, *late_samples(asked, restarted.outcome)))
    sampled = asked.material.survival.sampled_months
    warnings: list[RunWarning] = []
    notes: tuple[str, ...] = ()
    if sampled is not None:
        outcome, found = enter_at_sampling(outcome, sampled.reindex(outcome.index), where=asked.where)
        warnings += found
        notes = ("patients at risk from their sampling",)
    warnings += late_samples(asked, outcome)
    return _Prepared(outcome, others, notes, warnings=tuple(warnings))


def _coded(asked: AskedQuestion) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the outcome with the event as a code, and the names of the competing events, whose codes follow."""
    outcome = asked.outcome
    codes = outcome["event"].astype("Float64")
    column = f"{asked.question.endpoint}_cause"
    if column not in asked.material.samples:
        return outcome.assign(event=codes), ()
    rule = asked.stated.rule_for(asked.cohort_id) if asked.stated is not None else None
    others = tuple(getattr(rule, "competing", {}))
    cause = asked.material.samples[column]
    for code, name in enumerate(others, start=2):
        codes = codes.mask(cause.eq(name).fillna(value=False).astype(bool), float(code))
    return outcome.assign(event=codes), others


def _from_landmark(outcome: pd.DataFrame, others: tuple[str, ...], *, at: float, where: str) -> _Prepared:
    kept, warnings = restart_at_landmark(outcome, at_months=at, where=where)
    n_known = int(outcome.notna().all(axis=1).sum())
    n_missing, n_early = len(outcome) - n_known, n_known - len(kept)
    left = [f"{n_missing} without endpoint"] if n_missing else []
    left += [f"{n_early} who had an event or had left by the landmark"] if n_early else []
    note = f"time from a landmark at {at:g} months"
    return _Prepared(kept, others, (note,), n_missing + n_early, "; ".join(left), warnings)


def _options(asked: AskedQuestion) -> HazardOptions:
    stated = asked.question.survival or SurvivalOptions()
    return HazardOptions(ties=stated.ties, robust=stated.uses_robust, weights=asked.material.survival.weights)


def _adjustments(asked: AskedQuestion) -> list[Adjustment]:
    """Return axis, confounders and both, each with the strata where the question has some; they stand alone too."""
    material = asked.material
    index = material.samples.index
    axis = pd.DataFrame(index=index)
    if material.axis is not None:
        axis = material.axis.values.reindex(index).to_frame(material.axis.name)
    both = pd.concat([axis, material.confounders], axis=1)
    strata = material.survival.strata
    sets = [s for s in (axis, material.confounders, both) if s.shape[1]]
    found = [Adjustment(covariates=s, strata=strata) for s in sets]
    return found if strata is None else [Adjustment(strata=strata), *found]
