"""From a run to study folders and back: the same numbers bit for bit, the same samples, the same endpoints."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.study import tiny

from tmescope.foundation.errors import SampleError, StoreError
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.drafting import draft_study, pair_files
from tmescope.study.exporting import ExportOptions, export_cbioportal
from tmescope.study.loading import parse_study
from tmescope.study.running import run

ENDPOINTS = ["response", "os_time_months", "os_event"]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny.write_files(folder)
    run(tiny.write_study(folder), folder / "out")
    return folder / "out"


def _cohort(results: Path, name: str):
    return read_cohort_folder(results / ".tmescope" / "steps" / f"cohort-{name}")


def _return(exported: Path, folder: Path, *, scales: dict[str, str], signatures: list[str]) -> Path:
    """Import exported studies again as their draft says, after the decisions that only a person can make."""
    folders = [exported / name for name in scales]
    draft = draft_study(pair_files(folders), folder=folder)
    data = tomllib.loads(draft.text)
    for cohort in data["cohorts"]:
        cohort["scale"] = scales[cohort["id"]]
        if cohort["id"] in ("a", "b"):
            cohort["features"] = [{"numeric": {"tmb": {"column": "TMB"}}}]
    data["profile"] |= {"methods": ["zscore"], "signatures": signatures, "max_unmapped": 1.0}
    data["output"] = {"report": False, "csv": False}
    run(parse_study(data, folder=folder), folder / "again")
    return folder / "again"


def test_a_run_comes_back_through_its_export(results, tmp_path):
    outcome = export_cbioportal(results, tmp_path / "cb")
    assert outcome.studies == ("a", "b")
    assert outcome.notes == ()
    again = _return(outcome.folder, tmp_path, scales={"a": "tpm", "b": "tpm"}, signatures=["cyt", "ifng6"])
    for name in ("a", "b"):
        before, after = _cohort(results, name), _cohort(again, name)
        assert before.X.tobytes() == after.X.tobytes()
        assert before.var_names.tolist() == after.var_names.tolist()
        pd.testing.assert_frame_equal(before.obs[["patient_id", *ENDPOINTS]], after.obs[["patient_id", *ENDPOINTS]])
    one, two = (read_table(r / "tables" / "features.parquet") for r in (results, again))
    pd.testing.assert_series_equal(
        one[one["feature"] == "tmb"]["value"], two["value"].set_axis(one[one["feature"] == "tmb"].index)
    )


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    one, two = (export_cbioportal(results, tmp_path / name).folder for name in ("one", "two"))
    assert tiny.tree(one) == tiny.tree(two)
    assert {p.split("/", 1)[1] for p in tiny.tree(one)} == {
        "case_lists/cases_all.txt",
        "case_lists/cases_rna_seq_mrna.txt",
        "data_clinical_patient.txt",
        "data_clinical_sample.txt",
        "data_expression.txt",
        "data_scores_ssgsea.txt",
        "data_scores_zscore.txt",
        "meta_clinical_patient.txt",
        "meta_clinical_sample.txt",
        "meta_expression.txt",
        "meta_scores_ssgsea.txt",
        "meta_scores_zscore.txt",
        "meta_study.txt",
    }


def test_the_files_say_what_they_hold(results, tmp_path):
    folder = export_cbioportal(results, tmp_path / "cb", options=ExportOptions(type_of_cancer="skcm")).folder / "a"
    assert (folder / "meta_study.txt").read_text().splitlines() == [
        "cancer_study_identifier: a",
        "type_of_cancer: skcm",
        "name: a (Melanoma, anti-PD-1)",
        "description: 24 samples of 24 patients. Licence: simulated",
    ]
    assert "the scale of the numbers is tpm" in (folder / "meta_expression.txt").read_text()
    patients = (folder / "data_clinical_patient.txt").read_text().splitlines()
    assert patients[2] == "#STRING\tSTRING\tNUMBER\tSTRING"
    assert patients[4] == "PATIENT_ID\tOS_STATUS\tOS_MONTHS\tRESPONSE"
    assert len(patients) == 5 + 24
    samples = (folder / "data_clinical_sample.txt").read_text().splitlines()
    assert samples[4] == "PATIENT_ID\tSAMPLE_ID\tCANCER_TYPE\tTREATMENT\tTIMEPOINT\tTMB\tBRAF"
    genes = pd.read_csv(folder / "data_expression.txt", sep="\t", dtype=str, keep_default_na=False)
    assert genes.set_index("Hugo_Symbol").loc["GZMA", "Entrez_Gene_Id"] == "3001"
    assert genes.set_index("Hugo_Symbol").loc["BG000", "Entrez_Gene_Id"] == ""


def test_scores_are_those_of_the_run(results, tmp_path):
    folder = export_cbioportal(results, tmp_path / "cb").folder / "b"
    path = folder / "data_scores_zscore.txt"
    found = pd.read_csv(path, sep="\t", float_precision="round_trip").set_index("ENTITY_STABLE_ID")
    scores = read_table(results / "tables" / "scores.parquet")
    own = scores[(scores["cohort_id"] == "b") & (scores["method"] == "zscore")]
    assert len(own) == 3 * 18
    for row in own.itertuples():
        assert found.loc[f"zscore_{row.feature}", row.sample_id] == row.value


def _edit(results: Path, folder: Path) -> Path:
    copy = folder / "results"
    shutil.copytree(results, copy)
    return copy


def test_results_that_changed_since_are_refused(results, tmp_path):
    copy = _edit(results, tmp_path)
    with (copy / "tables" / "samples.parquet").open("ab") as handle:
        handle.write(b"x")
    with pytest.raises(StoreError, match=r"1 files are not as the run left them: samples\.parquet") as caught:
        export_cbioportal(copy, tmp_path / "cb")
    assert caught.value.next_step
    assert not (tmp_path / "cb").exists()


def test_a_cohort_that_changed_since_leaves_nothing(results, tmp_path):
    copy = _edit(results, tmp_path)
    (copy / ".tmescope" / "steps" / "cohort-b" / "matrix.npy").unlink()
    with pytest.raises(StoreError, match=r"matrix\.npy"):
        export_cbioportal(copy, tmp_path / "cb")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["results"]


@pytest.mark.parametrize("kind", ["absent", "empty", "file"])
def test_a_folder_without_results_is_refused(tmp_path, kind):
    if kind == "empty":
        (tmp_path / "r").mkdir()
    elif kind == "file":
        (tmp_path / "r").write_text("x")
    with pytest.raises(StoreError, match="there are no results of a run"):
        export_cbioportal(tmp_path / "r", tmp_path / "cb")


@pytest.mark.parametrize(("make", "says"), [("file", "the output is a file"), ("full", "holds something already")])
def test_nothing_is_overwritten(results, tmp_path, make, says):
    target = tmp_path / "cb"
    if make == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    before = tiny.tree(tmp_path)
    with pytest.raises(StoreError, match=says):
        export_cbioportal(results, target)
    assert tiny.tree(tmp_path) == before


def test_an_empty_folder_is_filled(results, tmp_path):
    (tmp_path / "cb").mkdir()
    assert export_cbioportal(results, tmp_path / "cb").studies == ("a", "b")


def _small(folder: Path, *, identifiers: str, names: list[str], scale: str = "tpm", **columns: list[str]) -> Path:
    """Run a study of three samples whose genes and samples have these names."""
    ids = columns.pop("sample_id", ["S1", "S2", "S3"])
    rng = np.random.default_rng(3)
    values = pd.DataFrame(rng.gamma(2, 8, (len(names), 3)).round(3), index=pd.Index(names, name="g"), columns=ids)
    if scale == "log2_array":
        values = values / 10 + 4
    values.iloc[0, 1] = np.nan
    values.to_csv(folder / "m.tsv", sep="\t")
    pd.DataFrame({"sample_id": ids, **columns}).to_csv(folder / "s.csv", index=False)
    data = {
        "format": 1,
        "study": {"id": "small", "title": "Small"},
        "cohorts": [
            {"id": "c", "expression": "m.tsv", "samples": "s.csv", "scale": scale, "identifiers": identifiers}
            | ({"columns": {"patient_id": "patient_id"}} if "patient_id" in columns else {})
            | {"select": {"one_per_patient": "all"}}
        ],
        "profile": {"methods": ["zscore"], "signatures": ["cyt"], "max_unmapped": 1.0},
        "output": {"report": False, "csv": False},
    }
    run(tiny.write_study(folder, data), folder / "out")
    return folder / "out"


def test_entrez_ids_stay_entrez_ids_and_missing_numbers_stay_missing(tmp_path):
    results = _small(tmp_path, identifiers="entrez", names=["925", "3001", "5551", "999999999"])
    folder = export_cbioportal(results, tmp_path / "cb").folder / "c"
    lines = [line.split("\t")[:4] for line in (folder / "data_expression.txt").read_text().splitlines()]
    assert lines[1][:2] == ["CD8A", "925"]
    assert lines[1][3] == "NA"
    assert lines[4][:2] == ["", "999999999"]
    again = _return(tmp_path / "cb", tmp_path, scales={"c": "tpm"}, signatures=["cyt"])
    before, after = _cohort(results, "c"), _cohort(again, "c")
    assert before.var_names.tolist() == after.var_names.tolist() == ["CD8A", "GZMA", "PRF1", "999999999"]
    assert before.X.tobytes() == after.X.tobytes()


def test_arrays_have_a_profile_of_their_own(tmp_path):
    results = _small(tmp_path, identifiers="symbol", names=["GZMA", "PRF1", "XYZ"], scale="log2_array")
    folder = export_cbioportal(results, tmp_path / "cb").folder / "c"
    meta = (folder / "meta_expression.txt").read_text()
    assert "stable_id: mrna\n" in meta
    assert "datatype: CONTINUOUS\n" in meta
    assert "log2_array" in meta
    assert "all_cases_with_mrna_array_data" in (folder / "case_lists" / "cases_mrna.txt").read_text()


def test_identifiers_that_the_portal_does_not_take(tmp_path):
    results = _small(tmp_path, identifiers="symbol", names=["GZMA", "PRF1"], sample_id=["S 1", "S/2", "S3"])
    with pytest.raises(SampleError, match="2 sample identifiers hold characters") as caught:
        export_cbioportal(results, tmp_path / "cb")
    assert "--replace-in-ids" in (caught.value.next_step or "")
    outcome = export_cbioportal(results, tmp_path / "cb", options=ExportOptions(replace_in_ids=True))
    assert [n.split(": ", 1)[1] for n in outcome.notes] == [
        "characters that cBioPortal does not take became _ in 2 sample identifiers",
        "characters that cBioPortal does not take became _ in 2 patient identifiers",
    ]
    assert "case_list_ids: S_1\tS_2\tS3" in (outcome.folder / "c" / "case_lists" / "cases_all.txt").read_text()


def test_patients_with_several_samples_stand_there_once(tmp_path):
    results = _small(tmp_path, identifiers="symbol", names=["GZMA", "PRF1"], patient_id=["P2", "P1", "P2"])
    folder = export_cbioportal(results, tmp_path / "cb").folder / "c"
    assert [line.split("\t")[0] for line in (folder / "data_clinical_patient.txt").read_text().splitlines()[4:]] == [
        "PATIENT_ID",
        "P2",
        "P1",
    ]


def test_a_real_cohort_comes_back(shared_data, tmp_path):
    source = shared_data / "cohorts" / "liu2019_melanoma_pd1"
    scale = json.loads((source / "SOURCE.json").read_text())["unit"]
    recist = {"rule": "recist", "column": "response_recist", "responder": ["CR", "PR"], "non_responder": ["SD", "PD"]}
    times = {"unit": "months", "event_values": ["1"], "censored_values": ["0"], "kind": "time_to_event"}
    data = {
        "format": 1,
        "study": {"id": "liu", "title": "Liu"},
        "cohorts": [
            {
                "id": "liu2019",
                "expression": str(source / "expression.parquet"),
                "samples": str(source / "samples.tsv"),
                "scale": scale,
                "columns": {"patient_id": "patient_id", "sex": "sex", "timepoint": "timepoint"},
            }
        ],
        "endpoints": {
            "response": {"kind": "response", "missing": ["MR", "NE"], **recist},
            "os": {"time": "os_time", "event": "os_event", **times},
            "pfs": {"time": "pfs_time", "event": "pfs_event", **times},
        },
        "profile": {"methods": ["zscore"], "signatures": ["cyt", "tis18"]},
        "output": {"report": False, "csv": False},
    }
    run(parse_study(data, folder=tmp_path), tmp_path / "out")
    outcome = export_cbioportal(tmp_path / "out", tmp_path / "cb")
    again = _return(outcome.folder, tmp_path, scales={"liu2019": scale}, signatures=["cyt", "tis18"])
    before, after = _cohort(tmp_path / "out", "liu2019"), _cohort(again, "liu2019")
    assert before.shape == (121, 16737)
    assert before.X.tobytes() == after.X.tobytes()
    assert before.var_names.tolist() == after.var_names.tolist()
    columns = ["patient_id", "sex", "timepoint", *ENDPOINTS, "pfs_time_months", "pfs_event"]
    pd.testing.assert_frame_equal(before.obs[columns], after.obs[columns])
    one, two = (read_table(r / "tables" / "scores.parquet") for r in (tmp_path / "out", again))
    pd.testing.assert_frame_equal(one, two)
