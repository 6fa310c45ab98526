"""Markers are scanpy's, the planted ones come first, and a question about patients is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.golden.cells_markers.simulate import PLAN, TYPES, simulate

from tmescope.cells.markers import find_markers
from tmescope.foundation.errors import InputError, StoreError
from tmescope.simulate import simulate_atlas
from tmescope.store import atlas_turning
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_turning import write_panels
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

EXPECTED = Path(__file__).parents[1] / "golden/cells_markers/expected.tsv"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    create_atlas(path, pd.DataFrame(index=[f"GENE{i + 1:05d}" for i in range(PLAN.n_genes)]))
    writer = AtlasWriter(path)
    for sample_id, counts, obs in simulate():
        writer.add_sample(sample_id, [(counts, obs)])
    writer.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atlas_turning, "_PANEL_CELLS", 150)
        write_panels(path)
    return open_atlas(path)


@pytest.fixture(scope="module")
def types(atlas):
    return atlas.cells(("cell_type",))["cell_type"]


@pytest.fixture(scope="module")
def table(atlas, types):
    return find_markers(atlas, types)


def test_markers_are_those_of_scanpy(table):
    found = table.astype({"group": str, "gene": str}).sort_values(["group", "gene"])
    expected = pd.read_csv(EXPECTED, sep="\t")
    assert (found["group"].to_numpy() == expected["group"].to_numpy()).all()
    assert (found["gene"].to_numpy() == expected["names"].to_numpy()).all()
    np.testing.assert_allclose(found["score"], expected["scores"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found["log2_fold_change"], expected["logfoldchanges"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["p_value"], expected["pvals"], rtol=1e-9)
    np.testing.assert_allclose(found["log10_p_value"], np.log10(expected["pvals"]), rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(found["q_value"], expected["pvals_adj"], rtol=1e-9)
    np.testing.assert_allclose(found["fraction_in"], expected["pct_nz_group"], rtol=1e-12)
    np.testing.assert_allclose(found["fraction_out"], expected["pct_nz_reference"], rtol=1e-12)
    silent = found[found["gene"] == "GENE00251"]
    assert silent[["auc", "score", "p_value", "log2_fold_change"]].drop_duplicates().to_numpy().tolist() == [
        [0.5, 0.0, 1.0, 0.0]
    ]


def test_planted_markers_come_first_and_p_is_descriptive(table):
    truth = simulate_atlas(PLAN, rng=np.random.default_rng(20261126)).truth.markers
    assert list(table["group"].cat.categories) == sorted(TYPES, key=list(table["group"].unique()).index)
    for name, part in table.groupby("group", observed=True):
        assert part["rank"].tolist() == list(range(1, PLAN.n_genes + 1))
        assert part["auc"].is_monotonic_decreasing
        assert part["gene"].head(10).isin(truth[name]).mean() >= 0.8
        assert (part["n_group"] + part["n_rest"]).unique().tolist() == [400]
    assert table["p_kind"].unique().tolist() == ["descriptive"]


def test_neither_threads_nor_memory_change_anything(atlas, types, table):
    for runner, memory in ((Local(2), 200_000), (Local(1), 60_000)):
        pd.testing.assert_frame_equal(find_markers(atlas, types, runner=runner, memory=memory), table)
    with pytest.raises(InputError, match="too few for one gene"):
        find_markers(atlas, types, memory=1000)


def test_cells_without_a_group_take_no_part(atlas, types):
    two = types.where(types.isin(TYPES[:2]))
    found = find_markers(atlas, two)
    assert sorted(found["group"].cat.categories) == sorted(TYPES[:2])
    assert (found["n_group"] + found["n_rest"]).unique().tolist() == [int(types.isin(TYPES[:2]).sum())]
    one, other = (part.set_index("gene").sort_index() for _, part in found.groupby("group", observed=True))
    np.testing.assert_allclose(one["auc"], 1.0 - other["auc"])
    np.testing.assert_allclose(one["score"], -other["score"])
    np.testing.assert_allclose(one["fraction_in"], other["fraction_out"])


def test_many_groups_need_wider_words(atlas, types):
    many = types.astype(str) + (np.arange(400) % 80).astype(str)
    found = find_markers(atlas, many)
    assert found["group"].nunique() > 128
    assert found["auc"].between(0.0, 1.0).all()
    few = find_markers(atlas, many.str.rstrip("0123456789"))  # the same cells in the four types again
    pd.testing.assert_series_equal(few["auc"], find_markers(atlas, types.astype(str))["auc"])


def test_what_is_the_same_for_all_cells_of_a_sample_is_refused(atlas):
    samples = atlas.cells(("sample_id",))["sample_id"].astype(str)
    response = samples.str.startswith("P001").map({True: "responder", False: "non_responder"}).rename("response")
    for groups in (response, samples, response.where(np.arange(400) % 3 > 0)):
        with pytest.raises(InputError, match="one value in each of 5 samples") as caught:
            find_markers(atlas, groups)
        assert "pseudo-bulk" in str(caught.value)


@pytest.mark.parametrize(
    "groups, told",
    [
        (["a", "b"], "2 groups for 400 cells"),
        (["a"] * 400, "has 1 values"),
        ([None] * 400, "has 0 values"),
        ([1, "1"] * 200, "names differ as text"),
    ],
)
def test_groups_that_cannot_be_are_refused(atlas, groups, told):
    with pytest.raises(InputError, match=told):
        find_markers(atlas, pd.Series(groups, dtype=object))


@pytest.mark.parametrize("target", [0.0, -1.0, np.inf, np.nan])
def test_targets_that_cannot_be_are_refused(atlas, types, target):
    with pytest.raises(InputError, match="the target is"):
        find_markers(atlas, types, target_sum=target)


def test_a_damaged_copy_is_named(atlas, types, tmp_path):
    import shutil

    shutil.copytree(atlas.path, tmp_path / "b.zarr")
    place = tmp_path / "b.zarr" / atlas.layout.panels[1].places["steps"] / "c/0"
    body = bytearray(place.read_bytes())
    body[30] ^= 1
    place.write_bytes(body)
    with pytest.raises(StoreError, match="150-300/steps"):
        find_markers(open_atlas(tmp_path / "b.zarr"), types)
