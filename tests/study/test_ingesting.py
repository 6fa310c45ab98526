from __future__ import annotations

import gzip
import os

import pandas as pd
import pytest
from tests.ingest import studies_made as made
from tests.study import tiny
from tests.study.contexts import opened

from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError
from tmescope.foundation.provenance import hash_json
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.ingesting import cohort_step, ingest_into

TABLES = ("cohorts", "samples", "features", "gene_mapping", "quality", "warnings")


def _read(folder, data=None, index: int = 0):
    with opened(folder, data) as context:
        target = folder / "read"
        target.mkdir()
        ingest_into(target, context.study, context.study.cohorts[index], needs=context.needs)
    return {name: read_table(target / f"{name}.parquet") for name in TABLES}, read_cohort_folder(target)


def _key(folder, data=None, index: int = 0) -> str:
    with opened(folder, data) as context:
        return hash_json(dict(cohort_step(context, context.study.cohorts[index]).ingredients))


def test_a_cohort_becomes_a_matrix_and_tables(tmp_path):
    tables, adata = _read(tmp_path)
    expected = pd.read_csv(tmp_path / "a.tsv", sep="\t", index_col=0)
    assert list(adata.var_names) == list(expected.index)
    assert (adata.to_df().T.to_numpy() == expected.to_numpy()).all()
    samples = tables["samples"]
    assert samples["sample_id"].tolist() == list(expected.columns)
    assert set(samples["response"]) == {"responder", "non_responder"}
    days = pd.read_csv(tmp_path / "a_samples.csv")["os_days"]
    pd.testing.assert_series_equal(samples["os_time_months"], days * 12 / 365.25, check_names=False)
    assert tables["cohorts"].iloc[0][["cohort_id", "scale", "n_selected", "treatment"]].tolist() == [
        "a", "tpm", 24, "anti-PD-1",
    ]  # fmt: skip
    features = tables["features"]
    assert features.groupby("feature")["kind"].unique().map(list).to_dict() == {
        "tmb": ["numeric"],
        "braf": ["categorical"],
    }
    assert set(features.loc[features["feature"] == "tmb", "unit"]) == {"mutations/Mb"}
    assert tables["gene_mapping"]["needed"].sum() == 27


def test_what_the_study_file_says_is_handed_on(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    table = pd.read_csv(tmp_path / "b_samples.csv").rename(columns={"sample_id": "Aliquot"})
    table.assign(sex="female", years=61.5, timepoint=["pre", "on"] * 9).to_csv(tmp_path / "b_samples.csv", index=False)
    vaf = table[["patient_id"]].assign(vaf="0,125").replace({"P2-00": "elsewhere"})
    vaf.to_csv(tmp_path / "ctdna.tsv", sep="\t")
    data["cohorts"][1] |= {
        "columns": {"sample_id": "Aliquot", "patient_id": "patient_id", "timepoint": "timepoint", "sex": "sex",
                    "age_years": "years"},
        "select": {"timepoint": ["pre"], "exclude": ["S2-02"]},
        "features": [{"file": "ctdna.tsv", "id_column": "patient_id", "joins": "patient_id",
                      "numeric": {"vaf": {"column": "vaf", "unit": "share", "missing": ["0.125"]}},
                      "dialect": {"decimal": ","}}],
    }  # fmt: skip
    data["endpoints"]["os"]["not_in"] = ["b"]
    data["endpoints"]["response"]["cohorts"] = {
        "b": {"rule": "recist", "column": "recist", "responder": ["CR", "PR", "SD"], "non_responder": ["PD"]}
    }
    tables, _ = _read(tmp_path, data, index=1)
    samples = tables["samples"]
    assert samples["sample_id"].tolist() == [f"S2-{i:02d}" for i in range(0, 18, 2) if i != 2]
    assert set(samples["sex"]) == {"female"}
    assert set(samples["age_years"]) == {61.5}
    assert not [c for c in samples if c.startswith("os_")]
    words = table.set_index("Aliquot")["recist"].loc[samples["sample_id"]]
    assert samples["response"].tolist() == ["non_responder" if w == "PD" else "responder" for w in words]
    assert tables["features"]["value"].isna().all()
    codes = set(tables["warnings"]["code"])
    assert {"selection.left_out", "features.missing", "features.no_row"} <= codes


def test_the_step_is_known_by_contents_not_by_names_or_dates(tmp_path):
    key = _key(tmp_path)
    os.utime(tmp_path / "a.tsv", (1, 1))
    assert _key(tmp_path) == key
    assert _key(tmp_path, index=1) != key
    packed = tmp_path / "b.tsv.gz"
    b = _key(tmp_path, index=1)
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes()) + b"X" + b"\t1.0" * 18 + b"\n"))
    assert _key(tmp_path, index=1) != b
    assert _key(tmp_path) == key


