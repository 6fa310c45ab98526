from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import FileFormatError, StoreError, UnknownNameError
from tmescope.ingest.apart import DEFAULT_PATIENCE, Patience, read_apart
from tmescope.ingest.h5ad import read_h5ad

IN_CIRCLES = Patience(cpu_seconds=2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    names = pd.DataFrame(index=[f"G{i}" for i in range(3)])
    ad.AnnData(np.eye(3), obs=names.set_axis(["a", "b", "c"]), var=names).write_h5ad(tmp_path / "m.h5ad")
    return tmp_path / "m.h5ad"


def lead_in_circles(path: Path) -> None:
    """Give the first text in the heap of a file the number 0 and no length: the library then never gets past it."""
    content = bytearray(path.read_bytes())
    first = content.index(b"GCOL") + 16
    content[first : first + 16] = bytes(16)
    path.write_bytes(content)


def test_a_file_that_leads_the_library_in_circles_ends_in_an_error(path: Path) -> None:
    lead_in_circles(path)
    before = time.monotonic()
    with pytest.raises(FileFormatError, match="did not end within 2 s of processor time") as caught:
        read_h5ad(path, patience=IN_CIRCLES)
    assert caught.value.where == str(path)
    assert time.monotonic() - before < 120


def test_what_does_not_even_use_its_time_ends_too(path: Path) -> None:
    with pytest.raises(FileFormatError, match="did not end within 60 s"):
        read_h5ad(path, patience=Patience(cpu_seconds=60, wall_factor=0))


def test_errors_come_across_as_they_were(path: Path) -> None:
    with pytest.raises(UnknownNameError, match="'tpm'") as caught:
        read_apart("h5ad", path, {"layer": "tpm"})
    assert caught.value.where == f"{path}, layers/tpm"
    assert caught.value.next_step == "there is no layer at all"


def test_a_reader_that_is_not_in_the_list_is_not_started(path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"ended with code 1: KeyError: 'os\.system'"):
        read_apart("os.system", path, {})


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_is_an_error_about_the_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    crashing = tmp_path / "python"
    crashing.write_text(f"#!/bin/sh\nkill -{int(number)} $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    with pytest.raises(FileFormatError, match=f"crashes the HDF5 library .{number.name}") as caught:
        read_h5ad(path)
    assert "checksum" in (caught.value.next_step or "")


def test_no_interpreter(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))
    with pytest.raises(StoreError, match="no process can be started"):
        read_h5ad(path)


def test_modules_in_the_working_folder_are_not_loaded(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "h5py.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path / "here")
    assert read_h5ad(path).rows == ("a", "b", "c")


def test_nothing_stays_behind(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    read_h5ad(path)
    lead_in_circles(path)
    with pytest.raises(FileFormatError):
        read_h5ad(path, patience=IN_CIRCLES)
    assert os.listdir(scratch) == []


def test_time_grows_with_the_file() -> None:
    assert DEFAULT_PATIENCE.seconds(0) == 20
    assert DEFAULT_PATIENCE.seconds(2 << 30) == 20 + 1200
