"""A run as AnnData files, read by anndata alone in a process that cannot import tmescope."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pytest
from tests.study import tiny

from tmescope.foundation.errors import StoreError
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.export_anndata import export_anndata
from tmescope.study.loading import parse_study
from tmescope.study.running import run

ALONE = """
import sys
sys.modules["tmescope"] = None
import anndata
a = anndata.read_h5ad(sys.argv[1])
print(a.shape, sorted(a.obsm), a.obs["os_event"].sum(), a.uns["tmescope"]["scale"])
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny.write_files(folder)
    data = tiny.study_dict()
    data["cohorts"][0]["features"].append({"numeric": {"sex": {"column": "tmb"}, "tmb/mb": {"column": "tmb"}}})
    run(parse_study(data, folder=folder), folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    return export_anndata(results, tmp_path_factory.mktemp("anndata") / "h")


def _read(written, name):
    return ad.read_h5ad(written.folder / f"{name}.h5ad")


def test_the_matrix_and_its_axes_are_those_of_the_run(results, written):
    assert written.files == ("a.h5ad", "b.h5ad")
    for name in ("a", "b"):
        before = read_cohort_folder(results / ".tmescope" / "steps" / f"cohort-{name}")
        after = _read(written, name)
        assert before.X.tobytes() == np.ascontiguousarray(after.X).tobytes()
        assert before.obs_names.tolist() == after.obs_names.tolist()
        assert before.var_names.tolist() == after.var_names.tolist()
        assert before.var["input_id"].tolist() == after.var["input_id"].tolist()
        assert after.uns["tmescope"]["scale"] == "tpm"


def test_samples_carry_endpoints_and_features(results, written):
    after = _read(written, "a")
    samples = read_table(results / "tables" / "samples.parquet")
    own = samples[samples["cohort_id"] == "a"].set_index("sample_id").loc[after.obs_names]
    assert after.obs["response"].tolist() == own["response"].tolist()
    assert after.obs["os_time_months"].tolist() == own["os_time_months"].tolist()
    assert after.obs["os_event"].tolist() == own["os_event"].tolist()
    features = read_table(results / "tables" / "features.parquet").set_index(["cohort_id", "sample_id", "feature"])
    for sample in after.obs_names:
        assert after.obs.loc[sample, "tmb"] == features.loc[("a", sample, "tmb"), "value"]
        assert after.obs.loc[sample, "braf"] == features.loc[("a", sample, "braf"), "category"]


def test_names_that_clash_or_that_hdf5_does_not_take_are_told(written):
    after = _read(written, "a")
    assert after.obs["feature.sex"].tolist() == after.obs["tmb"].tolist() == after.obs["tmb_mb"].tolist()
    assert after.obs["sex"].isna().all()
    assert written.notes == (
        "a: the feature sex is the column feature.sex of obs: the samples have a column of its name",
        "a: tmb/mb is called tmb_mb in the file",
    )


def test_scores_are_attached_with_their_provenance(results, written):
    after = _read(written, "b")
    scores = read_table(results / "tables" / "scores.parquet").set_index(
        ["cohort_id", "method", "sample_id", "feature"]
    )
    assert sorted(after.obsm) == ["ssgsea", "ssgsea_coverage", "zscore", "zscore_coverage"]
    for method in ("zscore", "ssgsea"):
        wide, coverage = after.obsm[method], after.obsm[f"{method}_coverage"]
        assert wide.columns.tolist() == list(tiny.SIGNATURES)
        for sample in after.obs_names:
            for feature in tiny.SIGNATURES:
                row = scores.loc[("b", method, sample, feature)]
                assert (wide.loc[sample, feature], coverage.loc[sample, feature]) == (row["value"], row["coverage"])
        provenance = json.loads(after.uns["tmescope_results"][method])
        assert provenance["method"] == method
        assert set(provenance["facts"]) >= set(tiny.SIGNATURES)
        assert provenance["inputs"]["b: b.tsv.gz"]
        assert provenance["versions"]["tmescope"]
    answers = after.uns["tmescope_tables"]["answers"]
    assert set(answers["cohort_id"]) == {"b"}
    assert answers["p_value"].notna().any()


def test_anndata_alone_reads_it(written):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE, written.folder / "b.h5ad"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(18, 147) ['ssgsea', 'ssgsea_coverage', 'zscore', 'zscore_coverage'] ")


def test_two_names_that_become_one_are_refused(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["cohorts"][0]["features"].append({"numeric": {"t/b": {"column": "tmb"}, "t_b": {"column": "tmb"}}})
    run(parse_study(data, folder=tmp_path), tmp_path / "out")
    with pytest.raises(StoreError, match="several columns would be called 't_b'"):
        export_anndata(tmp_path / "out", tmp_path / "h")
    assert not (tmp_path / "h").exists()
    assert not list(tmp_path.glob(".h*"))


def test_changed_results_and_full_folders_are_refused(results, written, tmp_path):
    before = tiny.tree(written.folder)
    with pytest.raises(StoreError, match="holds something already"):
        export_anndata(results, written.folder)
    assert tiny.tree(written.folder) == before
    shutil.copytree(results, tmp_path / "out")
    (tmp_path / "out" / ".tmescope" / "steps" / "cohort-b" / "matrix.npy").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"matrix\.npy"):
        export_anndata(tmp_path / "out", tmp_path / "h")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
