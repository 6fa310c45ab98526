from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.batches import adjust_batches, subtract_batches


@pytest.fixture
def cohort(shared_data):
    folder = shared_data / "stats" / "limma_combat"
    data = pd.read_csv(folder / "data.tsv", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv", sep="\t", index_col=0).loc[data.columns]
    return folder, data.T, samples


def test_sva_agrees_on_real_data_with_its_stopping_rule(cohort) -> None:
    folder, data, samples = cohort
    expected = pd.read_csv(folder / "expected_combat_par.tsv", sep="\t", index_col=0).T
    found = adjust_batches(data, samples["batch"], keep=samples["case"], sva_stopping=True)
    np.testing.assert_allclose(found.expression, expected, rtol=1e-8, atol=1e-8)
    assert len(found.unchanged) == 12
    converged = adjust_batches(data, samples["batch"], keep=samples["case"])
    np.testing.assert_allclose(converged.expression, expected, rtol=0, atol=1e-5)
    assert not np.allclose(converged.expression, expected, rtol=0, atol=1e-9)


def test_limmas_remove_batch_effect_agrees_on_real_data(cohort) -> None:
    folder, data, samples = cohort
    expected = pd.read_csv(folder / "expected_removeBatchEffect.tsv", sep="\t", index_col=0).T
    found = subtract_batches(data, samples["batch"], keep=samples["case"])
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def _simulated(seed: int, genes: int = 60, n: int = 30):
    rng = np.random.default_rng(seed)
    batch, case = np.arange(n) % 3, (rng.random(n) < 0.5).astype(float)
    case[:6] = [0, 0, 0, 1, 1, 1]
    y = rng.normal(6, 1, (n, genes)) + case[:, None] * np.linspace(-1, 1, genes)
    y = y * np.array([1.0, 1.6, 0.6])[batch][:, None] + np.array([0.0, 2.0, -1.0])[batch][:, None]
    return y, batch, case


def test_each_batch_solves_the_equations_of_the_paper() -> None:
    y, batch, case = _simulated(0)
    found = adjust_batches(y, batch, keep=case).expression
    design = np.column_stack([(batch[:, None] == range(3)).astype(float), case])
    slopes = np.linalg.lstsq(design, y, rcond=None)[0]
    centre = np.bincount(batch) / 30 @ slopes[:3] + np.outer(case, slopes[3])
    scale = np.sqrt(((y - design @ slopes) ** 2).mean(axis=0))
    z, adjusted = (y - centre) / scale, (found - centre) / scale
    for b in range(3):
        rows = batch == b
        # adjusted = (z - g) / sqrt(d): two samples tell g and d
        d = ((z[rows][0] - z[rows][1]) / (adjusted[rows][0] - adjusted[rows][1])) ** 2
        g = z[rows][0] - adjusted[rows][0] * np.sqrt(d)
        hat, var = z[rows].mean(axis=0), z[rows].var(axis=0, ddof=1)
        t2, m, s2 = hat.var(ddof=1), var.mean(), var.var(ddof=1)
        lam, theta = (m**2 + 2 * s2) / s2, (m**3 + m * s2) / s2
        np.testing.assert_allclose(g, (10 * t2 * hat + d * hat.mean()) / (10 * t2 + d), atol=1e-8)
        np.testing.assert_allclose(d, (theta + 0.5 * ((z[rows] - g) ** 2).sum(axis=0)) / (10 / 2 + lam - 1), rtol=1e-8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_batches_agree_afterwards_and_their_names_do_not_matter(seed: int) -> None:
    y, batch, case = _simulated(seed)
    one = adjust_batches(y, batch, keep=case).expression
    np.testing.assert_allclose(adjust_batches(y, 7 - batch, keep=case).expression, one, atol=1e-8)
    spread = [np.abs(y[batch == b].mean(axis=0) - y.mean(axis=0)).mean() for b in range(3)]
    left = [np.abs(one[batch == b].mean(axis=0) - one.mean(axis=0)).mean() for b in range(3)]
    assert sum(left) < 0.6 * sum(spread)
    plain = subtract_batches(y, batch, keep=case)
    design = np.column_stack([(batch[:, None] == range(3)).astype(float), case])
    slopes = np.linalg.lstsq(design, plain, rcond=None)[0]
    np.testing.assert_allclose(slopes[:3] - slopes[0], 0.0, atol=1e-9)


def test_confounded_batches_are_refused_and_flat_genes_are_passed_through() -> None:
    y, batch, case = _simulated(1)
    for method in (adjust_batches, subtract_batches):
        with pytest.raises(InputError, match="confounded"):
            method(y, batch, keep=(batch == 1).astype(float))
        with pytest.raises(InputError, match="1 batch"):
            method(y, np.zeros(30))
        with pytest.raises(InputError, match="missing"):
            method(np.where(y == y[0, 0], np.nan, y), batch)
        with pytest.raises(InputError, match="samples"):
            method(y, batch[:5])
    with pytest.raises(InputError, match="one sample"):
        adjust_batches(y, np.where(np.arange(30) == 0, 5, batch))
    y[batch == 1, 4] = 3.0
    found = adjust_batches(y, batch, keep=case)
    assert found.unchanged == (4,)
    np.testing.assert_array_equal(found.expression[:, 4], y[:, 4])
    assert found.batch_sizes == (10, 10, 10)


def test_a_gene_that_follows_the_groups_exactly_leaves_the_others_as_they_are() -> None:
    y, batch, case = _simulated(2)
    expected = adjust_batches(y, batch, keep=case).expression
    for gene in (case, 3.0 + 2.0 * case + batch):
        found = adjust_batches(np.column_stack([y, gene]), batch, keep=case)
        assert found.unchanged == (60,)
        np.testing.assert_array_equal(found.expression[:, 60], gene)
        np.testing.assert_allclose(found.expression[:, :60], expected, rtol=1e-12)
