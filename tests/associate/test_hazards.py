from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.hazards import Adjustment, HazardOptions, associate_competing_hazard, associate_hazard
from tmescope.foundation.errors import EndpointError, SampleError
from tmescope.stats.cox_model import CoxDesign, CoxOptions, fit_cox
from tmescope.stats.fine_gray import fit_fine_gray

N = 160
IDS = pd.Index([f"s{i}" for i in range(N)])
COLUMNS = [
    "question_id",
    "cohort_id",
    "endpoint",
    "feature",
    "source",
    "n",
    "n_events",
    "effect",
    "effect_name",
    "std_error",
    "ci_low",
    "ci_high",
    "p_value",
    "method",
    "adjusted_for",
    "n_left_out",
    "left_out",
    "checks",
]


def study(seed: int = 0):
    """A gene that is a copy of immune content, which alone drives the hazard."""
    rng = np.random.default_rng(seed)
    immune = rng.normal(size=N)
    gene = 5 + 3 * (0.8 * immune + 0.6 * rng.normal(size=N))
    time, leave = rng.exponential(12 / np.exp(-0.9 * immune)), rng.uniform(6, 36, N)
    other = rng.exponential(30, N)
    event = np.where(leave < np.minimum(time, other), 0, np.where(time < other, 1, 2))
    outcome = pd.DataFrame({"time_months": np.minimum.reduce([time, leave, other]), "event": event}, index=IDS)
    covariates = pd.DataFrame({"immune": immune, "site": rng.choice(["skin", "node", "lung"], N)}, index=IDS)
    return Feature("gene", "m", pd.Series(gene, index=IDS)), outcome, covariates


def ask(features, outcome, adjustment=None):
    return associate_hazard(features, outcome, cohort_id="c", endpoint="os", adjustment=adjustment)


def test_alone_and_adjusted_stand_side_by_side_on_the_same_patients() -> None:
    gene, outcome, covariates = study()
    covariates.loc[IDS[:10], "immune"] = np.nan
    gene.values.iloc[10:13] = np.nan
    outcome.iloc[13, 0] = np.nan
    found = ask([gene], outcome, Adjustment(covariates=covariates))
    assert list(found.answers.columns) == COLUMNS
    alone, adjusted = found.answers.iloc[0], found.answers.iloc[1]
    assert (alone["adjusted_for"], adjusted["adjusted_for"]) == ("", "immune, site")
    assert (alone["n"], adjusted["n"]) == (146, 146)
    assert alone["n_left_out"] == 14
    assert alone["left_out"] == "1 without endpoint; 3 without value; 10 without covariate or stratum"
    assert alone["effect_name"] == "hazard_ratio_per_sd"
    assert alone["ci_high"] < 1  # it is immune content
    assert adjusted["ci_low"] < 1 < adjusted["ci_high"]  # and no more than that
    kept = IDS[14:]
    z = gene.values[kept]
    z = (z - z.mean()) / z.std()
    sites = pd.get_dummies(covariates.loc[kept, "site"]).astype(float)
    x = np.column_stack([covariates.loc[kept, "immune"], sites.iloc[:, 1:], z])
    direct = fit_cox(x, outcome.loc[kept, "time_months"], outcome.loc[kept, "event"] == 1)
    assert adjusted["effect"] == pytest.approx(direct.hazard_ratio[-1])
    assert adjusted["std_error"] == pytest.approx(direct.std_error[-1])
    assert "whole model p" in adjusted["checks"]
    assert alone["checks"].startswith("proportional hazards: p ")


def test_units_of_a_feature_do_not_matter_and_groups_keep_theirs() -> None:
    gene, outcome, _ = study()
    scaled = Feature("gene", "m", gene.values * 100 - 7)
    group = Feature("g=1", "table", (gene.values > 5).astype(float), is_group=True)
    rows = ask([gene, scaled, group], outcome).answers
    assert rows.loc[0, "effect"] == pytest.approx(rows.loc[1, "effect"])
    assert rows.loc[2, "effect_name"] == "hazard_ratio"
    direct = fit_cox(group.values, outcome["time_months"], outcome["event"] == 1)
    assert rows.loc[2, "effect"] == pytest.approx(direct.hazard_ratio[0])


def test_strata_and_late_entry() -> None:
    gene, outcome, covariates = study()
    outcome["entry_months"] = np.where(np.arange(N) % 2, outcome["time_months"] / 2, 0.0)
    found = ask([gene], outcome, Adjustment(strata=covariates["site"]))
    row = found.answers.iloc[1]
    z = (gene.values - gene.values.mean()) / gene.values.std()
    design = CoxDesign(entry=outcome["entry_months"], strata=pd.factorize(covariates["site"])[0])
    direct = fit_cox(z, outcome["time_months"], outcome["event"] == 1, design=design)
    assert row["effect"] == pytest.approx(direct.hazard_ratio[0])
    assert row["adjusted_for"] == "strata: site"
    assert row["method"] == "Cox model, Efron ties, stratified, late entry; Wald interval and p"


