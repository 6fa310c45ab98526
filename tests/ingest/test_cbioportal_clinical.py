from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest import studies_made as made

from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError, SampleError, TmescopeError
from tmescope.ingest.cbioportal_clinical import read_clinical_file, read_study_samples
from tmescope.ingest.clinical import name_columns

SAMPLES = made.files()["samples.txt"]
PATIENTS = made.files()["patients.txt"]


def test_patients_and_samples_become_one_table(tmp_path: Path) -> None:
    table, notes = read_study_samples(made.write(tmp_path / "s", made.files()))
    assert list(table.frame.columns) == ["SAMPLE_ID", "PATIENT_ID", "SITE", "RESPONSE", "OS_STATUS", "OS_MONTHS", "SEX"]
    assert table.frame["SAMPLE_ID"].tolist() == list(made.SAMPLES)
    assert table.frame["OS_STATUS"].tolist() == ["1:DECEASED", "0:LIVING", "[Not Available]", "[Not Available]"]
    assert table.frame.loc[1].tolist() == ["S2", "P2", "", "PD", "0:LIVING", "40", "Female"]
    assert table.lines == (6, 7, 8, 9)
    assert table.where.endswith("samples.txt")
    assert table.origin("SITE") == (table.where, table.lines)
    assert table.origin("OS_MONTHS") == (table.where.replace("samples.txt", "patients.txt"), (6, 7, 8, 8))
    assert [(n.code, n.check) for n in notes] == [("", "clinical tables")]
    assert "samples.txt joined with patients.txt by PATIENT_ID" in notes[0].evidence


def test_an_age_is_sought_in_the_file_that_holds_it(tmp_path: Path) -> None:
    ages = dict(zip(("P1", "P2", "P3"), ("[Not Available]", "61", "old"), strict=True))
    rows = [f"{patient}\t{age}\t[Not Applicable]" for patient, age in ages.items()]
    files = made.files() | {"patients.txt": made.clinical("PATIENT_ID\tAGE\tSEX", *rows)}
    table, _ = read_study_samples(made.write(tmp_path / "s", files))
    columns = {"sample_id": "SAMPLE_ID", "age_years": "AGE", "sex": "SEX"}
    named, problems = name_columns(table, columns)
    assert [str(p.where) for p in problems] == [f"{tmp_path / 's' / 'patients.txt'}, column 'AGE', line 8"]
    assert "2 ages are not numbers: 'old (2x)'" in problems[0].what
    assert named["sex"].isna().all()


def test_the_file_of_patients_is_optional(tmp_path: Path) -> None:
    files = made.files()
    del files["meta_clinical_patient.txt"]
    table, _ = read_study_samples(made.write(tmp_path / "s", files))
    assert list(table.frame.columns) == ["SAMPLE_ID", "PATIENT_ID", "SITE", "RESPONSE"]


def test_without_samples_there_is_no_table(tmp_path: Path) -> None:
    files = made.files()
    del files["meta_clinical_sample.txt"]
    with pytest.raises(MissingFileError, match="SAMPLE_ATTRIBUTES"):
        read_study_samples(made.write(tmp_path / "s", files))


def test_a_column_of_both_files_is_one_where_they_agree_and_told_where_not(tmp_path: Path) -> None:
    files = made.files() | {
        "patients.txt": made.clinical("PATIENT_ID\tSEX\tAGE", "P1\tMale\t50", "P2\tFemale\t60", "P4\tMale\t1"),
        "samples.txt": made.clinical("PATIENT_ID\tSAMPLE_ID\tSEX\tAGE", "P1\tS1\tMale\t50", "P2\tS2\tFemale\t61"),
    }
    table, notes = read_study_samples(made.write(tmp_path / "s", files))
    assert list(table.frame.columns) == ["SAMPLE_ID", "PATIENT_ID", "SEX", "AGE", "PATIENT.AGE"]
    assert table.frame["AGE"].tolist() == ["50", "61"]
    assert table.frame["PATIENT.AGE"].tolist() == ["50", "60"]
    assert [n.code for n in notes] == ["", "cbioportal.columns_differ", "cbioportal.idle_patients"]
    assert "differs for 1 samples ('S2')" in notes[1].evidence
    assert notes[2].value == "1"


