from __future__ import annotations

import pandas as pd
import pytest

from tmescope.foundation.errors import SampleError, StoreError
from tmescope.store.tables import empty_table, shape_table
from tmescope.study.export_attributes import list_attributes


def _samples(**columns: list) -> pd.DataFrame:
    base: dict[str, list] = {"sample_id": ["S1", "S2", "S3"], "patient_id": ["P1", "P2", "P2"]}
    base |= {"cohort_id": ["c"] * 3, "cancer_type": [None] * 3, "treatment": [None] * 3, "timepoint": [None] * 3}
    base |= {"sex": [None] * 3, "age_years": [None] * 3}
    return shape_table("samples", pd.DataFrame(base | columns))


def _features(**columns: list) -> pd.DataFrame:
    rows = []
    for name, values in columns.items():
        for sample, value in zip(("S1", "S2", "S3"), values, strict=True):
            number = isinstance(value, float)
            rows.append(
                {
                    "cohort_id": "c",
                    "sample_id": sample,
                    "feature": name,
                    "kind": "numeric" if number else "categorical",
                    "value": value if number else None,
                    "category": None if number else value,
                    "unit": "x/y" if number else "",
                }
            )
    return shape_table("features", pd.DataFrame(rows)) if rows else empty_table("features")


def test_times_are_months_and_events_have_the_words_of_the_format():
    samples = _samples(
        os_time_months=[1.5, 2.0, 2.0],
        os_event=pd.array([True, False, False], dtype="boolean"),
        ttnt_time_months=[1.0, None, None],
        ttnt_event=pd.array([False, None, None], dtype="boolean"),
        response=["responder", None, None],
    )
    found = list_attributes(samples, _features(), where="w")
    assert {a.name: a.cells for a in found.of_patients} == {
        "OS_STATUS": ("1:DECEASED", "0:LIVING", "0:LIVING"),
        "OS_MONTHS": ("1.5", "2.0", "2.0"),
        "TTNT_STATUS": ("0:CENSORED", "", ""),
        "TTNT_MONTHS": ("1.0", "", ""),
        "RESPONSE": ("responder", "", ""),
    }
    assert [a.datatype for a in found.of_patients] == ["STRING", "NUMBER", "STRING", "NUMBER", "STRING"]
    assert found.of_samples == ()
    assert found.notes == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dfs", ("1:Recurred/Progressed", "0:DiseaseFree")),
        ("pfs", ("1:PROGRESSION", "0:CENSORED")),
        ("PFS", ("1:PROGRESSION", "0:CENSORED")),
        ("dss", ("1:EVENT", "0:CENSORED")),
    ],
)
def test_words_by_endpoint(name, words):
    columns = {f"{name}_time_months": [1.0, 2.0, 2.0], f"{name}_event": pd.array([True, False, False], dtype="boolean")}
    status = list_attributes(_samples(**columns), _features(), where="w").of_patients[0]
    assert status.name == f"{name.upper()}_STATUS"
    assert status.cells[:2] == words


def test_what_differs_within_a_patient_is_said_of_the_samples():
    samples = _samples(
        sex=["F", "M", "M"],
        age_years=[50.0, 60.0, 61.0],
        os_time_months=[1.0, 2.0, 3.0],
        os_event=pd.array([True, True, True], dtype="boolean"),
    )
    found = list_attributes(samples, _features(), where="w")
    assert [a.name for a in found.of_patients] == ["SEX"]
    assert [a.name for a in found.of_samples] == ["AGE", "OS_STATUS", "OS_MONTHS"]
    assert (
        found.notes[1] == "OS_STATUS, OS_MONTHS differs between samples of one patient and stands in the samples' table"
    )


def test_features_are_numbers_or_words_of_samples():
    found = list_attributes(
        _samples(cancer_type=["A", "B", None]),
        _features(tmb=[1.5, float("nan"), 3.0], mutation_count=[1.0, 2.0, 3.0], braf=["WT", None, "V600E"]),
        where="w",
    )
    assert [(a.name, a.datatype, a.cells) for a in found.of_samples] == [
        ("CANCER_TYPE", "STRING", ("A", "B", "")),
        ("TMB", "NUMBER", ("1.5", "", "3.0")),
        ("TME_MUTATION_COUNT", "NUMBER", ("1.0", "2.0", "3.0")),
        ("BRAF", "STRING", ("WT", "", "V600E")),
    ]
    assert found.of_samples[1].display == "tmb (x/y)"


def test_what_looks_identifying_stays_here_unless_allowed():
    features = _features(date_of_birth=["1950", "1951", "1951"], contact=["a@b.org", "c@d.org", "c@d.org"])
    found = list_attributes(_samples(), features, where="w")
    assert found.of_samples == ()
    assert found.notes == (
        "date_of_birth looks like a date of birth and is not exported",
        "contact looks like an e-mail address and is not exported",
    )
    allowed = list_attributes(_samples(), features, allow_identifying=("contact",), where="w")
    assert [a.name for a in allowed.of_samples] == ["CONTACT"]


def test_identifiers_that_are_names_are_refused_unless_allowed():
    samples = _samples(patient_id=["Smith, Anna", "Jones, Bob", "Jones, Bob"])
    with pytest.raises(SampleError, match="'patient_id' looks like a name") as caught:
        list_attributes(samples, _features(), where="w")
    assert "Smith" not in str(caught.value)
    assert "--allow-identifying patient_id" in (caught.value.next_step or "")
    assert list_attributes(samples, _features(), allow_identifying=("patient_id",), where="w").notes == ()


@pytest.mark.parametrize("names", [("pd-l1", "pd l1"), ("sample_id", "x"), ("sex", "x")])
def test_names_that_would_clash_are_refused(names):
    features = _features(**{name: [1.0, 2.0, 3.0] for name in names})
    with pytest.raises(StoreError, match="several columns would be called"):
        list_attributes(_samples(sex=["F", "M", "M"]), features, where="w")