@pytest.mark.parametrize(
    ("place", "value", "matters"),
    [
        (("profile", "max_unmapped"), 0.5, True),
        (("profile", "map_symbols"), False, True),
        (("profile", "signatures"), ["cyt"], True),
        (("endpoints", "response", "missing"), ["NE"], True),
        (("endpoints", "os", "not_in"), ["a"], True),
        (("endpoints", "os", "not_in"), ["b"], False),
        (("cohorts", 0, "licence"), "other", True),
        (("cohorts", 1, "licence"), "other", False),
        (("profile", "methods"), ["zscore"], False),
        (("study", "title"), "Other", False),
        (("output", "csv"), False, False),
    ],
)
def test_the_step_depends_on_what_it_uses_and_on_nothing_else(tmp_path, place, value, matters):
    data = tiny.study_dict()
    node = data
    for part in place[:-1]:
        node = node[part]
    before = _key(tmp_path)
    node[place[-1]] = value
    assert (_key(tmp_path, data) != before) is matters


def test_absent_files_are_told_by_reading_and_not_by_hashing(tmp_path):
    with opened(tmp_path) as context:
        (tmp_path / "a.tsv").unlink()
        (tmp_path / "a_samples.csv").unlink()
        (tmp_path / "a_samples.csv").mkdir()
        step = cohort_step(context, context.study.cohorts[0])
        assert step.ingredients["files"] == {"a.tsv": None, "a_samples.csv": None}
        target = tmp_path / "read"
        target.mkdir()
        with pytest.raises(ManyProblems) as caught:
            step.make(target)
    missing, folder = caught.value.problems
    assert isinstance(missing, MissingFileError)
    assert "is a folder" in folder.what
    assert list(target.iterdir()) == []


def test_what_is_read_of_a_study_folder_decides_whether_a_cohort_is_new(tmp_path):
    portal = made.write(tmp_path / "brca", made.files())
    data = tiny.study_dict()
    data["cohorts"] = [
        {"id": "a", "expression": "brca", "scale": "tpm", "molecular_profile": "rna_seq_v2_mrna"}
        | {"gene_column": "Hugo_Symbol", "select": {"one_per_patient": "first"}}
    ]
    times = {"time": "OS_MONTHS", "event": "OS_STATUS", "unit": "months", "missing": ["[Not Available]"]}
    coding = {"event_values": ["1:DECEASED"], "censored_values": ["0:LIVING"]}
    data["endpoints"] = {"os": {"kind": "time_to_event", **times, **coding}}
    data["profile"]["max_unmapped"] = 1.0
    tables, adata = _read(tmp_path, data)
    assert adata.shape == (3, 60)
    assert tables["samples"]["os_event"].tolist()[:2] == [True, False]
    first = _key(tmp_path, data)
    (portal / "data_cna.txt").write_text("not read\n")
    assert _key(tmp_path, data) == first
    (portal / "patients.txt").write_text("changed\n")
    assert _key(tmp_path, data) != first
    (portal / "meta_study.txt").write_text("broken\n")
    with pytest.raises(FileFormatError, match="is no 'key: value'"):
        _read_again(tmp_path, data)


def _read_again(folder, data):
    (folder / "again").mkdir()
    with opened(folder, data) as context:
        cohort_step(context, context.study.cohorts[0]).make(folder / "again")
