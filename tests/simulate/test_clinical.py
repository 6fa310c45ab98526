from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tmescope.simulate.clinical import DAYS_PER_MONTH, draw_patients, tabulate_samples
from tmescope.simulate.plan import CANONICAL_COLUMNS, CohortPlan, Effects
from tmescope.simulate.programmes import draw_latent

PLAN = CohortPlan(cohort_id="a", prefix="SIM-A", n_patients=6000, median_months=18.0)


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    latent = draw_latent(PLAN.n_patients, rng=np.random.default_rng(1))
    return draw_patients(PLAN, latent, effects=Effects(), rng=np.random.default_rng(2))


def test_odds_ratios_are_the_planted_ones(patients: pd.DataFrame) -> None:
    known = patients.dropna(subset=["tmb"])
    log_tmb = (np.log(known["tmb"]) - np.log(6.0)) / 0.8
    covariates = ["inflamed", "tgfb_stroma", "hypoxia", "proliferation"]
    X = sm.add_constant(np.column_stack([known[covariates], log_tmb, known["mutated"]]).astype(float))
    fit = sm.Logit(known["responder"].to_numpy(float), X).fit(disp=0)
    planted = np.log([2.8, 0.5, 1.0, 1.0, 1.3, 1.0])
    z = (fit.params[1:] - planted) / fit.bse[1:]
    assert np.abs(z).max() < 4.0
    assert fit.bse[1:].max() < 0.1  # so that the line above can fail


def test_hazard_ratio_and_median_are_the_planted_ones(patients: pd.DataFrame) -> None:
    X = patients[["inflamed", "tgfb_stroma", "hypoxia"]].to_numpy()
    fit = sm.PHReg(patients["os_months"].to_numpy(), X, status=patients["died"].to_numpy(int)).fit(disp=0)
    z = (fit.params - np.log([0.6, 1.0, 1.0])) / fit.bse
    assert np.abs(z).max() < 4.0
    assert fit.bse.max() < 0.05
    middle = patients[patients["inflamed"].abs() < 0.2]
    assert middle["true_months"].median() == pytest.approx(18.0, rel=0.1)


def test_rates_are_the_planned_ones(patients: pd.DataFrame) -> None:
    assert patients["response_probability"].mean() == pytest.approx(0.35, abs=1e-9)
    assert patients["responder"].mean() == pytest.approx(0.35, abs=0.03)
    assert patients["mutated"].mean() == pytest.approx(0.35, abs=0.03)


def test_times_and_covariates_are_possible(patients: pd.DataFrame) -> None:
    assert (patients["os_months"] > 0).all()
    assert (patients["os_months"] <= np.maximum(patients["true_months"], 1 / DAYS_PER_MONTH)).all()
    assert patients.loc[~patients["died"], "os_months"].max() <= 36.0
    assert patients["age_years"].between(24, 89).all()
    assert patients["pdl1_cps"].dropna().between(0, 100).all()
    assert (patients["tmb"].dropna() > 0).all()
    assert 0.03 < patients["tmb"].isna().mean() < 0.1
    assert set(patients["sex"]) == {"male", "female"}
    assert np.corrcoef(patients["inflamed"], np.log1p(patients["pdl1_cps"].fillna(6)))[0, 1] > 0.3


def test_best_response_says_the_truth_but_where_it_was_not_assessed(patients: pd.DataFrame) -> None:
    responders = patients["best_response"].isin(["CR", "PR"])
    assessed = patients["best_response"] != "NE"
    np.testing.assert_array_equal(responders[assessed], patients.loc[assessed, "responder"])
    assert 0.02 < (~assessed).mean() < 0.07
    assert set(patients["best_response"]) == {"CR", "PR", "SD", "PD", "NE"}


def _table(patients: pd.DataFrame, **change) -> pd.DataFrame:
    plan = dataclasses.replace(PLAN, **change)
    ids = patients.index[:50]
    samples = pd.DataFrame(
        {"patient_id": [*ids, ids[0]], "on_treatment": [False] * 50 + [True]},
        index=pd.Index([f"S{i}" for i in range(51)], name="sample_id"),
    )
    return tabulate_samples(plan, patients, samples)


def test_a_table_has_one_row_per_sample(patients: pd.DataFrame) -> None:
    table = _table(patients)
    assert list(table.columns) == list(CANONICAL_COLUMNS)
    assert len(table) == 51
    same = [c for c in CANONICAL_COLUMNS if c not in {"sample_id", "timepoint"}]
    pd.testing.assert_series_equal(table.loc[0, same], table.loc[50, same], check_names=False)
    assert table["timepoint"].tolist() == ["pre"] * 50 + ["on"]
    assert set(table["os_event"]) == {0, 1}


def test_units_and_codings_are_those_of_the_plan(patients: pd.DataFrame) -> None:
    odd = _table(
        patients,
        time_unit="days",
        event_words=("1", "2"),
        response_words="source-defined",
        timepoint_words=("baseline", "week 6"),
        columns={"os_time": "OS_days"},
    )
    usual = _table(patients)
    np.testing.assert_allclose(odd["OS_days"] / DAYS_PER_MONTH, usual["os_time"], atol=0.1)
    assert odd["OS_days"].dtype.kind == "i"
    np.testing.assert_array_equal(odd["os_event"] - 1, usual["os_event"])
    assert set(odd["timepoint"]) == {"baseline", "week 6"}
    assert set(odd["response"].dropna()) == {"R", "NR"}
    np.testing.assert_array_equal(odd["response"].isna(), usual["response"] == "NE")
    np.testing.assert_array_equal(odd["response"] == "R", usual["response"].isin(["CR", "PR"]))
    assert set(_table(patients, event_words=("alive", "dead"))["os_event"]) == {"alive", "dead"}
