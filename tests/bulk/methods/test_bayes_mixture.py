"""The fixed point of the multinomial mixture, beside a Gibbs sampler that is written out plainly here."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.methods.bayes_mixture import MixtureModel, expected_shares, fit_shares, reads_of


def problem(n_parts: int = 4, n_genes: int = 60, depth: int = 5000, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    profiles = rng.lognormal(0.0, 1.5, (n_parts, n_genes))
    profiles /= profiles.sum(axis=1, keepdims=True)
    truth = rng.dirichlet(np.ones(n_parts), 3)
    values = np.array([rng.multinomial(depth, mixed) for mixed in truth @ profiles], dtype=np.float64)
    return values, profiles, truth


def gibbs_mean(reads: np.ndarray, profiles: np.ndarray, alpha: float, *, steps: int, seed: int) -> np.ndarray:
    """Sample reads of each part given shares, and shares given reads, in turns; return the mean of the shares."""
    rng = np.random.default_rng(seed)
    n_parts, n_genes = profiles.shape
    shares = np.full(n_parts, 1.0 / n_parts)
    total = np.zeros(n_parts)
    for step in range(steps):
        chance = shares[:, None] * profiles
        chance /= chance.sum(axis=0)
        of_part = np.zeros(n_parts)
        for gene in range(n_genes):
            of_part += rng.multinomial(int(reads[gene]), chance[:, gene])
        shares = rng.dirichlet(of_part + alpha)
        if step >= steps // 4:
            total += shares
    return total / (steps - steps // 4)


@pytest.mark.parametrize(("n_parts", "depth", "alpha"), [(3, 2000, 0.01), (4, 5000, 0.01), (4, 5000, 1.0)])
def test_shares_are_those_of_a_long_gibbs_run(n_parts: int, depth: int, alpha: float) -> None:
    values, profiles, _ = problem(n_parts, depth=depth, seed=n_parts)
    found, n_open = fit_shares(values[:1], MixtureModel(profiles, alpha=alpha))
    sampled = gibbs_mean(values[0], profiles, alpha, steps=2000, seed=1)
    assert n_open == 0
    assert np.abs(found[0] - sampled).max() < 0.01


def test_a_part_that_is_not_there_has_nearly_no_share() -> None:
    rng = np.random.default_rng(2)
    _, profiles, _ = problem(seed=2)
    reads = rng.multinomial(20_000, np.array([0.6, 0.4, 0.0, 0.0]) @ profiles)[None].astype(float)
    found, _ = fit_shares(reads, MixtureModel(profiles))
    sampled = gibbs_mean(reads[0], profiles, 0.01, steps=800, seed=3)
    assert np.abs(found[0] - sampled).max() < 0.01
    assert found[0, 2:].max() < 0.02


def test_the_answer_is_a_fixed_point_and_sums_to_one() -> None:
    values, profiles, truth = problem(depth=100_000)
    found, _ = fit_shares(values, MixtureModel(profiles))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    for reads, shares in zip(values, found, strict=True):
        np.testing.assert_allclose(expected_shares(reads, shares, profiles, alpha=0.01), shares, atol=1e-12)
    assert np.abs(found - truth).max() < 0.02


def test_parts_that_are_nearly_alike_still_end_at_the_maximum() -> None:
    rng = np.random.default_rng(4)
    _, profiles, _ = problem(seed=4)
    alike = profiles[:1] * rng.lognormal(0.0, 0.02, (1, profiles.shape[1]))
    parts = np.vstack([profiles, alike / alike.sum()])
    values = rng.multinomial(5000, np.full(5, 0.2) @ parts, size=2).astype(float)
    found, n_open = fit_shares(values, MixtureModel(parts))
    assert n_open == 0

    def height(shares: np.ndarray) -> float:
        return float(values[0] @ np.log(shares @ parts) + 0.01 * np.log(shares).sum())

    for _ in range(50):
        other = 0.9 * found[0] + 0.1 * rng.dirichlet(np.ones(5))
        assert height(other) <= height(found[0]) + 1e-9


def test_each_sample_is_by_itself_and_the_unit_hardly_matters() -> None:
    values, profiles, _ = problem()
    model = MixtureModel(profiles)
    together, _ = fit_shares(values, model)
    np.testing.assert_array_equal(together[1:2], fit_shares(values[1:2], model)[0])
    larger, _ = fit_shares(values * 100, model)
    np.testing.assert_allclose(larger, together, atol=1e-4)


def test_genes_that_no_part_expresses_say_nothing() -> None:
    values, profiles, _ = problem()
    wider = np.column_stack([profiles, np.zeros(len(profiles))])
    with_noise = np.column_stack([values, np.full(len(values), 1e6)])
    np.testing.assert_allclose(
        fit_shares(with_noise, MixtureModel(wider))[0], fit_shares(values, MixtureModel(profiles))[0], atol=1e-12
    )


def test_a_part_of_the_samples_own_is_the_last() -> None:
    values, profiles, truth = problem(depth=100_000)
    own = np.tile(profiles[-1], (len(values), 1))
    found, _ = fit_shares(values, MixtureModel(profiles[:-1]), own=own)
    whole, _ = fit_shares(values, MixtureModel(profiles))
    np.testing.assert_allclose(found, whole, atol=1e-12)
    assert np.abs(found[:, -1] - truth[:, -1]).max() < 0.02


def test_too_few_steps_are_counted() -> None:
    values, profiles, _ = problem()
    found, n_open = fit_shares(values, MixtureModel(profiles, max_steps=1))
    assert n_open == len(values)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_reads_of_all_parts_add_up_to_the_sample() -> None:
    values, profiles, _ = problem()
    shares, _ = fit_shares(values, MixtureModel(profiles))
    parts = [reads_of(values, shares, profiles, parts=np.arange(4) == k) for k in range(4)]
    np.testing.assert_allclose(sum(parts), values, rtol=1e-12)
    np.testing.assert_allclose(np.array([p[0].sum() for p in parts]) / values[0].sum(), shares[0], atol=1e-4)
