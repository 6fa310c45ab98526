"""What sheet and sources say of cells becomes one table, whose columns have one form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import SampleError
from tmescope.ingest.atlas_cells import agree_columns, frame_of, unnameable
from tmescope.ingest.atlas_sheet import SheetRow
from tmescope.ingest.cell_streams import CellColumn, CellHead, CellRun
from tmescope.ingest.count_rows import CountRows
from tmescope.store.atlas_layout import AtlasLayout

EMPTY = AtlasLayout(n_genes=1, genes_sha256="")
ROW = SheetRow(sample_id="s", path=Path("x"), form="h5ad", columns={"patient_id": "P1", "outcome": ""})


def head(**columns):
    made = {k: CellColumn(v, ("u", "v")) if v == "category" else CellColumn(v) for k, v in columns.items()}
    return CellHead(genes=("A",), samples=(("", 2),), columns=made)


def run(barcodes=("b1", "b2"), **columns):
    rows = CountRows(np.zeros(3, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint16))
    return CellRun("", list(barcodes), rows, columns)


def test_the_sheet_goes_first_and_odd_names_are_left_out():
    h = head(**{"patient_id": "category", "n": "int64", "sample_id": "category", "a/b": "int64"})
    forms = agree_columns([(ROW, h)], EMPTY)
    assert forms == {"n": "int64"}
    assert unnameable(h) == ["a/b"]
    frame = frame_of(run(n=np.array([1, 2])), ROW, h, forms=forms)
    assert frame["patient_id"].tolist() == ["P1", "P1"]
    assert frame["outcome"].isna().all()
    assert frame["n"].tolist() == [1, 2]
    assert frame.index.tolist() == ["b1", "b2"]


def test_what_not_all_have_can_be_missing():
    forms = agree_columns([(ROW, head(n="int64", ok="bool", m="int64")), (ROW, head(m="float64"))], EMPTY)
    assert forms == {"n": "float64", "ok": "category", "m": "float64"}
    frame = frame_of(run(ok=np.array([True, False])), ROW, head(ok="bool"), forms=forms)
    assert frame["ok"].tolist() == ["True", "False"]


def test_an_atlas_says_the_form_of_its_columns():
    there = AtlasLayout(n_genes=1, genes_sha256="", n_cells=5, columns={"n": "float64"})
    assert agree_columns([(ROW, head(n="int64", k="int64"))], there) == {"n": "float64", "k": "float64"}
    with pytest.raises(SampleError, match=r"'n'.*category.*float64"):
        agree_columns([(ROW, head(n="category"))], there)
    with pytest.raises(SampleError, match="--columns"):
        raise_with_step(lambda: agree_columns([(ROW, head(n="int64")), (ROW, head(n="category"))], EMPTY))


def raise_with_step(call):
    try:
        call()
    except SampleError as error:
        raise SampleError(str(error)) from error


def test_categories_of_one_name_are_one_and_cells_have_names():
    h = CellHead(genes=("A",), samples=(("", 3),), columns={"t": CellColumn("category", ("1", "1", "2"))})
    frame = frame_of(run(("a", "b", "c"), t=np.array([1, -1, 2])), ROW, h, forms={"t": "category"})
    assert frame["t"].astype(object).where(frame["t"].notna(), None).tolist() == ["1", None, "2"]
    with pytest.raises(SampleError, match="no barcode"):
        frame_of(run(("a", " ")), ROW, head(), forms={})
