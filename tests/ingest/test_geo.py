from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.geo import read_geo_matrix, read_geo_samples
from tmescope.ingest.options import CohortOptions

Write = Callable[[str, str | bytes], Path]

HEAD = (
    '!Series_title\t"Melanoma; ""anti-PD-1"""\n'
    '!Series_platform_id\t"GPL570"\n'
    "\n"
    '!Sample_title\t"P1 pre"\t"P2 pre"\n'
    '!Sample_geo_accession\t"GSM1"\t"GSM2"\n'
    '!Sample_characteristics_ch1\t"age: 61"\t"Sex: F"\n'
    '!Sample_characteristics_ch1\t"Sex: M"\t"response: PD: confirmed"\n'
    '!Sample_characteristics_ch1\t"frozen"\t""\n'
    '!Sample_characteristics_ch1\t"title: other"\t"Sex: female"\n'
    '!Sample_contact_name\t"Jane,,Doe"\t"Jane,,Doe"\n'
    '!Sample_description\t"a"\t"b"\n'
    '!Sample_description\t"c"\t"d"\n'
)
TABLE = (
    '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n'
    '"1007_s_at"\t7.25\t8\n"1053_at"\tnull\t3.5\n!series_matrix_table_end\n'
)
NAME = "GSE1_series_matrix.txt"


def test_the_matrix_lies_between_its_marks(write: Write) -> None:
    raw = read_geo_matrix(write(NAME, HEAD + TABLE))
    assert raw.rows == ("1007_s_at", "1053_at")
    assert raw.columns == ("GSM1", "GSM2")
    np.testing.assert_array_equal(raw.by_column, [[7.25, np.nan], [8, 3.5]])
    told = raw.notes[0]
    assert told.value == "GPL570"
    assert "annotation" in told.evidence


def test_a_field_that_is_called_as_a_column_of_ours_is_numbered(write: Write) -> None:
    table, _ = read_geo_samples(write(NAME, HEAD + '!Sample_sample_id\t"7"\t"8"\n' + TABLE))
    assert table["sample_id"].tolist() == ["GSM1", "GSM2"]
    assert table["sample_id (2)"].tolist() == ["7", "8"]


def test_characteristics_become_columns_wherever_they_stand(write: Write) -> None:
    table, notes = read_geo_samples(write(NAME, HEAD + TABLE))
    assert table.to_dict("list") == {
        "sample_id": ["GSM1", "GSM2"],
        "title": ["P1 pre", "P2 pre"],
        "geo_accession": ["GSM1", "GSM2"],
        "description": ["a", "b"],
        "description (2)": ["c", "d"],
        "age": ["61", ""],
        "Sex": ["M", "F"],
        "characteristics_ch1": ["frozen", ""],
        "characteristics: title": ["other", ""],
        "response": ["", "PD: confirmed"],
        "Sex (2)": ["", "female"],
    }
    assert {n.code: n.value for n in notes} == {"geo.keyless": "1", "geo.repeated": "1"}


def test_gzip_changes_nothing(write: Write) -> None:
    packed = read_geo_matrix(write(f"{NAME}.gz", gzip.compress((HEAD + TABLE).encode())))
    plain = read_geo_matrix(write(NAME, HEAD + TABLE))
    np.testing.assert_array_equal(packed.by_column, plain.by_column)
    assert packed.obs is not None
    assert packed.obs.equals(plain.obs)


def test_one_file_is_a_whole_cohort(write: Write) -> None:
    head = HEAD.replace("age: 61", "patient: 1").replace("response", "patient")
    options = CohortOptions("geo", "log2_array", columns={"patient_id": "patient", "sex": "Sex"})
    cohort = read_cohort(write(NAME, head + TABLE), options=options)
    assert list(cohort.adata.obs_names) == ["GSM1", "GSM2"]
    assert cohort.adata.obs["sex"].tolist() == ["M", "F"]
    assert "geo.platform_ids" in {w.code for w in cohort.warnings}
    assert cohort.counts.loc[0, "n_joined"] == 2


def test_a_series_without_numbers_can_still_be_the_sample_table(write: Write) -> None:
    empty = write(NAME, HEAD + '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n!series_matrix_table_end\n')
    with pytest.raises(ExpressionError, match="the table of 2 samples has no rows") as caught:
        read_geo_matrix(empty)
    assert "supplementary" in (caught.value.next_step or "")
    matrix = write("counts.tsv", "gene\tP1 pre\tP2 pre\nCD8A\t1\t2\nGZMA\t3\t4\n")
    cohort = read_cohort(matrix, empty, options=CohortOptions("geo", "counts", columns={"sample_id": "title"}))
    assert list(cohort.adata.obs_names) == ["P1 pre", "P2 pre"]
    assert "geo.keyless" in {w.code for w in cohort.warnings}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("!series_matrix_table_end\n", "", "ends without the line !series_matrix_table_end"),
        ('"ID_REF"', '"ID"', "header begins 'ID', 'GSM1'"),
        ('"ID_REF"\t"GSM1"', '"ID_REF"\t"GSM9"', "not those above it: 'GSM9'"),
        ('"1053_at"\tnull\t3.5', '"1053_at"\t3.5', "line 16 has 2 cells; the header has 3"),
        ('"P1 pre"\t', "", "!Sample_title has 1 cells for 2 samples"),
        ('"GSM1"\t"GSM2"\n!Sample', '"GSM1"\t"GSM1"\n!Sample', "occur more than once"),
        ("!Series_title", "Series_title", "the line begins 'Series_title"),
        ("!Sample_geo_accession", "!Sample_accession", "2 cells for 0 samples"),
    ],
)
def test_a_damaged_file(write: Write, old: str, new: str, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        read_geo_matrix(write(NAME, (HEAD + TABLE).replace(old, new, 1)))


def test_a_file_without_a_table(write: Write) -> None:
    with pytest.raises(ExpressionError, match="the file has no table"):
        read_geo_matrix(write(NAME, HEAD))


def test_a_cell_that_is_no_number(write: Write) -> None:
    with pytest.raises(ExpressionError, match="7,25") as caught:
        read_geo_matrix(write(NAME, HEAD + TABLE.replace("7.25", '"7,25"')))
    assert "line 15, column 'GSM1'" in (caught.value.where or "")


def test_a_key_that_repeats_very_often_costs_no_more_than_others(write) -> None:
    lines = ['!Sample_geo_accession\t"GSM1"', *['!Sample_characteristics_ch1\t"a: 1"'] * 40_000]
    begun = time.process_time()
    table, _ = read_geo_samples(write("m_series_matrix.txt", "\n".join(lines) + "\n"))
    assert time.process_time() - begun < 10  # searched for anew each time it was a minute
    assert list(table.columns)[-2:] == ["a (39999)", "a (40000)"]
