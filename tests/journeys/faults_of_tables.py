"""Sample tables, endpoints and features that contradict the study file."""

from __future__ import annotations

from tests.journeys.faults import Fault, cell, content, redraft, samples, study, text, together

from tmescope.foundation.errors import (
    EndpointError,
    FileFormatError,
    InputError,
    MethodError,
    MissingFileError,
    SampleError,
    StudyFileError,
    UnknownNameError,
)

COHORT = ("cohorts", 0)
TABLE = "a_samples.csv"

TABLES = (
    Fault(
        "row twice in the sample table",
        cell("sample_id", "S1-03"),
        SampleError,
        (TABLE, "column 'sample_id'"),
        ("1 sample identifiers occur more than once", "'S1-03'"),
    ),
    Fault(
        "sample without identifier",
        cell("sample_id", "", row=4),
        SampleError,
        (TABLE, "column 'sample_id'"),
        ("1 rows have no sample identifier", "6"),
    ),
    Fault(
        "unknown column",
        study("endpoints", "os", "time", value="os_day"),
        UnknownNameError,
        (TABLE, "endpoint 'os'"),
        ("no column is named 'os_day'",),
        hint="did you mean 'os_days'?",
        n_problems=2,
    ),
    Fault(
        "column twice",
        text(TABLE, lambda t: t.replace("tmb", "recist", 1)),
        SampleError,
        (TABLE, "endpoint 'response'"),
        ("the column 'recist' occurs more than once",),
        n_problems=2,
    ),
    Fault(
        "negative time",
        cell("os_days", "-12.5", row=7),
        EndpointError,
        (TABLE, "endpoint 'os'", "column 'os_days'", "line 9"),
        ("1 times are negative", "-12.5"),
    ),
    Fault(
        "time that is no number",
        cell("os_days", ">365", row=2),
        EndpointError,
        (TABLE, "column 'os_days'", "line 4"),
        ("1 times are not numbers", ">365"),
    ),
    Fault(
        "times of eight centuries",
        study("endpoints", "os", "unit", value="years"),
        EndpointError,
        ("_samples.csv", "endpoint 'os'"),
        ("years when read as years",),
        n_problems=2,
    ),
    Fault(
        "event coded 1 and 2",
        samples(lambda f: f.assign(dead=["2" if v == "1" else "1" for v in f["dead"]])),
        EndpointError,
        (TABLE, "endpoint 'os'", "column 'dead'"),
        ("hold values that the rule does not name", "'2 ("),
        hint="find out what each value means, then add '2' to the rule",
    ),
    Fault(
        "response word that no rule names",
        cell("recist", "MR", row=5),
        EndpointError,
        (TABLE, "endpoint 'response'", "column 'recist'"),
        ("1 cells hold values that the rule does not name", "'MR (1x)'"),
    ),
    Fault(
        "several samples of a patient",
        cell("patient_id", "P1-01"),
        SampleError,
        (TABLE, "one_per_patient"),
        ("1 patients have several samples (2 in all)", "'P1-01'"),
        hint="set one_per_patient",
    ),
    Fault(
        "several samples of a patient where endpoints are asked",
        together(cell("patient_id", "P1-02"), study(*COHORT, "select", "one_per_patient", value="all")),
        SampleError,
        ("cohort a", "select.one_per_patient"),
        ("1 patients have several samples", "'P1-02'"),
        hint="patients, not samples, are the unit",
    ),
    Fault(
        "one sample for a method that needs two",
        samples(lambda f: f.head(1)),
        MethodError,
        ("cohort a",),
        ("zscore needs at least 2 samples; 1 is selected",),
        hint="ssgsea_raw",
    ),
    Fault(
        "no sample in both files",
        samples(lambda f: f.assign(sample_id=[f"X_{i}" for i in range(len(f))])),
        SampleError,
        (TABLE, "sample_id"),
        ("no sample is in both", "'S1-00'", "'X_0'"),
    ),
    Fault(
        "timepoint that no sample has",
        study(*COHORT, "select", "timepoint", value=["baseline"]),
        SampleError,
        (TABLE, "timepoint"),
        ("no row has the timepoint 'baseline'",),
        hint="pre (24x)",
    ),
    Fault(
        "exclusion of an unknown sample",
        study(*COHORT, "select", "exclude", value=["S1-0"]),
        SampleError,
        (TABLE, "exclude"),
        ("'S1-0'",),
        hint="did you mean 'S1-",
    ),
    Fault(
        "feature that is not numeric",
        cell("tmb", "high", row=1),
        InputError,
        (TABLE, "column 'tmb'", "line 3"),
        ("1 values of the feature 'tmb' are not numbers", "'high (1x)'"),
        hint="categorical",
    ),
    Fault(
        "feature file of other patients",
        together(
            content("ctdna.csv", b"patient_id,vaf\nQ1,0.1\nQ2,0.2\n"),
            redraft(
                lambda d: d["cohorts"][0]["features"].append(
                    {
                        "file": "ctdna.csv",
                        "id_column": "patient_id",
                        "joins": "patient_id",
                        "numeric": {"vaf": {"column": "vaf"}},
                    }
                )
            ),
        ),
        SampleError,
        ("ctdna.csv", "column 'patient_id'"),
        ("no patient_id of the cohort", "'Q1'"),
    ),
    Fault(
        "feature file that is missing",
        study(*COHORT, "features", 0, "file", value="tmb.csv"),
        MissingFileError,
        ("tmb.csv",),
        ("there is no file 'tmb.csv'",),
    ),
    Fault(
        "a sample table whose header may be a comment",
        text(TABLE, lambda t: f"#{t}"),
        FileFormatError,
        (TABLE, "line 1"),
        ("may be a comment or the header",),
        hint='comment = ""',
    ),
    Fault(
        "sample table not in UTF-8",
        lambda folder: (folder / TABLE).write_bytes(b"sample_id,patient_id\nS1-00,M\xfcller\n"),
        FileFormatError,
        (TABLE, "line 2"),
        ("byte 0xfc is not UTF-8",),
    ),
    Fault(
        "line of the sample table cut",
        text(TABLE, lambda t: t.rsplit(",", 3)[0]),
        FileFormatError,
        (TABLE, "line 25"),
        ("line 25 has 5 cells; the header has 8",),
    ),
    Fault(
        "stable disease without a place",
        study("endpoints", "response", "non_responder", value=["PD"]),
        StudyFileError,
        ("study.toml", "endpoints.response"),
        ("a RECIST rule must place SD",),
    ),
)
