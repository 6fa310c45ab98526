"""Signatures: format, hashes, and agreement with the tables they were taken from."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.facts.source_tables import MCP_COUNTER, NCBI, Names, read_table, source_rows

from tmescope.facts.records import DATA, hash_lines
from tmescope.facts.signatures import (
    Signature,
    genes_sha256,
    list_collections,
    list_signatures,
    load_collection,
    load_signature,
    read_collection,
    read_signature,
)
from tmescope.foundation.errors import FactsError, UnknownNameError

ALL = [*list_signatures(), *(s for name in list_collections() for s in load_collection(name))]
IDS = [signature.name for signature in ALL]
# a misprint in the source, and what the paper means; everything else follows from the identifier tables
MISPRINTS = {
    "EN01": {"ENO1"},
    "PFKB3": {"PFKFB3"},
    "PDK-1": {"PDK1"},
    "PLODDDIT4": {"PLOD1", "DDIT4"},
    "44448": {"SEPTIN9"},  # a spreadsheet's number of the day 9-Sep-2021
}


def corrected(signature: Signature) -> dict[str, set[str]]:
    """Return source symbol -> approved symbols (none where dropped), parsed from the corrections."""
    table = {}
    for line in signature.corrections:
        kept = re.match(r"(\S+) -> (.+?): ", line)
        lost = re.match(r"(\S+) dropped: ", line)
        assert kept or lost, line
        table[(kept or lost)[1]] = set(kept[2].split(" and ")) if kept else set()
    return table


def disagreements(signature: Signature, rows: set[str], names: Names) -> list[str]:
    """Compare a signature with the rows of its source table, independently of the loader."""
    found = []
    changed = corrected(signature)
    expected: dict[str, float | None] = {}
    for row in rows:
        symbol, _, weight = row.partition("\t")
        for gene in changed.get(symbol, {symbol}):
            expected[gene] = float(weight) if weight else None
    held = {gene: signature.weights[gene] if signature.weights else None for gene in signature.genes}
    held.update(dict.fromkeys(signature.housekeeping))
    if held != expected:
        found.append(f"genes or weights differ: {sorted(set(held.items()) ^ set(expected.items()), key=str)}")
    for gene, hgnc_id in zip(signature.genes, signature.hgnc_ids, strict=True):
        if names.approved.get(gene) != hgnc_id:
            found.append(f"{gene} is not the approved symbol of {hgnc_id}")
    if hash_lines(rows) != signature.source_sha256:
        found.append("the source rows have another hash")
    return found


# ---- against the source tables ------------------------------------------------------------------------


@pytest.mark.parametrize("signature", ALL, ids=IDS)
def test_it_is_what_its_source_table_says(signature: Signature, shared_data: Path, source_names: Names) -> None:
    rows = source_rows(shared_data, signature.source_table, signature.source_rows)
    assert disagreements(signature, rows, source_names) == []


def test_the_comparison_finds_a_swapped_gene_and_a_changed_weight(shared_data: Path, source_names: Names) -> None:
    for name, swap in (("cyt", ("PRF1", "GZMB")), ("tis18", ("\t0.008346", "\t0.08346"))):
        signature = load_signature(name)
        rows = source_rows(shared_data, signature.source_table, signature.source_rows)
        wrong = {row.replace(*swap) for row in rows}
        assert wrong != rows
        assert len(disagreements(signature, wrong, source_names)) == 2


@pytest.mark.parametrize("signature", ALL, ids=IDS)
def test_each_correction_follows_from_the_identifier_tables(
    signature: Signature, shared_data: Path, source_names: Names
) -> None:
    coding = {row["gene_symbol"] for row in read_table(shared_data / NCBI)}
    entrez = {row["HUGO symbols"]: row["ENTREZID"] for row in read_table(shared_data / MCP_COUNTER, quoted=True)}
    by_entrez = {number: source_names.current[hgnc] for hgnc, number in source_names.entrez.items()}
    for source, genes in corrected(signature).items():
        if source in MISPRINTS:
            assert genes == MISPRINTS[source]
        elif signature.source_table.startswith("mcpcounter"):
            assert genes == ({by_entrez[entrez[source]]} if entrez[source] in by_entrez else set())
        elif not genes:
            assert source not in coding, f"{source} was dropped but is protein-coding"
        else:
            found = source_names.find(source) or source_names.find(source.replace("ORF", "orf"))
            assert found and genes == {source_names.current[found[0]]}


def test_no_symbol_of_a_source_is_left_that_is_not_approved(source_names: Names) -> None:
    assert [g for s in ALL for g in (*s.genes, *s.housekeeping) if g not in source_names.approved] == []


def test_mcp_counter_symbols_agree_with_their_entrez_ids(shared_data: Path, source_names: Names) -> None:
    by_entrez = {number: source_names.current[hgnc] for hgnc, number in source_names.entrez.items()}
    rows = read_table(shared_data / MCP_COUNTER, quoted=True)
    expected: dict[str, set[str]] = {}
    for row in rows:
        if row["ENTREZID"] in by_entrez:
            expected.setdefault(row["Cell population"], set()).add(by_entrez[row["ENTREZID"]])
    assert {s.name: set(s.genes) for s in load_collection("mcp_counter")} == expected
    assert [s.name for s in load_collection("mcp_counter")] == list(expected)


# ---- what the sets are --------------------------------------------------------------------------------


def test_the_known_errors_of_the_sources_are_corrected() -> None:
    endothelial = next(s for s in load_collection("mcp_counter") if s.name == "Endothelial cells")
    assert "CAVIN2" in endothelial.genes
    assert "C" not in endothelial.genes
    assert "C" in endothelial.source_symbols
    pan_f_tbrs = load_signature("pan_f_tbrs")
    assert {"CCN2", "RFLNB"} <= set(pan_f_tbrs.genes)
    assert "CTGF -> CCN2: previous symbol" in pan_f_tbrs.corrections
    assert {"PSMB8", "PSMB9"} <= set(load_signature("mhc_i").genes)
    assert not {"HLA-H", "HLA-J", "HLA-K", "HLA-L"} & set(load_signature("mhc_i").genes)
    assert "HLA-DRB6" not in load_signature("mhc_ii").genes
    assert {"ENO1", "PFKFB3", "SLC2A1", "VEGFA"} <= set(load_signature("hypoxia_winter9").genes)
    assert len(load_signature("hypoxia_hu13").genes) == 13


def test_the_t_cell_inflamed_profile_is_not_the_set_that_borrows_its_name() -> None:
    tis, expanded = load_signature("tis18"), load_signature("ayers_expanded_immune")
    assert tis.genes != expanded.genes
    assert len(tis.genes) == len(expanded.genes) == 18
    assert tis.weights is not None
    assert tis.weights["CD276"] < 0
    assert len(tis.housekeeping) == 11
    assert "NRDE2" in tis.housekeeping


def test_weights_cannot_be_changed_by_a_caller() -> None:
    weights = load_signature("tis18").weights
    with pytest.raises(TypeError):
        weights["CD8A"] = 1.0  # type: ignore[index]


@pytest.mark.parametrize("signature", ALL, ids=IDS)
def test_genes_and_ids_are_parallel_and_sorted(signature: Signature) -> None:
    assert list(signature.genes) == sorted(set(signature.genes))
    assert len(signature.hgnc_ids) == len(signature.genes)
    assert genes_sha256(signature.genes) == signature.sha256


# ---- names --------------------------------------------------------------------------------------------


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="no signature is named 'cty'") as caught:
        load_signature("cty")
    assert caught.value.next_step == "did you mean 'cyt'?"
    with pytest.raises(UnknownNameError, match="no collection"):
        load_collection("mcpcounter")
    with pytest.raises(UnknownNameError):
        load_signature("../collections/mcp_counter")


def test_names_are_listed_sorted_and_read_once() -> None:
    names = [signature.name for signature in list_signatures()]
    assert names == sorted(names)
    assert list_signatures()[0] is load_signature(names[0])


@given(st.lists(st.text(alphabet="ABC1-", min_size=1), max_size=8), st.randoms())
def test_the_hash_ignores_order_and_repeats(genes: list[str], random: object) -> None:
    shuffled = [*genes, *genes[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert genes_sha256(shuffled) == genes_sha256(genes)


# ---- drift --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("cyt", 'PRF1 = "HGNC:9360"', 'GZMB = "HGNC:4709"', "the gene list changed"),
        ("cyt", 'PRF1 = "HGNC:9360"\n', "", "the gene list changed"),
        ("cyt", 'PRF1 = "HGNC:9360"', 'PRF1 = "9360"', "SYMBOL"),
        ("cyt", 'PRF1 = "HGNC:9360"', 'PRF1 = "HGNC:4708"', "listed twice"),
        ("cyt", "10.1016/", "doi.org/10.1016/", "not of its form"),
        ("cyt", 'name = "cyt"', 'name = "cit"', "differs from the file's"),
        ("cyt", "T cells and cytotoxicity", "T cells", "category"),
        ("cyt", "limits = ", "limit = ", "did you mean 'limits'"),
        ("tis18", "CD8A = 0.031021", "CD8A = 0.31021", "genes, weights or corrections changed"),
        ("tis18", "CD8A = 0.031021\n", "", "weights and genes differ"),
        ("tis18", "CD8A = 0.031021", "CD8A = nan", "finite"),
        ("tis18", 'TBP = "HGNC:11588"\n', "", "genes, weights or corrections changed"),
        ("pan_f_tbrs", 'source = "CTGF"', 'source = "CTFG"', "genes, weights or corrections changed"),
        ("pan_f_tbrs", 'genes = ["CCN2"]', 'genes = ["CCN1"]', "leads to 'CCN1'"),
        ("mhc_i", 'source = "HLA-J"', 'source = "HLA-X"', "genes, weights or corrections changed"),
        ("mhc_i", 'reason = "previous symbol"', 'why = "previous symbol"', "unknown key"),
        ("mhc_i", 'reference_check = "reference not verified"', 'reference_check = "seen"', "no DOI"),
    ],
)
def test_drift_is_found(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    path = tmp_path / "signatures" / f"{name}.toml"
    path.parent.mkdir()
    original = (DATA / "signatures" / f"{name}.toml").read_text(encoding="utf-8")
    assert old in original
    path.write_text(original, encoding="utf-8")
    assert read_signature(path) == load_signature(name)
    path.write_text(original.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FactsError) as caught:
        read_signature(path)
    assert says in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('CAVIN2 = "HGNC:10690"', 'CAVIN1 = "HGNC:9688"', "leads to"),
        ('name = "NK cells"', 'name = "T cells"', "share a name"),
        ('CD8B = "HGNC:1707"', 'CD8A = "HGNC:1706"', "set 2"),
        ("summary", "sumary", "did you mean 'summary'"),
    ],
)
def test_drift_in_a_collection_is_found(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "mcp_counter.toml"
    shutil.copy(DATA / "collections" / "mcp_counter.toml", path)
    assert read_collection(path) == load_collection("mcp_counter")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FactsError) as caught:
        read_collection(path)
    assert says in str(caught.value)
