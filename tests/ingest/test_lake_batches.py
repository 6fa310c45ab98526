"""Records of JSON in batches: few thousand at a time, fewer where they are large, and not before they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.json_items import JsonLimits
from tmescope.ingest.lake_batches import read_batches


def make(fields, item):
    row = {"doc_id": f"x:{fields.count('n')}", "source": "s", "kind": "paper"}
    return row, {"doc_id": row["doc_id"]} if item.number % 2 else None


def test_batches_have_two_thousand_records_and_keep_the_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"all": [{"n": i} for i in range(4001)]}), encoding="utf-8")
    batches = list(read_batches(path, (("all",),), make))
    assert [b.documents.num_rows for b in batches] == [2000, 2000, 1]
    assert [b.trials.num_rows for b in batches] == [1000, 1000, 1]
    found = [name for b in batches for name in b.documents["doc_id"].to_pylist()]
    assert found == [f"x:{i}" for i in range(4001)]


def test_large_records_make_smaller_batches_and_what_came_before_a_fault_was_given(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    large = json.dumps({"n": 1, "text": "x" * 7_000_000})
    path.write_text("[" + ",".join([large] * 6) + ",{]", encoding="utf-8")
    reading = read_batches(path, (), make)
    assert next(reading).documents.num_rows == 5
    with pytest.raises(FileFormatError, match="no JSON"):
        next(reading)


def test_limits_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"n": 1}, {"n": 2, "text": "xxxxxxxxxxxx"}]', encoding="utf-8")
    with pytest.raises(FileFormatError, match="the file has 44 bytes"):
        list(read_batches(path, (), make, limits=Limits(max_bytes=10)))
    with pytest.raises(FileFormatError, match="a text has 12 characters") as caught:
        list(read_batches(path, (), make, record_limits=JsonLimits(max_text=11)))
    assert caught.value.where == f"{path}, record 2"
