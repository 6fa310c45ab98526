from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest import studies_made as made
from tests.ingest.conftest import GENES

from tmescope.foundation.errors import ScaleError
from tmescope.ingest.describe import describe_cohort
from tmescope.ingest.describe_folder import describe_folder


def test_profiles_and_columns_are_offered(tmp_path: Path) -> None:
    files = made.files() | {"meta_array.txt": made.expression("mrna", "LOG2-VALUE", "data_mrna_z.txt")}
    found, raw = describe_folder(made.write(tmp_path / "s", files))
    assert [p.value for p in found.profiles] == ["mrna", "rna_seq_v2_mrna"]
    assert found.profiles[0].evidence.startswith("LOG2-VALUE: Expression mrna")
    assert found.gene_columns == ("Hugo_Symbol", "Entrez_Gene_Id")
    assert found.has_samples
    assert raw.rows == tuple(GENES)


def test_a_folder_is_described_with_its_tables(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    found = describe_cohort(folder)
    assert found.folder is not None
    assert found.expression.format == "cbioportal"
    assert found.samples is not None
    assert found.samples.sample_id[0].value == "SAMPLE_ID"
    assert [t.time for t in found.samples.times] == []  # two of four times are no reason to call a column numbers
    assert found.samples.patient_id[0].value == "PATIENT_ID"


def test_z_scores_alone_are_refused(tmp_path: Path) -> None:
    files = made.files()
    del files["meta_mrna.txt"]
    with pytest.raises(ScaleError, match="on no scale"):
        describe_folder(made.write(tmp_path / "s", files))
