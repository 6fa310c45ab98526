from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.facts import raw_sets
from tmescope.facts.raw_sets import read_gmt, read_set_table
from tmescope.foundation.errors import FileFormatError

HEAD = "set,gene_symbol,weight,direction\n"


def _gmt(tmp_path: Path, text: str) -> Path:
    (tmp_path / "s.gmt").write_text(text, encoding="utf-8")
    return tmp_path / "s.gmt"


def test_gmt_with_empty_cells_at_the_end_and_repeated_genes(tmp_path: Path) -> None:
    one, two = read_gmt(_gmt(tmp_path, "A\thttp://x\tCD8A\tGZMA\t\t\t\r\n\nB\t\tGZMA\tCD8A\tGZMA\n"))
    assert (one.name, one.description, list(one.genes), one.repeated) == ("A", "http://x", ["CD8A", "GZMA"], [])
    assert (two.name, two.description, list(two.genes), two.repeated) == ("B", "", ["GZMA", "CD8A"], ["GZMA"])
    assert two.where == "s.gmt, line 3"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("C\tdescription", "2 cells between tabs"),
        ("C CD8A GZMA", "1 cells between tabs"),
        ("C\td\tCD8A\t\tGZMA", "cell 4 of the set 'C' is empty"),
        ("=C\td\tCD8A", "start a formula"),
        ("\td\tCD8A", "the name is empty"),
        ("C\td\tCD8A,1.0", "'CD8A,1.0' is a gene with a number in the set 'C'"),
        ("C\td\tCD8A /// CD8B", "no gene symbol"),
    ],
)
def test_a_line_that_is_no_set_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        list(read_gmt(_gmt(tmp_path, f"A\td\tCD8A\n{line}\n")))
    assert says in caught.value.what
    assert caught.value.where == "s.gmt, line 2"


@pytest.mark.parametrize("again", [False, True])
def test_a_list_longer_than_a_signature_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    monkeypatch.setattr(raw_sets, "MOST_GENES", 3)
    known = "A\td\tG1\tG2\tG3\nB\td\tG4\tG5\n" if again else "A\td\tG1\n"
    with pytest.raises(FileFormatError, match="more than 3 genes"):
        list(read_gmt(_gmt(tmp_path, f"{known}C\td\tG1\tG2\tG3\tG4\n")))


def test_more_sets_than_a_collection_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_sets, "MOST_SETS", 2)
    text = "".join(f"S{i}\td\tCD8A\n" for i in range(3))
    with pytest.raises(FileFormatError, match="more than 2 sets"):
        list(read_gmt(_gmt(tmp_path, text)))
    (tmp_path / "s.csv").write_text("set,gene_symbol\n" + "".join(f"S{i},CD8A\n" for i in range(3)))
    with pytest.raises(FileFormatError, match="more than 2 sets"):
        list(read_set_table(tmp_path / "s.csv", ","))


def _table(tmp_path: Path, rows: str, head: str = HEAD) -> Path:
    (tmp_path / "s.csv").write_text(head + rows, encoding="utf-8")
    return tmp_path / "s.csv"


def test_rows_of_a_table_in_any_order_with_weights_directions_or_neither(tmp_path: Path) -> None:
    rows = 'A,CD8A,1.5,\n"B, long",GZMA,,up\nA,PRF1,-2,down\n"B, long",PRF1,,down\nC,CD4,,\nC,CD4,,\n'
    a, b, c = read_set_table(_table(tmp_path, rows), ",")
    assert (a.genes, a.directed) == ({"CD8A": 1.5, "PRF1": -2.0}, False)
    assert (b.name, b.genes, b.directed) == ("B, long", {"GZMA": 1.0, "PRF1": -1.0}, True)
    assert (c.genes, c.repeated, c.where) == ({"CD4": None}, ["CD4"], "s.csv, line 6")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("A,GZMA", "2 cells"),
        ("A,GZMA,1,up,x", "5 cells"),
        ("A,GZMA,x,", "the weight of GZMA is 'x'"),
        ("A,GZMA,nan,", "the weight of GZMA is 'nan'"),
        ("A,GZMA,1e999,", "the weight of GZMA is '1e999'"),
        ("A,GZMA,,sideways", "the direction is 'sideways'"),
        ("A,GZMA,2,down", "contradict each other"),
        ("A,GZMA,,", "GZMA has no weight or direction; others of 'A' have one"),
        ("A,CD8A,2,", "CD8A stands in 'A' twice, with 1.0 and 2.0"),
        (",CD8A,2,", "the name is empty"),
        ("A,,2,", "no gene symbol"),
        ('A,"CD8A,2,', "the line is not CSV"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        list(read_set_table(_table(tmp_path, f"A,CD8A,1,\n{row}\n"), ","))
    assert says in caught.value.what
    assert caught.value.where == "s.csv, line 3"


@pytest.mark.parametrize(
    ("head", "step"),
    [
        ("set,gene_symbols\n", "did you mean 'gene_symbol'?"),
        ("set\tgene_symbol\n", "stand between commas"),
        ("set,set,gene_symbol\n", "rename or remove"),
        ("set\n", "cells of this file stand between commas"),
        ("", "rename or remove"),
    ],
)
def test_a_head_that_is_none(tmp_path: Path, head: str, step: str) -> None:
    with pytest.raises(FileFormatError, match="the columns are") as caught:
        list(read_set_table(_table(tmp_path, "A,CD8A\n" if head else "", head), ","))
    assert caught.value.where == "s.csv, line 1"
    assert step in str(caught.value.next_step)
