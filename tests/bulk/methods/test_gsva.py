from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, poisson

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.gsva import GAUSSIAN, POISSON, apply_gsva, fit_gsva, gsva, gsva_poisson
from tmescope.foundation.method import resolve_parameters

GENES = [f"G{i}" for i in range(30)]
SETS = index_sets({"a": GENES[:5], "b": GENES[10:22]}, GENES)
PARAMETERS = resolve_parameters(GAUSSIAN.spec, {})


def _by_definition(density: np.ndarray, members: list[int]) -> float:
    """Walk down one sample's ranking as the paper describes it."""
    n = len(density)
    order = np.argsort(-density, kind="stable")
    steps = np.abs(n - np.arange(n) - n / 2)
    inside = np.isin(order, members)
    walk = np.cumsum(np.where(inside, steps / steps[inside].sum(), -1 / (n - len(members))))
    return max(walk.max(), 0.0) + min(walk.min(), 0.0)


def test_by_the_definition_of_the_paper():
    values = np.random.default_rng(0).gamma(2.0, 1.0, size=(12, 30))
    width = values.std(axis=0, ddof=1) / 4
    density = norm.cdf((values[:, None, :] - values[None, :, :]) / width).mean(axis=1)
    expected = [[_by_definition(row, members) for members in (range(5), range(10, 22))] for row in density]
    np.testing.assert_allclose(gsva(values, SETS, PARAMETERS), expected, atol=1e-9)


def test_counts_by_the_definition():
    counts = np.random.default_rng(1).poisson(20.0, size=(9, 30)).astype(float)
    density = poisson.cdf(counts[:, None, :], counts[None, :, :] + 0.5).mean(axis=1)
    expected = [[_by_definition(row, members) for members in (range(5), range(10, 22))] for row in density]
    found = gsva_poisson(counts, SETS, resolve_parameters(POISSON.spec, {}))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_genes_that_do_not_vary_take_no_part():
    values = np.random.default_rng(2).normal(size=(8, 30))
    values[:, 25] = 1.5
    kept = np.delete(np.arange(30), 25)
    smaller = index_sets({"a": GENES[:5], "b": GENES[10:22]}, [GENES[i] for i in kept])
    np.testing.assert_array_equal(gsva(values, SETS, PARAMETERS), gsva(values[:, kept], smaller, PARAMETERS))


def test_a_new_patient_does_not_move_when_others_arrive():
    rng = np.random.default_rng(3)
    cohort, new = rng.normal(size=(20, 30)), rng.normal(size=(5, 30))
    state = fit_gsva(cohort, SETS, PARAMETERS)
    together = apply_gsva(new, SETS, PARAMETERS, state=state)
    np.testing.assert_array_equal(together[:1], apply_gsva(new[:1], SETS, PARAMETERS, state=state))
    np.testing.assert_allclose(apply_gsva(cohort, SETS, PARAMETERS, state=state), gsva(cohort, SETS, PARAMETERS))
    moved = gsva(np.vstack([cohort, new]), SETS, PARAMETERS)[20]
    assert np.abs(moved - gsva(np.vstack([cohort, new[:1]]), SETS, PARAMETERS)[20]).max() > 1e-3


def test_the_larger_extreme_on_request():
    values = np.random.default_rng(4).normal(size=(10, 30))
    both, larger = gsva(values, SETS, PARAMETERS), gsva(values, SETS, {**PARAMETERS, "max_difference": False})
    assert np.all(np.abs(larger) >= np.abs(both) - 1e-12)
    assert np.any(larger != both)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_give_the_same_bytes(threads):
    values = np.random.default_rng(5).normal(size=(40, 30))
    assert np.array_equal(gsva(values, SETS, PARAMETERS), gsva(values, SETS, {**PARAMETERS, "threads": threads}))
