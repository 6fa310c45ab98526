from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError
from tmescope.ingest import tenx_h5_content
from tmescope.ingest.tenx_h5_content import read_content

VALUES = np.array([[1, 0, 2], [0, 4, 3]])


def _put(name: str, values: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        if values is not None:
            file[name] = values

    return change


REFUSED = [
    (_put("matrix", None), FileFormatError, "there is no matrix; there is nothing"),
    (_put("matrix/data", None), FileFormatError, "there is no 'data'"),
    (_put("matrix/shape", np.array([3, 2])), FileFormatError, "the shape is 3 x 2, but there are 2 features and 3"),
    (_put("matrix/shape", np.array([2])), FileFormatError, "cannot be read"),
    (_put("matrix/indptr", np.array([0, 1, 2])), FileFormatError, "indptr has 3 numbers for 3 barcodes"),
    (_put("matrix/indptr", np.array([0, 2, 1, 4])), FileFormatError, "does not rise"),
    (_put("matrix/indptr", np.array([1, 1, 2, 4])), FileFormatError, "does not rise"),
    (_put("matrix/indptr", np.array([0, 1, 2, 1 << 60])), FileFormatError, "does not rise"),
    (_put("matrix/indices", np.array([0, 1, 0, 2])), FileFormatError, "such as number 3"),
    (_put("matrix/indices", np.array([0, 1, 0, -1])), FileFormatError, "such as number 0"),
    (_put("matrix/indices", np.array([0, 1, 0])), FileFormatError, "does not rise"),
    (_put("matrix/indices", np.array([0.0, 1, 0, 1])), FileFormatError, "their features float64"),
    (_put("matrix/data", np.array([1, 4, 2, -3])), ExpressionError, "no counts: -3.0"),
    (_put("matrix/data", np.array([1, 4, 2, 0.5])), ExpressionError, "no counts: 0.5"),
    (_put("matrix/data", np.array([1, 4, 2, np.nan])), ExpressionError, "no counts: nan"),
    (_put("matrix/data", np.array([b"1"] * 4)), FileFormatError, "the entries are |S1"),
    (_put("matrix/data", h5py.ExternalLink("/etc/passwd", "/x")), FileFormatError, "link to another file"),
    (_put("matrix/barcodes", np.arange(3)), FileFormatError, "no list of names"),
    (_put("matrix/features/id", np.array([b"a"])), FileFormatError, "1 ids, 2 names and 2 types"),
    (_put("matrix/features/genome", np.array([b"a"])), FileFormatError, "1 genomes for 2 features"),
    (_put("matrix/features/name", np.array([b"\xff", b"b"])), FileFormatError, "UnicodeDecodeError"),
    (_put("matrix/features/name", None), FileFormatError, "there is no 'name'"),
]


@pytest.mark.parametrize(("change", "error", "says"), REFUSED)
def test_what_is_refused(tmp_path: Path, change, error: type[TmescopeError], says: str) -> None:
    path = Cells.of(VALUES).write_h5(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(error) as caught:
        read_content(path)
    assert says in caught.value.what
    assert (caught.value.where or "").startswith(str(path))


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
def test_blocks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(tenx_h5_content, "_BLOCK", block)
    values = np.random.default_rng(block).integers(0, 3, size=(6, 9)) * np.arange(9).clip(max=1)
    values[:, [3, 4]] = 0
    parcel = read_content(Cells.of(values).write_h5(tmp_path / "a.h5"))
    np.testing.assert_array_equal(parcel.arrays["sums"], values.sum(axis=1)[None])
    assert parcel.about["median_genes"] == (float(np.median((values > 0).sum(axis=0))),)


def test_a_cut_file(tmp_path: Path) -> None:
    path = Cells.of(VALUES).write_h5(tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_content(path)
