from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import FileFormatError, TmescopeError, UnknownNameError
from tmescope.ingest.parcels import Parcel, read_parcel, read_problem, write_parcel, write_problem


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    values = np.arange(6.0).reshape(2, 3).T
    write_parcel(Parcel({"a": values, "b": np.array([1])}, {"names": ["x", "\ud800", "é"]}), tmp_path)
    found = read_parcel(tmp_path)
    assert found is not None
    np.testing.assert_array_equal(found.arrays["a"], values)
    assert found.about["names"] == ["x", "\ud800", "é"]


def test_nothing_there(tmp_path: Path) -> None:
    assert read_parcel(tmp_path) is None
    assert read_problem(tmp_path) is None


def test_objects_do_not_come_back(tmp_path: Path) -> None:
    write_parcel(Parcel({"a": np.array([{}], dtype=object)}), tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        read_parcel(tmp_path)


def test_errors_keep_their_class_and_words(tmp_path: Path) -> None:
    write_problem(UnknownNameError("what", where="w", expected="e", next_step="n"), tmp_path)
    found = read_problem(tmp_path)
    assert type(found) is UnknownNameError
    assert (found.what, found.where, found.expected, found.next_step) == ("what", "w", "e", "n")


def test_a_name_that_is_no_class_of_ours_is_not_called(tmp_path: Path) -> None:
    write_problem(FileFormatError("what"), tmp_path)
    said = json.loads((tmp_path / "problem.json").read_text())
    (tmp_path / "problem.json").write_text(json.dumps({**said, "kind": "SystemExit"}))
    assert type(read_problem(tmp_path)) is TmescopeError
