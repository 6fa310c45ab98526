"""Quality is what scanpy calculates; outliers are sought within a sample, and nothing is dropped."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from tmescope.cells.counting import AtlasCounts
from tmescope.cells.quality import (
    QualityLimits,
    describe_cells,
    measure_quality,
    mitochondrial_genes,
)
from tmescope.foundation.errors import InputError


@pytest.fixture(scope="module")
def found(golden):
    return measure_quality(golden.atlas)


def counted(total, genes=None, marked=None):
    n = len(total)
    table = pd.DataFrame(
        {
            "total_counts": total,
            "n_genes": np.asarray(total) if genes is None else genes,
            "marked_counts": np.zeros(n, np.int64) if marked is None else marked,
        }
    )
    none = np.zeros((1, 1), np.int64)
    return AtlasCounts(table, none, np.array([n]), none[0], none[0])


def test_metrics_are_those_of_scanpy(golden, found):
    expected = golden.table("cells_expected").drop(columns="score")
    for name, values in expected.items():
        np.testing.assert_allclose(found.obs[name], values, rtol=1e-6, err_msg=name)


def test_genes_are_described(golden, found):
    dense = golden.dense
    np.testing.assert_array_equal(found.var["n_cells_by_counts"], (dense > 0).sum(axis=0))
    np.testing.assert_array_equal(found.var["total_counts"], dense.sum(axis=0))
    np.testing.assert_allclose(found.var["mean_counts"], dense.mean(axis=0))
    np.testing.assert_allclose(found.var["pct_dropout_by_counts"], 100 * (dense == 0).mean(axis=0))


def test_a_cell_without_counts_is_an_outlier_even_in_a_sample_of_three(golden, found):
    few = found.obs[golden.cells["sample_id"].to_numpy() == "few"]
    assert list(few["quality_reason"]) == ["", "no counts", "no counts"]
    assert list(few["quality_outlier"]) == [False, True, True]
    assert np.isnan(few["pct_counts_mt"].iloc[1])
    row = found.tables["samples"].set_index("sample_id").loc["few"]
    assert (row["n_cells"], row["n_outliers"], row["n_without_counts"]) == (3, 2, 2)
    assert not row["outliers_sought"]
    assert len(found.obs) == golden.atlas.layout.n_cells


def test_outliers_are_far_from_the_median_of_their_own_sample():
    rng = np.random.default_rng(0)
    low, high = rng.normal(np.log(500), 0.1, 200), rng.normal(np.log(5000), 0.1, 200)
    low[0], high[0] = np.log(5000), np.log(500)  # usual in the other sample
    total = np.exp(np.concatenate([low, high])).astype(np.int64)
    marked = np.zeros(400, dtype=np.int64)
    marked[5] = total[5] // 2
    marked[:200] += rng.integers(1, 20, 200)
    samples = pd.Series(["a"] * 200 + ["b"] * 200)
    cells = describe_cells(counted(total, marked=marked), samples)
    assert cells["quality_reason"][0] == "many counts; many genes"
    assert cells["quality_reason"][200] == "few counts; few genes"
    assert cells["quality_reason"][5] == "mitochondrial"
    assert cells["quality_outlier"].sum() < 15
    # b has no mitochondrial count in more than half of its cells: no spread, no outlier
    assert not cells["quality_reason"][200:].astype(str).str.contains("mito").any()
    wide = describe_cells(counted(total, marked=marked), samples, limits=QualityLimits(deviations=50.0))
    assert not wide["quality_reason"].astype(str).str.contains("counts").any()


def test_samples_need_not_follow_each_other():
    rng = np.random.default_rng(1)
    total = np.exp(rng.normal(6.0, 0.8, 300)).astype(np.int64)
    samples = pd.Series(rng.choice(["b", "a", "c"], 300))
    order = np.argsort(samples, kind="stable")
    limits = QualityLimits(deviations=1.5)
    mixed = describe_cells(counted(total), samples, limits=limits)
    apart = describe_cells(counted(total[order]), samples[order].reset_index(drop=True), limits=limits)
    pd.testing.assert_frame_equal(mixed.iloc[order].reset_index(drop=True), apart)
    assert mixed["quality_outlier"].sum() > 10


def test_what_is_held_stays_within_the_88_bytes_of_a_cell_that_the_count_asks_for():
    n = 100_000
    table = counted(np.arange(1, n + 1, dtype=np.int64), marked=np.ones(n, np.int64))
    table.cells["top_counts"] = table.cells["total_counts"]
    samples = pd.Series(
        pd.Categorical.from_codes(np.repeat(np.arange(20), n // 20), categories=list("abcdefghijklmnopqrst"))
    )
    describe_cells(counted([10, 20]), samples[:2])  # what is loaded the first time is none of it
    tracemalloc.start()
    try:
        describe_cells(table, samples)
        assert tracemalloc.get_traced_memory()[1] < (88 - 40) * n
    finally:
        tracemalloc.stop()


def test_without_mitochondrial_genes_the_per_cent_is_missing():
    cells = describe_cells(counted([10, 20]), pd.Series(["a", "a"]), has_mitochondrial=False)
    assert cells["pct_counts_mt"].isna().all()
    assert not cells["quality_outlier"].any()


def test_genes_can_be_named(golden):
    named = measure_quality(golden.atlas, mitochondrial=["GENE00010", "absent"])
    share = 100 * golden.dense[:, 9] / np.maximum(golden.dense.sum(axis=1), 1)
    seen = golden.dense.sum(axis=1) > 0
    np.testing.assert_allclose(named.obs["pct_counts_mt"][seen], share[seen])
    assert named.provenance["parameters"]["mitochondrial"] == ["GENE00010"]


def test_mitochondrial_symbols_are_human_ones():
    assert mitochondrial_genes(["MT-CO1", "MTOR", "mt-Co1", "MT1X", "MT-ND1"]) == ("MT-CO1", "MT-ND1")


def test_limits_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="limits"):
        QualityLimits(deviations=0)
