from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study.clinical_study import TIME, ask, cohort, write_cohort

from tmescope.associate import hazards
from tmescope.stats.competing_risks import cumulative_incidence
from tmescope.stats.cox_model import CoxDesign, CoxOptions, fit_cox

N = 400
EFFECT = 0.7
OS = {**TIME, "event_values": ["relapse"], "censored_values": ["none"], "competing": {"death": ["died"]}}
ASKED = {"features": ["x"], "confounders": ["age", "site"]}


def patients(n: int, seed: int) -> pd.DataFrame:
    """The feature drives relapse alone; death comes without it; samples are taken late, of patients who are alive."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    relapse, death = rng.exponential(20 / np.exp(EFFECT * x)), rng.exponential(30, n)
    leave = rng.uniform(5, 60, n)
    time = np.minimum.reduce([relapse, death, leave]).round(4) + 0.001
    status = np.where(time >= leave, "none", np.where(relapse < death, "relapse", "died"))
    return pd.DataFrame(
        {
            "time": time,
            "status": status,
            "x": x,
            "age": rng.normal(60, 8, n).round(1),
            "site": rng.choice(["skin", "node", "lung"], n),
            "w": rng.choice([1.0, 2.0, 3.0], n),
            "sampled": np.where(np.arange(n) % 2, (time * rng.random(n)).round(3), 0.0),
        }
    )


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survival")
    tables = {"big": patients(N, 1), "small": patients(60, 2)}
    for seed, (name, table) in enumerate(tables.items()):
        write_cohort(folder, name, table, seed=seed)
    questions = [
        {"id": "plain", "kind": "survival", "endpoint": "relapse", "axis": "w", **ASKED, "pool": {"test": "z"}},
        {"id": "compete", "kind": "competing_risks", "endpoint": "relapse", **ASKED, "pool": {"test": "z"}},
        {"id": "mark", "kind": "survival", "endpoint": "relapse", **ASKED, "survival": {"landmark_months": 6.0}},
        {"id": "late", "kind": "survival", "endpoint": "relapse", "features": ["x"],
         "survival": {"late_entry": {"feature": "sampled", "unit": "months"}}},
        {"id": "weighed", "kind": "survival", "endpoint": "relapse", "features": ["x"],
         "survival": {"weights": "w", "strata": ["site"], "ties": "breslow"}},
        {"id": "area", "kind": "restricted_mean", "endpoint": "relapse", "features": ["x"], "horizon_months": 18.0,
         "survival": {"landmark_months": 2.0}},
    ]  # fmt: skip
    cohorts = [cohort(name, numeric=("x", "age", "w", "sampled"), categorical=("site",)) for name in tables]
    found = ask(folder, cohorts, endpoints={"relapse": OS}, questions=questions, report=True)
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return found, tables, page, (folder / "out" / "methods.md").read_text(encoding="utf-8")


def _rows(answered, question: str, cohort_id: str = "big", **where: str) -> pd.DataFrame:
    answers = answered[0]["answers"]
    rows = answers[(answers["question_id"] == question) & (answers["cohort_id"] == cohort_id)]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.reset_index(drop=True)


def test_each_model_is_fitted_once_on_the_same_patients(answered, tmp_path, monkeypatch):
    rows = _rows(answered, "plain")
    assert list(rows["adjusted_for"]) == ["", "w", "age, site", "w, age, site"]
    assert rows["n"].tolist() == [N] * 4
    assert rows["method"].str.endswith("competing events censored").all()
    calls = []

    def counted(*arguments, **named):
        calls.append(1)
        return fit_cox(*arguments, **named)

    monkeypatch.setattr(hazards, "fit_cox", counted)
    write_cohort(tmp_path, "c", patients(80, 3))
    one = cohort("c", numeric=("x", "age", "w"), categorical=("site",))
    question = {"id": "plain", "kind": "survival", "endpoint": "relapse", "axis": "w", **ASKED}
    ask(tmp_path, [one], endpoints={"relapse": OS}, questions=[question])
    assert len(calls) == 4


def test_competing_events_are_told_apart(answered):
    rows = _rows(answered, "compete", adjusted_for="").set_index("effect_name")
    own, others = rows.loc["cause_specific_hazard_ratio_per_sd"], rows.loc["competing_hazard_ratio_per_sd"]
    spread = answered[1]["big"]["x"].std()
    assert own["ci_low"] < np.exp(EFFECT * spread) < own["ci_high"]
    assert others["ci_low"] < 1 < others["ci_high"]
    assert 1 < rows.loc["subdistribution_hazard_ratio_per_sd", "effect"] < own["effect"]
    assert rows.loc["gray_chi_square", "p_value"] < 1e-3
    assert (own["n_events"], others["n_events"]) == tuple(
        int((answered[1]["big"]["status"] == word).sum()) for word in ("relapse", "died")
    )
    samples = answered[0]["samples"]
    assert set(samples["relapse_cause"]) == {"event", "death", "censored"}
    assert (samples["relapse_event"] == (samples["relapse_cause"] == "event")).all()


def test_incidence_curves_are_those_of_the_tertiles(answered):
    curves, table = answered[0]["incidence"], answered[1]["big"]
    high = table["x"] > np.quantile(table["x"], 2 / 3)
    code = table["status"].map({"none": 0, "relapse": 1, "died": 2})
    for cause, number in (("event", 1), ("death", 2)):
        here = curves[(curves["cohort_id"] == "big") & (curves["group"] == "high") & (curves["cause"] == cause)]
        direct = cumulative_incidence(table["time"][high], code[high], cause=number)
        np.testing.assert_allclose(here["incidence"], direct.incidence, rtol=1e-12)
        np.testing.assert_allclose(here["time_months"], direct.time, rtol=1e-12)


def test_a_landmark_drops_those_who_left_and_is_named(answered):
    table = answered[1]["big"]
    rows = _rows(answered, "mark", adjusted_for="")
    kept = table[table["time"] > 6]
    z = (kept["x"] - kept["x"].mean()) / kept["x"].std()
    direct = fit_cox(z, kept["time"] - 6, kept["status"] == "relapse")
    assert rows.loc[0, "effect"] == pytest.approx(direct.hazard_ratio[0], rel=1e-9)
    assert rows.loc[0, "n_left_out"] == N - len(kept)
    assert rows.loc[0, "left_out"] == f"{N - len(kept)} who had an event or had left by the landmark"
    assert "time from a landmark at 6 months" in rows.loc[0, "method"]
    warning = answered[0]["warnings"].query("code == 'survival.landmark'")["message"]
    assert warning.str.contains("had left or had a competing event").all()
    assert "time from a landmark at 6 months" in answered[3]
    assert "@anderson1983" in answered[3]


def test_late_entry_weights_and_strata_reach_the_model(answered):
    table = answered[1]["big"]
    z = (table["x"] - table["x"].mean()) / table["x"].std()
    event = table["status"] == "relapse"
    at_risk = table["sampled"] < table["time"]
    late = fit_cox(
        z[at_risk], table["time"][at_risk], event[at_risk], design=CoxDesign(entry=table["sampled"][at_risk])
    )
    row = _rows(answered, "late").loc[0]
    assert row["effect"] == pytest.approx(late.hazard_ratio[0], rel=1e-9)
    assert "patients at risk from their sampling" in row["method"]
    design = CoxDesign(weights=table["w"], strata=pd.factorize(table["site"])[0])
    weighed = fit_cox(z, table["time"], event, design=design, options=CoxOptions(ties="breslow", robust=True))
    row = _rows(answered, "weighed", adjusted_for="strata: site").loc[0]
    assert row["std_error"] == pytest.approx(weighed.std_error[0], rel=1e-9)
    assert row["effect"] == pytest.approx(weighed.hazard_ratio[0], rel=1e-9)
    assert "robust" in row["method"]
    assert "Breslow" in row["method"]


def test_few_patients_and_sandwich_errors_are_told_with_the_figure(answered):
    for question, name in (("compete", "subdistribution_hazard_ratio_per_sd"), ("weighed", "hazard_ratio_per_sd")):
        assert _rows(answered, question, "small", effect_name=name)["checks"].str.contains("n = 60: sandwich").all()
        assert not _rows(answered, question, "big", effect_name=name)["checks"].str.contains("sandwich").any()
    told = answered[0]["warnings"].query("code == 'answers.small_sample_errors'")
    assert set(told["where"]) == {"small: relapse"}
    assert told["message"].str.contains("95% intervals cover 90 to 92% at n = 40").all()
    assert not _rows(answered, "plain", "small")["checks"].str.contains("sandwich").any()


def test_restricted_means_say_their_horizon(answered):
    rows = _rows(answered, "area").set_index("effect_name")
    assert rows.loc["restricted_mean_difference", "ci_high"] < 0  # more of the feature, fewer months
    assert rows.loc["restricted_mean_ratio", "ci_high"] < 1
    assert rows["method"].str.contains("restricted mean survival time to 18").all()
    assert "area (from a landmark at 2 months, up to 18 months): months gained, relapse" in answered[2]
    assert "mark (from a landmark at 6 months)" not in answered[2]  # not pooled: no figure of its own


def test_kinds_of_effect_are_never_pooled_together(answered):
    pooled = answered[0]["pooled"]
    assert set(pooled["effect_name"]) == {
        "hazard_ratio_per_sd",
        "cause_specific_hazard_ratio_per_sd",
        "competing_hazard_ratio_per_sd",
        "subdistribution_hazard_ratio_per_sd",
    }
    assert (pooled["k"] == 2).all()
    assert not pooled.duplicated(["question_id", "feature", "effect_name", "adjusted_for"]).any()
