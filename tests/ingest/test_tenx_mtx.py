from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError
from tmescope.ingest import tenx_mtx
from tmescope.ingest.decompress import Limits
from tmescope.ingest.tenx_folder import find_parts
from tmescope.ingest.tenx_mtx import read_folder

HEAD = "%%MatrixMarket matrix coordinate integer general\n"
VALUES = np.array([[1, 0, 2], [0, 4, 3]])


def _read(folder: Path, matrix: str | None = None, **limits: float):
    Cells.of(VALUES).write_mtx(folder, "mtx2")
    if matrix is not None:
        (folder / "matrix.mtx").write_text(matrix)
    parts = find_parts(folder)
    assert parts is not None
    return read_folder(parts, limits=Limits(**limits))


@pytest.mark.parametrize(
    "matrix",
    [
        f"{HEAD}2 3 4\n1 1 1\n2 2 4\n1 3 2\n2 3 3\n",
        f"{HEAD.replace('integer', 'real')}%a\n\n%b\n2 3 4\n2 3 3.0\n1 3 2e0\n2 2 4\n1 1 1",
        f"{HEAD.upper()}2 3 5\r\n1 1 1\r\n2 2 4\r\n1 2 0\r\n1 3 2\r\n2 3 3\r\n",
    ],
)
def test_ways_to_write_the_same(tmp_path: Path, matrix: str) -> None:
    found = _read(tmp_path, matrix)
    assert found.sums.tolist() == [[3, 7]]
    assert found.median_genes == (1.0,)


REFUSED = [
    ("not a matrix", "1 1 1\n", FileFormatError, "the first line is", ", line 1"),
    ("dense", HEAD.replace("coordinate", "array"), FileFormatError, "the first line is", ", line 1"),
    ("pattern", HEAD.replace("integer", "pattern"), FileFormatError, "'pattern': they hold no counts", ", line 1"),
    ("complex", HEAD.replace("integer", "complex"), FileFormatError, "'complex'", ", line 1"),
    ("symmetric", HEAD.replace("general", "symmetric"), FileFormatError, "'symmetric'", ", line 1"),
    ("no size", HEAD, FileFormatError, "declares no size", ", line 2"),
    ("negative size", f"{HEAD}2 3 -4\n", FileFormatError, "declares no size", ", line 2"),
    ("turned", f"{HEAD}3 2 1\n1 1 1\n", FileFormatError, "the matrix looks turned", "matrix.mtx"),
    ("other barcodes", f"{HEAD}2 9 1\n1 1 1\n", FileFormatError, "9 columns, but there are 2 features and 3", "mtx"),
    ("huge size", f"{HEAD}2 999999999999999 1\n", FileFormatError, "999,999,999,999,999 columns", "matrix.mtx"),
    ("cut", f"{HEAD}2 3 4\n1 1 1\n", FileFormatError, "there are 1 entries; 4 are declared in line 2", "matrix.mtx"),
    ("cut to nothing", f"{HEAD}2 3 4\n", FileFormatError, "there are 0 entries", "matrix.mtx"),
    ("too many", f"{HEAD}2 3 1\n1 1 1\n2 1 1\n", FileFormatError, "there are 2 entries; 1 are declared", "matrix.mtx"),
    ("from zero", f"{HEAD}2 3 1\n0 1 1\n", FileFormatError, "name a feature that is not there, such as number 0", "1"),
    ("beyond", f"{HEAD}2 3 2\n1 1 1\n1 4 1\n", FileFormatError, "name a barcode that is not there", ", entry 2"),
    ("half", f"{HEAD}2 3 2\n1 1 1\n2 3 1.5\n", ExpressionError, "no counts: 1.5", "entry 2 (feature 2, barcode 3)"),
    ("negative", f"{HEAD}2 3 1\n1 1 -1\n", ExpressionError, "no counts: -1.0", "entry 1"),
    ("not a number", f"{HEAD}2 3 1\n1 1 nan\n", TmescopeError, "nan", "matrix.mtx"),
    ("infinite", f"{HEAD}2 3 1\n1 1 inf\n", ExpressionError, "no counts: inf", "entry 1"),
    ("beyond a count", f"{HEAD}2 3 1\n1 1 2147483648\n", ExpressionError, "no counts: 2147483648.0", "entry 1"),
    ("beyond int64", f"{HEAD}2 3 1\n99999999999999999999 1 1\n", FileFormatError, "cannot be read", "matrix.mtx"),
    ("words", f"{HEAD}2 3 2\n1 1 1\n2 x 1\n", FileFormatError, "'2 x 1'", ", line 4"),
    ("two cells", f"{HEAD}2 3 2\n1 1 1\n2 1\n", FileFormatError, "'2 1'", ", line 4"),
    ("an empty cell", f"{HEAD}2 3 2\n1 1 1\n2 1 \n", FileFormatError, "'2 1'", ", line 4"),
    ("nothing but zeros", f"{HEAD}2 3 1\n1 1 0\n", ExpressionError, "there is no count at all", "matrix.mtx"),
]


@pytest.mark.parametrize(("matrix", "error", "says", "place"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path: Path, matrix: str, error: type[TmescopeError], says: str, place: str) -> None:
    with pytest.raises(error) as caught:
        _read(tmp_path, matrix)
    assert says in caught.value.what
    assert place in (caught.value.where or "")


def test_features_that_are_none(tmp_path: Path) -> None:
    Cells.of(VALUES).write_mtx(tmp_path, "mtx2")
    (tmp_path / "genes.tsv").write_text("ENSG1\tA\nENSG2\n")
    with pytest.raises(FileFormatError, match="line 2 has 1 cells"):
        read_folder(find_parts(tmp_path))


def test_blocks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenx_mtx, "_BLOCK", 64)
    values = np.random.default_rng(0).integers(0, 5, size=(20, 40))
    for layout in ("mtx2", "mtx3"):
        path = Cells.of(values).write_mtx(tmp_path / layout, layout)
        np.testing.assert_array_equal(read_folder(find_parts(path)).sums, values.sum(axis=1)[None])


def test_a_matrix_that_grows_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="bytes"):
        _read(tmp_path, max_bytes=40)
