"""Bad cohorts through a whole study: each is told by a typed warning or a reason in its answers, and nothing breaks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from tests.journeys.sick_cohorts import EVERYBODY, SICK, Sickness, asked_of, write_sick

from tmescope.study.running import run

pytestmark = pytest.mark.journey

NO_NUMBER = re.compile(r"(?<![A-Za-z])(NaN|Infinity|inf|nan|undefined)(?![A-Za-z])")
NUMBERS = ("effect", "std_error", "ci_low", "ci_high", "p_value")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    study = write_sick(tmp_path_factory.mktemp("sick"))
    run(study, study.parent / "out")
    return study.parent / "out"


def _table(results: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(results / "tables" / f"{name}.parquet")


@pytest.mark.parametrize("sick", SICK, ids=lambda s: s.name)
def test_what_is_wrong_with_a_cohort_is_told(results, sick: Sickness) -> None:
    warnings = _table(results, "warnings")
    mine = warnings[warnings["where"].str.contains(rf"\b{sick.name}\b", regex=True)]
    assert set(sick.warnings) <= set(mine["code"]), set(mine["code"])
    answers = _table(results, "answers")
    answers = answers[answers["cohort_id"] == sick.name]
    for question, words in sick.reasons:
        told = answers[answers["question_id"] == question]
        text = told["method"] + "; " + told["checks"].fillna("")
        assert text.str.contains(words, regex=False).any(), sorted(set(text))
    for question, feature in sick.nothing:
        rows = answers[(answers["question_id"] == question) & answers["feature"].str.startswith(feature)]
        assert rows["effect"].isna().all(), rows[["feature", "effect_name", "effect", "method"]]


def test_every_question_has_rows_for_every_cohort_and_no_number_without_its_reason(results) -> None:
    answers = _table(results, "answers")
    own = answers[answers["question_id"].isin(EVERYBODY)]
    for question in EVERYBODY:
        assert set(own.loc[own["question_id"] == question, "cohort_id"]) == set(asked_of(question)), question
    for name in NUMBERS:
        assert not np.isinf(own[name].astype(float)).any(), own[np.isinf(own[name].astype(float))]
    lost = own[own["effect"].isna()]
    assert len(lost)
    silent = lost[~lost["method"].str.contains(r"\(|not ")]
    assert not len(silent), silent[["question_id", "cohort_id", "feature", "effect_name", "method"]]


def test_pooled_rows_are_numbers_and_name_who_is_out(results) -> None:
    pooled = _table(results, "pooled")
    assert set(pooled["question_id"]) == set(EVERYBODY)
    assert np.isfinite(pooled[["effect", "ci_low", "ci_high", "p_value", "ci_low_max1", "p_value_max1"]]).all(axis=None)
    row = pooled[
        (pooled["question_id"] == "time") & (pooled["feature"] == "cyt") & (pooled["adjusted_for"] == "")
    ].iloc[0]
    assert "no_events (not estimated (no_events))" in row["left_out"]
    # the patient whom two cohorts share counts in the first of them
    answers = _table(results, "answers")
    counted = answers[(answers["question_id"] == "cut") & answers["cohort_id"].isin(["shared", "shared_too"])]
    assert dict(counted.groupby("cohort_id")["n"].max()) == {"shared": 24, "shared_too": 23}


def test_no_missing_number_reaches_a_figure(results) -> None:
    page = (results / "report.html").read_text(encoding="utf-8")
    payloads = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    assert len(payloads) > 3

    def refuse(word: str) -> None:
        raise AssertionError(word)

    for payload in payloads:
        json.loads(payload, parse_constant=refuse)
    pictures = re.findall(r'src="data:image/svg\+xml[^,]*,([^"]*)"', page)
    assert len(pictures) > 10
    for picture in pictures:
        found = NO_NUMBER.findall(unquote(picture))
        assert not found, found[:3]


def test_a_second_run_finds_everything_done(results) -> None:
    assert run(results.parent / "study.toml", results).redone == ()
