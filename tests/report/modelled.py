"""Tables of a run with one prediction model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.store.tables import SCHEMAS


def _table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=list(SCHEMAS[name].columns))


def _measure(cohort: str, measure: str, *numbers: float, **more: object) -> dict[str, object]:
    estimate, low, high = (*numbers, np.nan, np.nan)[:3]
    base = {"model": "resp", "predictor": "model", "compared_with": "", "cohort_id": cohort, "measure": measure,
            "scheme": "out_of_cohort", "endpoint": "response", "n": 40 if not cohort else 20,
            "n_events": 16 if not cohort else 8, "estimate": estimate, "ci_low": low, "ci_high": high,
            "k": 1 if cohort else 2, "method": "random effects", "left_out": "", "verdict": ""}  # fmt: skip
    return base | more


def contents(*, empty: bool = False) -> ReportContents:
    """Return the contents of a report with one model, or with none."""
    if empty:
        return ReportContents("s", "t", "", {}, "mean")
    against = {"compared_with": "TMB"}
    performance = [
        *(_measure(c, "auc", 0.7, 0.5, 0.9) for c in "ab"),
        _measure("", "auc", 0.7, 0.6, 0.8),
        *(_measure(c, "auc", 0.6, 0.4, 0.8, predictor="TMB") for c in "ab"),
        _measure("", "auc", 0.6, 0.5, 0.7, predictor="TMB"),
        *(_measure(c, "auc_difference", 0.1, -0.1, 0.3, **against) for c in "ab"),
        _measure("", "auc_difference", 0.1, -0.05, 0.25, verdict="does not beat TMB out of cohort", **against),
        _measure("", "auc", 0.8, scheme="apparent", method="in the patients that made the model"),
    ]
    curves = [
        {
            "model": "resp",
            "predictor": p,
            "cohort_id": c,
            "curve": curve,
            "x": x,
            "y": x,
            "low": x - 0.1,
            "high": x + 0.1,
        }
        for p in ("model", "TMB")
        for c, curve in (("a", "roc"), ("b", "roc"), ("", "calibration"), ("", "decision"), ("", "treat_all"))
        for x in (0.1, 0.5, 0.7)
    ]
    coefficients = [
        {"model": "resp", "left_out": o, "column": c, "predictor": f"mean:{c}", "coefficient": b}
        for o in ("", "a", "b")
        for c, b in (("cyt", 0.8), ("ifng6", -0.2), ("tis18", 0.0))
    ]
    items = [{"model": "resp", "item": "22", "topic": "the model in full", "status": "filled by the run",
              "text": "models/resp.json"}]  # fmt: skip
    cohorts = [{"cohort_id": c} for c in "ab"]
    return ReportContents(
        "s", "t", "",
        {
            "cohorts": _table("cohorts", cohorts),
            "model_performance": _table("model_performance", performance),
            "model_curves": _table("model_curves", curves),
            "model_coefficients": _table("model_coefficients", coefficients),
            "tripod": _table("tripod", items),
        },
        "mean",
    )  # fmt: skip
