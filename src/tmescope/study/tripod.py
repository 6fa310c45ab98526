"""The table ``tripod``: which items of TRIPOD+AI a run can fill for each of its models, and which its authors can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.facts.checklists import load_tripod_ai
from tmescope.study.describing_cohorts import describe_rule
from tmescope.study.material import listed, plural

if TYPE_CHECKING:
    from tmescope.study.schema import Study
    from tmescope.study.schema_models import PredictionModel

__all__ = ["AUTHOR", "tripod_table"]

FILLED = "filled by the run"
PARTLY = "partly filled by the run"
AUTHOR = "author to fill"
NOT_APPLICABLE = "not applicable"

Told = tuple[str, str]


@dataclass(frozen=True)
class _Asked:
    """One model with what the run found about it."""

    study: Study
    model: PredictionModel
    predictions: pd.DataFrame
    performance: pd.DataFrame
    coefficients: pd.DataFrame

    @property
    def counts(self) -> str:
        rows = self.predictions.groupby("cohort_id", sort=False)["observed"]
        return "; ".join(f"{c}: {plural(len(r), 'patient')}, {int(r.sum())} with the outcome" for c, r in rows)

    @property
    def several(self) -> bool:
        return bool((self.predictions["scheme"] == "out_of_cohort").any())


def tripod_table(study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each model and item of TRIPOD+AI (Collins et al. 2024, doi:10.1136/bmj-2023-078378).

    Parameters
    ----------
    study : Study
        With its models.
    tables : mapping of str to pandas.DataFrame
        predictions, model_performance and model_coefficients.

    Returns
    -------
    pandas.DataFrame
        Columns model, item, topic, status and text. An item that needs anything that a run cannot know is at most
        partly filled.
    """
    rows = []
    for model in study.model:
        own = {n: t[t["model"] == model.id] for n, t in tables.items()}
        predictions = own["predictions"]
        asked = _Asked(
            study, model, predictions[predictions["predictor"] == "model"], own["model_performance"],
            own["model_coefficients"],
        )  # fmt: skip
        for line in load_tripod_ai().items:
            item, topic = line.split(": ", 1)
            status, text = _TELLERS.get(item, _author)(asked)
            rows.append({"model": model.id, "item": item, "topic": topic, "status": status, "text": text})
    return pd.DataFrame(rows, columns=["model", "item", "topic", "status", "text"])


def _author(_: _Asked) -> Told:
    return AUTHOR, "The run cannot know this."


def _objectives(asked: _Asked) -> Told:
    what = (
        "developed and evaluated in cohorts that did not make it" if asked.several else "developed and cross-validated"
    )
    return PARTLY, f"A model of {asked.model.endpoint} was {what}. State the objectives."


def _sources(asked: _Asked) -> Told:
    return PARTLY, f"{asked.counts}. State where the data come from and whom they represent."


def _preparation(_: _Asked) -> Told:
    return PARTLY, (
        "Reading, scales, gene names and scores stand in the methods text, checks under data quality. State what was "
        "done to the data before."
    )


def _outcome(asked: _Asked) -> Told:
    endpoint = asked.study.endpoints[asked.model.endpoint]
    cohorts = list(dict.fromkeys(asked.predictions["cohort_id"]))
    rules = sorted({describe_rule(r) for c in cohorts if (r := endpoint.rule_for(c)) is not None})
    horizon = asked.model.horizon_months
    told = f" Horizon: {horizon:g} months." if horizon else ""
    return PARTLY, f"{' '.join(rules)}{told} State how and when it was assessed."


def _predictors(asked: _Asked) -> Told:
    final = asked.coefficients[asked.coefficients["left_out"] == ""]
    names = list(dict.fromkeys(final["predictor"]))
    return PARTLY, f"Chosen in the study file before the outcome was looked at: {listed(names, most=40)}. State why."


def _definitions(_: _Asked) -> Told:
    return PARTLY, (
        "Sources, units and genes of the predictors stand in the model's file. State when and how they were measured."
    )


def _size(asked: _Asked) -> Told:
    n, events = len(asked.predictions), int(asked.predictions["observed"].sum())
    columns = int((asked.coefficients["left_out"] == "").sum())
    return (
        PARTLY,
        f"{plural(n, 'patient')}, {events} with the outcome, {plural(columns, 'column')}. State the rationale.",
    )


def _missing(asked: _Asked) -> Told:
    n = int((asked.predictions["filled"].fillna("") != "").sum())
    if asked.model.missing == "complete":
        return FILLED, "Patients without a value of any predictor were left out and got no prediction."
    return FILLED, (
        "A missing value became the median of the training patients, with a column of its own that says that it was "
        f"missing; {plural(n, 'patient')} had such a value."
    )


