"""Components are those of the dense matrix, whatever is kept in memory and whoever works."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.cells import components
from tmescope.cells.components import find_components
from tmescope.foundation.errors import InputError
from tmescope.store.atlas_passes import Local
from tmescope.store.scratch_arrays import scratch_arrays


@pytest.fixture(scope="module")
def chosen(golden):
    return golden.table("genes_expected")["seurat:all:highly_variable"].to_numpy()


@pytest.mark.parametrize("scale", [False, True])
def test_variances_and_loadings_are_those_of_scanpy(golden, chosen, scale):
    found = find_components(golden.atlas, chosen, n_components=20, scale=scale)
    name = "scaled" if scale else "plain"
    expected = golden.table("variances")[f"{name}:variance"]
    np.testing.assert_allclose(found.variances, expected, rtol=1e-4)
    theirs = golden.table(f"loadings_{name}").to_numpy()[:, :5]
    ours = found.genes.to_numpy()[chosen][:, :8]
    angles = np.linalg.svd(theirs.T @ ours, compute_uv=False)
    assert angles.min() > 1 - 1e-6
    np.testing.assert_array_equal(found.genes.to_numpy()[~chosen], 0)
    assert found.n_passes == 1 + scale


def test_scores_are_those_of_the_dense_matrix(golden, chosen):
    found = find_components(golden.atlas, chosen, n_components=6)
    values = golden.logs()[:, chosen]
    centred = values - values.mean(axis=0)
    loadings = found.genes.to_numpy()[chosen]
    np.testing.assert_allclose(found.scores, centred @ loadings, atol=2e-5)
    np.testing.assert_allclose(found.scores.var(axis=0, ddof=1), found.variances, rtol=1e-5)
    np.testing.assert_allclose(found.shares, found.variances / centred.var(axis=0, ddof=1).sum(), rtol=1e-6)
    largest = np.abs(loadings).argmax(axis=0)
    assert (loadings[largest, np.arange(6)] > 0).all()


def test_bytes_do_not_depend_on_threads_nor_on_where_values_are_kept(golden, chosen, monkeypatch):
    one = find_components(golden.atlas, chosen, n_components=6)
    two = find_components(golden.atlas, chosen, n_components=6, runner=Local(2))
    monkeypatch.setattr(components, "_spare", lambda *_: 150_000 + one.scores.nbytes)
    some = find_components(golden.atlas, chosen, n_components=6)
    monkeypatch.setattr(components, "_spare", lambda *_: 0)
    disk = find_components(golden.atlas, chosen, n_components=6, runner=Local(2))
    monkeypatch.setattr(components, "scratch_arrays", lambda folder: scratch_arrays(folder, left=1 << 60))
    none = find_components(golden.atlas, chosen, n_components=6, runner=Local(2))
    assert [f.n_passes for f in (one, two, some, disk, none)] == [1, 1, 1, 1, 2]
    assert one.scratch_bytes == two.scratch_bytes == 0 < some.scratch_bytes < disk.scratch_bytes
    for other in (two, some, disk, none):
        assert one.scores.tobytes() == other.scores.tobytes()
        assert one.genes.to_numpy().tobytes() == other.genes.to_numpy().tobytes()


def test_no_more_components_than_the_rank(golden):
    few = np.zeros(golden.genes.size, dtype=bool)
    few[[20, 21, 1]] = True  # the last is in no cell
    assert find_components(golden.atlas, few).scores.shape == (golden.atlas.layout.n_cells, 2)


def test_what_cannot_be_is_refused(golden, chosen):
    with pytest.raises(InputError, match="which of 1200 genes are chosen, 0"):
        find_components(golden.atlas, np.zeros(1200, dtype=bool))
    with pytest.raises(InputError, match="2 values say"):
        find_components(golden.atlas, [True, False])
    with pytest.raises(InputError, match="0 components"):
        find_components(golden.atlas, chosen, n_components=0)
    with pytest.raises(InputError, match=r"1,000 bytes are too few for 300 genes and 2 workers(.|\n)*at least [\d,]+"):
        find_components(golden.atlas, chosen, memory=1000, runner=Local(2))
