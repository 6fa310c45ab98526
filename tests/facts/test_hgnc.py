"""The full HGNC table in both of its styles, and what makes it unusable."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tmescope.facts.hgnc import HgncRecord, read_hgnc
from tmescope.foundation.errors import FileFormatError

NEW = "hgnc_id\tsymbol\tname\tstatus\tlocation\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id\tuniprot_ids\n"
ROW = 'HGNC:2500\tCCN2\tname\tApproved\t6q23.2\t"IGFBP8|X"\tCTGF\t1490\tENSG00000118523\tP29279\n'


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_style_of_today(tmp_path: Path) -> None:
    (one,) = read_hgnc(write(tmp_path / "a.txt", NEW + ROW))
    assert one == HgncRecord(
        "CCN2", "HGNC:2500", "1490", "ENSG00000118523", ("P29279",), ("CTGF",), ("IGFBP8", "X"), "Approved", "6q23.2",
        ("name",),
    )  # fmt: skip
    assert one.is_approved


def test_names_and_the_day_of_the_symbol_are_read_where_the_table_has_them(tmp_path: Path) -> None:
    head = NEW.replace("\n", "\talias_name\tprev_name\tdate_symbol_changed\n")
    (one,) = read_hgnc(write(tmp_path / "a.txt", head + ROW.replace("\n", "\tother|more\tformer\t2018-01-19\n")))
    assert one.names == ("name", "other", "more", "former")
    assert one.symbol_since == dt.date(2018, 1, 19)
    for day in ("2018-02-30", "19.01.2018"):
        with pytest.raises(FileFormatError, match="a day such as"):
            read_hgnc(write(tmp_path / "a.txt", head + ROW.replace("\n", f"\t\t\t{day}\n")))


def test_the_real_table_of_2017(shared_data: Path) -> None:
    records = read_hgnc(shared_data / "references/quantiseq/HGNC_genenames_20170418.txt.gz")
    assert len(records) == 42_097
    approved = {record.symbol: record for record in records if record.is_approved}
    assert len(approved) == 40_938
    assert approved["A1BG-AS1"].previous == ("NCRNA00181", "A1BGAS", "A1BG-AS")
    assert approved["A1BG"].uniprot == ("P04217",)
    assert approved["ZYX"].ensembl == "ENSG00000159840"


def test_a_withdrawn_entry_may_have_the_symbol_of_another(tmp_path: Path) -> None:
    withdrawn = ROW.replace("HGNC:2500", "HGNC:9").replace("Approved", "Entry Withdrawn")
    assert [r.is_approved for r in read_hgnc(write(tmp_path / "a.txt", NEW + ROW + withdrawn))] == [True, False]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NEW, "no rows"),
        ("", "the first line is ''"),
        ("<html>\n", "the first line is '<html>'"),
        (NEW + ROW + ROW, "1 x not every HGNC id once: 'HGNC:2500'; 1 x not every approved symbol once: 'CCN2'"),
        (NEW + ROW.replace("HGNC:2500", "2500"), "not an HGNC id such as HGNC:5: line 2: '2500'"),
        (NEW + ROW.replace("\t1490", "\t1490.0"), "not a whole number as NCBI gene id: line 2: '1490.0'"),
        (NEW + ROW.replace("ENSG00000118523", "ENSG01"), "not an Ensembl gene id"),
        (NEW + ROW.replace("\tCCN2", "\t"), "not one symbol: line 2: ''"),
        (NEW + ROW.replace("\tname", ""), "line 2 has 9 cells, the lines above have 10"),
        (NEW.replace("location", "status") + ROW, "columns share a name: status"),
    ],
)
def test_what_is_not_the_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_hgnc(write(tmp_path / "a.txt", text))
    assert says in str(caught.value)
