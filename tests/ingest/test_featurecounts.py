from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import ExpressionError, FileFormatError, InputError, UnknownNameError
from tmescope.ingest.expression import read_matrix
from tmescope.ingest.featurecounts import is_featurecounts, read_featurecounts
from tmescope.ingest.gene_lengths import read_gene_lengths
from tmescope.ingest.options import Dialect

Write = Callable[[str, str | bytes], Path]

PROGRAM = '# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "genes.gtf"\n'
PLAIN = (
    "Geneid\tChr\tStart\tEnd\tStrand\tLength\tS1.bam\tS2.bam\n"
    "ENSG01\t1;1\t1;5\t2;9\t+;+\t7\t3\t4\nENSG02\t1\t1\t9\t-\t9\t0\t5\n"
)
NAMED = PLAIN.replace("Length", "Length\tgene_name").replace("7\t3", "7\tCD8A\t3").replace("9\t0", "9\t\t0")


@pytest.mark.parametrize("program", [PROGRAM, ""])
def test_the_columns_of_samples_are_the_matrix(write: Write, program: str) -> None:
    raw = read_featurecounts(write("counts.txt", program + PLAIN))
    assert (raw.rows, raw.columns) == (("ENSG01", "ENSG02"), ("S1.bam", "S2.bam"))
    assert raw.by_column.tolist() == [[3, 0], [4, 5]]
    assert [n.evidence for n in raw.notes] == [
        "the columns Chr, Start, End, Strand, Length of featureCounts are no samples and were left out"
    ]


def test_an_attribute_may_name_the_genes(write: Write) -> None:
    path = write("counts.txt", PROGRAM + NAMED)
    assert read_featurecounts(path).rows == ("ENSG01", "ENSG02")
    raw = read_featurecounts(path, gene_column="gene_name")
    assert (raw.rows, raw.columns) == (("CD8A", "ENSG02"), ("S1.bam", "S2.bam"))
    assert [n.code for n in raw.notes] == ["", "genes.column", "genes.unnamed"]
    with pytest.raises(UnknownNameError, match="'symbol'"):
        read_featurecounts(path, gene_column="symbol")


def test_the_header_says_the_format(write: Write) -> None:
    packed = gzip.compress((PROGRAM + NAMED).encode(), mtime=0)
    for path in (write("a.txt", PROGRAM + NAMED), write("b.tsv.gz", packed), write("c.txt", NAMED)):
        assert is_featurecounts(path)
        assert read_matrix(path, gene_column="gene_name").rows == ("CD8A", "ENSG02")
        assert read_matrix(path, "tsv").columns == ("S1.bam", "S2.bam")
        with pytest.raises(ExpressionError, match="has no layers"):
            read_matrix(path, layer="X")
    for text in ("", "#\n", "gene\tS1\nA\t1\n", "a\0b"):
        assert not is_featurecounts(write("d.txt", text))


def test_its_lengths_are_read_as_before(write: Write) -> None:
    lengths = read_gene_lengths(write("counts.txt", PROGRAM + PLAIN))
    assert lengths.lengths == {"ENSG01": 7, "ENSG02": 9}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("gene\tS1\nA\t1\n", FileFormatError, "the header begins 'gene', 'S1'"),
        (PROGRAM, FileFormatError, "the header begins"),
        (PROGRAM + PLAIN.splitlines()[0].partition("\tS1")[0] + "\n", FileFormatError, "the header begins"),
        (PROGRAM + PLAIN.splitlines()[0] + "\n", FileFormatError, "a header and no rows"),
        (PROGRAM + PLAIN + "ENSG03\t1\n", FileFormatError, "line 5 has 2 cells; the header has 8"),
        (PROGRAM + PLAIN.replace("\t5\n", "\tx\n"), ExpressionError, "1 cells are not numbers: 'x'"),
    ],
)
def test_what_is_refused(write: Write, text: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read_featurecounts(write("counts.txt", text))


@pytest.mark.parametrize("cell", ["NA", "", "nan"])
def test_a_sample_without_a_first_value_stays(write: Write, cell: str) -> None:
    raw = read_matrix(write("counts.txt", PROGRAM + PLAIN.replace("7\t3\t", f"7\t{cell}\t")))
    assert raw.columns == ("S1.bam", "S2.bam")


def test_a_sample_with_a_decimal_comma_is_told_not_left_out(write: Write) -> None:
    with pytest.raises(ExpressionError, match="1 cells are not numbers: '3,5'") as caught:
        read_matrix(write("counts.txt", PROGRAM + PLAIN.replace("7\t3\t", "7\t3,5\t")))
    assert "column 'S1.bam'" in (caught.value.where or "")


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("gene_name\tgene_version", "CD8A\t5"),
        ("gene_version\tgene_name", "5\tCD8A"),
        ("level", "2"),
        ("ENTREZID", "925"),
    ],
)
@pytest.mark.parametrize("ending", [".bam", ""])
def test_attributes_that_are_numbers_are_no_samples(write: Write, names: str, cells: str, ending: str) -> None:
    text = PLAIN.replace("Length", f"Length\t{names}").replace("7\t3", f"7\t{cells}\t3")
    text = text.replace("9\t0", f"9\t{cells}\t0").replace(".bam", ending)
    raw = read_matrix(write("counts.txt", PROGRAM + text))
    assert raw.columns == (f"S1{ending}", f"S2{ending}")
    told = raw.notes[0]
    n_attributes = names.count("\t") + 1
    assert told.value == str(5 + n_attributes)
    assert f"so were attributes of the genes: {n_attributes}, " in told.evidence
    assert [n.value for n in raw.notes if n.check == "columns taken as samples"] == ([] if ending else ["2"])


