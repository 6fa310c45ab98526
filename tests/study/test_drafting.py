from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from tests.ingest import studies_made as made
from tests.study import tiny

from tmescope.foundation.errors import ManyProblems, MissingFileError, StudyFileError
from tmescope.study.drafting import draft_study, pair_files
from tmescope.study.loading import parse_study


@pytest.fixture
def folder(tmp_path):
    tiny.write_files(tmp_path)
    return tmp_path


def _pair(folder: Path, name: str = "a", suffix: str = ".tsv") -> tuple[Path, Path]:
    return folder / f"{name}{suffix}", folder / f"{name}_samples.csv"


def test_what_the_files_show_is_filled_in_and_the_rest_is_marked(folder):
    draft = draft_study([_pair(folder), _pair(folder, "b", ".tsv.gz")], folder=folder, name="my.toml")
    data = tomllib.loads(draft.text)
    assert draft.n_cohorts == len(data["cohorts"]) == 2
    assert draft.n_undecided == draft.text.count('"DECIDE"') == 3
    first, second = data["cohorts"]
    assert (first["id"], first["expression"], first["samples"]) == ("a", "a.tsv", "a_samples.csv")
    assert (second["id"], second["expression"]) == ("b", "b.tsv.gz")
    assert first["orientation"] == "genes_by_samples"
    assert first["scale"] == "DECIDE"
    assert first["columns"] == {"sample_id": "sample_id", "patient_id": "patient_id", "timepoint": "timepoint"}
    assert "# 147 rows (ACTA2, ACTG2, ADAM12 ...) x 24 columns (S1-00, S1-01, S1-02 ...)" in draft.text
    assert "tmescope check my.toml" in draft.text
    assert "tmb = { column" in draft.text
    assert max(map(len, draft.text.splitlines())) <= 120


def test_a_draft_is_complete_but_for_the_decisions(folder):
    draft = draft_study([_pair(folder)], folder=folder)
    with pytest.raises(ManyProblems) as caught:
        parse_study(tomllib.loads(draft.text), folder=folder)
    assert len(caught.value.problems) == draft.n_undecided
    assert all("still to be decided" in p.what for p in caught.value.problems)


def test_paths_start_at_the_study_file(folder):
    (folder / "deep").mkdir()
    text = draft_study([_pair(folder)], folder=folder / "deep").text
    assert tomllib.loads(text)["cohorts"][0]["expression"] == "../a.tsv"


def test_cohorts_are_called_by_file_or_folder_and_never_twice(folder):
    expected = []
    pairs = []
    for name, file in (
        ("liu 2019", "expression.tsv"),
        ("hugo", "expression_full86.tsv"),
        ("x", "TPM.tsv"),
        ("y", "x.tsv"),
        ("z", "über+all.tsv"),
        ("zz", "+.tsv"),
    ):
        (folder / name).mkdir()
        pairs.append(((folder / name / file), folder / "a_samples.csv"))
        pairs[-1][0].write_bytes((folder / "a.tsv").read_bytes())
    expected = ["liu_2019", "hugo", "x", "x_2", "ber_all", "cohort"]
    data = tomllib.loads(draft_study(pairs, folder=folder).text)
    assert [c["id"] for c in data["cohorts"]] == expected
    assert data["study"]["id"] == "-".join(expected)


def test_timepoints_are_shown_and_left_to_decide(folder):
    path = folder / "a_samples.csv"
    samples = pd.read_csv(path).assign(timepoint=["pre", "on", "pre"] * 8, sex="F", age=[40 + i for i in range(24)])
    samples.to_csv(path, index=False)
    text = draft_study([_pair(folder)], folder=folder).text
    (cohort,) = tomllib.loads(text)["cohorts"]
    assert cohort["select"] == {"timepoint": ["DECIDE"], "one_per_patient": "refuse"}
    assert "# which of these samples take part: pre (16x), on (8x)" in text
    assert cohort["columns"]["sex"] == "sex"
    assert cohort["columns"]["age_years"] == "age"


