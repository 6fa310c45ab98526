from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tmescope.associate.arms import Treatment
from tmescope.associate.features import Feature
from tmescope.associate.response_interactions import associate_response_interaction
from tmescope.foundation.errors import SampleError


def _trial(seed: int, n: int, product: float):
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"s{i}" for i in range(n)])
    x, arm = rng.normal(size=n), rng.integers(0, 2, n)
    p = 1 / (1 + np.exp(-(-0.3 + 0.2 * x + 0.4 * arm + product * x * arm)))
    response = pd.Series(np.where(rng.random(n) < p, "responder", "non_responder"), index=ids)
    treatment = Treatment(
        arm=pd.Series(np.where(arm == 1, "drug", "placebo"), index=ids), control="placebo", randomisation="randomised"
    )
    return [Feature("f", "m", pd.Series(x, index=ids))], response, treatment, (x, arm)


def _ask(features, response, treatment):
    return associate_response_interaction(features, response, treatment=treatment, cohort_id="c", endpoint="r")


def test_numbers_are_those_of_the_logistic_model_with_the_product():
    features, response, treatment, (x, arm) = _trial(1, 300, 0.8)
    answers, warnings = _ask(features, response, treatment)
    z = x / x.std(ddof=1)
    y = (response == "responder").to_numpy(dtype=float)
    larger = sm.Logit(y, sm.add_constant(np.column_stack([z, arm, z * arm]))).fit(disp=0, tol=1e-12, maxiter=100)
    smaller = sm.Logit(y, sm.add_constant(np.column_stack([z, arm]))).fit(disp=0, tol=1e-12, maxiter=100)
    rows = answers.set_index("effect_name")
    product = rows.loc["interaction_odds_ratio_per_sd"]
    assert np.log(product["effect"]) == pytest.approx(larger.params[3], rel=1e-6)
    assert product["std_error"] == pytest.approx(larger.bse[3], rel=1e-6)
    from scipy import stats

    assert product["p_value"] == pytest.approx(stats.chi2.sf(2 * (larger.llf - smaller.llf), 1), rel=1e-5)
    treated = rows.loc["odds_ratio_per_sd_in_treated"]
    assert np.log(treated["effect"]) == pytest.approx(larger.params[1] + larger.params[3], rel=1e-6)
    assert treated["n"] == arm.sum()
    assert (warnings, product["checks"]) == ((), "randomised arms (as stated); control arm: placebo")


def test_without_a_control_arm_the_answer_is_that_it_cannot_tell():
    features, response, treatment, _ = _trial(2, 60, 0.0)
    alone = Treatment(arm=treatment.arm[treatment.arm == "drug"], control="placebo")
    answers, warnings = _ask(features, response, alone)
    assert len(answers) == 1
    assert np.isnan(answers.loc[0, "effect"])
    assert answers.loc[0, "method"] == "cannot tell (no_control_arm)"
    assert [w.code for w in warnings] == ["interactions.no_control_arm"]


def test_what_cannot_be_estimated_says_why_and_who_was_left_out_is_counted():
    features, response, treatment, _ = _trial(3, 60, 0.0)
    constant = [Feature("k", "m", pd.Series(1.0, index=response.index))]
    answers, warnings = _ask(constant, response, treatment)
    assert answers["method"].str.startswith("not estimated").all()
    assert warnings
    response = response.copy()
    response.iloc[:4] = None
    answers, _ = _ask(features, response, treatment)
    assert answers.loc[0, "left_out"] == "4 without endpoint"
    with pytest.raises(SampleError, match="two responses"):
        _ask(features, pd.concat([response, response.iloc[:1]]), treatment)


@pytest.mark.simulation
def test_type_one_error_is_nominal():
    hits, runs = 0, 300
    for seed in range(runs):
        features, response, treatment, _ = _trial(1000 + seed, 150, 0.0)
        answers, _ = _ask(features, response, treatment)
        hits += answers.loc[0, "p_value"] < 0.05
    from scipy import stats

    low, high = stats.binom.ppf([0.0005, 0.9995], runs, 0.05)
    assert low <= hits <= high
