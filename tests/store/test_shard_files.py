"""What a stopped writer left is told apart from damage, whatever size it has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import SHARD

from tmescope.foundation.errors import StoreError
from tmescope.store import atlas_writing
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas
from tmescope.store.shard_files import check_shard, committed_shard, measure_file
from tmescope.store.sharded_vectors import VectorAppender, VectorForm, VectorReader

FORM = VectorForm("float64", chunk=64, shard=256)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 255, 256, 257, 300])
def test_the_last_file_is_made_again_from_one_with_more(tmp_path, n):
    first = np.random.default_rng(n).random(n)
    appender = VectorAppender(tmp_path, FORM)
    appender.append(first)
    number, shard = max(appender.finish().items())
    more = VectorAppender(tmp_path, FORM, length=n)
    more.append(np.ones(200))
    more.finish()
    assert committed_shard(VectorReader(tmp_path, FORM, length=n)) == shard
    if n % FORM.shard:
        assert check_shard(FORM.path(tmp_path, number), shard)
    else:
        assert measure_file(FORM.path(tmp_path, number)) == shard


def test_an_older_file_or_a_flipped_bit_is_another(tmp_path):
    appender = VectorAppender(tmp_path, FORM)
    appender.append(np.random.default_rng(0).random(70))
    appender.finish()
    file = FORM.path(tmp_path, 0)
    older = file.read_bytes()
    more = VectorAppender(tmp_path, FORM, length=70)
    more.append(np.ones(20))
    shard = more.finish()[0]
    assert committed_shard(VectorReader(tmp_path, FORM, length=90)) == shard
    file.write_bytes(older)  # zeros stand where numbers were, with checksums that fit
    assert committed_shard(VectorReader(tmp_path, FORM, length=90)) != shard
    body = bytearray(older)
    body[20] ^= 1
    file.write_bytes(body)
    with pytest.raises(StoreError, match="checksum"):
        committed_shard(VectorReader(tmp_path, FORM, length=90))


def block(n, rng, *, kinds, value):
    counts = sparse.csr_matrix(rng.poisson(0.3, (n, 20)).astype(np.uint16))
    kind = rng.permutation(kinds * n)[:n]
    return counts, pd.DataFrame({"kind": kind, "value": value}, index=[f"c{i}" for i in range(n)])


def killed_at_its_commit(path, monkeypatch, *, first, more):
    """Write a sample, then another by a writer that is killed once its files are written and before they count."""
    rng = np.random.default_rng(first)
    create_atlas(path, pd.DataFrame(index=[f"g{i}" for i in range(20)]), shard=SHARD)
    writer = AtlasWriter(path)
    writer.add_sample("a", [block(first, rng, kinds=["x", "y"], value=1.0)])
    writer.commit()
    before = {p.relative_to(path): p.stat().st_size for p in path.rglob("c/*") if p.is_file()}
    writer = AtlasWriter(path)
    writer.add_sample("b", [block(more, rng, kinds=["x"], value=1.0)])

    def killed(*_):
        raise SystemExit("killed")

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(atlas_writing, "declare_atlas", killed)
        writer.commit()
    return {p.as_posix(): (path / p).stat().st_size - size for p, size in before.items()}


def test_what_a_killed_writer_left_is_no_damage_also_where_it_is_no_larger(tmp_path, monkeypatch):
    grown = {}
    for number, (first, more) in enumerate([(223, 306), (273, 3), (328, 293), (181, 204), (53, 13)]):
        path = tmp_path / f"{number}.zarr"
        changes = killed_at_its_commit(path, monkeypatch, first=first, more=more)
        assert list(open_atlas(path).verify()) == []
        grown |= {(number, place): size for place, size in changes.items()}
    assert {-1, 0} <= {int(np.sign(n)) for (_, place), n in grown.items() if place == "obs/value/c/0"}


@pytest.mark.parametrize(
    "place",
    ["X/data/c/0", "X/indices/c/0", "X/indptr/c/0", "obs/value/c/0", "obs/kind/codes/c/0", "obs/kind/categories/c/0",
     "obs/_index/c/0"],
)  # fmt: skip
def test_damage_after_a_killed_writer_is_damage(tmp_path, monkeypatch, place):
    killed_at_its_commit(tmp_path / "a.zarr", monkeypatch, first=223, more=306)
    file = tmp_path / "a.zarr" / place
    body = bytearray(file.read_bytes())
    body[24] ^= 1
    file.write_bytes(body)
    assert place in [line.partition(" ")[0] for line in open_atlas(tmp_path / "a.zarr").verify()]
