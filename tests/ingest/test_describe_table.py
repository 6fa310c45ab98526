from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.describe_table import describe_table
from tmescope.ingest.number_styles import NumberStyle

Build = Callable[..., SampleTable]


def _columns() -> dict[str, list[str]]:
    return {
        "Sample.ID": ["s1", "s2", "s3", "s4"],
        "PatientID": ["a", "a", "b", "c"],
        "Biopsy.Time": ["pre", "on", "pre", ""],
        "gender": ["Male", "Female", "Male", ""],
        "Age": ["50", "61", "NA", "70"],
        "age_at_moon": ["500", "1", "2", "3"],
        "best_response": ["PR", "PD", "PD", "SD"],
        "outcome": ["R", "NR", "NR", "R"],
        "constant_response": ["PR"] * 4,
        "OS_MONTHS": ["1.5", "20", "3", "4"],
        "OS_STATUS": ["0:LIVING", "1:DECEASED", "1:DECEASED", "0:LIVING"],
        "pfs_time": ["1", "2", "3", "4"],
        "progression": ["0", "1", "0", "1"],
    }


def test_columns_are_recognised_by_values_and_names(table: Build) -> None:
    found = describe_table(table(_columns()), columns=["s1", "s2", "s9"], rows=["GZMA"])
    assert found.n_rows == 4
    assert [(c.value, c.evidence) for c in found.sample_id] == [
        ("Sample.ID", "2 of 4 values are column names of the matrix")
    ]
    assert [c.value for c in found.patient_id] == ["PatientID"]
    assert [c.value for c in found.timepoint] == ["Biopsy.Time"]
    assert "pre (2x)" in found.timepoint[0].evidence
    assert [c.value for c in found.sex] == ["gender"]
    assert [(c.value, c.evidence) for c in found.age_years] == [("Age", "3 numbers from 50 to 70")]
    assert [c.name for c in found.response] == ["best_response", "outcome"]
    assert found.response[0].values == (("PD", 2), ("PR", 1), ("SD", 1))


def test_numbers_of_another_dialect_are_numbers(table: Build) -> None:
    columns = {**_columns(), "Age": ["50,5", "61", "NA", "70"], "OS_MONTHS": ["1,5", "20", "3", "4"]}
    found = describe_table(replace(table(columns), style=NumberStyle(",")))
    assert [c.evidence for c in found.age_years] == ["3 numbers from 50.5 to 70"]
    assert [pair.time for pair in found.times] == ["OS_MONTHS"]


def test_times_are_paired_with_their_own_events_only(table: Build) -> None:
    (pair,) = describe_table(table(_columns())).times
    assert (pair.time, pair.event, pair.unit) == ("OS_MONTHS", "OS_STATUS", "months")
    assert dict(pair.event_values) == {"0:LIVING": 2, "1:DECEASED": 2}


def test_a_column_of_units_is_used(table: Build) -> None:
    columns = {"os_time": ["1", "2", "3"], "os_event": ["1", "0", "1"], "time_unit": ["days"] * 3}
    assert describe_table(table(columns)).times[0].unit == "days"


def test_no_unit_is_guessed(table: Build) -> None:
    columns = {"os_time": ["1", "2", "3"], "os_event": ["1", "0", "1"]}
    assert describe_table(table(columns)).times[0].unit == ""


def test_repeated_values_are_no_identifiers(table: Build) -> None:
    found = describe_table(table({"id": ["s1", "s1"], "x": ["s1", "s2"]}), columns=["s1"])
    assert [c.value for c in found.sample_id] == ["x"]


def test_the_other_axis_is_said(table: Build) -> None:
    found = describe_table(table({"id": ["s1", "s2"]}), rows=["s1", "s2"])
    assert found.sample_id[0].evidence == "2 of 2 values are row names of the matrix"


def test_summaries_count_missing_and_distinct(table: Build) -> None:
    (summary,) = describe_table(table({"x": ["1", "2", "NA", "", "1"]})).columns
    assert (summary.n_distinct, summary.n_missing, summary.numeric) == (2, 2, True)
    assert summary.values == (("1", 2), ("2", 1))


def test_cancer_type_and_treatment_are_proposed_by_their_whole_names(table: Build) -> None:
    columns = {
        "CANCER_TYPE": ["Melanoma", "Melanoma", "Lung"],
        "Cancer Type Detailed": ["Cutaneous", "Acral", "Squamous"],
        "cancer_type_code": ["1", "2", "2"],
        "treatment_response": ["PR", "PD", "PD"],
        "Regimen": ["nivolumab", "nivolumab", ""],
        "ARM": ["1", "2", "1"],
        "Treatment": ["pre", "on", "Pre"],
        "therapy": ["", "NA", ""],
    }
    found = describe_table(table(columns))
    assert [c.value for c in found.cancer_type] == ["CANCER_TYPE", "Cancer Type Detailed"]
    assert found.cancer_type[0].evidence == "2 different values: Melanoma (2x), Lung (1x)"
    assert [(c.value, c.evidence) for c in found.treatment] == [("Regimen", "1 different values: nivolumab (2x)")]
