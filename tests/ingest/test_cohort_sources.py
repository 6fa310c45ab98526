from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest import studies_made as made

from tmescope.foundation.errors import ExpressionError, FileFormatError, ManyProblems, MissingFileError
from tmescope.ingest.cohort import check_cohort, read_cohort
from tmescope.ingest.cohort_sources import find_samples, read_cohort_matrix, with_format_names
from tmescope.ingest.endpoints import ResponseRule, TimeToEventRule
from tmescope.ingest.options import CohortOptions, SampleSelection
from tmescope.ingest.sample_files import read_sample_table

OS = TimeToEventRule("OS_MONTHS", "OS_STATUS", "months", ("1:DECEASED",), ("0:LIVING",), ("[Not Available]",))
RESPONSE = ResponseRule("RESPONSE", ("CR", "PR"), ("SD", "PD"))


def _options(**changes: object) -> CohortOptions:
    base = {"gene_column": "Hugo_Symbol", "selection": SampleSelection(one_per_patient="first")}
    return CohortOptions("made", "tpm", **(base | changes))  # type: ignore[arg-type]


def test_a_folder_is_a_whole_cohort(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    cohort = read_cohort(folder, options=_options(), endpoints={"os": OS, "response": RESPONSE})
    obs = cohort.adata.obs
    assert obs.index.tolist() == ["S1", "S2", "S3"]
    assert obs["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert obs["os_event"].tolist()[:2] == [True, False]
    assert obs["os_event"].isna().tolist() == [False, False, True]
    assert obs["os_time_months"].tolist()[:2] == [3.5, 40.0]
    assert obs["response"].tolist() == ["responder", "non_responder", "non_responder"]
    assert {"cbioportal.profile", "genes.column"} <= {w.code for w in cohort.warnings}
    checks = cohort.quality.set_index("check")
    assert checks.loc["molecular profile", "value"] == "rna_seq_v2_mrna"
    assert checks.loc["clinical tables", "value"] == "4"


def test_the_tables_of_a_folder_serve_another_matrix(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    matrix = tmp_path / "matrix.tsv"
    matrix.write_text(made.matrix("Hugo_Symbol"))
    options = _options(gene_column=None, samples_format="cbioportal")
    cohort = read_cohort(matrix, folder, options=options, endpoints={"os": OS})
    assert cohort.adata.obs["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert read_sample_table(folder).frame.shape == (4, 7)


def test_a_table_of_its_own_wins_over_that_of_the_folder(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    table = tmp_path / "own.csv"
    table.write_text("sample_id\nS4\n")
    assert read_cohort(folder, table, options=_options()).adata.obs_names.tolist() == ["S4"]


def test_a_mapping_wins_over_the_names_of_the_format(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    options = with_format_names(folder, _options(columns={"patient_id": "SITE"}))
    assert dict(options.columns) == {"sample_id": "SAMPLE_ID", "patient_id": "SITE"}
    assert dict(with_format_names(tmp_path / "a.csv", _options()).columns) == {}
    assert dict(with_format_names(None, _options()).columns) == {}


def test_without_clinical_tables_samples_are_names_alone(tmp_path: Path) -> None:
    files = made.files()
    del files["meta_clinical_sample.txt"]
    folder = made.write(tmp_path / "s", files)
    assert find_samples(folder, None, _options()) is None
    assert read_cohort(folder, options=_options()).adata.obs["patient_id"].tolist() == list(made.SAMPLES)


def test_what_contradicts_the_format_is_refused(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    with pytest.raises(ExpressionError, match="genes in rows"):
        read_cohort_matrix(folder, _options(orientation="samples_by_genes"))
    matrix = tmp_path / "matrix.tsv"
    matrix.write_text(made.matrix("Hugo_Symbol"))
    with pytest.raises(ExpressionError, match="molecular_profile = 'x' is declared, but the format is tsv"):
        read_cohort_matrix(matrix, _options(gene_column=None, molecular_profile="x"))
    with pytest.raises(FileFormatError, match="is a folder, not a file"):
        read_cohort_matrix(folder, _options(format="tsv"))


def test_another_folder_stays_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="is a folder, not a file") as caught:
        read_cohort_matrix(tmp_path, _options())
    assert "meta_study.txt" in (caught.value.next_step or "")
    with pytest.raises(MissingFileError, match=r"no meta_study\.txt"):
        read_cohort_matrix(tmp_path, _options(format="cbioportal"))


def test_faults_of_matrix_and_tables_are_told_together(tmp_path: Path) -> None:
    files = made.files() | {"data_mrna.txt": "x\n", "samples.txt": "x\n"}
    problems = check_cohort(made.write(tmp_path / "s", files), options=_options(), endpoints={"os": OS})
    assert [p.where.rsplit("/", 1)[-1].split(",")[0] for p in problems if p.where] == ["data_mrna.txt", "samples.txt"]
    with pytest.raises(ManyProblems):
        read_cohort(tmp_path / "s", options=_options())
