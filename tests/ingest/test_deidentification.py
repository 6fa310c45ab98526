from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import SampleError
from tmescope.ingest.clinical import SampleTable, read_samples
from tmescope.ingest.deidentification import check_identifying, find_identifying
from tmescope.ingest.findings import Findings

Build = Callable[..., SampleTable]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("date_birth", "a date of birth"),
        ("orig__date_birth", "a date of birth"),
        ("DOB", "a date of birth"),
        ("DateOfBirth", "a date of birth"),
        ("Patient.Name", "a name"),
        ("lastName", "a name"),
        ("surname", "a name"),
        ("MRN", "a record number"),
        ("Medical Record Number", "a record number"),
        ("contact_email", "an e-mail address"),
        ("E-mail", "an e-mail address"),
        ("phone number", "a telephone number"),
        ("zip.postal_code", "an address"),
        ("DATEOFBIRTH", "a date of birth"),
        ("dateofbirth", "a date of birth"),
        ("D.O.B.", "a date of birth"),
        ("DoB", "a date of birth"),
        ("YearOfBirth", "a date of birth"),
        ("birth", "a date of birth"),
        ("NHSNumber", "a record number"),
        ("medicalrecordnumber", "a record number"),
        ("MedRecNum", "a record number"),
        ("Hospital#", "a record number"),
        ("MRN1", "a record number"),
        ("Name_of_patient", "a name"),
        ("patient's name", "a name"),
        ("Pat. Name", "a name"),
        ("Nachname", "a name"),
        ("TEL", "a telephone number"),
        ("patient_tel_no", "a telephone number"),
        ("zip3", "an address"),
        ("IPAddress", "an address"),
        ("tel_length", None),
        ("zip_score", None),
        ("country_of_birth", None),
        ("days_to_birth", None),
        ("birth_weight", None),
        ("record_id", None),
        ("mobile_element_count", None),
        ("PatientID", None),
        ("Name", None),
        ("sample_name", None),
        ("source_name_ch1", None),
        ("gene_name", None),
        ("birthweight_percentile", None),
        ("hospital", None),
    ],
)
def test_headers(table: Build, header: str, what: str | None) -> None:
    assert find_identifying(table({header: ["a", "b"]})) == ({header: what} if what else {})


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["a.b@c.org", "d@e.fr, f@g.fr"], "an e-mail address"),
        (["123-45-6789", "987-65-4321"], "a social security number"),
        (["MRN 123456", "mrn:0012345"], "a record number"),
        (["+44 20 7946 0000", "+1 555 010 9999"], "a telephone number"),
        (["12345678", "87654321"], None),
        (["Anna Smith", "Hansen, Ole"], None),
        (["2020-01-03", "2021-11-30"], None),
    ],
)
def test_values(table: Build, values: list[str], what: str | None) -> None:
    assert find_identifying(table({"x": values})) == ({"x": what} if what else {})


