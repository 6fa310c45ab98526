from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from tests.report.patient_cases import COHORT, PATIENT, SAMPLES, make_patient_contents

from tmescope.report.contents import ReportContents
from tmescope.report.patient_records import gather_records
from tmescope.report.patients import patient_json


@pytest.fixture(scope="module")
def made() -> ReportContents:
    return make_patient_contents()


def _with_samples(contents: ReportContents, **columns: object) -> ReportContents:
    samples = contents.table("samples").assign(**columns)
    return replace(contents, tables={**contents.tables, "samples": samples})


def _values(payload: dict[str, object], title: str) -> object:
    place = payload["titles"].index(title)  # type: ignore[attr-defined]
    return payload["values"]["columns"][str(place)]  # type: ignore[index]


def test_samples_of_one_patient_share_a_page(made: ReportContents) -> None:
    records = gather_records(made)
    payload = records.payload
    assert records.keys[:3] == tuple((COHORT, s) for s in SAMPLES)
    assert payload["person"][:4] == [0, 0, 0, 1]
    assert payload["people"][0] == PATIENT


def test_the_same_name_in_two_cohorts_is_two_patients(made: ReportContents) -> None:
    samples = made.table("samples").copy()
    samples["patient_id"] = samples.groupby("cohort_id").cumcount().map("P{}".format)
    payload = gather_records(replace(made, tables={**made.tables, "samples": samples})).payload
    assert len(payload["people"]) == len(samples)


def test_a_sample_without_patient_stands_for_itself(made: ReportContents) -> None:
    payload = gather_records(_with_samples(made, patient_id=pd.NA)).payload
    assert payload["people"][0] == SAMPLES[0]


def test_clinical_values_and_features_are_there(made: ReportContents) -> None:
    payload = gather_records(made).payload
    assert {"Treatment", "Time point", "Sex", "Age (years)", "Response", "TMB", "PD-L1 level"} <= set(payload["titles"])
    assert [t["title"] for t in payload["times"]] == ["Overall survival"]
    samples = made.table("samples")
    assert payload["times"][0]["months"][5] == samples["os_time_months"].iloc[5]
    assert payload["times"][0]["events"][5] == int(samples["os_event"].iloc[5])


def test_old_ages_are_one_group(made: ReportContents) -> None:
    text = json.dumps(_values(gather_records(made).payload, "Age (years)"))
    assert "over 89" in text
    assert '"93"' not in text


def test_flags_and_overlaps_are_told_for_both_samples(made: ReportContents) -> None:
    flags = gather_records(made).payload["flags"]
    assert [(f[0], f[1], f[2]) for f in flags[:4]] == [
        (0, "sex", "problem"),
        (1, "scale of each sample", "notice"),
        (1, "timepoint", "notice"),
        (0, "overlap", "notice"),
    ]
    assert "also BLA-001 in the cohort bladder_pdl1 (expression same)" in flags[3][3]
    assert "also MEL-001 in the cohort melanoma_pd1_a" in flags[4][3]
    assert len(flags) == 5


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("date_of_birth", "1957-03-02", "a date of birth"),
        ("patient_name", "Muster", "a name"),
        ("contact", "someone@example.org", "an e-mail address"),
        ("remark", "+49 30 1234567", "a telephone number"),
    ],
)
def test_columns_that_identify_persons_stay_out(made: ReportContents, column: str, value: str, what: str) -> None:
    contents = _with_samples(made, **{column: value})
    text = patient_json(contents)
    assert text is not None
    assert value not in text
    assert any(what in note and "is not shown" in note for note in gather_records(contents).payload["notes"])


def test_features_that_identify_persons_stay_out(made: ReportContents) -> None:
    features = made.table("features").query("feature == 'PD-L1 level'").assign(feature="phone", category="080 55512345")
    contents = replace(made, tables={**made.tables, "features": features})
    text = patient_json(contents)
    assert text is not None
    assert "55512345" not in text
    assert "looks like a telephone number" in gather_records(contents).payload["notes"][0]


def test_identifiers_that_name_persons_become_numbers(made: ReportContents) -> None:
    n = len(made.table("samples"))
    names = [f"Maria Muster{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(n)]
    contents = _with_samples(made, patient_id=names)
    payload = gather_records(contents).payload
    assert payload["people"][:2] == ["patient 1", "patient 2"]
    assert "Muster" not in str(patient_json(contents))
    numbered = _with_samples(made, sample_id=[f"{48_211_000 + i}" for i in range(n)], patient_id=pd.NA)
    payload = gather_records(numbered).payload
    assert payload["samples"][:2] == ["sample 1", "sample 2"]
    assert payload["people"][0] == "patient 1"


def test_ordinary_columns_stay(made: ReportContents) -> None:
    assert gather_records(made).payload["notes"] == []
