from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.associate.adjusted_response import associate_adjusted_response
from tmescope.associate.families import adjust_families
from tmescope.associate.features import Feature
from tmescope.associate.response import associate_response
from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.logistic_models import fit_logistic

N = 150
IDS = [f"s{i}" for i in range(N)]


def _cohort(seed: int = 0):
    """Response follows the immune axis; CD274 follows the axis too, another gene adds something of its own."""
    rng = np.random.default_rng(seed)
    immune = rng.normal(size=N)
    own = rng.normal(size=N)
    chance = 1 / (1 + np.exp(-(1.2 * immune + 1.0 * own)))
    response = pd.Series(np.where(rng.random(N) < chance, "responder", "non_responder"), index=IDS)
    axis = Feature("immune", "estimate", pd.Series(immune, index=IDS))
    features = [
        Feature("CD274", "gene", pd.Series(immune + 0.5 * rng.normal(size=N), index=IDS)),
        Feature("own", "gene", pd.Series(own, index=IDS)),
    ]
    site = pd.DataFrame({"site": rng.choice(["skin", "node", "lung"], N), "age": rng.normal(60, 9, N)}, index=IDS)
    return features, axis, response, site


def test_what_is_only_immune_content_fades_beside_the_axis_and_the_rest_stays() -> None:
    features, axis, response, site = _cohort()
    answers, warnings = associate_adjusted_response(
        features, response, cohort_id="c", endpoint="r", confounders=site, axis=axis
    )
    odds = answers[answers["effect_name"] == "odds_ratio_per_sd"].set_index(["feature", "adjusted_for"])
    sets = ["", "immune", "site, age", "immune, site, age"]
    assert [a for f, a in odds.index if f == "CD274"] == sets
    assert odds.loc[("CD274", ""), "ci_low"] > 1
    assert odds.loc[("CD274", "immune"), "ci_low"] < 1 < odds.loc[("CD274", "immune"), "ci_high"]
    assert all(odds.loc[("own", s), "ci_low"] > 1 for s in sets)
    assert answers["n"].eq(N).all()
    spearman = answers[answers["effect_name"] == "spearman"].set_index("feature")
    assert spearman.loc["CD274", "effect"] > 0.7 > abs(spearman.loc["own", "effect"])
    assert warnings == ()
    areas = answers[answers["effect_name"] == "auc"]
    assert areas["checks"].str.contains("stratified bootstrap").all()
    families = adjust_families(answers)
    assert families.groupby("family")["adjusted_for"].nunique().max() == 1
    assert families["family_size"].max() == 2


def test_unadjusted_rows_are_those_of_the_plain_question_and_adjusted_ones_of_the_model() -> None:
    features, _, response, site = _cohort(1)
    answers, _ = associate_adjusted_response(features, response, cohort_id="c", endpoint="r", confounders=site[["age"]])
    plain, _ = associate_response(features, response, cohort_id="c", endpoint="r")
    ours = answers[answers["adjusted_for"] == ""].reset_index(drop=True)
    for column in ("effect", "std_error", "ci_low", "ci_high", "p_value"):
        np.testing.assert_allclose(ours[column], plain[column], rtol=1e-8)
    x = features[0].values.to_numpy()
    model = fit_logistic(np.column_stack([x / x.std(ddof=1), site["age"]]), response == "responder")
    adjusted = answers[(answers["feature"] == "CD274") & (answers["adjusted_for"] == "age")].iloc[0]
    assert np.log(adjusted["effect"]) == pytest.approx(model.coefficients[0], rel=1e-9)
    assert adjusted["p_value"] == pytest.approx(model.p_values[0], rel=1e-8)


def test_both_rows_use_the_same_patients_and_say_who_is_missing() -> None:
    features, _, response, site = _cohort(2)
    response.iloc[:4] = None
    site.loc[IDS[4:10], "age"] = np.nan
    features[0].values.iloc[10:13] = np.nan
    answers, _ = associate_adjusted_response(features, response, cohort_id="c", endpoint="r", confounders=site)
    rows = answers[answers["feature"] == "CD274"]
    assert rows["n"].eq(N - 13).all()
    assert rows["n_left_out"].eq(13).all()
    assert rows["left_out"].eq("4 without endpoint; 3 without value; 6 without axis or confounder").all()


