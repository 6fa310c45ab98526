"""Simulated cells hold what was planted."""

from __future__ import annotations

import numpy as np

from tmescope.simulate.cells import CellPlan, simulate_cells

PLAN = CellPlan(n_types=4, n_donors=3, n_genes=300, n_cells=60, n_markers=12)


def test_cells_have_types_donors_and_planted_profiles() -> None:
    cells = simulate_cells(PLAN, rng=np.random.default_rng(0))
    assert cells.shape == (240, 300)
    assert cells.obs.groupby(["cell_type", "donor"], observed=True).size().to_numpy().tolist() == [20] * 12
    for number in range(4):
        own = np.asarray(cells[(cells.obs["cell_type"] == f"type {number + 1}").to_numpy()].X.sum(axis=0)).ravel()
        assert np.corrcoef(np.log1p(own), np.log(cells.varm["profiles"][:, number]))[0, 1] > 0.9
    sizes = np.array(
        [cells[(cells.obs["cell_type"] == f"type {n + 1}").to_numpy()].X.sum() for n in range(4)], dtype=float
    )
    np.testing.assert_allclose(sizes / sizes.mean(), cells.uns["size_factors"], rtol=0.3)


def test_the_same_seed_gives_the_same_cells() -> None:
    first, again = (simulate_cells(PLAN, rng=np.random.default_rng(7)) for _ in range(2))
    assert (first.X != again.X).nnz == 0


def test_an_odd_number_of_types_works() -> None:
    assert simulate_cells(CellPlan(n_types=3, n_genes=200, n_cells=10), rng=np.random.default_rng(0)).n_obs == 30
