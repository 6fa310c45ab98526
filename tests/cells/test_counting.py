"""One pass counts what the whole matrix says, with any number of threads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import small_atlas, write_small

from tmescope.cells import counting
from tmescope.cells.counting import GroupsFrom, count_atlas
from tmescope.foundation.budget import BASE, DEFAULT_MEMORY
from tmescope.foundation.errors import InputError
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


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


_CHILD = """
import json, sys
from pathlib import Path
from tmescope.cells.counting import GroupsFrom, count_atlas
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas

def measured(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))

small, large = (open_atlas(Path(p)) for p in sys.argv[1:3])
for threads in (1, 2):
    count_atlas(small, runner=Local(threads))
base, found = measured("VmRSS"), []
for memory, threads in json.loads(sys.argv[3]):
    before = measured("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    count_atlas(large, memory=memory, runner=Local(threads))
    found.append(measured("VmHWM") - before)
print(json.dumps([base, found]))
"""


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Write 16 million counts: twice as many as two threads of the default budget hold at once."""
    path = tmp_path_factory.mktemp("atlas") / "large.zarr"
    n_cells, n_genes, seen = 16_000, 2_000, 1_000
    create_atlas(path, pd.DataFrame(index=[f"G{i}" for i in range(n_genes)]), shard=1 << 21)
    genes = np.tile(np.arange(0, n_genes, 2, dtype=np.int32), n_cells // 8)
    ends = np.arange(n_cells // 8 + 1) * seen
    block = sparse.csr_matrix((genes % 7 + 1, genes, ends), (n_cells // 8, n_genes))
    writer = AtlasWriter(path)
    writer.add_sample(
        "S", ((block, pd.DataFrame(index=[f"{i}-{c}" for c in range(n_cells // 8)])) for i in range(8)), source="made"
    )
    writer.commit()
    return path


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs a peak of memory that can be reset")
def test_memory_stays_within_the_budget(written, larger):
    asked = [(10 << 20, 1), (16 << 20, 2), (DEFAULT_MEMORY, 2)]
    command = [sys.executable, "-c", _CHILD, str(written[0].path), str(larger), json.dumps(asked)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    base, found = json.loads(ended.stdout)
    assert base < BASE
    assert found[0] < asked[0][0]
    assert found[1] < asked[1][0]
    assert found[2] > 32 << 20, "larger budgets are used, so that the smaller ones were kept on purpose"


def test_a_budget_that_is_too_small_says_how_much_would_do(larger):
    atlas = open_atlas(larger)
    groups = np.arange(atlas.layout.n_cells) % 3_000
    with pytest.raises(InputError, match=r"46.9 MiB|of which .* for the sums of 3,000 groups") as caught:
        count_atlas(atlas, groups=groups, memory=32 << 20)
    enough = int(caught.value.expected.removesuffix("M or more")) << 20
    assert count_atlas(atlas, groups=groups, memory=enough).sums.shape == (3_000, 2_000)
    with pytest.raises(InputError, match="not enough"):
        count_atlas(atlas, groups=groups, memory=enough - (1 << 20))


def test_a_run_of_cells_can_be_counted_alone(written):
    atlas, dense = written
    groups = np.arange(100, dtype=np.int32) % 3
    found = count_atlas(atlas, groups=GroupsFrom(250, groups))
    np.testing.assert_array_equal(found.sums, [dense[250:350][groups == g].sum(0) for g in range(3)])
    np.testing.assert_array_equal(found.cells["total_counts"], dense[250:350].sum(1))
    with pytest.raises(InputError, match="groups"):
        count_atlas(atlas, groups=GroupsFrom(550, groups))


def test_squares_that_do_not_fit_are_refused_and_large_ones_that_do_are_exact(tmp_path):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g1", "g2"]), count_dtype="uint32")
    writer = AtlasWriter(tmp_path / "a.zarr")
    for name, top in (("fits", 2**31 - 1), ("not", 2**32 - 1)):
        counts = sparse.csr_matrix(np.array([[top, 0], [0, 3]], dtype=np.uint32))
        writer.add_sample(name, [(counts, pd.DataFrame(index=["a", "b"]))])
    writer.commit()
    atlas = open_atlas(tmp_path / "a.zarr")
    fits = count_atlas(atlas, groups=GroupsFrom(0, np.zeros(2, dtype=np.int32)))
    np.testing.assert_allclose(fits.variance, np.var([[2**31 - 1, 0], [0, 3]], axis=0, ddof=1))
    found = count_atlas(atlas)
    assert found.sums.sum(axis=0).tolist() == [2**31 - 1 + 2**32 - 1, 6]
    with pytest.raises(InputError, match="may be larger than 64 bits"):
        _ = found.variance