def test_several_adjustments_share_the_patients_and_the_unadjusted_row() -> None:
    gene, outcome, covariates = study()
    covariates.loc[IDS[:7], "immune"] = np.nan
    parts = [Adjustment(covariates=covariates[names]) for names in (["immune"], ["site"], ["immune", "site"], ["site"])]
    rows = ask([gene], outcome, parts).answers
    assert list(rows["adjusted_for"]) == ["", "immune", "site", "immune, site"]  # the fourth is like the second
    assert rows["n"].tolist() == [N - 7] * 4
    one = ask([gene], outcome, parts[2]).answers
    assert rows.loc[3, "effect"] == one.loc[1, "effect"]
    assert rows.loc[0, "effect"] == one.loc[0, "effect"]


def test_ties_weights_and_robust_errors_are_those_of_the_model() -> None:
    gene, outcome, _ = study()
    outcome["time_months"] = np.ceil(outcome["time_months"])
    weights = pd.Series(np.arange(N) % 3 + 1.0, index=IDS).mask(np.arange(N) < 4)
    options = HazardOptions(ties="breslow", robust=True, weights=weights)
    row = associate_hazard([gene], outcome, cohort_id="c", endpoint="os", options=options).answers.iloc[0]
    kept = IDS[4:]
    z = (gene.values[kept] - gene.values[kept].mean()) / gene.values[kept].std()
    direct = fit_cox(
        z,
        outcome.loc[kept, "time_months"],
        outcome.loc[kept, "event"] == 1,
        design=CoxDesign(weights=weights[kept]),
        options=CoxOptions(ties="breslow", robust=True),
    )
    assert row["effect"] == pytest.approx(direct.hazard_ratio[0])
    assert row["std_error"] == pytest.approx(direct.std_error[0])
    assert row["left_out"] == "4 without covariate, stratum or weight"
    assert "sandwich" not in row["checks"]


@pytest.mark.parametrize("kind", ["robust", "fine_gray"])
def test_sandwich_errors_of_few_patients_are_told_with_the_figure(kind: str) -> None:
    gene, outcome, _ = study()
    few = outcome.iloc[:40]
    if kind == "robust":
        found = associate_hazard([gene], few, cohort_id="c", endpoint="os", options=HazardOptions(robust=True))
    else:
        found = associate_competing_hazard([gene], few, cohort_id="c", endpoint="os")
    assert "n = 40: sandwich errors too small (95% intervals cover 90 to 92%" in found.answers.loc[0, "checks"]
    (told,) = [w for w in found.warnings if w.code == "answers.small_sample_errors"]
    assert "90 to 92%" in told.message
    assert told.examples == ("gene (n = 40)",)
    plain = ask([gene], few)
    assert "answers.small_sample_errors" not in {w.code for w in plain.warnings}


def test_a_covariate_that_says_the_same_leaves_nothing_to_the_feature() -> None:
    gene, outcome, _ = study()
    covariates = pd.DataFrame({"same": gene.values * 2, "sum": gene.values + 1}, index=IDS)
    found = ask([gene], outcome, Adjustment(covariates=covariates))
    row = found.answers.iloc[1]
    assert np.isnan(row["effect"])
    assert row["method"] == "not estimated (collinear)"
    codes = {w.code: w for w in found.warnings}
    assert codes["answers.not_estimated"].examples == ("gene (collinear)",)
    assert codes["covariates.collinear"].examples == ("sum",)


def test_changing_ratios_are_told_by_name() -> None:
    rng = np.random.default_rng(1)
    group = pd.Series(np.arange(N) % 2 * 1.0, index=IDS)
    time = np.where(group == 1, rng.weibull(4, N), rng.weibull(0.6, N))
    outcome = pd.DataFrame({"time_months": time, "event": 1}, index=IDS)
    found = ask([Feature("g=1", "table", group, is_group=True)], outcome)
    warning = next(w for w in found.warnings if w.code == "answers.hazards_not_proportional")
    assert warning.examples == ("g=1",)


