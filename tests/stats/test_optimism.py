from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.stats.conftest import GOLDEN

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_model import fit_cox
from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.optimism import Resampling, cox_optimism, logistic_optimism
from tmescope.stats.penalised import fit_penalised_cox, fit_penalised_logistic
from tmescope.stats.penalised_problems import Penalty


def cox(x, time, event):
    return lambda rows: x @ fit_cox(x[rows], time[rows], event[rows]).coefficients


def logistic(x, y):
    def fit(rows):
        model = fit_logistic(x[rows], y[rows])
        return model.intercept + x @ model.coefficients

    return fit


@pytest.fixture
def example(golden):
    data = golden("stats_prediction/input.tsv")
    columns = [data[c].to_numpy(float) for c in ("time", "event", "y")]
    return data[["x1", "x2", "x3"]].to_numpy(), *columns


def expected(golden, model, found):
    table = golden("stats_prediction/expected_validate.tsv")
    return table[table["model"] == model].set_index("index").loc[list(found.indices)]


def test_on_the_same_resamples_it_is_what_rms_finds(golden, example):
    x, time, event, y = example
    resampling = Resampling(rows=np.loadtxt(GOLDEN / "stats_prediction/resamples.tsv", dtype=int))
    # rms ends its Cox models at a relative change of 1e-4
    for name, found, tolerance in (
        ("cox", cox_optimism(cox(x, time, event), time, event, resampling=resampling), 1e-4),
        ("logistic", logistic_optimism(logistic(x, y), y, resampling=resampling), 5e-7),
    ):
        told = expected(golden, name, found)
        np.testing.assert_allclose(found.original, told["index.orig"], atol=tolerance / 5)
        np.testing.assert_allclose(found.training, told["training"], atol=tolerance)
        np.testing.assert_allclose(found.test, told["test"], atol=tolerance)
        np.testing.assert_allclose(found.corrected, told["index.corrected"], atol=tolerance)
        assert (found.n_resamples, found.n_failed, found.reason) == (20, 0, "")


def test_lung_as_rms_validates_it(shared_data):
    data = pd.read_csv(shared_data / "stats/lung/data.tsv", sep="\t")
    told = pd.read_csv(shared_data / "stats/lung/expected_rms_validate_B500.tsv", sep="\t").set_index("metric")
    x = data[["age", "sex", "ph_ecog", "wt_loss"]].to_numpy(float)
    time, event = data["time"].to_numpy(float), data["status"].to_numpy(float)
    resampling = Resampling(rng=np.random.default_rng(1), n_resamples=500)
    found = cox_optimism(cox(x, time, event), time, event, resampling=resampling)
    assert list(told.index) == list(found.indices)
    np.testing.assert_allclose(found.original[:6], told["index.orig"][:6], atol=1e-12)
    np.testing.assert_allclose(found.original[6], told["index.orig"]["g"], atol=1e-7)
    for name, column in (("training", "training"), ("test", "test"), ("corrected", "index.corrected")):
        np.testing.assert_allclose(getattr(found, name), told[column], atol=0.01)


def test_the_same_generator_gives_the_same_numbers(example):
    x, time, event, _ = example
    first, second = (
        cox_optimism(
            cox(x, time, event), time, event, resampling=Resampling(rng=np.random.default_rng(3), n_resamples=5)
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.corrected, second.corrected)


def test_more_than_half_of_what_noise_gave_is_taken_off_on_average():
    seen = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, y, time = rng.normal(size=(100, 6)), rng.integers(0, 2, size=100).astype(float), rng.exponential(size=100)
        found = logistic_optimism(logistic(x, y), y, resampling=Resampling(rng=rng, n_resamples=20))
        survival = cox_optimism(cox(x, time, y), time, y, resampling=Resampling(rng=rng, n_resamples=20))
        seen.append([found.original[0], found.corrected[0], survival.original[0], survival.corrected[0]])
    original, corrected, other, other_corrected = np.mean(seen, axis=0)
    assert original > 0.25 and abs(corrected) < original / 2
    assert other > 0.15 and abs(other_corrected) < other / 2


def test_models_with_a_penalty_are_corrected_too(example):
    x, time, event, y = example
    penalty = Penalty(l1_ratio=0.5, strength=0.05)

    def ridge(rows):
        model = fit_penalised_logistic(x[rows], y[rows], penalty=penalty)
        return model.intercept + x @ model.coefficients

    found = logistic_optimism(ridge, y, resampling=Resampling(rng=np.random.default_rng(0), n_resamples=20))
    assert found.n_failed == 0 and found.original[3] > 1.0  # shrunk on purpose
    heavy = cox_optimism(
        lambda rows: x @ fit_penalised_cox(
            x[rows], time[rows], event[rows], penalty=Penalty(l1_ratio=1.0, strength=9.0)
        ).coefficients,
        time, event, resampling=Resampling(rng=np.random.default_rng(0), n_resamples=3),
    )  # fmt: skip
    np.testing.assert_array_equal(heavy.corrected, [0, 0, 1, 0, 0, 0, 0])


def test_resamples_without_a_model_are_counted(example):
    x, time, event, _ = example
    fit = cox(x, time, event)
    draws = np.random.default_rng(0).integers(0, 120, size=(6, 120))

    def sometimes(rows):
        return np.full(120, np.nan) if rows[0] == draws[2, 0] else fit(rows)

    found = cox_optimism(sometimes, time, event, resampling=Resampling(rows=draws))
    assert (found.n_resamples, found.n_failed) == (6, 1) and np.isfinite(found.corrected).all()

    def once(rows):
        return fit(rows) if (rows == np.arange(120)).all() else np.full(120, np.nan)

    assert cox_optimism(once, time, event, resampling=Resampling(rows=draws)).reason == "all_failed"
    never = cox_optimism(lambda rows: np.full(120, np.nan), time, event, resampling=Resampling(rows=draws))
    assert never.reason == "no_model" and np.isnan(never.corrected).all()


def test_what_cannot_be_estimated_says_why(example):
    x, time, event, y = example
    one = Resampling(rng=np.random.default_rng(0), n_resamples=2)
    assert cox_optimism(cox(x, time, event), time, 0 * event, resampling=one).reason == "no_events"
    assert logistic_optimism(logistic(x, y), 0 * y, resampling=one).reason == "one_class"
    assert logistic_optimism(logistic(x, y), [], resampling=one).reason == "empty"


def test_arguments_that_make_no_sense_are_refused(example):
    x, time, event, y = example
    with pytest.raises(InputError, match="generator"):
        cox_optimism(cox(x, time, event), time, event, resampling=Resampling())
    with pytest.raises(InputError, match="shape"):
        cox_optimism(cox(x, time, event), time, event, resampling=Resampling(rows=np.zeros((2, 3), dtype=int)))
    with pytest.raises(InputError, match="missing"):
        logistic_optimism(logistic(x, y), [np.nan, 1], resampling=Resampling(rng=np.random.default_rng(0)))
    with pytest.raises(EndpointError):
        cox_optimism(cox(x, time, event), -time, event, resampling=Resampling(rng=np.random.default_rng(0)))
    with pytest.raises(InputError, match="ties"):
        cox_optimism(cox(x, time, event), time, event, resampling=Resampling(rng=np.random.default_rng(0)), ties="no")
