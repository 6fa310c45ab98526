"""The map and the markers of an atlas reach the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import small_atlas, write_small
from tests.study import celled

from tmescope.cells.input_digests import digest_values
from tmescope.report.cell_map import MOST_DOTS
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, write_result
from tmescope.study import atlas_views
from tmescope.study.context import Context
from tmescope.study.ledger import open_ledger
from tmescope.study.loading import parse_study
from tmescope.study.needs import gather_needs


@pytest.fixture
def context(celled_run):
    study, outcome = celled_run
    with open_ledger(outcome.folder) as ledger:
        yield Context(study, ledger, gather_needs(study), "0.0")


def test_each_cell_is_a_dot_of_its_sample_and_label(context, celled_folder):
    found = atlas_views.read_map(context, context.study.cohorts[0])
    sizes = celled_folder[1].samples["n_cells"]
    assert found.embedding == "UMAP"
    assert (found.bins, found.absent) == (0, ())
    assert found.cells["n_cells"].sum() == sizes[sizes.index.str.endswith("-pre")].sum()
    centre = found.cells.groupby("label")[["x", "y"]].mean()
    assert np.abs(np.hypot(centre["x"], centre["y"]) - 6).max() < 0.6


def test_markers_of_each_group_are_ranked_by_auc(celled_run):
    table = celled_run[1].table("cell_markers")
    assert set(table["group"]) == set(celled.TYPES)
    first = table[table["rank"] == 1].set_index("group")["auc"]
    assert (table.groupby("group")["auc"].max() == first).all()


def test_markers_of_other_labels_are_none_of_these(tmp_path):
    path = tmp_path / "a.zarr"
    write_small(path, small_atlas())
    digest = digest_values(open_atlas(path).cells(("cell_type",))["cell_type"])
    table = pd.DataFrame({"group": ["a"], "gene": ["g"], "auc": [0.9]})
    for label, was, fits in (("cell_type", digest, True), ("leiden", digest, False), ("cell_type", "older", False)):
        said = {"parameters": {"label": label}, "inputs": {label: was}}
        write_result(path, AtlasResult(name="markers", tables={"markers": table}, provenance=said))
        assert atlas_views._are_of(open_atlas(path), "cell_type") is fits


def test_a_map_that_is_out_of_date_is_not_drawn(tmp_path, celled_folder):
    path = tmp_path / "a.zarr"
    write_small(path, small_atlas())
    n = read_layout(path).n_cells
    near = sparse.identity(n, format="csr")
    write_result(path, AtlasResult(name="neighbours", obsp={"connectivities": near}))
    said = {"inputs": {"neighbours": "a hash"}}
    umap = AtlasResult(name="umap", obsm={"X_umap": np.zeros((n, 2), dtype=np.float32)}, provenance=said)
    write_result(path, umap, of=read_layout(path))
    cohort = parse_study(celled.study_dict(celled_folder[1], atlas="a.zarr"), folder=tmp_path).cohorts[0]
    assert atlas_views._write_map(tmp_path, open_atlas(path), cohort)["embedding"] == "UMAP"
    write_result(path, AtlasResult(name="neighbours", obsp={"connectivities": near * 0.5}))
    assert atlas_views._write_map(tmp_path, open_atlas(path), cohort)["embedding"] == ""


def test_more_cells_are_counted_in_bins(monkeypatch, tmp_path, celled_folder):
    write_small(tmp_path / "a.zarr", small_atlas())
    n = read_layout(tmp_path / "a.zarr").n_cells
    xy = np.random.default_rng(0).normal(size=(n, 5)).astype(np.float32)
    write_result(tmp_path / "a.zarr", AtlasResult(name="pca", obsm={"X_pca": xy}))
    data = celled.study_dict(celled_folder[1], atlas="a.zarr", columns={}, select={})
    study = parse_study(data, folder=tmp_path)
    monkeypatch.setattr(atlas_views, "MOST_DOTS", n - 1)
    atlas = atlas_views.open_atlas(tmp_path / "a.zarr")
    about = atlas_views._write_map(tmp_path, atlas, study.cohorts[0])
    table = pd.read_parquet(tmp_path / "map.parquet")
    assert about == {"embedding": "PCA", "n_cells": n, "bins": atlas_views.BINS}
    assert table["n_cells"].sum() == n
    assert not table.duplicated(["x", "y", "group"]).any()
    width = np.ptp(xy[:, 0]) / atlas_views.BINS
    assert table["x"].min() == pytest.approx(xy[:, 0].min() + width / 2)
    assert MOST_DOTS == 50_000
