from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from sklearn.linear_model import LogisticRegression

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_model import CoxDesign, CoxOptions, fit_cox
from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.penalised import cox_path, fit_penalised_cox, fit_penalised_logistic, logistic_path
from tmescope.stats.penalised_problems import PathOptions, Penalty


def simulate(seed: int, n: int, p: int, *, ties: bool = False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * rng.uniform(0.5, 2.0, size=p) + rng.normal(size=(n, 1))
    eta = 0.8 * x[:, 0] - 0.5 * x[:, min(1, p - 1)]
    y = (rng.uniform(size=n) < special.expit(eta)).astype(float)
    time = rng.exponential(np.exp(-eta))
    event = (rng.uniform(size=n) < 0.7).astype(float)
    strata = rng.integers(0, 2, size=n).astype(float)
    return x, y, (np.ceil(time * 4) if ties else time), event, strata


def plain_cox(b, x, time, event, strata, *, efron: bool) -> float:
    """Negative log partial likelihood per row, written from the definition, patient by patient."""
    eta = x @ b
    total = 0.0
    for s in np.unique(strata):
        for t in np.unique(time[(strata == s) & (event == 1)]):
            tied = (strata == s) & (time == t) & (event == 1)
            risk = np.exp(eta[(strata == s) & (time >= t)]).sum()
            own = np.exp(eta[tied]).sum()
            m = int(tied.sum())
            total += eta[tied].sum() - sum(np.log(risk - (k / m * own if efron else 0.0)) for k in range(m))
    return -total / len(eta)


def slopes(function, b):
    """Central differences, fourth order."""
    step, found = 1e-3, np.empty(b.size)
    for j in range(b.size):
        e = np.zeros(b.size)
        e[j] = step
        found[j] = (8 * (function(b + e) - function(b - e)) - function(b + 2 * e) + function(b - 2 * e)) / (12 * step)
    return found


def gap(slope, b, penalty):
    """How far coefficients are from the conditions of Karush, Kuhn and Tucker."""
    lasso, ridge = penalty.strength * penalty.l1_ratio, penalty.strength * (1 - penalty.l1_ratio)
    pull = slope + ridge * b
    return np.where(b == 0, np.maximum(np.abs(pull) - lasso, 0), np.abs(pull + lasso * np.sign(b))).max()


cases = st.tuples(
    st.integers(0, 10_000), st.integers(20, 60), st.integers(1, 40), st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.floats(-4, 0),
)  # fmt: skip


@given(cases)
@settings(max_examples=60, deadline=None)
def test_a_logistic_model_meets_the_conditions_of_a_minimum(case):
    seed, n, p, ratio, power = case
    x, y, _, _, _ = simulate(seed, n, p)
    penalty = Penalty(l1_ratio=ratio, strength=10.0**power)
    found = fit_penalised_logistic(x, y, penalty=penalty)
    if y.min() == y.max():
        assert found.reason == "one_class"
        return
    assert found.converged
    error = special.expit(found.intercept + x @ found.coefficients) - y
    assert abs(error.mean()) < 1e-8
    assert gap(x.T @ error / n, found.coefficients, penalty) < 1e-8


@given(cases, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_cox_model_meets_the_conditions_of_a_minimum(case, efron, tied, stratified):
    seed, n, p, ratio, power = case
    p = min(p, 8)
    x, _, time, event, strata = simulate(seed, n, p, ties=tied)
    strata = strata if stratified else np.zeros(n)
    penalty = Penalty(l1_ratio=ratio, strength=10.0**power)
    found = fit_penalised_cox(x, time, event, penalty=penalty, strata=strata, ties="efron" if efron else "breslow")
    assert found.converged, found.reason
    slope = slopes(lambda b: plain_cox(b, x, time, event, strata, efron=efron), found.coefficients)
    assert gap(slope, found.coefficients, penalty) < 2e-8  # differences are good to about that
    np.testing.assert_allclose(
        found.deviance, 2 * n * plain_cox(found.coefficients, x, time, event, strata, efron=efron), rtol=1e-10
    )
    assert np.isnan(found.intercept)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
@pytest.mark.parametrize("strength", [0.3, 0.02])
@pytest.mark.parametrize("p", [12, 150])
def test_scikit_learn_agrees_on_logistic_models(ratio, strength, p):
    x, y, _, _, _ = simulate(3, 100, p)
    found = fit_penalised_logistic(x, y, penalty=Penalty(l1_ratio=ratio, strength=strength))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = LogisticRegression(
            C=1 / (strength * y.size), l1_ratio=ratio, solver="saga" if ratio else "newton-cholesky",
            tol=1e-13, max_iter=200_000, random_state=0,
        ).fit(x, y)  # fmt: skip
    np.testing.assert_allclose(found.coefficients, other.coef_[0], atol=1e-6)
    np.testing.assert_allclose(found.intercept, other.intercept_[0], atol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("strength", [0.5, 0.01])
def test_a_ridge_cox_model_is_the_minimum_of_the_likelihood_written_out(ties, strength):
    x, _, time, event, strata = simulate(8, 60, 3, ties=True)
    found = fit_penalised_cox(x, time, event, penalty=Penalty(strength=strength), strata=strata, ties=ties)

    def objective(b):
        return plain_cox(b, x, time, event, strata, efron=ties == "efron") + strength / 2 * b @ b

    b = optimize.minimize(objective, np.zeros(3), method="BFGS").x
    for _ in range(3):  # Newton's steps with numerical derivatives of the definition
        gradient = slopes(objective, b)
        hessian = np.array([slopes(lambda v, j=j: slopes(objective, v)[j], b) for j in range(3)])
        b = b - np.linalg.solve(hessian, gradient)
    np.testing.assert_allclose(found.coefficients, b, atol=1e-8)


@pytest.mark.parametrize("ratio", [0.0, 0.5])
def test_without_strength_it_is_maximum_likelihood(ratio):
    x, y, time, event, strata = simulate(5, 120, 5, ties=True)
    penalty = Penalty(l1_ratio=ratio, strength=0.0)
    plain = fit_logistic(x, y)
    found = fit_penalised_logistic(x, y, penalty=penalty)
    np.testing.assert_allclose(found.coefficients, plain.coefficients, atol=1e-8)
    np.testing.assert_allclose([found.intercept, found.deviance], [plain.intercept, -2 * plain.log_likelihood])
    for ties in ("efron", "breslow"):
        model = fit_cox(x, time, event, design=CoxDesign(strata=strata), options=CoxOptions(ties=ties))
        own = fit_penalised_cox(x, time, event, penalty=penalty, strata=strata, ties=ties)
        np.testing.assert_allclose(own.coefficients, model.coefficients, atol=1e-8)
        np.testing.assert_allclose(own.deviance, -2 * model.log_likelihood)


def test_columns_may_go_free():
    x, y, time, event, _ = simulate(6, 90, 30)
    free = np.arange(30) < 2
    heavy = Penalty(l1_ratio=1.0, strength=50.0)
    found = fit_penalised_logistic(x, y, penalty=heavy, penalised=~free)
    np.testing.assert_allclose(found.coefficients[:2], fit_logistic(x[:, :2], y).coefficients, atol=1e-8)
    assert (found.coefficients[2:] == 0).all()
    for ratio in (0.0, 0.5):  # ridge on more columns than rows takes another way than elastic net: both meet here
        wide = np.hstack([x, simulate(7, 90, 100)[0]])
        few = np.arange(130) < 2
        penalty = Penalty(l1_ratio=ratio, strength=0.05)
        model = fit_penalised_cox(wide, time, event, penalty=penalty, penalised=~few)
        assert model.converged
        martingale = slopes_of_cox(model.coefficients, wide, time, event)
        assert np.abs(martingale[:2]).max() < 1e-8
        assert gap(martingale[2:], model.coefficients[2:], penalty) < 1e-8


def slopes_of_cox(b, x, time, event):
    """Gradient of the loss without ties, from the definition."""
    risk = np.exp(x @ b)
    total = np.zeros(x.shape[1])
    for i in np.flatnonzero(event):
        inside = time >= time[i]
        total += x[i] - risk[inside] @ x[inside] / risk[inside].sum()
    return -total / len(b if len(b) == len(x) else x)


def test_a_path_holds_the_models_of_its_strengths():
    x, y, time, event, strata = simulate(9, 70, 25)
    for ratio in (0.0, 0.7, 1.0):
        options = PathOptions(l1_ratio=ratio, n_strengths=12)
        path = logistic_path(x, y, options=options)
        other = cox_path(x, time, event, options=options, strata=strata)
        assert path.converged.all() and other.converged.all() and not path.reason
        assert (np.diff(path.strengths) < 0).all()
        for k in (0, 5, 11):
            penalty = Penalty(l1_ratio=ratio, strength=path.strengths[k])
            one = fit_penalised_logistic(x, y, penalty=penalty)
            np.testing.assert_allclose(path.coefficients[k], one.coefficients, atol=1e-7)
            np.testing.assert_allclose(
                [path.intercepts[k], path.deviances[k]], [one.intercept, one.deviance], rtol=1e-6
            )
            penalty = Penalty(l1_ratio=ratio, strength=other.strengths[k])
            one = fit_penalised_cox(x, time, event, penalty=penalty, strata=strata)
            np.testing.assert_allclose(other.coefficients[k], one.coefficients, atol=1e-7)
        if ratio:
            assert (path.coefficients[0] == 0).all() and (path.coefficients[1] != 0).sum() >= 1
            assert (other.coefficients[0] == 0).all() and (other.coefficients[1] != 0).sum() >= 1


def test_given_strengths_are_taken():
    x, y, _, _, _ = simulate(10, 50, 5)
    path = logistic_path(x, y, options=PathOptions(l1_ratio=1.0, strengths=(0.2, 0.1)))
    np.testing.assert_array_equal(path.strengths, [0.2, 0.1])
    one = fit_penalised_logistic(x, y, penalty=Penalty(l1_ratio=1.0, strength=0.1))
    np.testing.assert_allclose(path.coefficients[1], one.coefficients, atol=1e-9)


def test_units_of_columns_change_nothing_but_the_penalty():
    x, y, _, _, _ = simulate(11, 80, 3)
    scaled = x * np.array([1.0, 1e6, 1e-6])
    plain = fit_penalised_logistic(x, y, penalty=Penalty(strength=0.0))
    found = fit_penalised_logistic(scaled, y, penalty=Penalty(strength=0.0))
    np.testing.assert_allclose(found.coefficients * [1.0, 1e6, 1e-6], plain.coefficients, rtol=1e-8)
    big = fit_penalised_logistic(scaled, y, penalty=Penalty(l1_ratio=0.5, strength=0.01))
    assert big.converged and big.coefficients[2] == 0.0


def test_duplicated_and_constant_columns():
    x, y, time, event, _ = simulate(12, 60, 3)
    doubled = np.column_stack([x, x[:, 0], np.full(60, 7.0)])
    for ratio in (0.0, 0.5, 1.0):
        penalty = Penalty(l1_ratio=ratio, strength=0.05)
        found = fit_penalised_logistic(doubled, y, penalty=penalty)
        other = fit_penalised_cox(doubled, time, event, penalty=penalty)
        assert found.converged and other.converged
        assert found.coefficients[4] == other.coefficients[4] == 0.0
        if ratio < 1.0:
            np.testing.assert_allclose(found.coefficients[0], found.coefficients[3], atol=1e-7)
            np.testing.assert_allclose(other.coefficients[0], other.coefficients[3], atol=1e-7)
        else:  # a lasso does not say which of two equal columns it takes: what they add up to is determined
            once = fit_penalised_logistic(x, y, penalty=penalty)
            np.testing.assert_allclose(found.coefficients[0] + found.coefficients[3], once.coefficients[0], atol=1e-7)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x, y: (x, np.ones_like(y)), "one_class"),
        (lambda x, y: (x * np.nan, y), "empty"),
        (lambda x, y: (np.column_stack([x, np.ones(len(x))]), y), "constant"),
        (lambda x, y: (np.column_stack([x, x[:, 0]]), y), "collinear"),
        (lambda x, y: (np.column_stack([x, y]), y), "separation"),
        (lambda x, y: (x[:4], np.array([0.0, 1.0, 0.0, 1.0])), "too_few_samples"),
    ],
)
def test_why_there_is_no_logistic_model(change, reason):
    x, y, _, _, _ = simulate(13, 60, 3)
    own, outcome = change(x, y)
    found = fit_penalised_logistic(own, outcome, penalty=Penalty(strength=0.0))
    assert (found.reason, found.converged, found.method) == (reason, False, "not estimated")
    assert np.isnan(found.coefficients).all() and np.isnan(found.deviance)
    path = logistic_path(own, outcome, options=PathOptions(l1_ratio=0.5, strengths=(0.0,)))
    assert path.reason == reason and np.isnan(path.coefficients).all() and not path.converged.any()
    if reason in {"constant", "collinear", "separation", "too_few_samples"}:
        assert fit_penalised_logistic(own, outcome, penalty=Penalty(strength=0.1)).converged


