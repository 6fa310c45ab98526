"""The single checks of a signature file, and the rows that a corrected list goes back to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.facts.signature_checks import (
    CATEGORIES,
    UNVERIFIED,
    check_corrections,
    check_genes,
    check_header,
    check_is_table,
    check_weights,
    derive_source_rows,
    describe_correction,
    describe_reference,
)
from tmescope.foundation.errors import FactsError

HEADER = {
    "name": "x",
    "category": CATEGORIES[0],
    "doi": "10.1000/x",
    "pmid": "",
    "reference_check": "read in the paper",
}
FIX = {"source": "OLD", "genes": ["NEW"], "reason": "previous symbol"}
SPLIT = {"source": "AB", "genes": ["A", "B"], "reason": "two rows run together"}
DROP = {"source": "PSEUDO", "genes": [], "reason": "pseudogene"}


def test_a_good_header_passes() -> None:
    check_header(HEADER, Path("signatures/x.toml"))
    check_header({**HEADER, "doi": "", "reference_check": UNVERIFIED}, Path("signatures/x.toml"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "y"}, "differs from the file's"),
        ({"category": "fibroblast"}, "not known"),
        ({"doi": "https://doi.org/10.1000/x"}, "not of its form"),
        ({"pmid": "PMC12"}, "not of its form"),
        ({"doi": ""}, "no DOI and no PMID"),
    ],
)
def test_a_bad_header_is_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(FactsError, match=says):
        check_header({**HEADER, **change}, Path("signatures/x.toml"))


@pytest.mark.parametrize("symbol", ["", "A B", "A|B", "-A", "Ä"])
def test_odd_symbols_are_refused(symbol: str) -> None:
    with pytest.raises(FactsError, match="gene"):
        check_genes({symbol: "HGNC:1"}, {}, where="here")


def test_a_gene_may_not_be_housekeeping_too() -> None:
    check_genes({"HLA-A": "HGNC:1"}, {"TBP": "HGNC:2"}, where="here")
    with pytest.raises(FactsError, match="listed twice"):
        check_genes({"A": "HGNC:1"}, {"A": "HGNC:1"}, where="here")


def test_weights_come_in_gene_order() -> None:
    assert check_weights(None, {"A": "HGNC:1"}, where="here") is None
    weights = check_weights({"B": 2.0, "A": -1.0}, {"A": "HGNC:1", "B": "HGNC:2"}, where="here")
    assert weights is not None
    assert list(weights.items()) == [("A", -1.0), ("B", 2.0)]


@pytest.mark.parametrize("weights", [{"A": 1}, {"A": "1"}, {"A": float("inf")}, {}, {"A": 1.0, "B": 1.0}, [1.0]])
def test_odd_weights_are_refused(weights: object) -> None:
    with pytest.raises(FactsError):
        check_weights(weights, {"A": "HGNC:1"}, where="here")


def test_corrections_lead_to_genes_of_the_list() -> None:
    check_corrections([FIX, DROP], {"NEW"}, where="here")
    with pytest.raises(FactsError, match="leads to 'NEW'"):
        check_corrections([FIX], {"OLD"}, where="here")
    with pytest.raises(FactsError, match="not a table"):
        check_corrections(["OLD -> NEW"], {"NEW"}, where="here")


def test_only_tables_are_tables() -> None:
    check_is_table({}, where="here")
    with pytest.raises(FactsError, match="not a table"):
        check_is_table(["A"], where="here")


def test_corrections_are_undone() -> None:
    rows = derive_source_rows(["A", "B", "C", "NEW"], [FIX, SPLIT, DROP], {})
    assert rows == {"AB", "C", "OLD", "PSEUDO"}
    assert derive_source_rows(["C", "NEW"], [FIX], {"C": 0.5, "NEW": -0.25}) == {"C\t0.5", "OLD\t-0.25"}


@given(st.sets(st.text(alphabet="ABC", min_size=1), min_size=1), st.data())
def test_correcting_a_source_and_undoing_it_gives_the_source(source: set[str], data: st.DataObject) -> None:
    corrections = []
    genes = set()
    for row in sorted(source):
        fate = data.draw(st.sampled_from(["keep", "rename", "split", "drop"]))
        new = {"keep": [row], "rename": [f"{row}1"], "split": [f"{row}1", f"{row}2"], "drop": []}[fate]
        genes.update(new)
        if fate != "keep":
            corrections.append({"source": row, "genes": new, "reason": fate})
    assert derive_source_rows(genes, corrections, {}) == source


def test_texts() -> None:
    assert describe_correction(FIX) == "OLD -> NEW: previous symbol"
    assert describe_correction(SPLIT) == "AB -> A and B: two rows run together"
    assert describe_correction(DROP) == "PSEUDO dropped: pseudogene"
    assert describe_reference("10.1/x", "7") == "doi:10.1/x; PMID 7"
    assert describe_reference("", "") == UNVERIFIED
