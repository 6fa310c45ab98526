from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.ingest.tenx_made import Cells
from tests.ingest.test_samplesheet import salmon

from tmescope.foundation.errors import ExpressionError, MissingFileError
from tmescope.foundation.scale import Scale
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.sources import list_inputs, read_source

VALUES = np.array([[1, 0], [3, 4]])


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    Cells.of(VALUES).write_mtx(tmp_path / "P1")
    Cells.of(VALUES).write_h5(tmp_path / "P2.h5")
    (tmp_path / "samplesheet.csv").write_text("sample,file\nP1,P1\nP2,P2.h5\nP3,absent\n")
    return tmp_path / "samplesheet.csv"


def test_every_file_that_is_read_is_listed(sheet: Path) -> None:
    names = [p.relative_to(sheet.parent).as_posix() for p in list_inputs(sheet, CohortOptions("a", "counts"))]
    parts = ["P1/matrix.mtx.gz", "P1/features.tsv.gz", "P1/barcodes.tsv.gz"]
    assert names == ["samplesheet.csv", *parts, "P2.h5"]
    folder = list_inputs(sheet.parent / "P1", CohortOptions("a", "counts"))
    assert [p.name for p in folder] == ["matrix.mtx.gz", "features.tsv.gz", "barcodes.tsv.gz"]
    (sheet.parent / "m.tsv").write_text("g\tS1\nA\t1\n")
    assert list_inputs(sheet.parent / "m.tsv", CohortOptions("a", "tpm")) == (sheet.parent / "m.tsv",)
    with pytest.raises(MissingFileError):
        list_inputs(sheet.parent / "absent.tsv", CohortOptions("a", "tpm"))


def test_cells_in_the_declared_scale(sheet: Path) -> None:
    path = sheet.parent / "P1"
    options = CohortOptions("a", "cpm", gene_column="gene_name")
    table = read_source(path, options, Scale.parse("cpm"))
    assert table is not None
    np.testing.assert_allclose(table.values, [[125_000, 875_000]])
    assert read_source(path, options, None) is None


def test_declarations_that_say_nothing_about_the_format(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("g\tS1\nA\t1\n")
    with pytest.raises(ExpressionError, match="value_column = 'TPM' is declared, but the file is tsv"):
        read_source(tmp_path / "m.tsv", CohortOptions("a", "tpm", value_column="TPM"), Scale.parse("tpm"))
    salmon(tmp_path / "q.sf", {"A": 1})
    (tmp_path / "samplesheet.csv").write_text("sample,file\nS1,q.sf\n")
    options = CohortOptions("a", "tpm", orientation="samples_by_genes")
    with pytest.raises(ExpressionError, match="samples_by_genes"):
        read_source(tmp_path / "samplesheet.csv", options, Scale.parse("tpm"))
