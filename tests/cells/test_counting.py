"""One pass counts what the whole matrix says, with any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from tests.store.atlases import small_atlas, write_small

from tmescope.cells import counting
from tmescope.cells.counting import count_atlas
from tmescope.foundation.errors import InputError
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    counts = write_small(path, small_atlas())
    return open_atlas(path), counts.toarray().astype(np.int64)


@pytest.mark.parametrize("threads", [1, 2])
def test_counts_are_those_of_the_matrix(written, threads, monkeypatch):
    monkeypatch.setattr(counting, "_ENTRIES", 5000)
    atlas, dense = written
    groups = atlas.cells(("cell_type",))["cell_type"].cat.codes.to_numpy()
    marked = list(atlas.genes().index[:30])
    found = count_atlas(atlas, groups=groups, marked=[*marked, "not there"], runner=Local(threads))
    expected = [dense.sum(1), (dense > 0).sum(1), dense[:, :30].sum(1), dense.max(1)]
    np.testing.assert_array_equal(found.cells.to_numpy(), np.column_stack(expected))
    np.testing.assert_array_equal(found.sums, [dense[groups == g].sum(0) for g in range(groups.max() + 1)])
    np.testing.assert_array_equal(found.group_sizes, np.bincount(groups))
    np.testing.assert_array_equal(found.cells_with, (dense > 0).sum(0))
    np.testing.assert_allclose(found.mean, dense.mean(0))
    np.testing.assert_allclose(found.variance, dense.var(0, ddof=1))


def test_without_groups_all_cells_are_one(written):
    atlas, dense = written
    np.testing.assert_array_equal(count_atlas(atlas).sums, dense.sum(0)[None, :])


@pytest.mark.parametrize("groups", [[0, 1], np.full(600, -1), np.full(600, 2**32), np.full(600, 1.7)])
def test_groups_that_cannot_be_are_refused(written, groups):
    with pytest.raises(InputError, match="groups for 600 cells"):
        count_atlas(written[0], groups=groups)
