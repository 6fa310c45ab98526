"""Sums by sample and label are those of the whole matrix, however little memory there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.store.atlases import small_atlas, write_small

from tmescope.cells import sample_sums
from tmescope.cells.counting import least_memory
from tmescope.cells.sample_sums import add_up_cells, group_cells
from tmescope.foundation.errors import InputError, SampleError, UnknownNameError
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import create_atlas


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    counts = write_small(path, small_atlas())
    return open_atlas(path), counts.toarray().astype(np.int64)


def test_every_cell_is_in_the_group_of_its_sample_and_label(written):
    atlas, _ = written
    groups = group_cells(atlas, "cell_type")
    labels = atlas.cells(("cell_type",))["cell_type"].astype(str)
    samples = np.repeat([s.sample_id for s in atlas.layout.samples], [s.n_cells for s in atlas.layout.samples])
    assert list(groups.table["label"].to_numpy()[groups.number]) == list(labels)
    assert list(groups.table["sample_id"].to_numpy()[groups.number]) == list(samples)
    assert list(groups.table["n_cells"]) == list(np.bincount(groups.number))


@pytest.mark.parametrize(("share", "threads"), [(2, 1), (2236, 1), (10_000_000, 2)])
def test_sums_do_not_depend_on_memory_or_threads(written, tmp_path, monkeypatch, share, threads):
    atlas, dense = written
    monkeypatch.setattr(sample_sums, "_SHARE", share)  # the last two hold the groups of one sample at a time
    groups = group_cells(atlas, "cell_type")
    found = add_up_cells(atlas, groups, tmp_path / "sums.npy", runner=Local(threads))
    sums = np.load(tmp_path / "sums.npy")
    np.testing.assert_array_equal(sums, [dense[groups.number == g].sum(0) for g in range(len(groups.table))])
    assert found.samples["n_cells"].tolist() == [s.n_cells for s in atlas.layout.samples]
    first = dense[: atlas.layout.samples[0].n_cells]
    assert found.samples["median_counts"][0] == np.median(first.sum(1))
    assert found.samples["median_genes"][0] == np.median((first > 0).sum(1))
    assert found.samples["median_mt_percent"].isna().all()


def test_cells_of_samples_are_cut_as_their_sums_are(written, tmp_path):
    atlas, dense = written
    groups = group_cells(atlas, None)
    largest = max(s.n_cells for s in atlas.layout.samples)
    enough = least_memory(atlas.layout, n_groups=1, n_cells=largest)
    assert enough < least_memory(atlas.layout, n_groups=1, n_cells=len(dense))
    add_up_cells(atlas, groups, tmp_path / "sums.npy", memory=enough)
    sums = np.load(tmp_path / "sums.npy")
    np.testing.assert_array_equal(sums, [dense[groups.number == g].sum(0) for g in range(len(groups.table))])
    with pytest.raises(InputError, match=r"--memory") as error:
        add_up_cells(atlas, groups, tmp_path / "sums.npy", memory=enough - 1)
    assert f"{enough:,} bytes" in str(error.value)


def test_each_cell_lies_in_one_bin_of_each_measure(written, tmp_path):
    atlas, dense = written
    found = add_up_cells(atlas, group_cells(atlas, None), tmp_path / "sums.npy")
    for _, rows in found.quality.groupby("measure"):
        assert rows["n_cells"].sum() == len(dense)
        assert (rows["low"] < rows["high"]).all()
    counts = found.quality[(found.quality["measure"] == "counts")].iloc[0]
    first = dense[: atlas.layout.samples[0].n_cells].sum(1)
    assert counts["n_cells"] == ((first >= counts["low"]) & (first < counts["high"])).sum()


def test_genes_are_mitochondrial_by_their_name(tmp_path):
    atlas = small_atlas()
    genes = pd.Index([f"MT-{g}" if i < 40 else g for i, g in enumerate(atlas.genes)])
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=genes), shard=1 << 14)
    counts = write_small(tmp_path / "a.zarr", atlas).toarray()
    opened = open_atlas(tmp_path / "a.zarr")
    found = add_up_cells(opened, group_cells(opened, None), tmp_path / "sums.npy")
    assert found.n_mitochondrial == 40
    first = counts[: opened.layout.samples[0].n_cells]
    expected = np.median(100 * first[:, :40].sum(1) / first.sum(1))
    assert found.samples["median_mt_percent"][0] == pytest.approx(expected)


def test_what_cannot_be_is_refused(written, tmp_path):
    atlas, _ = written
    with pytest.raises(UnknownNameError, match="cell_typ") as error:
        group_cells(atlas, "cell_typ")
    assert "cell_type" in str(error.value)
    with pytest.raises(SampleError, match="different values"):
        group_cells(atlas, "number")
    with pytest.raises(InputError, match="do not fit") as small:
        add_up_cells(atlas, group_cells(atlas, "cell_type"), tmp_path / "s.npy", memory=1000)
    assert "bytes at least" in str(small.value)
    create_atlas(tmp_path / "empty.zarr", pd.DataFrame(index=pd.Index(["A"])))
    with pytest.raises(SampleError, match="no cell"):
        group_cells(open_atlas(tmp_path / "empty.zarr"), None)
