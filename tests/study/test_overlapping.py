from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import read_table
from tmescope.study.overlapping import is_telling, patient_of

PLANTED = {3: 1, 7: 0, 11: 9, 15: 14, 20: 6}
"""Sample of cohort a to its copy in cohort b."""


def _write(folder, change):
    """Write the two cohorts after a change of their frames."""
    tiny.write_files(folder)
    frames = {name: list(tiny.cohort_frames(seed, n)) for seed, (name, n) in enumerate((("a", 24), ("b", 18)), start=1)}
    change(frames)
    for name, suffix in (("a", ".tsv"), ("b", ".tsv.gz")):
        frames[name][0].to_csv(folder / f"{name}{suffix}", sep="\t")
        frames[name][1].to_csv(folder / f"{name}_samples.csv", index=False)


def _found(folder, data=None):
    with opened(folder, data) as context:
        do(context, "overlaps")
        made = context.ledger.folder("overlaps")
        return tuple(read_table(made / f"{name}.parquet") for name in ("overlaps", "quality", "warnings"))


def _plant(frames):
    a, b = frames["a"][0], frames["b"][0]
    for i, j in PLANTED.items():
        b.iloc[:, j] = a.iloc[:, i].to_numpy()


def test_planted_patients_are_found_in_another_scale_and_no_others(tmp_path):
    def change(frames):
        _plant(frames)
        frames["b"][0] = np.log2(frames["b"][0] + 1).round(6)

    _write(tmp_path, change)
    data = tiny.study_dict()
    data["cohorts"][1]["scale"] = "log2(tpm+1)"
    table, quality, warnings = _found(tmp_path, data)
    pairs = set(zip(table["sample_a"], table["sample_b"], strict=True))
    assert pairs == {(f"S1-{i:02d}", f"S2-{j:02d}") for i, j in PLANTED.items()}
    assert set(table["evidence"]) == {"expression same"}
    assert table["correlation"].min() > 0.9999
    assert table[["cohort_a", "cohort_b"]].drop_duplicates().to_numpy().tolist() == [["a", "b"]]
    (row,) = warnings.to_dict(orient="records")
    assert (row["code"], row["where"], row["count"]) == ("overlap.same_patient", "a, b", 5)
    for said in ("5 patients of a are in b too", "5 by the same measurement", "response or os", "select.exclude"):
        assert said in row["message"]
    checks = quality.set_index(["check", "cohort_id"])
    assert checks.loc[("patients in other cohorts", "b"), ["status", "value", "evidence"]].tolist() == [
        "notice", "5", "5 in a"
    ]  # fmt: skip
    assert (checks.loc["samples measured twice", "status"] == "ok").all()


def test_a_measurement_under_two_names_in_one_cohort(tmp_path):
    def change(frames):
        frames["a"][0].iloc[:, 5] = frames["a"][0].iloc[:, 2].to_numpy()

    _write(tmp_path, change)
    table, quality, warnings = _found(tmp_path)
    assert table[["cohort_a", "sample_a", "cohort_b", "sample_b", "evidence"]].to_numpy().tolist() == [
        ["a", "S1-02", "a", "S1-05", "expression same"]
    ]
    assert warnings[["code", "where", "count"]].to_numpy().tolist() == [["overlap.same_sample", "a", 1]]
    twice = quality[quality["check"] == "samples measured twice"].set_index("cohort_id")
    assert twice["status"].to_dict() == {"a": "problem", "b": "ok"}


