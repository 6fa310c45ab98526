"""A simulated atlas holds what was planted, whatever the blocks it is drawn in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from tmescope.simulate.atlas import simulate_atlas
from tmescope.simulate.atlas_plan import AtlasEffects, AtlasPlan

PLAN = AtlasPlan(n_cells=6000, n_patients=12, n_on_treatment=4, n_genes=2000, counts_of_a_cell=400.0)


@pytest.fixture(scope="module")
def drawn():
    atlas = simulate_atlas(PLAN, rng=np.random.default_rng(3))
    blocks = list(atlas.blocks(100))
    counts = sparse.vstack([b.counts for b in blocks], format="csr")
    obs = pd.concat([pd.DataFrame({"cell_type": b.cell_type, "sample_id": b.sample_id}) for b in blocks])
    return atlas, counts, obs.reset_index(names="barcode")


def test_sizes_names_and_order(drawn):
    atlas, counts, obs = drawn
    assert counts.shape == (6000, 2000)
    assert counts.has_sorted_indices
    assert list(obs["sample_id"].unique()) == list(atlas.samples.index)
    assert not obs.duplicated(["sample_id", "barcode"]).any()
    assert atlas.samples["n_cells"].sum() == 6000
    assert set(atlas.samples.groupby("patient_id")["response"].nunique()) == {1}
    assert (atlas.samples["timepoint"] == "on").sum() == 4


def test_cells_do_not_depend_on_blocks_or_on_which_samples_are_drawn(drawn):
    atlas, counts, obs = drawn
    third = str(atlas.samples.index[2])
    again = list(atlas.blocks(7, sample_ids=(third,)))
    whole = sparse.vstack([b.counts for b in again], format="csr")
    assert (whole != counts[(obs["sample_id"] == third).to_numpy()]).nnz == 0
    other = simulate_atlas(PLAN, rng=np.random.default_rng(4))
    assert (next(other.blocks(50)).counts != counts[:50]).nnz > 0


def test_types_have_their_shares_and_markers(drawn):
    atlas, counts, obs = drawn
    found = pd.crosstab(obs["sample_id"], obs["cell_type"]).reindex(
        index=atlas.truth.shares.index, columns=atlas.truth.shares.columns, fill_value=0
    )
    expected = atlas.truth.shares.mul(found.sum(axis=1), axis=0)
    assert stats.chi2.sf(((found - expected) ** 2 / expected).to_numpy().sum(), 16 * 14) > 1e-3
    totals = np.asarray(counts.sum(axis=1)).ravel()
    for name, markers in atlas.truth.markers.items():
        share = np.asarray(counts[:, atlas.genes.get_indexer(list(markers))].sum(axis=1)).ravel() / totals
        inside = (obs["cell_type"] == name).to_numpy()
        assert share[inside].mean() > 3 * share[~inside].mean()


def test_counts_are_overdispersed_and_depths_log_normal(drawn):
    _, counts, _ = drawn
    totals = np.log(np.asarray(counts.sum(axis=1)).ravel())
    assert totals.mean() == pytest.approx(np.log(400), abs=0.05)
    assert totals.std() == pytest.approx(PLAN.depth_sd, abs=0.03)
    calm = simulate_atlas(replace(PLAN, dispersion=0.0, dropout=0.0), rng=np.random.default_rng(3))
    even = sparse.vstack([b.counts for b in calm.blocks(1000)], format="csr")
    top = np.argsort(-np.asarray(even.mean(axis=0)).ravel())[:20]
    spread = [np.mean([m[:, g].toarray().std() / m[:, g].mean() for g in top]) for m in (counts, even)]
    assert spread[0] > 1.3 * spread[1]


def test_responders_have_more_of_one_type_and_express_the_planted_genes():
    effects = AtlasEffects(log_ratio=1.5, log2_fold=1.0, on_treatment_log2_fold=0.0)
    plan = replace(PLAN, effects=effects, patient_sd=0.05, n_on_treatment=0, ambient_share=0.0)
    atlas = simulate_atlas(plan, rng=np.random.default_rng(8))
    responds = (atlas.samples["response"] == "responder").to_numpy()
    share = np.log(atlas.truth.shares["CD8 T cell"] / atlas.truth.shares["fibroblast"])
    assert share[responds].mean() > share[~responds].mean() + 0.5
    at = atlas.genes.get_indexer(list(atlas.truth.response_genes))
    sums = {True: np.zeros(2), False: np.zeros(2)}
    for block in atlas.blocks(1000):
        inside = block.counts[(block.cell_type == "macrophage").to_numpy()]
        answer = atlas.samples.loc[block.sample_id, "response"] == "responder"
        sums[answer] += [inside[:, at].sum(), inside.sum()]
    ratio = (sums[True][0] / sums[True][1]) / (sums[False][0] / sums[False][1])
    assert np.log2(ratio) == pytest.approx(1.0, abs=0.25)
