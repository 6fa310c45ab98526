"""Sentences about prediction models, read off what was asked and the table model_performance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.schema_models import PredictionModel

__all__ = ["describe_models"]

_LOGISTIC, _COX, _CHOICE = "10.18637/jss.v033.i01", "10.18637/jss.v039.i05", "10.1002/sim.4780122407"
_AUC, _BENEFIT = "10.2307/2531595", "10.1177/0272989X06295361"


def describe_models(material: Material) -> Iterator[str]:
    """Yield a paragraph for each model; nothing where the study has none.

    Parameters
    ----------
    material : Material
        With the table model_performance.
    """
    table = material.tables.get("model_performance")
    if table is None:
        return
    for model in material.study.model:
        yield " ".join(_told(material, model, table[table["model"] == model.id]))


def _told(material: Material, model: PredictionModel, rows: pd.DataFrame) -> Iterator[str]:
    is_survival = model.horizon_months is not None
    cite = material.citations.cite
    kind = "A Cox model, stratified by cohort," if is_survival else "A logistic model"
    until = f" until {model.horizon_months:g} months" if is_survival else ""
    mixes = listed(f"{v:g}" for v in model.l1_ratios)
    paper = cite(_COX if is_survival else _LOGISTIC)
    yield (
        f"{kind} of {said(model.endpoint)}{until} with an elastic-net penalty{paper} "
        f"was learnt ({said(model.id)}; mix of lasso {mixes}; strength by {model.folds}-fold cross-validation over "
        f"patients{cite(_CHOICE) if is_survival else ''})."
    )
    filled = "filled with the median of the training patients and marked by a column of their own"
    left_out = "not filled: such patients were left out"
    yield f"Missing values were {filled if model.missing == 'median' else left_out}."
    several = (rows["scheme"] == "out_of_cohort").any()
    yield (
        "Each cohort was predicted by a model that was learnt without it, imputation, scaling and penalty included."
        if several
        else f"Patients were predicted by nested folds of patients, {plural(model.repeats, 'repeat')}."
    )
    harrell = "Harrell's concordance over all follow-up, Uno's up to the horizon"
    ranking = harrell if is_survival else f"areas under the ROC curve{cite(_AUC)}"
    yield (
        f"Predictions were judged by {ranking}, slope and intercept of calibration, Brier score and net benefit"
        f"{cite(_BENEFIT)}, in each cohort, and pooled with random effects."
    )
    if (rows["scheme"] == "optimism_corrected").any():
        times = plural(model.bootstraps, "bootstrap")
        yield f"The optimism of apparent measures was estimated by {times} of the whole learning."
    verdicts = [said(v) for v in rows["verdict"].fillna("") if v]
    if verdicts:
        yield f"In the same patients the model {listed(verdicts)}."
    if verdicts and not several:
        yield (
            "Intervals of these differences take the averaged predictions as given: they do not count that other "
            "patients would have made other models."
        )