def test_separation_gives_firths_estimate_and_says_so() -> None:
    _, _, response, site = _cohort(3)
    values = (response == "responder") * 2.0 + np.linspace(0, 1, N)
    answers, warnings = associate_adjusted_response(
        [Feature("f", "m", values)], response, cohort_id="c", endpoint="r", confounders=site[["age"]]
    )
    odds = answers[answers["effect_name"] == "odds_ratio_per_sd"]
    assert odds["method"].str.startswith("Firth").all()
    assert odds[["effect", "ci_low", "ci_high", "p_value"]].notna().all(axis=None)
    assert "answers.penalised" in {w.code for w in warnings}


def test_ordered_outcomes_have_a_proportional_odds_ratio() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=N)
    codes = pd.Series(np.searchsorted([-1, 0.5, 2], x + rng.logistic(size=N)).astype(float), index=IDS)
    age = pd.DataFrame({"age": rng.normal(size=N)}, index=IDS)
    answers, _ = associate_adjusted_response(
        [Feature("f", "m", pd.Series(x, index=IDS))], codes, cohort_id="c", endpoint="recist", confounders=age
    )
    assert list(answers["adjusted_for"]) == ["", "age"]
    assert answers["method"].str.contains("proportional-odds").all()
    assert answers["checks"].str.contains("Brant").all()
    assert set(answers["effect_name"]) == {"cumulative_odds_ratio_per_sd"}
    assert (answers["ci_low"] > 1).all()


@pytest.mark.parametrize("case", ["one_class", "constant", "few", "determined", "collinear", "p_over_n", "nobody"])
def test_bad_input_gives_reasons_and_warnings_never_silence(case: str) -> None:
    features, _, response, site = _cohort(5)
    feature, code = features[0], "answers.not_estimable"
    if case == "one_class":
        response[:] = "responder"
    elif case == "constant":
        feature = Feature("f", "m", pd.Series(1.0, index=IDS))
    elif case == "few":
        response, code = response[:8], "answers.few_patients"
    elif case == "determined":
        site["batch"] = np.where(response == "responder", "a", "b")
        code = "answers.determined_confounder"
    elif case == "collinear":
        feature = Feature("f", "m", site["age"] * 2 + 1)
    elif case == "p_over_n":
        site = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 40)), index=IDS)
        response = response[:30]
    else:
        response[:] = None
    answers, warnings = associate_adjusted_response([feature], response, cohort_id="c", endpoint="r", confounders=site)
    assert code in {w.code for w in warnings}
    lost = answers[answers["effect"].isna()]
    assert lost["method"].str.contains(r"not estimated \(.+\)").all()


def test_wrong_outcomes_are_refused() -> None:
    features, _, response, _ = _cohort(6)
    with pytest.raises(EndpointError, match="no response"):
        associate_adjusted_response(features, response.replace("responder", "CR"), cohort_id="c", endpoint="r")
    with pytest.raises(EndpointError, match="ordered code"):
        associate_adjusted_response(features, pd.Series(0.5, index=IDS), cohort_id="c", endpoint="r")
    with pytest.raises(InputError, match="stand twice"):
        associate_adjusted_response(features, pd.concat([response, response]), cohort_id="c", endpoint="r")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(6, 20), st.integers(1, 4))
def test_no_row_has_a_missing_effect_without_a_reason(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(n)]
    response = pd.Series(rng.choice(["responder", "non_responder"], n), index=ids)
    table = pd.DataFrame(rng.integers(0, 2, (n, k)).astype(float), index=ids, columns=[f"c{i}" for i in range(k)])
    feature = Feature("g=1", "table", pd.Series(rng.integers(0, 2, n).astype(float), index=ids), is_group=True)
    answers, _ = associate_adjusted_response([feature], response, cohort_id="c", endpoint="r", confounders=table)
    for row in answers.itertuples():
        assert np.isnan(row.effect) == ("not estimated" in row.method)
        if not np.isnan(row.effect):
            assert row.ci_low <= row.effect <= row.ci_high