def test_why_there_is_no_cox_model():
    x, _, time, event, _ = simulate(14, 40, 2)
    none = Penalty(strength=0.0)
    assert fit_penalised_cox(x, time, 0 * event, penalty=Penalty(strength=1.0)).reason == "no_events"
    assert fit_penalised_cox(x * np.nan, time, event, penalty=none).reason == "empty"
    perfect = np.column_stack([x, -time])
    assert fit_penalised_cox(perfect, time, event, penalty=none).reason == "monotone_likelihood"
    assert fit_penalised_cox(perfect, time, event, penalty=Penalty(strength=0.1)).converged
    path = cox_path(x, time, 0 * event, options=PathOptions(l1_ratio=0.5, n_strengths=4))
    assert path.reason == "no_events" and path.coefficients.shape == (4, 2) and np.isnan(path.strengths).all()


def test_missing_values_drop_rows_and_are_counted():
    x, y, time, event, _ = simulate(15, 50, 3)
    holes, gone = x.copy(), y.copy()
    holes[3, 1], gone[7] = np.nan, np.nan
    kept = np.delete(np.arange(50), [3, 7])
    found = fit_penalised_logistic(holes, gone, penalty=Penalty(strength=0.1))
    assert (found.n, found.n_dropped, found.n_events) == (48, 2, int(y[kept].sum()))
    expected = fit_penalised_logistic(x[kept], y[kept], penalty=Penalty(strength=0.1))
    np.testing.assert_array_equal(found.coefficients, expected.coefficients)
    assert fit_penalised_cox(holes, time, event, penalty=Penalty(strength=0.1)).n == 49