def test_one_cohort_is_looked_at_alone(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    del data["cohorts"][1]
    table, quality, warnings = _found(tmp_path, data)
    assert (len(table), len(warnings)) == (0, 0)
    assert quality["check"].tolist() == ["samples measured twice"]


def test_identifiers_that_tell_count_alone_and_others_only_with_expression(tmp_path):
    def change(frames):
        _plant(frames)
        for name in ("a", "b"):
            samples = frames[name][1]
            samples["patient_id"] = [f"P{i}" for i in range(len(samples))]
        frames["a"][1].loc[[1, 3, 4, 5], "patient_id"] = ["P99", "P1", "TRIAL-310017", "TCGA-EE-A29D"]
        frames["b"][1].loc[[16, 17], "patient_id"] = ["TRIAL-310017", "TCGA-EE-A29D"]

    _write(tmp_path, change)
    table, _, warnings = _found(tmp_path)
    by_sample = table.set_index("sample_a")["evidence"].to_dict()
    assert by_sample == {
        "S1-03": "id, expression same", "S1-07": "expression same", "S1-11": "expression same",
        "S1-15": "expression same", "S1-20": "expression same", "S1-04": "id", "S1-05": "id",
    }  # fmt: skip
    assert table.loc[table["evidence"] == "id", "correlation"].isna().all()
    assert "5 by the same measurement, 2 by their identifier alone" in warnings["message"].iloc[0]


def test_few_genes_are_said_not_to_be_compared(tmp_path):
    def change(frames):
        frames["b"][0] = frames["b"][0].iloc[:40]

    _write(tmp_path, change)
    data = tiny.study_dict()
    data["profile"]["max_unmapped"] = 1.0
    table, quality, _ = _found(tmp_path, data)
    assert len(table) == 0
    shared = quality[quality["check"] == "patients in other cohorts"]
    twice = quality[quality["check"] == "samples measured twice"].set_index("cohort_id")
    assert twice["value"].to_dict() == {"a": "none", "b": "not compared"}
    assert shared["status"].tolist() == ["notice", "notice"]
    assert shared["evidence"].str.contains("fewer than 50 genes in common").all()


def test_one_missing_value_does_not_hide_a_copy(tmp_path):
    def change(frames):
        _plant(frames)
        frames["a"][0].iloc[0, 3] = np.nan

    _write(tmp_path, change)
    assert len(_found(tmp_path)[0]) == 5


PEOPLE = [f"TCGA-BR-4{i:03d}" for i in range(24)]


def _name(frames, name, samples, patients=None):
    expression, table = frames[name]
    expression.columns = table["sample_id"] = samples
    if patients:
        table["patient_id"] = patients


@pytest.mark.parametrize(
    ("samples", "patients"),
    [
        ([f"{p}-01A-11R-1131-13" for p in PEOPLE], None),
        ([f"{p}-06".replace("-", ".").lower() for p in PEOPLE], None),
        ([f"{p}-01A" for p in PEOPLE], [f"P{i}" for i in range(24)]),
    ],
    ids=["aliquot", "as R and Firehose write it", "patients of another name"],
)
def test_patients_of_tcga_are_found_at_every_depth_of_their_barcodes(tmp_path, samples, patients):
    def change(frames):
        _name(frames, "a", samples, patients)
        _name(frames, "b", [f"{p}-01" for p in PEOPLE[6:]], PEOPLE[6:])

    _write(tmp_path, change)
    data = tiny.study_dict()
    if patients is None:
        del data["cohorts"][0]["columns"]["patient_id"]
    table, quality, warnings = _found(tmp_path, data)
    pairs = set(zip(table["sample_a"], table["patient_b"], strict=True))
    assert pairs == set(zip(samples[6:], PEOPLE[6:], strict=True))
    assert set(table["evidence"]) == {"id"}
    assert (warnings["code"].tolist(), warnings["count"].tolist()) == (["overlap.same_patient"], [18])
    checks = quality.set_index(["check", "cohort_id"])
    assert checks.loc[("patients in other cohorts", "a"), "evidence"] == "18 in b"


def test_samples_of_one_name_are_paired_before_others_of_their_patient(tmp_path):
    def change(frames):
        _name(frames, "a", [f"TCGA-BR-4250-{i:02d}A" for i in range(24)], ["TCGA-BR-4250"] * 24)
        _name(frames, "b", [f"TCGA-BR-4250-{i:02d}A" for i in range(17, -1, -1)], ["TCGA-BR-4250"] * 18)

    _write(tmp_path, change)
    data = tiny.study_dict()
    for cohort in data["cohorts"]:
        cohort["select"]["one_per_patient"] = "all"
    table, _, _ = _found(tmp_path, data)
    assert table[["sample_a", "sample_b"]].to_numpy().tolist() == [["TCGA-BR-4250-00A", "TCGA-BR-4250-00A"]]


@pytest.mark.parametrize(
    "identifier",
    ["TCGA-BR-4250", "TCGA-BR-4250-01", "TCGA-BR-4250-01A", "TCGA-BR-4250-01A-11R", "TCGA-BR-4250-01A-21-A45Q-20"],
)
def test_the_patient_is_the_beginning_of_a_barcode(identifier):
    assert patient_of(identifier) == "TCGA-BR-4250"


@pytest.mark.parametrize("identifier", ["TCGA-BR-4250-pre", "TCGA-BR-42501", "MDA-2016-0017-01A", "P1", "", "tcga"])
def test_what_is_no_barcode_as_a_whole_stays(identifier):
    assert patient_of(identifier) == identifier


@pytest.mark.parametrize("identifier", ["SRR3184279", "GSM1234567", "TCGA-EE-A29D-06A", "MDA-2016-0017", "p100234x"])
def test_identifiers_that_tell(identifier):
    assert is_telling(identifier)


@pytest.mark.parametrize(
    "identifier",
    ["1", "7", "100234", "P10255", "S-000017", "2016-0017", "P1", "Pt10_pre", "S01", "Patient 12", "abc", ""],
)
def test_identifiers_that_each_cohort_may_give(identifier):
    assert not is_telling(identifier)


def test_the_step_is_redone_when_a_matrix_changes_and_not_otherwise(tmp_path):
    _write(tmp_path, _plant)
    with opened(tmp_path) as context:
        do(context, "overlaps")
    with opened(tmp_path) as context:
        do(context, "overlaps")
        assert context.ledger.redone == []
    _write(tmp_path, lambda frames: None)
    with opened(tmp_path) as context:
        do(context, "overlaps")
        assert "overlaps" in context.ledger.redone
        assert len(pd.read_parquet(context.ledger.folder("overlaps") / "overlaps.parquet")) == 0
