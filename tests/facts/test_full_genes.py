"""All human genes: names that mean one gene, whatever the age of the table, and never two results alike."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.facts.full_genes import complete_genes, find_gene_table, load_full_genes
from tmescope.facts.genes import KINDS, GeneTable, Kind, load_genes
from tmescope.facts.hgnc import HgncRecord
from tmescope.facts.installed import install
from tmescope.foundation.errors import FactsError


def record(
    symbol: str,
    number: int,
    *,
    previous: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    uniprot: tuple[str, ...] = (),
    status: str = "Approved",
) -> HgncRecord:
    return HgncRecord(
        symbol, f"HGNC:{number}", str(number), f"ENSG{number:011d}", uniprot, previous, aliases, status, ""
    )


RECORDS = (
    record("ONE", 9000001, previous=("UNO", "SHARED"), aliases=("EIN", "BOTH", "TWO"), uniprot=("P00001", "P00009")),
    record("TWO", 9000002, previous=("DUE", "SHARED"), aliases=("ZWEI", "BOTH", "UNO"), uniprot=("P00002", "P00009")),
    record("THREE", 9000003, aliases=("CD8A",)),
    record("CTGF", 2500, previous=("OLD-CTGF",), aliases=("IGFBP8-2",), uniprot=("P29279",)),  # CCN2 in the facts
    record("CD8A", 9000004),  # the facts know another gene by this symbol
    record("GONE", 9000005, aliases=("LEFT",), status="Entry Withdrawn"),
)
TABLE = complete_genes(load_genes(), RECORDS, sha256="x", source="hgnc test")


def one(name: str, kind: Kind = "symbol") -> tuple[str, str]:
    (found,) = TABLE.resolve([name], kind)
    return found.gene_symbol, found.reason


@pytest.mark.parametrize(
    ("name", "symbol", "reason"),
    [
        ("ONE", "ONE", "approved"),
        ("TWO", "TWO", "approved"),  # also an alias of ONE
        ("UNO", "ONE", "previous symbol"),  # also an alias of TWO
        ("ZWEI", "TWO", "alias"),
        ("BOTH", "BOTH", "ambiguous"),
        ("SHARED", "SHARED", "ambiguous"),
        ("CTGF", "CCN2", "previous symbol"),
        ("OLD-CTGF", "CCN2", "previous symbol"),
        ("IGFBP8-2", "CCN2", "alias"),
        ("CCN2", "CCN2", "approved"),
        ("CD8A", "CD8A", "approved"),
        ("GONE", "GONE", "unchanged"),
        ("LEFT", "LEFT", "unchanged"),
        ("ALK1", "ALK1", "ambiguous"),  # as the facts have it
    ],
)
def test_a_name_means_one_gene_or_none(name: str, symbol: str, reason: str) -> None:
    assert one(name) == (symbol, reason)


def test_a_symbol_that_was_passed_on_means_the_gene_of_the_facts() -> None:
    assert TABLE.get("CD8A").hgnc_id == load_genes().get("CD8A").hgnc_id
    assert "HGNC:9000004" not in {gene.hgnc_id for gene in TABLE}


def test_ids_are_completed_and_shared_ones_are_ambiguous() -> None:
    assert one("P29279", "uniprot") == ("CCN2", "uniprot")
    assert one("sp|P29279-2|CCN2_HUMAN", "uniprot") == ("CCN2", "uniprot")
    assert one("P00009", "uniprot") == ("P00009", "ambiguous")
    assert one("P00009-3", "uniprot") == ("P00009-3", "ambiguous")
    assert one("P00001", "uniprot") == ("ONE", "uniprot")
    assert one("ENSG00009000001.4", "ensembl") == ("ONE", "ensembl")
    assert one("9000002", "entrez") == ("TWO", "entrez")
    assert TABLE.get("CCN2").entrez_id == "1490"  # of the facts, not of the record
    assert one("ENSG00000002500", "ensembl") == ("CCN2", "ensembl")  # of the record, beside that of the facts
    assert TABLE.has("uniprot")
    assert not load_genes().has("uniprot")
    assert all(load_genes().has(kind) for kind in KINDS if kind != "uniprot")


def test_the_accession_is_better_evidence_than_an_isoform() -> None:
    both = TABLE.resolve(["P29279-2", "P29279"], "uniprot")
    assert [(r.gene_symbol, r.reason) for r in both] == [("P29279-2", "ambiguous"), ("CCN2", "uniprot")]


def test_rivals_are_told_best_evidence_first() -> None:
    assert TABLE.rivals(["EIN", "UNO", "ONE", "GAPDH"]) == {"ONE": ("ONE", "UNO", "EIN")}
    assert TABLE.rivals(["EIN", "UNO", "ONE"], aliases=False) == {"ONE": ("ONE", "UNO")}
    assert TABLE.rivals(["ENSG00009000001.4", "ENSG00009000001.5"], "ensembl") == {
        "ONE": ("ENSG00009000001.4", "ENSG00009000001.5")
    }
    assert TABLE.rivals(["ONE", "TWO"]) == {}


def test_the_order_of_the_records_does_not_matter() -> None:
    assert _names(complete_genes(load_genes(), RECORDS[::-1])) == _names(TABLE)


def _names(table: GeneTable) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    return {g.gene_symbol: (frozenset(g.previous_symbols), frozenset(g.aliases)) for g in table}


# ---- properties over made-up tables ---------------------------------------------------------------------

_WORDS = st.sampled_from(["A", "B", "C", "D", "E", "CD8A", "CTGF", "CCN2", "C1orf1", "C1ORF1"])
_LISTS = st.lists(_WORDS, max_size=3, unique=True).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> GeneTable:
    symbols = draw(st.lists(_WORDS, max_size=6, unique=True))
    return complete_genes(
        load_genes(),
        [
            record(
                s, 9000000 + i, previous=draw(_LISTS), aliases=draw(_LISTS), uniprot=("P00001",) * draw(st.booleans())
            )
            for i, s in enumerate(symbols)
        ],
    )


@given(tables(), st.lists(_WORDS | st.text(max_size=3), unique=True, max_size=12), st.randoms())
def test_distinct_names_have_distinct_results_in_any_order(table: GeneTable, names: list[str], random: Random) -> None:
    found = table.resolve(names)
    assert len({r.gene_symbol for r in found}) == len(names)
    assert all(r.gene_symbol == r.input_id for r in found if r.input_id in table)
    shuffled = random.sample(names, len(names))
    assert set(table.resolve(shuffled)) == set(found)
    again = table.resolve([r.gene_symbol for r in found])
    assert [r.gene_symbol for r in again] == [r.gene_symbol for r in found]


# ---- what is installed ----------------------------------------------------------------------------------


def test_without_an_installed_table_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match="the HGNC table is not installed") as caught:
        load_full_genes(tmp_path)
    assert caught.value.next_step == "tmescope facts add hgnc --from FILE"


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts")
    install("hgnc", shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=folder)
    return folder


def test_of_several_versions_one_must_be_named(home: Path, tmp_path: Path) -> None:
    one = find_gene_table(home)
    assert find_gene_table(home, one.version) == one
    with pytest.raises(FactsError, match="version '1999' of the HGNC table is not installed"):
        find_gene_table(home, "1999")
    both = tmp_path / "facts"
    shutil.copytree(home, both)
    source = tmp_path / "other.txt"
    source.write_bytes((Path(one.folder) / one.files["genes"]).read_bytes())
    content = source.read_bytes()
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    source.write_bytes(text + b"HGNC:9999999\tApproved\tZZZ9\tmade up\t\t\t\t\t\t\n")
    install("hgnc", source, home=both)
    with pytest.raises(FactsError, match="2 versions of the HGNC table are installed"):
        find_gene_table(both)
    assert "ZZZ9" in load_full_genes(both, next(v for v in _versions(both) if v.startswith("sha256")))


def test_a_table_that_changed_since_is_not_read(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "facts")
    one = find_gene_table(tmp_path / "facts")
    with (Path(one.folder) / one.files["genes"]).open("ab") as handle:
        handle.write(gzip.compress(b"HGNC:9999999\tApproved\tZZZ9\tmade up\t\t\t\t\t\t\n"))
    for read in (find_gene_table, load_full_genes):
        with pytest.raises(FactsError, match="hgnc 2017-04-18 is not as it was installed") as caught:
            read(tmp_path / "facts")
        assert "tmescope facts remove hgnc 2017-04-18, then" in str(caught.value)


def _versions(home: Path) -> list[str]:
    return [path.name for path in (home / "hgnc").iterdir()]


def test_the_real_table_knows_all_genes_and_doubles_none(home: Path) -> None:
    table = load_full_genes(home)
    assert table.source == "hgnc 2017-04-18"
    assert len(table) > 40_000
    assert {gene.gene_symbol for gene in load_genes()} <= {gene.gene_symbol for gene in table}
    found = {n: table.resolve([n])[0] for n in ("CTGF", "CD20", "PDL1", "C10orf54", "GAPDH", "HLA-H", "A12M1")}
    assert {n: r.gene_symbol for n, r in found.items()} == {
        "CTGF": "CCN2",
        "CD20": "MS4A1",
        "PDL1": "CD274",
        "C10orf54": "VSIR",
        "GAPDH": "GAPDH",
        "HLA-H": "HLA-H",  # a gene of its own; also a former name of HFE
        "A12M1": "A12M1",  # withdrawn
    }
    assert found["A12M1"].reason == "unchanged"
    every = [n for g in table for n in (g.gene_symbol, *g.previous_symbols, *g.aliases, *g.ambiguous_names)]
    unique = list(dict.fromkeys(every))
    resolved = table.resolve(unique)
    assert len({r.gene_symbol for r in resolved}) == len(unique)
    alone = [n for g in table for n in (*g.previous_symbols, *g.aliases)]
    assert len(alone) == len(set(alone))
    assert not set(alone) & {g.gene_symbol for g in table}


def test_cd99_is_one_gene(home: Path) -> None:
    names = ["ENSG00000002586.20", "ENSG00000002586.20_PAR_Y", "ENSGR0000002586"]
    for order in (names, names[::-1]):
        found = {r.input_id: (r.gene_symbol, r.reason) for r in load_full_genes(home).resolve(order, "ensembl")}
        assert found == {names[0]: ("CD99", "ensembl"), **{n: (n, "Y copy") for n in names[1:]}}


def test_histone_accessions_of_many_genes_are_ambiguous(home: Path) -> None:
    table = load_full_genes(home)
    found = table.resolve(["P01730", "P62805", "sp|P10747-2|CD28_HUMAN"], "uniprot")
    assert [(r.gene_symbol, r.reason) for r in found] == [
        ("CD4", "uniprot"),
        ("P62805", "ambiguous"),
        ("CD28", "uniprot"),
    ]
