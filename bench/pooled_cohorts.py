"""A study over the real immunotherapy cohorts: pooled odds and hazard ratios, and what moves them.

``python -m bench pooled_cohorts --folder DIR`` writes DIR/study.toml, runs it and prints the pooled effects; with
``--panel`` also those of each change: pseudocount, rule for stable disease, samples, way of pooling. Strata are drug
classes, stated here before anything is computed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import tmescope as ts
from bench.subtype_stability import data_folder

SUMMARY = "pooled odds and hazard ratios over the real cohorts: --folder DIR, --panel for what moves them"

DRUG = {
    "liu2019": "PD1 or PDL1", "riaz2017": "PD1 or PDL1", "hugo2016": "PD1 or PDL1", "imvigor210": "PD1 or PDL1",
    "snyder2017": "PD1 or PDL1", "vanallen2015": "CTLA4", "nathanson2017": "CTLA4", "limagne2": "PD1 or PDL1",
    "jung2019": "PD1 or PDL1", "padron2022": "PD1 with chemotherapy",
}  # fmt: skip
"""Cohort to stratum."""

FOLDERS = {
    "liu2019": "liu2019_melanoma_pd1", "riaz2017": "riaz2017_melanoma_pd1", "hugo2016": "hugo2016_melanoma_pd1",
    "vanallen2015": "vanallen2015_melanoma_ctla4", "imvigor210": "imvigor210", "imvigor210_86": "imvigor210",
    "snyder2017": "snyder2017_uc_pdl1_male", "nathanson2017": "nathanson2017_melanoma_ctla4",
    "limagne2": "limagne2_nsclc_pd1", "jung2019": "jung2019_nsclc_pd1_male",
    "padron2022": "padron2022_pdac_chemo_pd1_cd40",
}  # fmt: skip
RECIST = ("liu2019", "riaz2017", "hugo2016", "vanallen2015", "imvigor210", "snyder2017")
SOURCE_DEFINED = ("nathanson2017", "limagne2", "jung2019")
"""padron2022 has three responders and is left out."""
OS = ("liu2019", "riaz2017", "hugo2016", "vanallen2015", "imvigor210", "snyder2017", "nathanson2017", "padron2022")
PFS = ("liu2019", "vanallen2015", "snyder2017", "limagne2", "jung2019", "padron2022")
SIGNATURES = ("cyt", "ifng6", "tis18")
PANEL = {
    "as stated": {},
    "pseudocount 0.01": {"pseudocount": 0.01},
    "pseudocount 0.001": {"pseudocount": 0.001},
    "stable disease responds": {"stable_responds": True},
    "IMvigor210: 86 with all genes": {"imvigor": "imvigor210_86"},
    "melanoma only": {"leave_out": ("imvigor210", "imvigor210_86", "snyder2017")},
    "DerSimonian-Laird, normal": {"method": "dl", "test": "z"},
    "Paule-Mandel, Hartung-Knapp": {"method": "pm"},
    "Hartung-Knapp not below one": {"test": "hartung_knapp_max1"},
    "fixed effect": {"method": "fixed", "test": "z"},
}


@dataclass(frozen=True)
class Choices:
    """One set of choices; the defaults are those of the study."""

    pseudocount: float = 1.0
    stable_responds: bool = False
    imvigor: str = "imvigor210"
    leave_out: tuple[str, ...] = ()
    method: str = "reml"
    test: str = "hartung_knapp"


def main(arguments: Sequence[str]) -> int:
    """Write the study, run it, print the pooled effects."""
    parser = argparse.ArgumentParser(prog="python -m bench pooled_cohorts", description=SUMMARY)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--panel", action="store_true")
    asked = parser.parse_args(arguments)
    data = data_folder()
    if data is None:
        print("real data are not here: set TMESCOPE_TEST_DATA", file=sys.stderr)
        return 1
    panel = PANEL if asked.panel else {"as stated": {}}
    rows = []
    for name, changes in panel.items():
        folder = asked.folder / "".join(c if c.isalnum() else "-" for c in name)
        pooled = run_study(data, folder, Choices(**changes), report=not changes)  # type: ignore[arg-type]
        rows.append(pooled.assign(choice=name))
        print(name, "\n", _shown(pooled).to_string(index=False), flush=True)
    pd.concat(rows).to_csv(asked.folder / "panel.csv", index=False)
    return 0


def run_study(data: Path, folder: Path, choices: Choices, *, report: bool = True) -> pd.DataFrame:
    """Write and run one study; return its table ``pooled``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(study_text(data, folder, choices, report=report), encoding="utf-8")
    return ts.run(folder / "study.toml", folder / "results").table("pooled")


def _shown(pooled: pd.DataFrame) -> pd.DataFrame:
    rows = pooled[(pooled["stratum"] == "") & (pooled["effect_name"] != "auc")]
    columns = ["question_id", "feature", "effect_name", "adjusted_for", "k", "n", "n_events", "effect", "ci_low",
               "ci_high", "prediction_low", "prediction_high", "p_value", "q_value", "i2"]  # fmt: skip
    return rows[columns].round(3)


