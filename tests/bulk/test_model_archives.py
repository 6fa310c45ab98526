"""Archives of models: nothing that runs, nothing larger than it may be, nothing that was changed."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tmescope.bulk import model_archives
from tmescope.bulk.model_archives import ModelKind, read_archive, write_archive
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError

KIND = ModelKind("tmescope toy", 2, "toy model", "tmescope toy fit")


def read(path: Path, kind: ModelKind = KIND) -> tuple[str, dict[str, Any]]:
    return read_archive(kind, path, build=lambda about, arrays: (about["word"], arrays), hashed=lambda m: m[0])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_archive(KIND, tmp_path / "model", about={"sha256": "a", "word": "a"}, state={"x": np.arange(3.0)})
    return tmp_path / "model"


def test_it_comes_back(written: Path) -> None:
    word, arrays = read(written)
    assert word == "a"
    np.testing.assert_array_equal(arrays["x"], [0.0, 1.0, 2.0])


def test_other_kinds_newer_formats_and_changes_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no other model, or is damaged: it calls itself 'tmescope toy'"):
        read(written, ModelKind("tmescope other", 2, "other model", "x"))
    with pytest.raises(FormatVersionError, match="in format 2; this release reads up to 1"):
        read(written, ModelKind("tmescope toy", 1, "toy model", "x"))
    write_archive(KIND, tmp_path / "changed", about={"sha256": "a", "word": "b"}, state={})
    with pytest.raises(FileFormatError, match="another sha256"):
        read(tmp_path / "changed")
    write_archive(KIND, tmp_path / "short", about={"sha256": "a"}, state={})
    with pytest.raises(FileFormatError, match="toy model"):
        read(tmp_path / "short")
    with pytest.raises(MissingFileError, match="no model 'nothing'") as caught:
        read(tmp_path / "nothing")
    assert "tmescope toy fit" in str(caught.value)


def test_large_and_compressed_entries_are_not_read(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "packed", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", b"0" * 1000)
    with pytest.raises(FileFormatError, match="compressed, or larger"):
        read(tmp_path / "packed")
    monkeypatch.setattr(model_archives, "_LARGEST", 100)
    with pytest.raises(FileFormatError, match="compressed, or larger"):
        read(written)