def test_columns_in_doubt_are_refused_and_odd_names_told(write: Write) -> None:
    with pytest.raises(FileFormatError, match=r"1 columns of featureCounts may be samples or attributes .*: 'S1'"):
        read_matrix(write("counts.txt", PROGRAM + PLAIN.replace("S1.bam", "S1")))
    raw = read_matrix(write("counts.txt", PROGRAM + PLAIN.replace("S2.bam", "S2")))
    assert raw.columns == ("S1.bam", "S2")
    assert raw.notes[-1].code == "samples.other_names"
    assert raw.notes[-1].evidence == "1 of 2 columns taken as samples do not end with .bam: 'S2'"


def _quote(text: str) -> str:
    rows = [line.split("\t") for line in text.splitlines()]
    return "\n".join("\t".join(f'"{c}"' for c in row) for row in rows) + "\n"


@pytest.mark.parametrize("text", [_quote(NAMED), PROGRAM + _quote(NAMED), "# made by x\n" + PROGRAM + NAMED])
def test_marks_around_cells_and_lines_above_do_no_harm(write: Write, text: str) -> None:
    raw = read_matrix(write("counts.tsv", text), gene_column="gene_name")
    assert (raw.rows, raw.columns) == (("CD8A", "ENSG02"), ("S1.bam", "S2.bam"))
    assert raw.by_column.tolist() == [[3, 0], [4, 5]]


def test_tabs_are_tabs_whatever_the_ending_says(write: Write) -> None:
    assert read_matrix(write("counts.csv", PROGRAM + PLAIN)).columns == ("S1.bam", "S2.bam")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", PLAIN.replace("\t", ",").encode(), "separated by commas"),
        ("a.csv", (PROGRAM + _quote(PLAIN).replace("\t", ",")).encode(), "separated by commas"),
        ("a.txt", PLAIN.replace(";", "").replace("\t", ";").encode(), "separated by semicolons"),
        ("a.txt", (PROGRAM + PLAIN).encode("utf-16"), "not in UTF-8"),
        ("a.txt", (PROGRAM + PLAIN).replace("S1", "S\u00e4").encode("cp1252"), "not in UTF-8"),
    ],
)
def test_what_is_not_as_featurecounts_writes_is_called_so(write: Write, name: str, content: bytes, says: str) -> None:
    with pytest.raises(FileFormatError, match=f"the table of featureCounts is {says}"):
        read_matrix(write(name, content))


def test_a_dialect_is_not_ignored(write: Write) -> None:
    path = write("counts.txt", PROGRAM + PLAIN)
    with pytest.raises(FileFormatError, match=r"a dialect is declared \(decimal\) for a table of featureCounts"):
        read_matrix(path, dialect=Dialect(decimal=","))
    fits = Dialect(delimiter="\t", decimal=".", encoding="UTF-8", comment="#")
    assert read_matrix(path, dialect=fits).columns == ("S1.bam", "S2.bam")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 160), st.binary(max_size=30))
def test_any_bytes_give_numbers_or_an_error_of_ours(write: Write, at: int, content: bytes) -> None:
    text = (PROGRAM + NAMED).encode()
    try:
        raw = read_featurecounts(write("counts.txt", text[:at] + content + text[at + len(content) :]))
    except InputError:
        return
    assert raw.by_column.shape == (len(raw.columns), len(raw.rows))
