from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.associate.planted import NUMBERS, planted

from tmescope.associate.prediction_models import LearningPlan, learn_model

PLAN = LearningPlan(l1_ratios=(0.5,), n_strengths=8)


def test_the_coefficients_are_those_of_another_implementation_at_the_penalty_that_was_chosen() -> None:
    data = planted(6, (80, 60)).choose(NUMBERS)
    model = learn_model(data, PLAN)
    x = model.preparation.matrix(data.values)
    other = LogisticRegression(
        solver="saga", l1_ratio=model.l1_ratio, C=1 / (data.n * model.strength), max_iter=200_000, tol=1e-10,
        penalty="elasticnet",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(x, data.happened)
    assert np.allclose(model.coefficients, other.coef_[0], atol=1e-5)
    assert model.intercept == pytest.approx(float(other.intercept_[0]), abs=1e-5)
    assert np.allclose(model.predict(data.values).chance, other.predict_proba(x)[:, 1], atol=1e-5)


def test_the_planted_predictor_is_found_and_noise_is_not() -> None:
    model = learn_model(planted(6, (150, 150)), replace(PLAN, l1_ratios=(1.0,)))
    by_name = dict(zip([c.name for c in model.preparation.columns], model.coefficients, strict=True))
    assert by_name["f0"] > 0.8
    assert all(abs(b) < 0.3 for n, b in by_name.items() if n != "f0")


def test_a_survival_model_predicts_the_chance_of_an_event_until_the_horizon() -> None:
    data = planted(7, (150, 150), survival=True)
    model = learn_model(data, replace(PLAN, horizon_months=8.0))
    found = model.predict(data.values)
    assert 0.0 < found.chance.min() < 0.2
    assert 0.8 < found.chance.max() <= 1.0
    followed = (data.happened == 1.0) | (data.time >= 8.0)
    event = (data.happened == 1.0) & (data.time <= 8.0)
    for part in (found.linear < np.median(found.linear), found.linear >= np.median(found.linear)):
        here = part & followed
        assert event[here].mean() == pytest.approx(found.chance[here].mean(), abs=0.12)


def test_one_column_is_not_penalised() -> None:
    data = planted(6, (80, 60)).choose(NUMBERS[:1])
    model = learn_model(data, PLAN)
    assert model.strength == 0.0
    assert model.coefficients[0] > 1.0


def test_what_cannot_be_learnt_has_a_reason_and_predicts_nothing() -> None:
    data = planted(6, (30,))
    one_class = learn_model(replace(data, happened=np.ones(30)), PLAN)
    assert one_class.reason == "too_few_events"
    assert np.isnan(one_class.predict(data.values).chance).all()
    flat = replace(data, values=data.values.assign(**{p.key: 1.0 for p in NUMBERS}, **{"table:site": "skin"}))
    assert learn_model(flat, PLAN).reason == "no_predictor_varies"
    late = planted(7, (60,), survival=True)
    assert learn_model(late, replace(PLAN, horizon_months=1e6)).reason == "nobody_followed_to_the_horizon"


def test_a_horizon_before_the_first_event_is_a_reason() -> None:
    data = planted(7, (60, 60), survival=True)
    late = replace(data, time=data.time + 20.0)
    assert learn_model(late, replace(PLAN, horizon_months=5.0)).reason == "no_events_before_the_horizon"
