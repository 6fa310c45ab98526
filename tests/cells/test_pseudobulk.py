"""Sums of samples and labels are those of the matrix; groups of few cells stay, and are not kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.cells.cell_columns import column_of
from tmescope.cells.counting import least_memory
from tmescope.cells.pseudobulk import add_up, measure_pseudobulk
from tmescope.foundation.errors import InputError, UnknownNameError


@pytest.fixture(scope="module")
def labels(golden):
    found = golden.cells["cell_type"].reset_index(drop=True)
    found[::50] = np.nan
    return found


@pytest.fixture(scope="module")
def found(golden, labels):
    return add_up(golden.atlas, labels, fewest_cells=12)


def test_sums_are_those_of_the_matrix(golden, labels, found):
    samples = golden.cells["sample_id"].to_numpy()
    assert found.n_unlabelled == labels.isna().sum()
    assert found.groups["n_cells"].sum() == labels.notna().sum()
    for (_, group), own in zip(found.groups.iterrows(), found.sums, strict=True):
        cells = (samples == group["sample_id"]) & (labels == group["label"]).to_numpy()
        np.testing.assert_array_equal(own, golden.dense[cells].sum(axis=0))
        assert group["n_cells"] == cells.sum()
        assert group["total_counts"] == own.sum()
        assert group["is_kept"] == (cells.sum() >= 12)
    assert 0 < found.groups["is_kept"].sum() < len(found.groups)


def test_groups_that_do_not_fit_together_are_added_a_part_at_a_time(golden, labels, found):
    layout = golden.atlas.layout
    enough = least_memory(layout, n_groups=1, n_cells=1) + 4 * layout.n_cells
    assert enough < least_memory(layout, n_groups=len(found.groups), n_cells=layout.n_cells)
    small = add_up(golden.atlas, labels, fewest_cells=12, memory=enough + 100_000)
    np.testing.assert_array_equal(small.sums, found.sums)
    pd.testing.assert_frame_equal(small.groups, found.groups)
    with pytest.raises(InputError, match=r"--memory"):
        add_up(golden.atlas, labels, memory=enough // 2)


def test_columns_of_patients_are_carried_and_those_of_cells_are_not(golden, found):
    assert {"patient_id", "response"} <= set(found.groups)
    assert "cell_type" not in found.groups
    row = found.groups[found.groups["sample_id"] == "few"].iloc[0]
    assert (row["patient_id"], row["response"]) == ("P009", "responder")


def test_groups_become_a_bulk_cohort(golden, found):
    every = found.to_anndata()
    assert every.n_obs == found.groups["is_kept"].sum()
    assert every.obs_names.is_unique
    label = found.groups["label"][found.groups["is_kept"]].iloc[0]
    one = found.to_anndata(label)
    assert set(one.obs["label"]) == {label}
    assert list(one.obs_names) == list(one.obs["sample_id"])
    number = found.groups.index[(found.groups["sample_id"] == one.obs_names[0]) & (found.groups["label"] == label)][0]
    np.testing.assert_array_equal(one.X[0], found.sums[number])
    with pytest.raises(UnknownNameError, match="label"):
        found.to_anndata("no such")


def test_without_labels_samples_are_added_up(golden):
    found = add_up(golden.atlas)
    np.testing.assert_array_equal(found.sums.sum(axis=0), golden.dense.sum(axis=0))
    assert "label" not in found.groups
    assert list(found.groups["sample_id"][~found.groups["is_kept"]]) == ["few"]
    assert list(found.to_anndata().obs_names) == list(found.groups["sample_id"][found.groups["is_kept"]])


def test_the_result_holds_the_sums_as_a_long_table(golden):
    result = measure_pseudobulk(golden.atlas, "cell_type")
    found = add_up(golden.atlas, column_of(golden.atlas, "cell_type"))
    sums = result.long_tables["sums"].whole()
    wide = sums.pivot_table(index="group", columns="gene_symbol", values="count", fill_value=0, observed=False)
    wide = wide.loc[result.tables["groups"]["group"]].reindex(columns=golden.genes, fill_value=0)
    np.testing.assert_array_equal(wide, found.sums)


@pytest.mark.parametrize("labels", [pd.Series(["a", "b"]), pd.Series([None] * 803, dtype=object)])
def test_labels_that_cannot_be_are_refused(golden, labels):
    with pytest.raises(InputError, match="label"):
        add_up(golden.atlas, labels)
