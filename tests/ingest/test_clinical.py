from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError, SampleError, UnknownNameError
from tmescope.ingest.clinical import SampleTable, name_columns, read_samples
from tmescope.ingest.number_styles import NumberStyle

Write = Callable[[str, str | bytes], Path]
Build = Callable[..., SampleTable]

cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(cells.filter(len), cells, cells), min_size=1, max_size=5), packed=st.booleans())
def test_text_comes_back_as_it_was_written(tmp_path: Path, rows: list[tuple[str, str, str]], packed: bool) -> None:
    frame = pd.DataFrame(rows, columns=["sample_id", "b", "c"], dtype=object)
    path = tmp_path / ("s.csv.gz" if packed else "s.csv")
    text = frame.to_csv(index=False, quoting=1).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    table = read_samples(path)
    assert table.frame.to_numpy().tolist() == [list(row) for row in rows]
    assert table.lines == tuple(range(2, len(rows) + 2))


def test_nothing_is_converted(write: Write) -> None:
    table = read_samples(write("s.tsv", "sample_id\tn\n007\t1e5\nNA\tTRUE\n1.0\t\n"))
    assert table.frame["sample_id"].tolist() == ["007", "NA", "1.0"]
    assert table.frame["n"].tolist() == ["1e5", "TRUE", ""]


def test_parquet_is_text_too(tmp_path: Path) -> None:
    pd.DataFrame({"sample_id": ["01", "02"], "n": [3, 4]}).to_parquet(tmp_path / "s.parquet")
    table = read_samples(tmp_path / "s.parquet")
    assert table.frame.to_numpy().tolist() == [["01", "3"], ["02", "4"]]


@pytest.mark.parametrize("text", ["\ta\nS1\tx\n", "a\nS1\tx\n", "\ufeff\ta\r\nS1\tx\r\n\r\n"])
def test_a_first_column_without_a_name_is_called_index(write: Write, text: str) -> None:
    frame = read_samples(write("s.tsv", text)).frame
    assert frame.to_dict("list") == {"index": ["S1"], "a": ["x"]}


def test_lines_are_those_of_the_file(write: Write) -> None:
    table = read_samples(write("s.csv", 'sample_id,note\nS1,"two\nlines"\n\nS2,x\n'))
    assert table.lines == (3, 5)
    assert table.frame["note"].tolist() == ["two\nlines", "x"]


@pytest.mark.parametrize(
    ("name", "content", "says", "place"),
    [
        ("s.tsv", "a\tb\n1\t2\n3\n", "line 3 has 1 cells; the header has 2", "line 3"),
        ("s.tsv", "a\tb\n", "header of 2 columns and no rows", "s.tsv"),
        ("s.csv", "a;b\n1;2\n", "one column only: 'a;b'", "line 1"),
        ("s.tsv", b"a\tb\n\xff\t1\n", "0xff is not UTF-8", "line 2"),
        ("s.tsv", b"a\tb\nx\0\t1\n", "NUL", "line 2"),
        ("s.tsv", 'a\tb\n"1\t2\n3\t4\n', "cannot be parsed", "line 3"),
        ("s.tsv", "a\tb\n" + "x" * 200_000 + "\t1\n", "cannot be parsed", "line 2"),
        ("s.tsv", "a\t\tb\n1\t2\t3\n", "1 columns have no name, at position 2", "line 1"),
        ("s.tsv", "<html><body>", "a web page", "s.tsv"),
    ],
)
def test_broken_tables_are_refused_with_their_place(
    write: Write, name: str, content: str | bytes, says: str, place: str
) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        read_samples(write(name, content))
    assert (caught.value.where or "").endswith(place)


def test_an_h5ad_file_is_no_sample_table(write: Write) -> None:
    with pytest.raises(FileFormatError, match="cannot be an h5ad"):
        read_samples(write("s.h5ad", b"\x89HDF\r\n\x1a\n"))


def test_columns_are_found_by_name_or_by_mapping(table: Build) -> None:
    read = table({"Sample": ["a", "b"], "sex": ["F", "NA"], "Age": ["50", "nan"], "timepoint": ["pre", ""]})
    named, problems = name_columns(read, {"sample_id": "Sample", "age_years": "Age"})
    assert problems == []
    assert list(named.columns) == ["sample_id", "timepoint", "sex", "age_years"]
    assert named["sex"].isna().tolist() == [False, True]
    assert named["timepoint"].isna().tolist() == [False, True]
    np.testing.assert_array_equal(named["age_years"], [50, np.nan])


