from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import h5py
import numpy as np
import pytest
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.apart_child import READERS
from tmescope.ingest.parcels import read_parcel, read_problem


def _start(folder: Path, path: Path, **limits: float) -> int:
    job = {
        "reader": "10x_h5",
        "path": str(path),
        "arguments": {"genome": None},
        "limits": {"max_bytes": 1 << 40, "max_ratio": 1e12, "ratio_from": 1 << 40, **limits},
        "cpu_seconds": 60,
    }
    (folder / "job.json").write_text(json.dumps(job))
    return subprocess.run([sys.executable, "-m", "tmescope.ingest.apart_child", str(folder)], check=False).returncode


def test_a_parcel_is_left(tmp_path: Path) -> None:
    path = Cells.of(np.array([[1, 2], [0, 4]])).write_h5(tmp_path / "a.h5")
    assert _start(tmp_path, path) == 0
    parcel = read_parcel(tmp_path)
    assert parcel is not None
    assert parcel.arrays["sums"].tolist() == [[3, 4]]
    assert read_problem(tmp_path) is None


def test_memory_ends_where_the_checked_sizes_end(tmp_path: Path) -> None:
    path = Cells.of(np.array([[1, 2], [0, 4]])).write_h5(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        del file["matrix/shape"]  # read whole, declared with 16 GiB, and limits that let it pass
        file["matrix"].create_dataset("shape", (1 << 31,), dtype="i8", chunks=(1 << 16,))
    assert _start(tmp_path, path) == 0
    problem = read_problem(tmp_path)
    assert isinstance(problem, FileFormatError)
    assert "memory" in problem.what


@pytest.mark.parametrize("name", READERS)
def test_readers_exist(name: str) -> None:
    home, function = READERS[name]
    assert callable(getattr(import_module(home), function))
