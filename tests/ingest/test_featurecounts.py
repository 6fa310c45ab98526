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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 160), st.binary(max_size=30))
def test_any_bytes_give_numbers_or_an_error_of_ours(write: Write, at: int, content: bytes) -> None:
    text = (PROGRAM + NAMED).encode()
    try:
        raw = read_featurecounts(write("counts.txt", text[:at] + content + text[at + len(content) :]))
    except InputError:
        return
    assert raw.by_column.shape == (len(raw.columns), len(raw.rows))