def test_columns_of_cancer_type_and_treatment_are_proposed_with_their_values(folder):
    path = folder / "a_samples.csv"
    kinds = {"CANCER_TYPE": ["Melanoma"] * 20 + ["Lung"] * 4, "CANCER_TYPE_DETAILED": "Acral", "Regimen": "anti-PD-1"}
    pd.read_csv(path).assign(**kinds).to_csv(path, index=False)
    text = draft_study([_pair(folder), _pair(folder, "b", ".tsv.gz")], folder=folder).text
    first, second = tomllib.loads(text)["cohorts"]
    assert first["columns"]["cancer_type"] == "CANCER_TYPE"
    assert first["columns"]["treatment"] == "Regimen"
    assert 'cancer_type = "CANCER_TYPE"  # 2 different values: Melanoma (20x), Lung (4x)' in text
    assert '# or cancer_type = "CANCER_TYPE_DETAILED": 1 different values: Acral (24x)' in text
    assert text.count('cancer_type = ""  # of samples where the column below says nothing') == 1
    assert not {"cancer_type", "treatment"} & second["columns"].keys()
    assert (second["cancer_type"], second["treatment"]) == ("", "")


def test_samples_in_rows_are_seen(folder):
    pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).T.to_csv(folder / "t.csv")
    text = draft_study([(folder / "t.csv", folder / "a_samples.csv")], folder=folder).text
    (cohort,) = tomllib.loads(text)["cohorts"]
    assert (cohort["orientation"], cohort["format"]) == ("samples_by_genes", "csv")


def test_what_stands_in_a_file_cannot_become_a_key(folder):
    evil = 'x"\nformat = 2\n[study]\nid = "evil"\n#\x07'
    matrix = pd.DataFrame({evil: [1.5, 2.5], "S2": [3.5, 4.5]}, index=[evil, "PRF1"])
    matrix.to_parquet(folder / "m.parquet")
    columns = {"id": [evil, "S2"], "patient_id": [evil, "P2"], "timepoint": [evil, "pre"], f"tmb{evil}": [1, 2]}
    pd.DataFrame(columns).to_parquet(folder / "s.parquet")
    data = tomllib.loads(draft_study([(folder / "m.parquet", folder / "s.parquet")], folder=folder).text)
    assert data["format"] == 1
    assert data["study"]["id"] == "m"
    assert set(data) == {"format", "study", "cohorts", "profile"}


def test_a_file_that_cannot_be_read_is_told(folder):
    with pytest.raises(MissingFileError, match=r"absent\.tsv"):
        draft_study([(folder / "absent.tsv", folder / "a_samples.csv")], folder=folder)


def _portal(folder: Path, *, profiles: int = 1) -> Path:
    files = made.files()
    for i in range(1, profiles):
        files[f"meta_mrna_{i}.txt"] = made.expression(f"mrna_{i}", "LOG2-VALUE", "data_mrna.txt")
    return made.write(folder / "brca", files)


def test_a_study_folder_stands_for_both_files(folder):
    portal = _portal(folder)
    pairs = pair_files([portal, *_pair(folder), portal, portal])
    assert pairs == [(portal, None), _pair(folder), (portal, None)]
    data = tomllib.loads(draft_study(pairs[:2], folder=folder).text)
    first, second = data["cohorts"]
    assert (first["id"], first["expression"], first["format"]) == ("brca", "brca", "cbioportal")
    assert (first["molecular_profile"], first["gene_column"]) == ("rna_seq_v2_mrna", "Hugo_Symbol")
    assert first["columns"]["sample_id"] == "SAMPLE_ID"
    assert first["columns"]["patient_id"] == "PATIENT_ID"
    assert not {"samples", "orientation"} & first.keys()
    assert second["samples"] == "a_samples.csv"


def test_a_matrix_without_its_table_is_refused(folder):
    with pytest.raises(StudyFileError, match="2 files were given") as caught:
        pair_files([_portal(folder), folder / "a.tsv"])
    assert "cBioPortal" in (caught.value.next_step or "")


def test_several_profiles_are_left_to_decide(folder):
    draft = draft_study([(_portal(folder, profiles=2), None)], folder=folder)
    assert tomllib.loads(draft.text)["cohorts"][0]["molecular_profile"] == "DECIDE"
    assert "# profile mrna_1: LOG2-VALUE: Expression mrna_1." in draft.text
    assert "Zscores" not in draft.text