def test_the_header_is_kept(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    found = read_clinical_file(folder / "samples.txt", required=("SAMPLE_ID",))
    assert found.display[0] == "PATIENT_ID"
    assert found.descriptions[1] == "SAMPLE_ID told"
    assert set(found.datatypes) == {"STRING"}
    assert set(found.priorities) == {"1"}


def _header(n: int) -> str:
    return "".join(f"#{'x' if i != 2 else 'STRING'}\n" for i in range(n))


@pytest.mark.parametrize(
    ("name", "content", "error", "says", "place"),
    [
        ("samples.txt", "PATIENT_ID\tSAMPLE_ID\nP1\tS1\n", FileFormatError, "0 of the first 5 lines", "line 1"),
        ("samples.txt", _header(3) + "SAMPLE_ID\nS1\n", FileFormatError, "3 of the first 5 lines", "line 4"),
        ("samples.txt", _header(5) + "SAMPLE_ID\nS1\n", FileFormatError, "5 of the first 5 lines", "line 6"),
        ("samples.txt", _header(4), FileFormatError, "4 of the first 5", "line 4"),
        ("samples.txt", "\n \n", FileFormatError, "0 of the first 5", "line 1"),
        ("samples.txt", b"", FileFormatError, "0 bytes", "samples.txt"),
        ("samples.txt", b"#\xe9\n", FileFormatError, "not UTF-8", "line 1"),
        ("samples.txt", made.clinical("PATIENT_ID\tSAMPLE_ID"), FileFormatError, "no rows", "samples.txt"),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1", "P2"),
            FileFormatError,
            "line 7 has 1 cells; the row of names has 2",
            "line 7",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1").replace("#1\t1", "#1"),
            FileFormatError,
            "line 4 has 1 cells",
            "line 4",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1").replace("STRING\tSTRING", "STRING\tTEXT"),
            FileFormatError,
            "1 datatypes are not known: 'TEXT'",
            "third row of the header",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID\tA\tA", "P1\tS1\t1\t2"),
            FileFormatError,
            "empty or repeat: 'A'",
            "line 5",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID\t ", "P1\tS1\t1"),
            FileFormatError,
            "empty or repeat",
            "line 5",
        ),
        ("samples.txt", made.clinical("PATIENT_ID\tX", "P1\tS1"), SampleError, "no column SAMPLE_ID", "line 5"),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1", "\tS2"),
            SampleError,
            "1 rows have no PATIENT_ID, at line 7",
            "column 'PATIENT_ID'",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1", "P2\tS1"),
            SampleError,
            r"1 rows repeat a SAMPLE_ID: 'S1 \(lines 6 and 7\)'",
            "column 'SAMPLE_ID'",
        ),
        (
            "patients.txt",
            made.clinical("PATIENT_ID\tA", "P1\t1", "P1\t2", "P2\t1", "P3\t3"),
            SampleError,
            "1 rows repeat a PATIENT_ID",
            "patients.txt, column 'PATIENT_ID'",
        ),
        (
            "samples.txt",
            made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1", "P9\tS2"),
            SampleError,
            "1 samples are of patients that patients.txt does not have: 'P9'",
            "line 7, column 'PATIENT_ID'",
        ),
    ],
)
def test_hostile_tables_are_refused_with_their_place(
    tmp_path: Path, name: str, content: str | bytes, error: type[TmescopeError], says: str, place: str
) -> None:
    folder = made.write(tmp_path / "s", made.files() | {name: content})
    with pytest.raises(error, match=says) as caught:
        read_study_samples(folder)
    assert (caught.value.where or "").endswith(place)
    assert caught.value.expected
    assert caught.value.next_step


def test_several_faults_of_the_identifiers_are_told_at_once(tmp_path: Path) -> None:
    text = made.clinical("PATIENT_ID\tSAMPLE_ID", "P1\tS1", "P9\tS1")
    with pytest.raises(ManyProblems) as caught:
        read_study_samples(made.write(tmp_path / "s", made.files() | {"samples.txt": text}))
    assert len(caught.value.problems) == 2
