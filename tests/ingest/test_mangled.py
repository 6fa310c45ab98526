from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tmescope.facts.genes import Gene, GeneTable
from tmescope.ingest.mangled import AMBIGUOUS_DATE, DATE, find_mangled, read_date, settle_mangled
from tmescope.ingest.symbols import check_coverage, map_genes


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("1-Mar", ((3, 1),)),
        ("01-Mar", ((3, 1),)),
        ("Mar-01", ((3, 1),)),
        ("2-Sep", ((9, 2),)),
        ("Sep-02", ((9, 2),)),
        ("2-Sept", ((9, 2),)),
        ("1-Mar-10", ((3, 1),)),
        ("5. Mär", ()),
        ("5-Mär", ((3, 5),)),
        ("3-Mrz", ((3, 3),)),
        ("15-SEP", ((9, 15),)),
        ("1-Dec", ((12, 1),)),
        ("2010-03-01", ((3, 1),)),
        ("2010-09-02 00:00:00", ((9, 2),)),
        ("3/1/2010", ((1, 3), (3, 1))),
        ("3/9/2010", ((3, 9), (9, 3))),
        ("14/9/2010", ((9, 14),)),
        ("40238", ((3, 1),)),
        ("40238.0", ((3, 1),)),
        ("'7-Mar", ((3, 7),)),
        ("12345", ()),
        ("99999", ()),
        ("HLA-A", ()),
        ("MARCH1", ()),
        ("SEPT2", ()),
        ("NKX2-1", ()),
        ("H2-K1", ()),
        ("1-Foo", ()),
        ("ENSG00000145416", ()),
        ("", ()),
    ],
)
def test_dates_are_read(name: str, days: tuple[tuple[int, int], ...]) -> None:
    assert read_date(name) == days


def test_serial_dates_are_entrez_ids_among_entrez_ids() -> None:
    assert find_mangled(["40238", "A1BG", "CD8A"])["40238"].candidates == ("MARCHF1", "MTARC1")
    assert find_mangled(["40238", "1", "2", "925"]) == {}
    assert read_date("40238", serials=False) == ()
    assert find_mangled(["40300", "A1BG", "CD8A"]) == {}, "2010-05-02 is no gene"


@pytest.mark.parametrize(
    ("names", "taken", "became"),
    [
        (["2-Sep"], [], {"2-Sep": "SEPTIN2"}),
        (["7-Mar"], [], {"7-Mar": "MARCHF7"}),
        (["15-Sep"], [], {"15-Sep": "SELENOF"}),
        (["1-Mar"], [], {"1-Mar": None}),
        (["2-Mar"], [], {"2-Mar": None}),
        (["1-Mar"], ["MTARC1"], {"1-Mar": None}),
        (["1-Dec"], [], {"1-Dec": None}),
        (["4-Oct"], [], {"4-Oct": None}),
        (["2-Sep"], ["SEPTIN2"], {"2-Sep": None}),
        (["5-Sep"], ["SEPT5"], {"5-Sep": None}),  # a table that does not know SEPT5 leaves it its name
        (["15-Sep"], ["SEP15"], {"15-Sep": None}),
        (["2-Sep", "Sep-02"], [], {"2-Sep": None, "Sep-02": None}),
        (["3/9/2010"], [], {"3/9/2010": None}),
        (["40242"], [], {"40242": "MARCHF5"}),
    ],
)
def test_only_the_one_gene_that_can_be_meant(names: list[str], taken: list[str], became: dict[str, str]) -> None:
    assert settle_mangled(find_mangled(names), taken) == became


def _gene(symbol: str, number: int, previous: tuple[str, ...] = ()) -> Gene:
    return Gene(symbol, f"HGNC:{number}", str(number), f"ENSG{number:011d}", (), previous, (), (), "1")


def test_dates_are_mapped_and_told() -> None:
    table = GeneTable([_gene("MARCHF7", 1, ("MARCH7",)), _gene("CD8A", 2), _gene("SEPTIN2", 3, ("SEPT2",))])
    mapping = map_genes(["7-Mar", "CD8A", "1-Mar", "2-Sep", "SEPT2", "9-Sep"], table, needed=["MARCHF7"])
    assert mapping.gene_symbols == ("MARCHF7", "CD8A", "1-Mar", "2-Sep", "SEPTIN2", "SEPTIN9")
    assert list(mapping.table["reason"]) == [DATE, "approved", AMBIGUOUS_DATE, AMBIGUOUS_DATE, "previous symbol", DATE]
    assert mapping.table["hgnc_id"].fillna("").tolist() == ["HGNC:1", "HGNC:2", "", "", "HGNC:3", ""]
    assert not mapping.missing
    _, warnings = check_coverage(mapping, declared="symbol", max_unmapped=0.2, where="f", cohort_id="c")
    (warning,) = warnings
    assert (warning.code, warning.count) == ("genes.spreadsheet_dates", 4)
    assert warning.examples == ("7-Mar = MARCHF7", "1-Mar", "2-Sep")
    assert "2 can mean one gene only" in warning.message


def test_how_many_names_a_table_knows_does_not_change_what_is_a_date() -> None:
    known = [f"G{i}" for i in range(100)]
    serials = ["40242", "40243", "40244"]
    small, large = (GeneTable([_gene(n, i) for i, n in enumerate(names, 1)]) for names in (known[:1], known))
    for table in (small, large):
        assert map_genes([*known, *serials], table).gene_symbols[100:] == ("MARCHF5", "MARCHF6", "MARCHF7")
    many = [*known, *serials, "1", "2", "3", "4"]  # more than 5% are numbers
    for table in (small, large):
        assert map_genes(many, table).gene_symbols == tuple(many)


def test_other_identifiers_and_unmapped_matrices_keep_their_names() -> None:
    table = GeneTable([_gene("MARCHF7", 1)])
    assert map_genes(["7-Mar"], None).gene_symbols == ("7-Mar",)
    assert map_genes(["40244"], table, kind="entrez").gene_symbols == ("40244",)


def test_every_gene_of_the_rule_is_the_one_that_had_the_name(shared_data: Path) -> None:
    path = shared_data / "targets" / "gene_ids" / "Homo_sapiens.protein_coding.with_hgnc.tsv"
    known = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).set_index("gene_symbol")["synonyms"]
    old_of = {"MARCHF": "MARCH", "MTARC": "MARC", "SEPTIN": "SEPT"}
    n_checked = 0
    for month, days in (("Mar", range(1, 12)), ("Sep", range(1, 16))):
        for day in days:
            for symbol in find_mangled([f"{day}-{month}"])[f"{day}-{month}"].candidates:
                stem = symbol.rstrip("0123456789")
                old = f"{old_of[stem]}{day}" if stem in old_of else f"SEP{day}"
                assert old in known[symbol].split("|"), (symbol, old)
                n_checked += 1
    assert n_checked == 11 + 2 + 13 + 1
    # and no protein-coding gene of these families is left out
    families = {g for g in known.index if g.startswith(tuple(old_of)) and g[-1].isdigit() and g != "SEPTIN7P2"}
    listed = {
        c for m in ("Mar", "Sep") for d in range(1, 16) for c in find_mangled([f"{d}-{m}"])[f"{d}-{m}"].candidates
    }
    assert families <= listed
