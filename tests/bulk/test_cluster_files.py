"""A model of clusters comes back from its file, and a changed file is told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.bulk.clustered import OPTIONS, cohort

from tmescope.bulk.cluster_files import FORMAT_VERSION, read_clusters, write_clusters
from tmescope.bulk.cluster_models import cluster_hash
from tmescope.bulk.cluster_subtypes import apply_clusters, fit_clusters
from tmescope.foundation.errors import FileFormatError, MissingFileError

OLD = Path(__file__).parent / "clusters_1.model"


@pytest.fixture(scope="module")
def model():
    return fit_clusters(cohort(36)[0], options=OPTIONS)


def test_a_model_comes_back(model, tmp_path):
    write_clusters(model, tmp_path / "model")
    back = read_clusters(tmp_path / "model")
    assert cluster_hash(back) == cluster_hash(model)
    assert dict(back.stability) == dict(model.stability)
    new, _ = cohort(6, seed=1)
    pd.testing.assert_frame_equal(apply_clusters(back, new).table, apply_clusters(model, new).table)
    first = (tmp_path / "model").read_bytes()
    write_clusters(back, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == first


def test_a_file_of_the_first_version_is_read():
    assert FORMAT_VERSION == 1
    model = read_clusters(OLD)
    assert model.k == 3
    assert apply_clusters(model, cohort(6, seed=1)[0]).table["subtype"].notna().all()


def test_other_files_are_told(model, tmp_path):
    with pytest.raises(MissingFileError, match="tmescope subtype fit"):
        read_clusters(tmp_path / "none")
    write_clusters(model, tmp_path / "model")
    changed = (tmp_path / "model").read_bytes().replace(b'"lowest_likeness": 0.7', b'"lowest_likeness": 0.6')
    (tmp_path / "changed").write_bytes(changed)
    with pytest.raises(FileFormatError, match="no model of clusters, or is damaged"):
        read_clusters(tmp_path / "changed")