@pytest.mark.parametrize(
    "penalty", [Penalty(strength=-1.0), Penalty(strength=np.nan), Penalty(l1_ratio=1.5, strength=1.0)]
)
def test_a_penalty_that_makes_no_sense_is_refused(penalty):
    x, y, _, _, _ = simulate(16, 30, 2)
    with pytest.raises(InputError):
        fit_penalised_logistic(x, y, penalty=penalty)


@pytest.mark.parametrize(
    "options",
    [
        PathOptions(l1_ratio=-0.1),
        PathOptions(l1_ratio=1.0, n_strengths=0),
        PathOptions(l1_ratio=1.0, smallest=2.0),
        PathOptions(l1_ratio=1.0, strengths=(0.1, 0.2)),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(options):
    x, y, _, _, _ = simulate(16, 30, 2)
    with pytest.raises(InputError):
        logistic_path(x, y, options=options)


def test_arguments_that_make_no_sense_are_refused():
    x, y, time, event, _ = simulate(16, 30, 2)
    with pytest.raises(InputError, match="penalised"):
        fit_penalised_logistic(x, y, penalty=Penalty(strength=1.0), penalised=[True])
    with pytest.raises(InputError, match="ties"):
        fit_penalised_cox(x, time, event, penalty=Penalty(strength=1.0), ties="exact")
    with pytest.raises(EndpointError):
        fit_penalised_cox(x, -time, event, penalty=Penalty(strength=1.0))
    with pytest.raises(InputError, match="length"):
        fit_penalised_logistic(x[:5], y, penalty=Penalty(strength=1.0))


@pytest.mark.parametrize(("family", "tolerance"), [("logistic", 1e-9), ("cox", 1e-9), ("cox_strata", 1e-4)])
def test_golden_numbers_of_glmnet(golden, family, tolerance):
    data, table = golden("stats_prediction/input.tsv"), golden("stats_prediction/expected_penalised.tsv")
    x = data[[f"x{i}" for i in range(1, 9)]]
    for (ratio, strength), told in table[table["family"] == family].groupby(["l1_ratio", "strength"]):
        penalty = Penalty(l1_ratio=ratio, strength=strength)
        if family == "logistic":
            found = fit_penalised_logistic(x, data["y"], penalty=penalty)
        else:
            strata = data["stratum"] if family == "cox_strata" else None
            found = fit_penalised_cox(x, data["time"], data["event"], penalty=penalty, strata=strata, ties="breslow")
        np.testing.assert_allclose(found.coefficients, told["coef"], atol=tolerance)
        if tolerance < 1e-8:
            np.testing.assert_array_equal(found.coefficients == 0, told["coef"] == 0)
