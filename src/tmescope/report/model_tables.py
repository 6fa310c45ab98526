"""Prediction models as tables: verdicts, measures out of cohort beside the apparent ones, and TRIPOD+AI."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import decimal, is_missing, plain
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["model_measures", "tripod", "verdicts"]

_SCHEMES = {
    "out_of_cohort": "out of cohort", "out_of_fold": "out of fold", "apparent": "apparent",
    "optimism_corrected": "apparent, optimism taken off",
}  # fmt: skip
_MEASURES = {
    "c_index": "C over all follow-up",
    "c_index_to_horizon": "C to the horizon",
    "c_index_difference": "difference of C over all follow-up",
}


def verdicts(contents: ReportContents) -> list[str]:
    """Return one sentence for each model: what it beats and what it does not.

    Parameters
    ----------
    contents : ReportContents
        With the table model_performance.
    """
    told = []
    for model, rows in contents.table("model_performance").groupby("model", sort=False):
        found = [str(v) for v in rows["verdict"].fillna("") if v]
        words_ = "; ".join(found) if found else "was compared with nothing simpler"
        told.append(f"Model {plain(model)} {plain(words_)}.")
    return told


def model_measures(contents: ReportContents) -> HtmlTable | None:
    """Return the measures of every model; None where the run has none.

    Parameters
    ----------
    contents : ReportContents
        With the table model_performance.
    """
    table = contents.table("model_performance")
    if not len(table):
        return None
    rows = [
        [
            words(r["model"]),
            Cell(f"{plain(r['predictor'])} against {plain(r['compared_with'])}" if r["compared_with"] else
                 plain(r["predictor"])),
            Cell(_SCHEMES.get(str(r["scheme"]), plain(r["scheme"]))),
            Cell(plain(r["cohort_id"]) if r["cohort_id"] else "all"),
            words(_MEASURES.get(str(r["measure"]), str(r["measure"]).replace("_", " "))),
            number(r["n"]),
            number(r["n_events"]),
            Cell(_interval(r), sort="" if is_missing(r["estimate"]) else float(r["estimate"]), kind="number"),
            words(r["method"]),
        ]
        for r in table.to_dict(orient="records")
    ]  # fmt: skip
    columns = [
        ("Model", False), ("Of", False), ("Judged", False), ("Cohort", False), ("Measure", False), ("n", True),
        ("Events", True), ("Estimate [95% CI]", True), ("Method", False),
    ]  # fmt: skip
    filters = [(n, i, sorted({r[i].text for r in rows})) for n, i in (("Model", 0), ("Judged", 2), ("Measure", 4))]
    note = (
        "Out of cohort: by models that did not see the cohort. Apparent: in the patients that made the model, which "
        "flatters. C over all follow-up is Harrell's and ranks patients by every event; C to the horizon is Uno's and "
        "ranks by those before it, which the chances are about. Intervals of differences out of fold take the averaged "
        "predictions as given: they leave out that other patients would have made other models. A calibration "
        "slope below 1 says that predictions are too extreme. The same table is tables/model_performance.csv."
    )
    return HtmlTable(
        "model-measures", "Measures of the models", columns, rows, sortable=True, filters=filters, note=note
    )


def _interval(row: Mapping[Hashable, Any]) -> str:
    if is_missing(row["estimate"]):
        return "–"
    if is_missing(row["ci_low"]):
        return decimal(row["estimate"], 3)
    return f"{decimal(row['estimate'], 3)} [{decimal(row['ci_low'], 3)}, {decimal(row['ci_high'], 3)}]"


def tripod(contents: ReportContents) -> HtmlTable | None:
    """Return the items of TRIPOD+AI with what the run can say of each; None where it has no model.

    Parameters
    ----------
    contents : ReportContents
        With the table tripod.
    """
    table: pd.DataFrame = contents.table("tripod")
    if not len(table):
        return None
    rows = [
        [words(r["item"]), words(r["model"]), words(r["topic"]), Cell(plain(r["status"])), words(r["text"])]
        for r in table.to_dict(orient="records")
    ]
    columns = [
        ("Item", False),
        ("Model", False),
        ("Topic", False),
        ("Who states it", False),
        ("What the run can say", False),
    ]
    note = (
        "TRIPOD+AI: Collins et al., BMJ 2024;385:e078378, doi:10.1136/bmj-2023-078378. Topics are in our words; "
        "compare with the checklist of the paper before a submission."
    )
    return HtmlTable("tripod", "Reporting of prediction models (TRIPOD+AI)", columns, rows, note=note)
