from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.ingest.tenx_made import Cells

from tmescope.ingest.options import Dialect
from tmescope.study.inputs import cohort_inputs, cohort_options, to_dialect
from tmescope.study.loading import parse_study
from tmescope.study.schema import Study
from tmescope.study.schema_parts import DialectKeys


def _study(folder: Path, expression: str, **keys: object) -> Study:
    cohort = {"id": "a", "expression": expression, "scale": "counts", **keys}
    data = {"format": 1, "study": {"id": "s", "title": "t"}, "cohorts": [cohort]}
    return parse_study(data, folder=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Cells.of(np.eye(2, dtype=int)).write_mtx(tmp_path / "P1")
    Cells.of(np.eye(2, dtype=int)).write_h5(tmp_path / "deep" / "P2.h5")
    (tmp_path / "samplesheet.csv").write_text("sample,file\nP1,P1\nP2,deep/P2.h5\n")
    (tmp_path / "m.tsv").write_text("g\tS1\nA\t1\n")
    return tmp_path


PARTS = ("matrix.mtx.gz", "features.tsv.gz", "barcodes.tsv.gz")


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("m.tsv", [("m.tsv", "")]),
        ("absent.tsv", [("absent.tsv", "")]),
        ("P1", [("P1", part) for part in PARTS]),
        (
            "samplesheet.csv",
            [
                ("samplesheet.csv", ""),
                *(("samplesheet.csv", f"P1/{part}") for part in PARTS),
                ("samplesheet.csv", "deep/P2.h5"),
            ],
        ),
    ],
)
def test_every_file_of_a_cohort_is_named(folder: Path, expression: str, names: list[tuple[str, str]]) -> None:
    study = _study(folder, expression, samples="samples.csv")
    found = cohort_inputs(study, study.cohorts[0])
    samples = ("samples.csv", "")
    assert sorted(found) == sorted([*names, samples])
    assert all(path.is_file() for name, path in found.items() if name != samples and expression != "absent.tsv")


def test_a_dialect_reaches_the_reader() -> None:
    assert to_dialect(None) is None
    assert to_dialect(DialectKeys(decimal=",")) == Dialect(decimal=",")


def test_keys_reach_the_reader(folder: Path) -> None:
    study = _study(folder, "samplesheet.csv", value_column="forward", gene_column="gene_id", format="samplesheet")
    options = cohort_options(study, study.cohorts[0])
    assert (options.value_column, options.gene_column, options.format) == ("forward", "gene_id", "samplesheet")
