from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from tmescope.foundation.provenance import Provenance, hash_array, hash_file, hash_json, versions


def test_file_hash_is_sha256(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)
    assert hash_file(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_the_hash_of_a_zarr_store_is_that_of_its_files_and_their_names(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("1")
    with pytest.raises(OSError, match="directory"):
        hash_file(tmp_path / "a")
    (tmp_path / "a" / "zarr.json").write_text("{}")
    first = hash_file(tmp_path / "a")
    (tmp_path / "a" / "b" / "c").rename(tmp_path / "a" / "b" / "d")
    renamed = hash_file(tmp_path / "a")
    (tmp_path / "a" / "b" / "d").write_text("2")
    assert len({first, renamed, hash_file(tmp_path / "a")}) == 3
    (tmp_path / "a" / "b" / "d").write_text("1")
    (tmp_path / "a" / "b" / "d").rename(tmp_path / "a" / "b" / "c")
    assert hash_file(tmp_path / "a") == first


def test_json_hash_ignores_key_order_and_refuses_nan():
    assert hash_json({"a": 1, "b": [1, 2]}) == hash_json({"b": [1, 2], "a": 1})
    assert hash_json([1, 2]) != hash_json([2, 1])
    with pytest.raises(ValueError, match="JSON"):
        hash_json(float("nan"))


def test_array_hash_sees_shape_type_and_values():
    base = np.arange(6.0)
    assert hash_array(base.reshape(2, 3)) != hash_array(base.reshape(3, 2))
    assert hash_array(base) != hash_array(base.astype(np.float32))
    assert hash_array(np.asfortranarray(base.reshape(2, 3))) == hash_array(base.reshape(2, 3))


def test_provenance_is_json():
    record = Provenance("m", {"a": 1}, {"x": "y"}, versions=versions())
    assert json.loads(json.dumps(record.as_dict()))["method"] == "m"
    assert versions()["numpy"] == np.__version__