def _partition(asked: _Asked) -> Told:
    if asked.several:
        return FILLED, "Each cohort was held out in turn; penalties were chosen by folds of patients within the others."
    return FILLED, f"One cohort: nested folds of patients, {asked.model.repeats} repeats."


def _handling(asked: _Asked) -> Told:
    how = "the training patients" if asked.model.standardise == "training" else "each cohort"
    return FILLED, f"Numbers entered linearly, scaled by mean and standard deviation of {how}; levels as 0 and 1."


def _building(asked: _Asked) -> Told:
    kind = "Cox model, stratified by cohort," if asked.model.horizon_months else "Logistic regression"
    mixes = listed(f"{v:g}" for v in asked.model.l1_ratios)
    return FILLED, (
        f"{kind} with an elastic-net penalty; mixes of lasso {mixes}, strength by {asked.model.folds}-fold "
        f"cross-validation of the deviance; optimism by {asked.model.bootstraps} bootstraps of all of it."
    )


def _clusters(asked: _Asked) -> Told:
    if not asked.several:
        return FILLED, "There is one cohort."
    return FILLED, "Measures were estimated in each cohort and pooled with random effects."


def _measures(asked: _Asked) -> Told:
    names = list(dict.fromkeys(asked.performance["measure"].astype(str).str.replace("_", " ")))
    others = [b.name for b in asked.model.baselines]
    told = f" Compared, in the same patients, with {listed(others)}." if others else " Compared with nothing simpler."
    return FILLED, f"{listed(names)}.{told}"


def _none(_: _Asked) -> Told:
    return NOT_APPLICABLE, "The model was not updated."


def _calculated(asked: _Asked) -> Told:
    return FILLED, (
        f"By the coefficients of the model that did not see the patient; models/{asked.model.id}.json is applied by "
        "tmescope model apply."
    )


def _imbalance(_: _Asked) -> Told:
    return FILLED, "Nothing was done about class imbalance."


def _output(asked: _Asked) -> Told:
    return FILLED, f"A chance; the net benefit is told at a threshold of {asked.model.threshold:g} and as a curve."


def _differences(_: _Asked) -> Told:
    return PARTLY, "Cancer types, treatments and rules of the outcome of each cohort stand in the report. State others."


def _code(_: _Asked) -> Told:
    return PARTLY, "The study file, the versions of all software and the hashes of all inputs are in the results."


def _flow(asked: _Asked) -> Told:
    lost = int(asked.predictions["predicted"].isna().sum())
    return (
        PARTLY,
        f"{asked.counts}. {plural(lost, 'patient')} had no prediction. State follow-up, and who was not included.",
    )


def _compared(asked: _Asked) -> Told:
    n = int((asked.predictions["outside"].fillna("") != "").sum())
    return PARTLY, f"{plural(n, 'patient')} had a value beyond the range of the patients that made the model."


def _analysed(asked: _Asked) -> Told:
    fits = asked.coefficients.drop_duplicates("left_out")
    told = [f"without {r['left_out']}: {int(r['n'])}/{int(r['n_events'])}" if r["left_out"] else
            f"all: {int(r['n'])}/{int(r['n_events'])}" for r in fits.to_dict("records")]  # fmt: skip
    return FILLED, f"Patients and outcomes of each learning: {listed(told, most=12)}. Evaluated: {asked.counts}."


def _in_full(asked: _Asked) -> Told:
    return FILLED, f"models/{asked.model.id}.json: coefficients, preparation, definitions; table model_coefficients."


def _performance(asked: _Asked) -> Told:
    verdicts = [v for v in asked.performance["verdict"].fillna("") if v]
    told = f" The model {listed(verdicts)}." if verdicts else ""
    return (
        FILLED,
        f"Table model_performance, with 95% limits; calibration curves in the report.{told} By subgroup: state.",
    )


def _spread(asked: _Asked) -> Told:
    if not asked.several:
        return NOT_APPLICABLE, "There is one cohort."
    return FILLED, "Each cohort, tau2, I2 and prediction intervals stand in the table model_performance."


def _input(asked: _Asked) -> Told:
    rule = "filled" if asked.model.missing == "median" else "no prediction"
    return (
        FILLED,
        f"Missing values: {rule}; values beyond the training range are flagged; unknown levels: no prediction.",
    )


_TELLERS: dict[str, Callable[[_Asked], Told]] = {
    "4": _objectives, "5a": _sources, "7": _preparation, "8a": _outcome, "9a": _predictors, "9b": _definitions,
    "10": _size, "11": _missing, "12a": _partition, "12b": _handling, "12c": _building, "12d": _clusters,
    "12e": _measures, "12f": _none, "12g": _calculated, "13": _imbalance, "15": _output, "16": _differences,
    "18f": _code, "20a": _flow, "20c": _compared, "21": _analysed, "22": _in_full, "23a": _performance,
    "23b": _spread, "24": _none, "27a": _input,
}  # fmt: skip
