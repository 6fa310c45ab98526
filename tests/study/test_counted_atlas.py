"""Cells of an atlas become the matrix of a cohort, and everything that is wrong with them is told at once."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from tests.study import celled

from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.matrices import read_cohort_folder
from tmescope.study.checking import check
from tmescope.study.counted_atlas import fingerprint, pseudobulk_matrix, read_counted
from tmescope.study.loading import parse_study
from tmescope.study.running import run


def test_counts_of_all_cells_of_a_sample_are_its_expression(celled_run, celled_folder):
    _, outcome = celled_run
    _, atlas = celled_folder
    adata = read_cohort_folder(outcome.folder / ".tmescope/steps/cohort-atlas")
    block = next(iter(atlas.blocks(10_000, sample_ids=("P001-pre",))))
    np.testing.assert_array_equal(adata["P001-pre"].X[0], np.asarray(block.counts.sum(axis=0)).ravel())
    assert list(adata.obs_names) == [s for s in atlas.samples.index if s.endswith("-pre")]
    assert adata.uns["tmescope"]["scale"] == "counts"


def test_columns_that_are_the_same_within_samples_are_the_sample_table(celled_run):
    study, outcome = celled_run
    counted = read_counted(outcome.folder / ".tmescope/steps/atlas-atlas")
    assert list(counted.samples.columns) == ["sample_id", "patient_id", "timepoint", "response"]
    assert counted.about["per_cell"] == ["cell_type", "depth"]
    assert counted.about["n_unlabelled"] == 2 * len(counted.samples)
    read = pseudobulk_matrix(study, study.cohorts[0], StoreError("damaged")).read
    with pytest.raises(StoreError, match="damaged"):
        read()


def test_an_unchanged_atlas_is_not_counted_again_and_a_result_changes_no_count(celled_run, celled_folder):
    study, outcome = celled_run
    assert run(study, outcome.folder).redone == ()
    atlas = open_atlas(celled_folder[0] / "atlas.zarr")
    before = fingerprint(atlas, "cell_type")
    atlas.layout = type(atlas.layout)(**{**vars(atlas.layout), "results": {}})
    assert fingerprint(atlas, "cell_type") == before


def test_everything_wrong_is_told_at_once(celled_folder, tmp_path):
    folder, atlas = celled_folder
    pd.DataFrame({"sample": ["P001-pre"], "who": ["P001"]}).to_csv(tmp_path / "samples.csv", index=False)
    data = celled.study_dict(atlas, atlas=str(folder / "atlas.zarr"), labels="celltype", samples="samples.csv",
                             columns={"sample_id": "sampel", "patient_id": "who"}, select={})  # fmt: skip
    told = str(list(map(str, check(parse_study(data, folder=tmp_path)).problems)))
    for word in ("celltype", "sampel", "response"):
        assert word in told


def test_samples_that_only_one_side_has_and_cells_without_label_are_told(celled_folder, tmp_path):
    folder, atlas = celled_folder
    ids = [*atlas.samples.index[:20], "P099-pre"]
    table = atlas.samples.reindex(ids).fillna("responder").rename_axis("sample_id").reset_index()
    table.to_csv(tmp_path / "samples.csv", index=False)
    data = celled.study_dict(atlas, atlas=str(folder / "atlas.zarr"), samples="samples.csv", select={})
    found = check(parse_study(data, folder=tmp_path))
    assert not found.problems
    assert {"join.matrix_only", "join.table_only", "cells.unlabelled", "cells.few_cells"} <= {
        w.code for w in found.warnings
    }


@pytest.mark.parametrize("fault", ["newer", "root", "shard", "absent"])
def test_an_atlas_that_cannot_be_read_is_told(celled_folder, tmp_path, fault):
    folder, atlas = celled_folder
    path = tmp_path / "atlas.zarr"
    if fault != "absent":
        shutil.copytree(folder / "atlas.zarr", path)
        root = json.loads((path / "zarr.json").read_text())
        if fault == "newer":
            root["attributes"]["tmescope-atlas"]["version"] = 99
        if fault == "root":
            root["attributes"]["tmescope-atlas"]["n_cells"] = "many"
        (path / "zarr.json").write_text(json.dumps(root))
    if fault == "shard":
        shard = path / "X/data/c/0"
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 255
        shard.write_bytes(data)
        assert read_layout(path).n_cells
    found = check(parse_study(celled.study_dict(atlas), folder=tmp_path))
    word = {"newer": "format version 99", "root": "damaged", "shard": "X/data", "absent": "no atlas"}[fault]
    assert len(found.problems) == 1
    assert word in str(found.problems[0])


@pytest.mark.parametrize("key", ["columns", "features", "endpoints"])
def test_a_column_of_cells_is_no_value_of_samples(celled_folder, key):
    folder, atlas = celled_folder
    data = celled.study_dict(atlas)
    if key == "columns":
        data["cohorts"][0]["columns"]["sex"] = "depth"
    elif key == "features":
        data["cohorts"][0]["features"] = [{"numeric": {"depth": {"column": "depth"}}}]
    else:
        data["endpoints"]["response"]["column"] = "cell_type"
    problems = check(parse_study(data, folder=folder)).problems
    assert any("pseudo-bulk" in str(p) and key in str(p) for p in problems)
