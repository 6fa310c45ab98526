"""Does an elastic net on signatures and TMB beat TIS-18 or TMB alone in cohorts that it never saw?

``python -m bench prediction_cohorts --folder DIR`` writes DIR/study.toml over the six real cohorts with RECIST, runs it
and prints how the models rank patients out of cohort, beside their baselines.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import tmescope as ts
from bench.pooled_cohorts import RECIST, Choices, cohort_text
from bench.subtype_stability import data_folder

SUMMARY = "models of response and survival, leave one cohort out, beside TIS-18 and TMB: --folder DIR"

TMB = ("liu2019", "riaz2017", "vanallen2015", "imvigor210")
"""Cohorts that record it; column orig__TMB_perMb."""

HEAD = """format = 1
[study]
id = "prediction-cohorts"
title = "Do signatures and TMB predict the outcome of checkpoint blockade?"
seed = 1
"""
REST = """
[endpoints.recist]
kind = "response"
rule = "recist"
column = "response_recist"
responder = ["CR", "PR"]
non_responder = ["SD", "PD"]
[endpoints.os]
kind = "time_to_event"
time = "os_time"
unit = "months"
event = "os_event"
event_values = ["1"]
censored_values = ["0"]
[profile]
methods = ["zscore"]
signatures = "core"
gene_universe = "own"
max_unmapped = 1.0
[answers]
response = ["recist"]
"""
MODEL = """
[[model]]
id = "{name}"
endpoint = "{endpoint}"
l1_ratios = [0.5]
bootstraps = 5
{more}
[[model.baselines]]
name = "TIS-18"
features = ["zscore:tis18"]
[[model.baselines]]
name = "TMB"
features = ["tmb"]
"""


def main(arguments: Sequence[str]) -> int:
    """Write the study, run it, print who ranks patients how well."""
    parser = argparse.ArgumentParser(prog="python -m bench prediction_cohorts", description=SUMMARY)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args(arguments)
    data = data_folder()
    if data is None:
        print("real data are not here: set TMESCOPE_TEST_DATA", file=sys.stderr)
        return 1
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "study.toml").write_text(study_text(data, asked.folder), encoding="utf-8")
    table = ts.run(asked.folder / "study.toml", asked.folder / "results").table("model_performance")
    shown = table[table["measure"].str.startswith(("auc", "c_index"))]
    columns = ["model", "predictor", "compared_with", "scheme", "cohort_id", "n", "n_events", "estimate", "ci_low",
               "ci_high", "k", "verdict"]  # fmt: skip
    print(shown[columns].round(3).to_string(index=False))
    return 0


def study_text(data: Path, folder: Path) -> str:
    """Return the study file."""
    parts = [HEAD]
    for cohort in RECIST:
        parts.append(cohort_text(data, folder, cohort, Choices()))
        if cohort in TMB:
            parts.append(
                '[[cohorts.features]]\nnumeric = { tmb = { column = "orig__TMB_perMb", unit = "mutations/Mb" } }\n'
            )
    parts += [
        REST,
        MODEL.format(name="response", endpoint="recist", more=""),
        MODEL.format(name="survival", endpoint="os", more="horizon_months = 12.0"),
    ]
    return "".join(parts)
