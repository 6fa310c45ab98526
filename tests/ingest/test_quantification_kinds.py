from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS
from tmescope.ingest.quantification_kinds import find_layout

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


def test_matrices_are_sent_to_where_they_are_read(write: Write) -> None:
    with pytest.raises(FileFormatError, match="'geo_series_matrix', which holds a matrix") as caught:
        find_layout(write("q.txt", '!Series_title\t"a"\n'), limits=DEFAULT_LIMITS)
    assert "format = 'geo_series_matrix'" in (caught.value.next_step or "")