def study_text(data: Path, folder: Path, choices: Choices, *, report: bool) -> str:
    """Return the study file."""
    cohorts = [c for c in FOLDERS if c not in choices.leave_out]
    parts = [
        'format = 1\n[study]\nid = "pooled-cohorts"\n'
        'title = "Immune signatures and outcome under checkpoint blockade"\n'
        'question = "Do CYT, IFN-gamma-6, TIS-18, CD274 and immune populations go with response and survival, in all '
        'cohorts, and beyond T-cell content?"\n',
        *(cohort_text(data, folder, c, choices) for c in cohorts),
        _endpoints(cohorts, choices),
        f'[profile]\nmethods = ["zscore", "mcp_counter"]\nsignatures = {json.dumps(SIGNATURES)}\n'
        'gene_universe = "own"\nmax_unmapped = 1.0\n[subtypes]\nfit = "each"\n'
        f"[output]\nreport = {json.dumps(report)}\n",
        *_questions(cohorts, choices),
    ]
    return "\n".join(parts)


def cohort_text(data: Path, folder: Path, cohort: str, choices: Choices) -> str:
    """Return the table of one cohort of a study file."""
    home = data / "cohorts" / FOLDERS[cohort]
    source = home / ("expression_full86.parquet" if cohort == "imvigor210_86" else "expression.parquet")
    scale = "log2(tpm+0.001)"
    if choices.pseudocount != 1.0:
        # log2(TPM / c + 1) is log2(TPM + c) but for a constant, which no effect per SD sees
        source, scale = _rewritten(source, folder / f"{cohort}.parquet", choices.pseudocount), "fpkm"
    samples = home / "samples.tsv"
    if cohort == "imvigor210_86":
        samples = _selected(samples, source, folder / "imvigor210_86.tsv")
    return (
        f'[[cohorts]]\nid = "{cohort}"\nexpression = {json.dumps(str(source))}\nscale = "{scale}"\n'
        f'samples = {json.dumps(str(samples))}\ncolumns = {{ patient_id = "patient_id" }}\n'
        f'cancer_type = "{FOLDERS[cohort].split("_")[1] if "_" in FOLDERS[cohort] else "urothelial"}"\n'
        f'treatment = "{DRUG[cohort.removesuffix("_86")]}"\nlicence = "test data, not redistributed"\n'
    )


def _rewritten(source: Path, target: Path, pseudocount: float) -> Path:
    if not target.exists():
        table = pd.read_parquet(source)
        (np.maximum(np.exp2(table) - 0.001, 0.0) / pseudocount).to_parquet(target)
    return target


def _selected(samples: Path, matrix: Path, target: Path) -> Path:
    table = pd.read_csv(samples, sep="\t", dtype=str)
    table[table["sample_id"].isin(pd.read_parquet(matrix).columns)].to_csv(target, sep="\t", index=False)
    return target


def _endpoints(cohorts: Sequence[str], choices: Choices) -> str:
    yes, no = (["CR", "PR", "SD"], ["PD"]) if choices.stable_responds else (["CR", "PR"], ["SD", "PD"])

    def without(recording: Sequence[str]) -> str:
        return json.dumps([c for c in cohorts if c.removesuffix("_86") not in recording])

    times = "".join(
        f'[endpoints.{name}]\nkind = "time_to_event"\ntime = "{name}_time"\nunit = "months"\nevent = "{name}_event"\n'
        f'event_values = ["1"]\ncensored_values = ["0"]\nnot_in = {without(recording)}\n'
        for name, recording in (("os", OS), ("pfs", PFS))
    )
    return (
        f'[endpoints.recist]\nkind = "response"\nrule = "recist"\ncolumn = "response_recist"\n'
        f"responder = {json.dumps(yes)}\nnon_responder = {json.dumps(no)}\nnot_in = {without(RECIST)}\n"
        f'[endpoints.source_response]\nkind = "response"\nrule = "source-defined"\ncolumn = "response_source"\n'
        f'responder = ["R"]\nnon_responder = ["NR"]\nnot_in = {without(SOURCE_DEFINED)}\n{times}'
    )


def _questions(cohorts: Sequence[str], choices: Choices) -> list[str]:
    """Ask all of IMvigor210 (a panel) about signatures and CD274, its 86 with all genes about populations."""
    signatures = [f"zscore:{s}" for s in SIGNATURES]
    made = []
    for endpoint, recording, kind in (
        ("recist", RECIST, "response"),
        ("source_response", SOURCE_DEFINED, "response"),
        ("os", OS, "survival"),
        ("pfs", PFS, "survival"),
    ):
        inside = [c for c in recording if c in cohorts]
        named = [choices.imvigor if c == "imvigor210" else c for c in inside]
        whole = ["imvigor210_86" if c == "imvigor210" else c for c in inside]
        made.append(
            _question(f"{endpoint}-signatures", kind, endpoint, named, choices, features=signatures, genes=["CD274"])
        )
        made.append(_question(f"{endpoint}-populations", kind, endpoint, whole, choices, methods=["mcp_counter"]))
        made.append(_question(f"{endpoint}-beyond-t-cells", kind, endpoint, whole, choices, features=signatures,
                              genes=["CD274"], axis="mcp_counter:T cells"))  # fmt: skip
    return made


def _question(name: str, kind: str, endpoint: str, cohorts: Sequence[str], choices: Choices, **more: object) -> str:
    strata = {c: DRUG[c.removesuffix("_86")] for c in cohorts}
    lines = [
        f'[[question]]\nid = "{name}"\nkind = "{kind}"\nendpoint = "{endpoint}"\ncohorts = {json.dumps(list(cohorts))}'
    ]
    if kind == "survival":
        more["baseline"] = ["pre", "pre (as curated by source)"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    told = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in strata.items())
    lines.append(f'[question.pool]\nmethod = "{choices.method}"\ntest = "{choices.test}"\nstrata = {{ {told} }}\n')
    return "\n".join(lines)
