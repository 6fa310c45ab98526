"""The demo: a simulated three-cohort study with known truth, written as files that a user might have."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.simulate.cohorts import simulate_study
from tmescope.simulate.plan import CohortPlan, demo_plan
from tmescope.store.atomic import staged_file
from tmescope.study.toml_text import as_toml

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_demo"]

_DATA = "data"
_SUFFIXES = (".tsv.gz", ".csv", ".parquet")

_HEAD = """\
# A simulated study with known truth (seed {seed}): responders have more of the inflamed axis (cyt, ifng6, tis18 ...)
# and less TGF-beta stroma (pan_f_tbrs); hypoxia and proliferation go with nothing.
format = 1

[study]
id = "tmescope-demo"
title = "Demonstration: three simulated immunotherapy cohorts"
question = "Which programmes go with response, and does the report find what was planted?"
seed = {seed}
"""

_TAIL = """\
[profile]
methods = ["zscore", "ssgsea", "mcp_counter"]

[answers]
survival = "os"
"""


def write_demo(output: Path, *, seed: int = 0, progress: Progress = SILENT) -> Path:
    """Write the demo's data and study file.

    Parameters
    ----------
    output : pathlib.Path
        Folder for ``data/`` and ``study.toml``; results may go into the same folder.
    seed : int
        Seed of the simulation.
    progress : Progress
        Told of each cohort.

    Returns
    -------
    pathlib.Path
        The study file.

    Raises
    ------
    StoreError
        If the folder holds other files.
    """
    if output.is_dir() and any(output.iterdir()) and not (output / ".tmescope").is_dir():
        raise StoreError(
            "the folder holds files that tmescope did not write", where=str(output), next_step="give another folder"
        )
    (output / ".tmescope").mkdir(parents=True, exist_ok=True)
    (output / _DATA).mkdir(exist_ok=True)
    plan = demo_plan()
    progress.start("demo: simulate", len(plan.cohorts), unit="cohorts")
    blocks = [_HEAD.format(seed=seed)]
    for cohort, suffix in zip(simulate_study(plan, rng=np.random.default_rng(seed)), _SUFFIXES, strict=True):
        _write_frame(cohort.expression, output / _DATA / f"{cohort.cohort_id}{suffix}")
        samples = cohort.samples.set_index(cohort.plan.column("sample_id"))
        _write_frame(samples, output / _DATA / f"{cohort.cohort_id}_samples.csv")
        blocks.append(_cohort_block(cohort.plan, suffix))
        progress.advance("demo: simulate")
    blocks += [_endpoint_blocks(plan.cohorts), _TAIL]
    study = output / "study.toml"
    with staged_file(study) as staged:
        staged.write_text("\n".join(blocks), encoding="utf-8")
    progress.finish("demo: simulate", "done")
    return study


def _write_frame(frame: pd.DataFrame, path: Path) -> None:
    with staged_file(path) as staged:
        if path.suffix == ".parquet":
            frame.to_parquet(staged)
        elif path.suffix == ".gz":
            # no time stamp inside, so that the same seed gives the same bytes
            staged.write_bytes(gzip.compress(frame.to_csv(sep="\t", lineterminator="\n").encode(), mtime=0))
        else:
            frame.to_csv(staged, lineterminator="\n")


def _cohort_block(plan: CohortPlan, suffix: str) -> str:
    names = {key: plan.column(key) for key in ("sample_id", "patient_id", "timepoint", "sex", "age_years")}
    numeric = {
        "tmb": {"column": plan.column("tmb"), "unit": "mutations/Mb"},
        "pdl1_cps": {"column": plan.column("pdl1_cps"), "unit": "CPS"},
    }
    categorical = {plan.mutated_gene.lower(): {"column": plan.column("mutation")}}
    lines = [
        "[[cohorts]]",
        f"id = {as_toml(plan.cohort_id)}",
        f"expression = {as_toml(f'{_DATA}/{plan.cohort_id}{suffix}')}",
        f"scale = {as_toml(plan.scale)}  # declared, never guessed",
        f"samples = {as_toml(f'{_DATA}/{plan.cohort_id}_samples.csv')}",
        f"cancer_type = {as_toml(plan.cancer_type)}",
        f"treatment = {as_toml(plan.treatment)}",
        'licence = "simulated: no patient stands behind these numbers"',
        "[cohorts.columns]",
        *(f"{key} = {as_toml(name)}" for key, name in names.items()),
        "[cohorts.select]",
        f"timepoint = {as_toml([plan.timepoint_words[0]])}  # one sample per patient, before treatment",
        "[[cohorts.features]]  # measurements beside expression",
        f"numeric = {as_toml(numeric)}",
        f"categorical = {as_toml(categorical)}",
        "",
    ]
    return "\n".join(lines)


def _endpoint_blocks(plans: tuple[CohortPlan, ...]) -> str:
    """Write the endpoints: the first cohort's coding is the general one, the others have theirs."""
    lines = ["[endpoints.response]", 'kind = "response"', *_response_rule(plans[0])]
    for plan in plans[1:]:
        lines += [f"[endpoints.response.cohorts.{plan.cohort_id}]", *_response_rule(plan)]
    lines += ["", "[endpoints.os]", 'kind = "time_to_event"', *_time_rule(plans[0])]
    for plan in plans[1:]:
        lines += [f"[endpoints.os.cohorts.{plan.cohort_id}]", *_time_rule(plan)]
    return "\n".join([*lines, ""])


def _response_rule(plan: CohortPlan) -> list[str]:
    column = f"column = {as_toml(plan.column('response'))}"
    if plan.response_words == "recist":
        words = [
            'responder = ["CR", "PR"]',
            'non_responder = ["SD", "PD"]  # stable disease is placed on purpose',
            'missing = ["NE"]',
        ]
    else:
        words = ['responder = ["R"]', 'non_responder = ["NR"]']
    return [f"rule = {as_toml(plan.response_words)}", column, *words]


def _time_rule(plan: CohortPlan) -> list[str]:
    alive, dead = plan.event_words
    return [
        f"time = {as_toml(plan.column('os_time'))}",
        f"unit = {as_toml(plan.time_unit)}",
        f"event = {as_toml(plan.column('os_event'))}",
        f"event_values = {as_toml([dead])}",
        f"censored_values = {as_toml([alive])}",
    ]