@pytest.mark.parametrize(
    ("change", "code", "method"),
    [
        (lambda o: o.assign(event=0), "answers.no_events", "not estimated (no_events)"),
        (lambda o: o.iloc[:6], "answers.few_patients", ""),
        (lambda o: o.assign(time_months=5.0), "answers.one_event_time", ""),
        (lambda o: o.assign(time_months=np.where(o["event"] == 1, 9.0, 1.0)), "answers.censored_before_events", ""),
        (lambda o: o.assign(time_months=o["time_months"].where(o.index != "s3", 0.0)), "answers.time_zero", ""),
        (lambda o: o.iloc[:0], "answers.few_patients", "not estimated (empty)"),
    ],
)
def test_bad_endpoints_are_typed_warnings_and_no_estimate_is_without_a_reason(change, code: str, method: str) -> None:
    gene, outcome, covariates = study()
    found = ask([gene], change(outcome), Adjustment(covariates=covariates))
    assert code in {w.code for w in found.warnings}
    rows = found.answers
    if method:
        assert set(rows["method"]) == {method}
    assert rows.loc[rows["effect"].isna(), "method"].str.startswith("not estimated (").all()


def test_constant_features_and_too_many_covariates_are_told() -> None:
    gene, outcome, _ = study()
    flat = Feature("flat", "m", pd.Series(3.0, index=IDS))
    rows = ask([flat], outcome).answers
    assert list(rows["method"]) == ["not estimated (constant)"]
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 30)), index=IDS, columns=[f"v{i}" for i in range(30)])
    few = ask([gene], outcome.iloc[:20], Adjustment(covariates=wide)).answers
    assert few.loc[1, "method"] == "not estimated (more_terms_than_subjects)"
    assert np.isfinite(few.loc[0, "effect"])


def test_two_outcomes_for_a_sample_and_negative_times_are_errors() -> None:
    gene, outcome, _ = study()
    with pytest.raises(SampleError, match="1 samples have two outcomes"):
        ask([gene], pd.concat([outcome, outcome.iloc[:1]]))
    with pytest.raises(EndpointError, match="negative"):
        ask([gene], outcome.assign(time_months=-1.0))
    with pytest.raises(EndpointError, match="no column event"):
        ask([gene], outcome[["time_months"]])


def test_competing_events() -> None:
    gene, outcome, covariates = study()
    found = associate_competing_hazard(
        [gene], outcome, cohort_id="c", endpoint="relapse", adjustment=Adjustment(covariates=covariates[["immune"]])
    )
    z = (gene.values - gene.values.mean()) / gene.values.std()
    direct = fit_fine_gray(np.column_stack([covariates["immune"], z]), outcome["time_months"], outcome["event"])
    row = found.answers.iloc[1]
    assert (row["effect_name"], row["n_events"]) == (
        "subdistribution_hazard_ratio_per_sd",
        (outcome["event"] == 1).sum(),
    )
    assert row["effect"] == pytest.approx(direct.hazard_ratio[1])
    assert row["std_error"] == pytest.approx(direct.std_error[1])
    alone = associate_competing_hazard([gene], outcome.assign(event=outcome["event"] == 1), cohort_id="c", endpoint="e")
    assert "answers.no_competing_events" in {w.code for w in alone.warnings}
    with pytest.raises(EndpointError, match="not part of the Fine-Gray model"):
        associate_competing_hazard(
            [gene], outcome, cohort_id="c", endpoint="e", adjustment=Adjustment(strata=covariates["site"])
        )


def test_lung_as_coxph(shared_data) -> None:
    data = pd.read_csv(shared_data / "stats" / "lung" / "data.tsv", sep="\t")
    data.index = pd.Index([f"p{i}" for i in range(len(data))])
    expected = pd.read_csv(shared_data / "stats" / "lung" / "expected_cox.tsv", sep="\t").iloc[0]
    outcome = data.rename(columns={"time": "time_months", "status": "event"})[["time_months", "event"]]
    rest = Adjustment(covariates=data[["sex", "ph_ecog", "wt_loss"]])
    row = ask([Feature("age", "table", data["age"].astype(float))], outcome, rest).answers.iloc[1]
    sd = data["age"].std()
    assert np.log(row["effect"]) == pytest.approx(expected["coef"] * sd, rel=1e-7)
    assert row["std_error"] == pytest.approx(expected["se"] * sd, rel=1e-7)


def test_who_lacks_a_covariate_of_one_value_is_not_in_the_adjusted_models() -> None:
    gene, outcome, _ = study()
    sex = pd.Series("F", index=IDS, dtype=object)
    sex.iloc[:7] = None
    found = ask([gene], outcome, Adjustment(covariates=pd.DataFrame({"sex": sex})))
    assert found.answers["adjusted_for"].tolist() == ["", "sex"]
    assert set(found.answers["n"]) == {N - 7}
    assert set(found.answers["n_left_out"]) == {7}
