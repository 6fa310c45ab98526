from __future__ import annotations

import pytest

from tmescope.facts.set_names import find_gene_fault, find_name_fault, looks_mangled, looks_murine
from tmescope.facts.signatures import list_collections, list_signatures, load_collection


def test_every_bundled_name_and_gene_follows_the_rule() -> None:
    bundled = [*list_signatures(), *(s for name in list_collections() for s in load_collection(name))]
    assert [s.name for s in bundled if find_name_fault(s.name)] == []
    assert [g for s in bundled for g in s.genes if find_gene_fault(g) or looks_murine(g) or looks_mangled(g)] == []


@pytest.mark.parametrize(
    "name", ["HALLMARK_HYPOXIA", "T cells CD8+", "IFN-γ response", "GO:0006955", "1q gain", "a" * 120]
)
def test_names_that_can_head_a_row(name: str) -> None:
    assert find_name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("=HYPERLINK(1)", "start a formula"),
        ("-x", "start a formula"),
        ("@x", "start a formula"),
        ("+x", "start a formula"),
        ("a\u202eb", "cannot be printed"),
        ("a\nb", "cannot be printed"),
        ("#set", "cannot become"),
        ("set ", "cannot become"),
        ("a" * 121, "121 characters"),
    ],
)
def test_names_that_cannot(name: str, says: str) -> None:
    assert says in str(find_name_fault(name))


@pytest.mark.parametrize("gene", ["CD8A", "HLA-DRB1*01", "RP11-34P13.7", "C10orf54", "7SK", "Il6", "ENSG00000145649"])
def test_genes(gene: str) -> None:
    assert find_gene_fault(gene) is None


@pytest.mark.parametrize(
    ("gene", "says"),
    [("CD8A,1.0", "with a number"), ("A /// B", "no gene symbol"), ("=A", "no gene symbol"), ("", "no")],
)
def test_texts_that_are_no_gene(gene: str, says: str) -> None:
    assert says in str(find_gene_fault(gene))


def test_mouse_symbols_and_dates_are_told_apart_from_human_ones() -> None:
    assert [g for g in ("Il6", "Cd8a", "H2-K1", "C10orf54", "CXorf36", "IL6", "1-Mar", "Mar-1") if looks_murine(g)] == [
        "Il6",
        "Cd8a",
    ]
    assert [g for g in ("1-Mar", "Mar-1", "MARCH1", "Sep-15") if looks_mangled(g)] == ["1-Mar", "Mar-1", "Sep-15"]
