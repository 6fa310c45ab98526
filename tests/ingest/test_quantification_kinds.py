from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS
from tmescope.ingest.quantification_kinds import find_layout, read_head

Write = Callable[[str, str | bytes], Path]

HEADERS = ("Geneid", "gene_id", "GeneSymbol", "Hugo_Symbol", "Ensembl gene ID", "Unnamed: 0", "#ID", "ID_REF", "symbol")
GENES = ("101", "ENSG00000153563", "IDS", "ID1", "CD8A", "REF", "1.2")


@pytest.mark.parametrize("first", HEADERS)
def test_a_number_may_be_the_name_of_a_sample(write: Write, first: str) -> None:
    layout = find_layout(write("q.txt", f"{first}\t101\nCD4\t5\n"), limits=DEFAULT_LIMITS)
    assert (layout.kind.name, layout.columns, layout.first_line) == ("table", (first, "101"), 2)


@pytest.mark.parametrize("first", GENES)
def test_a_gene_in_the_first_line_is_no_header(write: Write, first: str) -> None:
    layout = find_layout(write("q.txt", f"{first}\t101\nCD4\t5\n"), limits=DEFAULT_LIMITS)
    assert (layout.kind.name, layout.columns, layout.first_line) == ("htseq-count", ("gene", "count"), 1)


def test_no_symbol_or_alias_of_the_hgnc_is_a_header(write: Write, shared_data: Path) -> None:
    path = shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz"
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]
    names = {name for row in rows for cell in (row[2], row[4], row[5]) for name in cell.split("|")}
    starts = ("ACC", "ENS", "ENT", "FEA", "GEN", "HGN", "HUG", "ID", "IND", "LOCUS", "NAM", "NCB", "PROB", "ROW", "SAM",
              "SYM", "TARG", "TRANSC", "UNN")  # fmt: skip
    asked = sorted(n for n in names if n.upper().startswith(starts) and not any(c.isdigit() for c in n))
    assert len(asked) > 10
    for name in asked:
        layout = find_layout(write("q.txt", f"{name}\t101\nCD4\t5\n"), limits=DEFAULT_LIMITS)
        assert layout.kind.name == "htseq-count", name


@pytest.mark.parametrize(
    ("text", "line"),
    [("# made by X\n# on a day\ngene\tS1\nA\t1\n", 4), ("#gene\tS1\nA\t1\n", 2), ("gene\tS1\n#A\t1\n", 2)],
)
def test_lines_above_the_header_are_no_cells(write: Write, text: str, line: int) -> None:
    layout = find_layout(write("q.txt", text), limits=DEFAULT_LIMITS)
    assert (layout.first_line, layout.columns[1]) == (line, "S1")


@pytest.mark.parametrize(
    ("text", "line", "columns"),
    [
        ("# made by x, y\ngene,count\nENSG1,0\n", 3, ("gene", "count")),
        ("# made by x, y, z\ngene,count\nENSG1,0\n", 3, ("gene", "count")),
        ("# a, b\n# c, d\nGeneid,101\nENSG1,0\n", 4, ("Geneid", "101")),
        ("# a, b\n#gene,S1\nENSG1,0\n", 3, ("#gene", "S1")),
        ('# a, b\n"gene","S1"\n"ENSG1",0\n', 3, ("gene", "S1")),
    ],
)
def test_a_comma_in_a_line_above_the_header_makes_it_no_header(
    write: Write, text: str, line: int, columns: tuple[str, ...]
) -> None:
    layout = find_layout(write("q.csv", text), limits=DEFAULT_LIMITS)
    assert (layout.first_line, layout.columns) == (line, columns)


def test_the_head_is_read_once_for_all(write: Write) -> None:
    path = write("q.txt", '# made\n"gene"\t"S1"\nA\t1\nB\t2\n')
    head = read_head(path, "\t", limits=DEFAULT_LIMITS, most=2)
    assert (head.rows, head.line, head.is_quoted) == ((("gene", "S1"), ("A", "1")), 2, True)
    assert read_head(write("e.txt", "# made\n"), "\t", limits=DEFAULT_LIMITS).rows == ()


def test_attributes_of_numbers_are_no_values(write: Write) -> None:
    text = "Geneid\tChr\tStart\tEnd\tStrand\tLength\tgene_version\tS1.bam\nENSG1\t1\t1\t9\t+\t9\t5\tNA\n"
    layout = find_layout(write("q.txt", text), limits=DEFAULT_LIMITS)
    assert (layout.genes, layout.values) == (("Geneid", "gene_version"), ("S1.bam",))


def test_matrices_are_sent_to_where_they_are_read(write: Write) -> None:
    with pytest.raises(FileFormatError, match="'geo_series_matrix', which holds a matrix") as caught:
        find_layout(write("q.txt", '!Series_title\t"a"\n'), limits=DEFAULT_LIMITS)
    assert "format = 'geo_series_matrix'" in (caught.value.next_step or "")
