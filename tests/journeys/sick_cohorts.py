"""Cohorts that are wrong in one way each, in one study that asks every kind of question; and what must be said."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.study import tiny

FEATURES = ["cyt", "tmb", "braf"]
CONFOUNDERS = [f"z{i:02d}" for i in range(14)]
ARMS = {"feature": "arm", "treated": ["drug"], "control": ["placebo"], "assignment": "randomised"}
EVERYBODY = {
    "response": {"kind": "response", "endpoint": "response", "confounders": ["tmb", "braf"]},
    "time": {"kind": "survival", "endpoint": "os", "confounders": ["tmb", "braf"]},
    "predicts": {"kind": "interaction", "endpoint": "os", "treatment": ARMS},
    "predicts_response": {"kind": "interaction", "endpoint": "response", "treatment": ARMS},
    "cut": {"kind": "cutpoint", "endpoint": "os", "corrected_by": "lau94"},
    "cut_response": {"kind": "cutpoint", "endpoint": "response", "corrected_by": "lau94"},
    "wide": {"kind": "response", "endpoint": "response", "confounders": CONFOUNDERS},
    "wide_time": {"kind": "survival", "endpoint": "os", "confounders": CONFOUNDERS},
}  # fmt: skip


@dataclass(frozen=True)
class Sickness:
    """What is done to the samples of a cohort, and what is said of it.

    ``warnings`` are codes that must stand with the cohort's name; ``reasons`` are parts of what ``method`` or
    ``checks`` must say in some answer of the question named; ``nothing`` names questions and features of which nothing
    may be estimated.
    """

    name: str
    change: Callable[[pd.DataFrame], pd.DataFrame]
    warnings: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...] = ()
    nothing: tuple[tuple[str, str], ...] = ()
    n: int = 24


def _censored_first(samples: pd.DataFrame) -> pd.DataFrame:
    died = samples["dead"] == 1
    return samples.assign(os_days=np.where(died, 500.0 + np.arange(len(samples)), 10.0 + np.arange(len(samples))))


def _separated(samples: pd.DataFrame) -> pd.DataFrame:
    high = samples["tmb"].rank(method="first") > len(samples) / 2
    return samples.assign(
        recist=np.where(high, "CR", "PD"), dead=np.where(high, 0, 1), os_days=np.where(high, 900.0, 5.0 + samples.index)
    )


def _ties(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.assign(os_days=100.0, tmb=np.where(samples.index % 2 == 0, 1.0, 2.0))


def in_two_arms(samples: pd.DataFrame) -> pd.DataFrame:
    """One patient has two samples, each in another arm."""
    changed = samples.copy()
    changed.loc[1, "patient_id"] = changed.loc[0, "patient_id"]
    changed.loc[[0, 1], "arm"] = ["drug", "placebo"]
    return changed


def _shared(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.assign(patient_id=["TRIAL-123456-7", *samples["patient_id"].iloc[1:]])


SICK = (
    Sickness("well", lambda s: s, ()),
    Sickness(
        "no_events",
        lambda s: s.assign(dead=0),
        ("answers.no_events",),
        (("time", "no_events"),),
        (("time", "cyt"), ("predicts", "cyt"), ("cut", "cyt")),
    ),
    Sickness(
        "one_class",
        lambda s: s.assign(recist="CR"),
        ("endpoint.one_group",),
        (("response", "one_class"),),
        (("response", "cyt"), ("predicts_response", "cyt"), ("cut_response", "cyt")),
    ),
    Sickness(
        "separated",
        _separated,
        ("answers.penalised", "answers.determined_confounder"),
        (("response", "separated"),),
    ),
    Sickness("censored_first", _censored_first, ("answers.censored_before_events",)),
    Sickness("ties", _ties, ("answers.one_event_time",)),
    Sickness(
        "constant",
        lambda s: s.assign(tmb=5.0),
        ("covariates.constant",),
        (
            ("response", "tmb: one value here"),
            ("time", "tmb: one value here"),
            ("response", "not estimated (constant)"),
        ),
        (("response", "tmb"), ("time", "tmb"), ("predicts", "tmb"), ("cut", "tmb")),
    ),
    Sickness(
        "wide",
        lambda s: s,
        ("answers.not_estimable",),
        (("wide", "not estimated"), ("wide_time", "not estimated")),
        n=12,
    ),
    Sickness(
        "empty_level",
        lambda s: s.assign(braf="WT", arm="drug"),
        ("interactions.no_control_arm", "covariates.constant"),
        (("time", "braf: one value here"), ("predicts", "no_control_arm")),
        (("predicts", "cyt"), ("time", "braf")),
    ),
    Sickness(
        "times_zero",
        lambda s: s.assign(os_days=np.where(s.index < 4, 0.0, s["os_days"])),
        ("endpoint.zero_time", "answers.time_zero"),
    ),
    Sickness("all_zero", lambda s: s.assign(os_days=0.0), ("endpoint.zero_time", "answers.time_zero")),
    Sickness("small", lambda s: s, ("answers.few_patients",), n=6),
    Sickness("nobody", lambda s: s.assign(recist="", os_days=""), ("endpoint.missing",)),
    Sickness("shared", _shared, ()),
    Sickness("shared_too", _shared, ()),
)


def asked_of(question: str) -> list[str]:
    """Return the cohorts that a question is asked of: those that it is about, and one that is well."""
    if question.startswith("wide"):
        return ["well", "wide", "small"]
    if question.startswith("cut"):
        return [s.name for s in SICK if s.name not in {"wide", "times_zero", "separated", "empty_level"}]
    return [s.name for s in SICK]


def _cohort(sick: Sickness) -> dict[str, Any]:
    cohort = copy.deepcopy(tiny.study_dict()["cohorts"][0])
    table = cohort["features"][0]
    table["categorical"]["arm"] = {"column": "arm"}
    table["numeric"] |= {z: {"column": z} for z in CONFOUNDERS}
    cohort |= {"id": sick.name, "expression": f"{sick.name}.tsv", "samples": f"{sick.name}_samples.csv"}
    return cohort


def write_sick(folder: Path) -> Path:
    """Write the files of all cohorts and the study that asks them everything; return its file."""
    folder.mkdir(exist_ok=True)
    for seed, sick in enumerate(SICK, start=11):
        expression, samples = tiny.cohort_frames(seed, sick.n)
        rng = np.random.default_rng(seed)
        samples["arm"] = rng.choice(["drug", "placebo"], sick.n)
        samples = samples.assign(**{z: rng.normal(size=sick.n).round(3) for z in CONFOUNDERS})
        expression.to_csv(folder / f"{sick.name}.tsv", sep="\t")
        sick.change(samples).to_csv(folder / f"{sick.name}_samples.csv", index=False)
    data = tiny.study_dict()
    data["cohorts"] = [_cohort(s) for s in SICK]
    data["endpoints"]["response"]["missing"] = [""]
    data["profile"] = {"methods": ["zscore"], "signatures": ["cyt"]}
    data["question"] = [{"id": i, **q, "features": FEATURES, "pool": {}} for i, q in EVERYBODY.items()]
    for question in data["question"]:
        question["cohorts"] = asked_of(question["id"])
    for question in data["question"]:
        if question["kind"] in ("interaction", "cutpoint"):
            question["features"] = ["cyt", "tmb"]
    data["output"] = {"report": True, "figures": []}
    return tiny.write_study(folder, data)
