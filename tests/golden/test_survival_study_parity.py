"""The answers of a study file against R's on real patients: the same numbers, per standard deviation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.study.clinical_study import TIME, ask, cohort, write_cohort

MGUS = ("age", "male", "mspike")
TERMS = ("age", "year", "surgery", "transplant")


def _read(shared_data: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared_data / "stats" / name, sep="\t", comment="#")


def _coefficient(row: pd.Series, values: pd.Series) -> tuple[float, float]:
    """Return coefficient and standard error per unit of an effect that is per standard deviation."""
    sd = float(values.std()) if "per_sd" in row["effect_name"] else 1.0
    return float(np.log(row["effect"])) / sd, float(row["std_error"]) / sd


@pytest.fixture(scope="module")
def mgus2(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    data = _read(shared_data, "mgus2_competing/data.tsv").rename(columns={"event": "status"})
    data["male"] = data["male"].map({1: "yes", 0: "no"})
    folder = tmp_path_factory.mktemp("mgus2")
    write_cohort(folder, "mgus", data.drop(columns="id"))
    code = {"censored_values": ["0"]}
    endpoints = {
        "pcm": {**TIME, **code, "event_values": ["1"], "competing": {"death": ["2"]}},
        "dead": {**TIME, **code, "event_values": ["2"], "competing": {"pcm": ["1"]}},
    }
    questions = [
        {
            "id": f"{endpoint}-{term}",
            "kind": "competing_risks",
            "endpoint": endpoint,
            "features": [term],
            "confounders": [t for t in MGUS if t != term],
        }
        for endpoint in endpoints
        for term in MGUS
    ]
    one = cohort("mgus", numeric=("age", "mspike"), categorical=("male",))
    tables = ask(folder, [one], endpoints=endpoints, questions=questions)
    return tables | {"data": data}


@pytest.mark.parametrize(
    ("file", "kind", "tolerance"),
    [
        ("finegray_crr", "subdistribution_hazard_ratio", 1e-6),
        ("cause_specific_cox", "cause_specific_hazard_ratio", 1e-7),
    ],
)
def test_competing_hazards_of_mgus2(
    shared_data: Path, mgus2: dict[str, pd.DataFrame], file: str, kind: str, tolerance: float
) -> None:
    expected = _read(shared_data, f"mgus2_competing/expected_{file}.tsv")
    answers, data = mgus2["answers"], mgus2["data"]
    compared = 0
    for row in expected.to_dict("records"):
        endpoint = "dead" if str(row.get("cause", "pcm")).startswith("death") else "pcm"
        found = answers[
            (answers["question_id"] == f"{endpoint}-{row['term']}")
            & answers["effect_name"].isin([kind, f"{kind}_per_sd"])
            & (answers["adjusted_for"] != "")
        ]
        assert len(found) == 1
        # the rarer level names a group, so male may stand turned round
        sign = -1.0 if found["feature"].iloc[0] == "male=no" else 1.0
        assert found["n"].iloc[0] == len(data)
        values = data[row["term"]] if row["term"] != "male" else data["age"]
        coefficient, error = _coefficient(found.iloc[0], values)
        np.testing.assert_allclose(sign * coefficient, row["coef"], rtol=tolerance, atol=1e-8)
        np.testing.assert_allclose(error, row["se"], rtol=1e-6)
        compared += 1
    assert compared == len(expected)


def test_gray_and_incidence_of_mgus2(shared_data: Path, mgus2: dict[str, pd.DataFrame]) -> None:
    answers, curves = mgus2["answers"], mgus2["incidence"]
    for row in _read(shared_data, "mgus2_competing/expected_gray_test_male.tsv").to_dict("records"):
        question = {1: "pcm-male", 2: "dead-male"}[int(row["cause"])]
        found = answers[(answers["question_id"] == question) & (answers["effect_name"] == "gray_chi_square")].iloc[0]
        np.testing.assert_allclose([found["effect"], found["p_value"]], [row["stat"], row["p"]], rtol=1e-6)
    here = curves[curves["question_id"] == "pcm-male"]
    level = here["feature"].iloc[0]
    for row in _read(shared_data, "mgus2_competing/expected_aalen_johansen.tsv").to_dict("records"):
        is_male = row["group"] == "male=1"
        group = "with" if is_male == (level == "male=yes") else "without"
        for cause, column in (("event", "cif_pcm"), ("death", "cif_death")):
            curve = here[(here["group"] == group) & (here["cause"] == cause)]
            before = curve[curve["time_months"] <= row["time"]]
            np.testing.assert_allclose(before["incidence"].iloc[-1], row[column], rtol=1e-6)


def test_start_stop_rows_of_the_heart_study(shared_data: Path, tmp_path: Path) -> None:
    data = _read(shared_data, "heart_startstop/data.tsv").rename(columns={"event": "status", "stop": "time"})
    expected = _read(shared_data, "heart_startstop/expected_cox.tsv").set_index("term")
    write_cohort(tmp_path, "heart", data.drop(columns="id"))
    endpoint = {**TIME, "unit": "days", "event_values": ["1"], "censored_values": ["0"]}
    questions = [
        {
            "id": term,
            "kind": "survival",
            "endpoint": "death",
            "features": [term],
            "confounders": [t for t in TERMS if t != term],
            "survival": {"late_entry": {"feature": "start", "unit": "days"}},
        }
        for term in TERMS
    ]
    one = cohort("heart", numeric=(*TERMS, "start"))
    answers = ask(tmp_path, [one], endpoints={"death": endpoint}, questions=questions)["answers"]
    for term in TERMS:
        (row,) = answers[(answers["question_id"] == term) & (answers["adjusted_for"] != "")].to_dict("records")
        assert row["n"] == len(data)
        assert row["method"].endswith("late entry; Wald interval and p; patients at risk from their sampling")
        coefficient, error = _coefficient(pd.Series(row), data[term])
        np.testing.assert_allclose(coefficient, expected.loc[term, "coef"], rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(error, expected.loc[term, "se"], rtol=1e-7)


def test_strata_weights_and_robust_errors_of_the_lung_study(shared_data: Path, tmp_path: Path) -> None:
    data = _read(shared_data, "lung/data.tsv").rename(columns={"status": "dead"})
    data["status"], data["w"] = data["dead"], 1 + (np.arange(1, len(data) + 1) % 3)
    expected = _read(shared_data, "lung/expected_cox_variants.tsv")
    data["sex_code"] = data["sex"]
    write_cohort(tmp_path, "lung", data[["time", "status", "age", "ph_ecog", "sex_code", "w"]])
    endpoint = {**TIME, "unit": "days", "event_values": ["1"], "censored_values": ["0"]}
    options = ({"strata": ["sex_code"]}, {"weights": "w", "robust": False}, {"robust": True})
    questions = [
        {
            "id": f"{term}-{i}",
            "kind": "survival",
            "endpoint": "os",
            "features": [term],
            "confounders": [other],
            "survival": option,
        }
        for i, option in enumerate(options)
        for term, other in (("age", "ph_ecog"), ("ph_ecog", "age"))
    ]
    one = cohort("lung", numeric=("age", "ph_ecog", "sex_code", "w"))
    answers = ask(tmp_path, [one], endpoints={"os": endpoint}, questions=questions)["answers"]
    known = data[data[["time", "age", "ph_ecog"]].notna().all(axis=1)]
    for i, (_, rows) in enumerate(expected.groupby("model", sort=False)):
        for row in rows.to_dict("records"):
            found = answers[(answers["question_id"] == f"{row['term']}-{i}")].iloc[-1]
            coefficient, error = _coefficient(found, known[row["term"]])
            np.testing.assert_allclose(coefficient, row["coef"], rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(error, row["se"], rtol=1e-6)


def test_restricted_means_of_the_lung_study(shared_data: Path, tmp_path: Path) -> None:
    data = _read(shared_data, "lung/data.tsv")
    expected = _read(shared_data, "lung/expected_rmst_sex.tsv")
    write_cohort(tmp_path, "lung", data.assign(sex=data["sex"].map({1: "f", 0: "m"}))[["time", "status", "sex"]])
    # days as months: the horizons of the file are in days
    endpoint = {**TIME, "event_values": ["1"], "censored_values": ["0"]}
    horizons = [float(h) for h in sorted(expected["tau"].unique())]
    questions = [
        {"id": f"to-{h:g}", "kind": "restricted_mean", "endpoint": "os", "features": ["sex"], "horizon_months": h}
        for h in horizons
    ]
    one = cohort("lung", categorical=("sex",))
    answers = ask(tmp_path, [one], endpoints={"os": endpoint}, questions=questions)["answers"]
    for h in horizons:
        both = expected[expected["tau"] == h].set_index("group")
        (women, men), errors = (both.loc[g, "rmst"] for g in ("sex=1", "sex=0")), both["se"]
        rows = answers[answers["question_id"] == f"to-{h:g}"].set_index("effect_name")
        assert rows["feature"].eq("sex=f").all()  # the rarer level
        found = rows.loc[["restricted_mean_difference", "restricted_mean_ratio"], "effect"]
        np.testing.assert_allclose(found, [women - men, women / men], rtol=1e-8)
        np.testing.assert_allclose(rows.loc["restricted_mean_difference", "std_error"], np.hypot(*errors), rtol=1e-6)
        ratio_error = np.hypot(errors["sex=1"] / women, errors["sex=0"] / men)
        np.testing.assert_allclose(rows.loc["restricted_mean_ratio", "std_error"], ratio_error, rtol=1e-6)