def test_a_short_word_over_decimal_numbers_is_a_measurement(table: Build) -> None:
    assert find_identifying(table({"tel": ["5.21", "0.3", "-1.5e-3"]})) == {}
    assert find_identifying(table({"tel": ["5,21", "0,3", "6,1"]})) == {}


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["John Smith", "Anna van Dyke", "Ole Hansen"], "a name"),
        (["SMITH, JOHN", "O'BRIEN, ANN"], "a name"),
        (["S1-01", "S1-02"], None),
        (["TP53", "CD8A", "HLA-A"], None),
        (["Lung Tumour", "Liver Metastasis"], None),
        (["Anna Smith"] * 3, None),
    ],
)
def test_a_column_called_name_is_judged_by_its_values(table: Build, values: list[str], what: str | None) -> None:
    assert find_identifying(table({"Name": values})) == ({"Name": what} if what else {})


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["12345678", "87654321"], "a record number"),
        (["SMITH, JOHN", "HANSEN, OLE M."], "a name"),
        (["SMITH John", "Jean-Paul McDonald", "Anna de la Cruz"], "a name"),
        (["Smith, J.", "J. R. Smith", "Hansen, O"], "a name"),
        (["Whole Blood", "Adrenal Gland"], None),
        (["Group A", "Group B"], None),
        (["Anna Smith", "Hansen, Ole", "José R. García"], "a name"),
        (["JOHN R. SMITH", "DYKE, A"], "a name"),
        (["Classical Monocyte", "Naive Treg", "Memory Treg", "Plasmacytoid Dendritic", "Naive Bcell"], None),
        (["Adrenal Cortex", "Spinal Cord", "Small Intestine"], None),
        (["MEL BRAF", "MEL NRAS"], None),
        (["WT KO", "TREG NAIVE"], None),
        (["SK MEL", "SK OV"], None),
        (["P01", "P02"], None),
        (["1", "2", "105"], None),
        (["Patient One", "Patient Two"], None),
        (["TCGA-D3-A8GB", "TCGA-WE-A8ZN"], None),
    ],
)
def test_values_of_identifiers(table: Build, values: list[str], what: str | None) -> None:
    assert find_identifying(table({"x": values}), identifiers=["x"]) == ({"x": what} if what else {})


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["20180001", "20180002"], "a record number"),
        (["Breast Mammary", "Nerve Tibial"], "a name"),
        (["Anna Smith", "Ole Hansen"], "a name"),
    ],
)
def test_identifiers_that_may_be_personal_are_told_where_no_table_has_others(
    table: Build, values: list[str], what: str
) -> None:
    used = {"sample_id": "sample_id"}
    findings = Findings("c")
    check_identifying(table({"sample_id": values}), used, findings=findings, untabled=True)
    assert findings.problems == []
    assert [(w.code, w.examples) for w in findings.warnings] == [("privacy.sample_names", (f"sample_id ({what})",))]
    assert findings.quality()["status"].tolist() == ["notice"]
    check_identifying(table({"sample_id": values}), used, findings=findings)
    assert len(findings.problems) == 1


@pytest.mark.parametrize(
    "values",
    [["Smith, Anna", "Hansen, Ole"], ["SMITH, J", "HANSEN, O"], ["J. Smith", "O. Hansen"], ["a@b.org", "c@d.org"]],
)
def test_clear_names_are_refused_also_without_a_table(table: Build, values: list[str]) -> None:
    findings = Findings("c")
    check_identifying(table({"sample_id": values}), {"sample_id": "sample_id"}, findings=findings, untabled=True)
    (problem,) = findings.problems
    assert "--allow-identifying sample_id" in str(problem)
    assert [w.code for w in findings.warnings] == []


def test_a_used_column_is_refused_unless_allowed(table: Build) -> None:
    made = table({"sample_id": ["S1", "S2"], "who": ["Anna Smith", "Ole Hansen"], "birth date": ["1950", "1960"]})
    used = {"sample_id": "sample_id", "patient_id": "who"}
    findings = Findings("c")
    check_identifying(made, used, findings=findings)
    (problem,) = findings.problems
    assert isinstance(problem, SampleError)
    assert "'who' looks like a name and is used as patient_id" in str(problem)
    assert "allow_identifying" in str(problem)
    assert "Anna" not in str(problem) + str(findings.quality().to_numpy().tolist())
    findings = Findings("c")
    check_identifying(made, used, allowed=["who"], findings=findings)
    assert findings.problems == []
    assert [w.code for w in findings.warnings] == ["privacy.not_carried", "privacy.allowed"]
    assert findings.quality()["value"].tolist() == ["2"]


def test_nothing_to_say(table: Build) -> None:
    findings = Findings("c")
    check_identifying(table({"sample_id": ["S1"]}), {"sample_id": "sample_id"}, findings=findings)
    assert (findings.problems, findings.warnings) == ([], [])
    assert findings.quality()[["check", "status", "value"]].values.tolist() == [["identifying columns", "ok", "0"]]


def test_real_tables(shared_data: Path) -> None:
    found = {}
    for path in sorted((shared_data / "cohorts").glob("*/samples.tsv")):
        if names := find_identifying(read_samples(path), identifiers=["sample_id", "patient_id"]):
            found[path.parent.name] = sorted(names)
    contact = ["orig__contact_address", "orig__contact_email", "orig__contact_name", "orig__contact_zip.postal_code"]
    assert found == {"limagne2_nsclc_pd1": contact, "vanallen2015_melanoma_ctla4": ["orig__date_birth"]}
