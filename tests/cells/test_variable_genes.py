"""The genes are those that scanpy chooses, with batches and without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.cells.cell_columns import samples_of_cells
from tmescope.cells.variable_genes import find_variable_genes
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.store.atlas_passes import Local

N = 300


@pytest.mark.parametrize("flavour", ["seurat_v3", "seurat"])
@pytest.mark.parametrize("batches", [False, True])
def test_the_genes_are_those_of_scanpy(golden, flavour, batches):
    given = samples_of_cells(golden.atlas) if batches else None
    found = find_variable_genes(golden.atlas, flavour=flavour, n_genes=N, batches=given)
    expected = golden.table("genes_expected")
    own = f"{flavour}:{'batches' if batches else 'all'}"
    assert found.chosen.sum() == N
    theirs = expected[f"{own}:highly_variable"].to_numpy()
    assert found.left_out == (("few",) if batches else ())
    if flavour == "seurat":
        np.testing.assert_array_equal(found.chosen, theirs)
        # scanpy has seen the values as float32
        norm = expected[f"{own}:dispersions_norm"]
        np.testing.assert_allclose(found.genes["dispersions_norm"], norm, rtol=1e-5, atol=1e-5)
        return
    np.testing.assert_allclose(found.genes["variances_norm"], expected[f"{own}:variances_norm"], rtol=1e-6)
    if not batches:
        np.testing.assert_array_equal(found.chosen, theirs)
        return
    # rare genes with the same counts have the same variance: scanpy ranks them as its sort happens to leave them, here
    # the first in the atlas comes first; so the median of ranks is made anew from what scanpy finds in each batch alone
    one = expected.filter(like="one:")
    assert one.shape[1] == 4
    ranks = (-one).rank(method="first") - 1
    ranks = ranks.where(ranks < N)
    np.testing.assert_array_equal(found.genes["highly_variable_nbatches"], ranks.notna().sum(axis=1))
    np.testing.assert_array_equal(found.genes["highly_variable_rank"], ranks.median(axis=1))
    order = pd.DataFrame({"rank": ranks.median(axis=1), "n": -ranks.notna().sum(axis=1)})
    first = order.sort_values(["rank", "n"], kind="stable").index[:N]
    assert set(found.genes.index[found.chosen]) == set(first)
    assert (found.chosen != theirs).sum() <= 4


@pytest.mark.parametrize("flavour", ["seurat_v3", "seurat"])
def test_bytes_do_not_depend_on_threads(golden, flavour):
    one, two = (find_variable_genes(golden.atlas, flavour=flavour, n_genes=N, runner=Local(t)).genes for t in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_genes_that_nobody_has_are_never_chosen_by_counts(golden):
    found = find_variable_genes(golden.atlas, n_genes=1197).genes
    silent = golden.dense.sum(axis=0) == 0
    assert silent.sum() >= 3
    np.testing.assert_array_equal(found["variances_norm"][silent], 0)
    assert not found["highly_variable"][silent & (np.arange(silent.size) == 1199)].any()


@pytest.mark.parametrize("flavour", ["seurat_v3", "seurat"])
@pytest.mark.parametrize("batches", [False, True])
def test_more_genes_than_vary_is_all_that_vary(golden, flavour, batches):
    given = samples_of_cells(golden.atlas) if batches else None
    found = find_variable_genes(golden.atlas, n_genes=5000, flavour=flavour, batches=given)
    assert (golden.dense.sum(axis=0) == 0).sum() >= 3
    if batches:
        assert not found.chosen[golden.dense.sum(axis=0) == 0].any()
    else:
        np.testing.assert_array_equal(found.chosen, golden.dense.std(axis=0) > 0)


def test_what_cannot_be_is_refused(golden):
    with pytest.raises(UnknownNameError, match="flavour"):
        find_variable_genes(golden.atlas, flavour="seurat_v4")
    with pytest.raises(InputError, match="0 genes"):
        find_variable_genes(golden.atlas, n_genes=0)
    with pytest.raises(InputError, match="2 batches for"):
        find_variable_genes(golden.atlas, batches=pd.Series(["a", "b"]))
    with pytest.raises(InputError, match=r"none of 5 batches has 5000 cells; the largest has 200"):
        find_variable_genes(golden.atlas, batches=samples_of_cells(golden.atlas), fewest_cells=5000)


def test_a_batch_that_no_curve_fits_is_named(golden):
    first = pd.Series(np.where(np.arange(golden.atlas.layout.n_cells) < 801, "most", "empty and few"))
    with pytest.raises(InputError, match=r"0 genes vary(.|\n)*variable genes of empty and few cells"):
        find_variable_genes(golden.atlas, batches=first, fewest_cells=2)


def test_a_small_budget_changes_nothing_and_one_too_small_says_the_least(golden):
    found = find_variable_genes(golden.atlas, n_genes=N)
    small = find_variable_genes(golden.atlas, n_genes=N, memory=4 << 20)
    pd.testing.assert_frame_equal(small.genes, found.genes)
    with pytest.raises(InputError, match="--memory"):
        find_variable_genes(golden.atlas, n_genes=N, memory=1000)
