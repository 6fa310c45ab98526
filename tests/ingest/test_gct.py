from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import ExpressionError, FileFormatError, UnknownNameError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.expression import read_expression
from tmescope.ingest.gct import read_gct
from tmescope.ingest.options import CohortOptions

Write = Callable[[str, str | bytes], Path]

V12 = "#1.2\n2\t3\nName\tDescription\tS1\tS2\tS3\nENSG1.1\tCD8A\t1.5\t0\tna\nENSG2.4\tna\t2\t3e2\t-4\n"
V13 = (
    "#1.3\n2\t2\t2\t2\n"
    "id\tsymbol\tchr\tS1\tS2\n"
    "sex\tna\tna\tF\tM\n"
    "age\tna\tna\t61\t007\n"
    '1007_s_at\tDDR1\t"6"\t1\t2\n'
    "1053_at\tRFC2\t7\t3\t\n"
)


def test_version_1_2(write: Write) -> None:
    raw = read_gct(write("a.gct", V12))
    assert raw.rows == ("ENSG1.1", "ENSG2.4")
    assert raw.columns == ("S1", "S2", "S3")
    np.testing.assert_array_equal(raw.by_column, [[1.5, 2], [0, 300], [np.nan, -4]])
    assert raw.obs is None
    assert [n.code for n in raw.notes] == ["genes.column"]
    assert "'Description'" in raw.notes[0].evidence or "Description" in raw.notes[0].evidence


def test_the_description_may_name_the_genes_and_a_row_without_one_keeps_its_name(write: Write) -> None:
    raw = read_gct(write("a.gct", V12), gene_column="Description")
    assert raw.rows == ("CD8A", "ENSG2.4")
    assert [n.code for n in raw.notes] == ["genes.column", "genes.unnamed"]
    assert raw.notes[1].evidence.startswith("1 of 2 rows")


def test_version_1_3_has_a_sample_table(write: Write) -> None:
    raw = read_gct(write("a.gct", V13))
    assert raw.rows == ("1007_s_at", "1053_at")
    assert raw.obs is not None
    assert raw.obs.to_dict("list") == {"sample_id": ["S1", "S2"], "sex": ["F", "M"], "age": ["61", "007"]}
    np.testing.assert_array_equal(raw.by_column, [[1, 3], [2, np.nan]])
    assert read_gct(write("b.gct", V13), gene_column="symbol").rows == ("DDR1", "RFC2")


def test_gzip_and_windows_line_ends_change_nothing(write: Write) -> None:
    plain = read_gct(write("a.gct", V13))
    packed = read_gct(write("a.gct.gz", gzip.compress(V13.replace("\n", "\r\n").encode())))
    assert packed.rows == plain.rows
    np.testing.assert_array_equal(packed.by_column, plain.by_column)
    assert packed.obs is not None
    assert packed.obs.equals(plain.obs)


def test_read_as_an_expression_table(write: Write) -> None:
    table = read_expression(write("a.gct", V13), gene_column="symbol")
    assert table.sample_ids == ("S1", "S2")
    assert table.gene_ids == ("DDR1", "RFC2")
    assert table.obs is not None
    turned = read_expression(write("a.gct", V13), orientation="samples_by_genes")
    assert turned.sample_ids == ("1007_s_at", "1053_at")
    assert turned.obs is None


@pytest.mark.parametrize(
    ("old", "new", "says", "place"),
    [
        ("#1.2", "#1.1", "'#1.1'", "line 1"),
        ("2\t3\n", "2\tx\n", r"the sizes are '2\\tx'", "line 2"),
        ("2\t3\n", "2\t3\t0\t0\n", "the sizes are", "line 2"),
        ("2\t3\n", "3\t3\n", "line 2 says 3 rows; there are 2", "line 2"),
        ("2\t3\n", "2\t4\n", "line 2 says 4 samples; there are 3", "line 2"),
        ("2\t3\n", "99999999999\t3\n", "the sizes are", "line 2"),
        ("Name\tDesc", "Id\tDesc", "the header begins 'Id', 'Description'", "line 3"),
        ("3e2\t-4", "3e2", "line 5 has 4 cells; the header has 5", "line 5"),
    ],
)
def test_a_file_that_is_not_as_its_head_says(write: Write, old: str, new: str, says: str, place: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        read_gct(write("a.gct", V12.replace(old, new)))
    assert place in (caught.value.where or "")


def test_annotations_of_another_length(write: Write) -> None:
    with pytest.raises(FileFormatError, match="'age' has 4 cells") as caught:
        read_gct(write("a.gct", V13.replace("age\tna\tna\t61\t007", "age\tna\tna\t61")))
    assert "line 5" in (caught.value.where or "")
    with pytest.raises(FileFormatError, match="'sex' stands there twice"):
        read_gct(write("a.gct", V13.replace("age\t", "sex\t")))
    with pytest.raises(FileFormatError, match="do not differ"):
        read_gct(write("a.gct", V13.replace("symbol\tchr", "chr\tchr")))


def test_text_among_the_numbers(write: Write) -> None:
    with pytest.raises(ExpressionError, match="1 cells are not numbers: '3,5'") as caught:
        read_gct(write("a.gct", V12.replace("3e2", "3,5")))
    assert "line 5, column 'S2'" in (caught.value.where or "")


def test_an_unknown_column_of_names(write: Write) -> None:
    with pytest.raises(UnknownNameError, match="'Descripton'") as caught:
        read_gct(write("a.gct", V12), gene_column="Descripton")
    assert "Description" in str(caught.value)


def test_a_file_without_rows(write: Write) -> None:
    with pytest.raises(FileFormatError):
        read_gct(write("a.gct", V12[: V12.index("ENSG1")]))


@pytest.mark.parametrize(("column", "kind"), [("Description", "symbol"), ("Name", "ensembl")])
def test_whichever_column_names_the_genes_the_copy_on_y_is_not_added(write: Write, column: str, kind: str) -> None:
    pair = "ENSG00000002586.20\tCD99\t100\t7\nENSG00000002586.20_PAR_Y\tCD99\t100\t7\n"
    path = write("gtex.gct", f"#1.2\n3\t2\nName\tDescription\ta\tb\n{pair}ENSG00000145649.8\tGZMA\t5\t6\n")
    options = CohortOptions("a", "tpm", gene_column=column, identifiers=kind)  # type: ignore[arg-type]
    cohort = read_cohort(path, options=options)
    assert cohort.adata[:, "CD99"].X.ravel().tolist() == [100.0, 7.0]
    assert "genes.y_copies" in {w.code for w in cohort.warnings}