def test_ages_are_numbers_of_the_table_and_identifiers_are_not(table: Build) -> None:
    read = replace(table({"sample_id": ["1,5", "2,5"], "age_years": ["61,5", "NA"]}), style=NumberStyle(","))
    named, problems = name_columns(read, {})
    assert problems == []
    assert named["sample_id"].tolist() == ["1,5", "2,5"]
    np.testing.assert_array_equal(named["age_years"], [61.5, np.nan])
    doubt = NumberStyle(step="declare it", doubtful=",")
    unsure = replace(table({"sample_id": ["1,234"], "age_years": ["1,234"]}), style=doubt)
    named, problems = name_columns(unsure, {})
    assert [p.next_step for p in problems] == ["declare it"]
    assert list(named) == ["sample_id"]
    other = replace(table({"sample_id": ["a"], "age_years": ["61,5"]}), style=NumberStyle(step="declare it"))
    assert [p.next_step for p in name_columns(other, {})[1]] == ["declare it"]


def test_identifiers_of_samples_are_never_missing_words_and_those_of_patients_are(table: Build) -> None:
    read = table({"sample_id": ["NA", "007", "b", "c"], "patient_id": ["nan", "1", " n/a", "P2 "]})
    named, problems = name_columns(read, {})
    assert problems == []
    assert named["sample_id"].tolist() == ["NA", "007", "b", "c"]
    assert named["patient_id"].tolist() == ["", "1", "", "P2 "]


def test_spaces_around_words_do_not_count(table: Build) -> None:
    named, _ = name_columns(
        table({"sample_id": ["a", "b"], "timepoint": ["pre ", " NA "], "age_years": ["5 ", " NA"]}), {}
    )
    assert named["timepoint"].fillna("-").tolist() == ["pre", "-"]
    np.testing.assert_array_equal(named["age_years"], [5, np.nan])


def test_an_unknown_column_gets_a_suggestion(table: Build) -> None:
    _, problems = name_columns(table({"sample_id": ["a"], "treatment_arm": ["x"]}), {"treatment": "treatment_amr"})
    (problem,) = problems
    assert isinstance(problem, UnknownNameError)
    assert "'treatment_amr'" in problem.what
    assert problem.next_step == "did you mean 'treatment_arm'?"
    assert problem.where == "samples.tsv, columns.treatment"


def test_an_unknown_name_of_ours_gets_a_suggestion(table: Build) -> None:
    _, (problem,) = name_columns(table({"sample_id": ["a"]}), {"patient": "sample_id"})
    assert isinstance(problem, UnknownNameError)
    assert problem.next_step == "did you mean 'patient_id'?"


def test_several_faults_are_found_at_once(table: Build) -> None:
    read = table({"id": ["a", "b", "a", " "], "age_years": ["50", ">89", "x", "x"]})
    _, problems = name_columns(read, {"sample_id": "id", "sex": "gender"})
    assert [type(p) for p in problems] == [UnknownNameError, SampleError, SampleError, SampleError]
    texts = [str(p) for p in problems]
    assert "1 rows have no sample identifier, at line 5" in texts[1]
    assert "1 sample identifiers occur more than once: 'a'" in texts[2]
    assert "3 ages are not numbers: 'x (2x)', '>89 (1x)'" in texts[3]
    assert "column 'age_years', line 3" in texts[3]


def test_no_sample_identifier(table: Build) -> None:
    _, (problem,) = name_columns(table({"sample": ["a"], "x": ["b"]}), {})
    assert isinstance(problem, SampleError)
    assert "'sample', 'x'" in (problem.expected or "")


def test_a_column_that_stands_twice_is_refused_only_where_it_is_used(write: Write) -> None:
    table = read_samples(write("s.tsv", "sample_id\tx\tx\na\t1\t2\n"))
    assert table.duplicated == ("x",)
    assert name_columns(table, {})[1] == []
    with pytest.raises(SampleError, match="'x' occurs more than once") as caught:
        table.column("x", role="feature 'x'")
    assert (caught.value.where or "").endswith("s.tsv, feature 'x'")
