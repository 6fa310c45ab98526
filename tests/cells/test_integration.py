"""Shifts of batches go, types stay, and what else would go is warned of."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from tests.cells.planted import same_batch_share, shifted

from tmescope.cells.integration import HarmonyOptions, integrate
from tmescope.foundation.errors import InputError


def _types_found(components, types) -> float:
    labels = KMeans(len(np.unique(types)), n_init=5, random_state=0).fit_predict(components)
    return adjusted_rand_score(types, labels)


@pytest.fixture(scope="module")
def cloud():
    components, types, batches = shifted()
    return components, types, batches, integrate(components, {"lab": batches}, rng=np.random.default_rng(1))


def test_shifts_of_batches_go_and_types_stay(cloud):
    components, types, batches, found = cloud
    assert same_batch_share(components, batches) > 0.9
    assert same_batch_share(found.components, batches) < 0.40  # one in three by chance
    assert found.share_between_before["lab"] > 10 * found.share_between_after["lab"]
    assert _types_found(found.components, types) > 0.98
    assert found.components.dtype == np.float32
    assert found.warnings == ()


def test_the_objective_is_told_and_falls(cloud):
    found = cloud[3]
    assert found.has_converged
    assert found.n_clusters == 50
    for rounds in found.objective:
        assert np.diff(rounds).max(initial=-1.0) <= 1e-3 * abs(rounds[0])
    ends = [rounds[-1] for rounds in found.objective]
    assert ends == sorted(ends, reverse=True)


def test_a_type_that_one_batch_alone_has_stays_apart():
    components, types, batches = shifted(lacking=True, seed=5)
    found = integrate(components, {"lab": batches}, rng=np.random.default_rng(1))
    assert _types_found(found.components, types) > 0.95
    others = types != 0
    assert same_batch_share(found.components[others], batches[others]) < 0.45


def test_two_variables_are_taken_out_together():
    components, types, batches = shifted(seed=2)
    chips = np.random.default_rng(3).integers(0, 2, len(types))
    components = components + 2.0 * chips[:, None].astype(np.float32) * np.eye(12, dtype=np.float32)[0]
    found = integrate(components, {"lab": batches, "chip": chips}, rng=np.random.default_rng(1))
    assert same_batch_share(found.components, batches) < 0.42
    assert same_batch_share(found.components, chips) < 0.6
    one = integrate(
        components, {"lab": batches, "chip": chips}, rng=np.random.default_rng(1),
        options=HarmonyOptions(theta={"lab": 2.0, "chip": 0.0}, ridge={"lab": 1.0, "chip": 1e9}),
    )  # fmt: skip
    assert same_batch_share(one.components, chips) > same_batch_share(found.components, chips) + 0.08


def test_without_shifts_little_moves():
    components, types, _ = shifted(n_batches=1, seed=4)
    batches = np.random.default_rng(0).integers(0, 3, len(types))
    found = integrate(components, {"lab": batches}, rng=np.random.default_rng(1))
    moved = np.linalg.norm(found.components - components, axis=1).mean()
    assert moved < 0.25 * np.linalg.norm(components - components.mean(0), axis=1).mean()
    assert _types_found(found.components, types) > 0.98


def test_same_seed_same_bytes_and_neither_the_names_of_batches_nor_the_input_matter(cloud):
    components, _, batches, found = cloud
    before = components.copy()
    renamed = np.array([b.replace("batch", "lot") for b in batches])
    again = integrate(components, {"x": renamed}, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(again.components, found.components)
    np.testing.assert_array_equal(components, before)


def test_batches_that_are_the_outcome_are_warned_of(cloud):
    components, types, batches, _ = cloud
    options = HarmonyOptions(most_corrections=1)
    found = integrate(
        components, {"lab": batches}, rng=np.random.default_rng(1), options=options,
        kept={"response": np.where(batches == "batch 0", "yes", "no"), "cell_type": types},
    )  # fmt: skip
    assert [w.code for w in found.warnings] == ["integration.confounded", "integration.not_converged"]
    assert not found.has_converged


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_clusters": 1}, {"sigma": 0.0}, {"theta": -1.0}, {"theta": {"lab": float("nan")}}, {"ridge": 0.0},
        {"block_share": 0.0}, {"most_rounds": 0}, {"most_corrections": 0},
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        HarmonyOptions(**wrong)


def test_a_single_batch_and_more_clusters_than_cells_are_refused(cloud):
    components = cloud[0][:60]
    with pytest.raises(InputError, match="nothing to integrate"):
        integrate(components, {"lab": ["a"] * 60}, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="60 clusters for 60 cells"):
        integrate(
            components, {"lab": ["a", "b"] * 30}, rng=np.random.default_rng(0), options=HarmonyOptions(n_clusters=60)
        )
