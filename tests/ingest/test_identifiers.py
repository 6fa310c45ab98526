from __future__ import annotations

import pytest

from tmescope.ingest.identifiers import (
    TRANSCRIPT,
    count_forms,
    find_form,
    find_kind,
    is_ensembl,
    suggest_kind,
    suggest_spelling,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ENSG00000153563", "ensembl"),
        ("ENSG00000002586.20_PAR_Y", "ensembl"),
        ("ENSMUSG00000053977.1", "ensembl"),
        ("ENSGR0000002586.12", "ensembl"),
        ("ENST00000283635", "symbol"),
        ("P01730", "uniprot"),
        ("P01730-2", "uniprot"),
        ("sp|P01730|CD4_HUMAN", "uniprot"),
        ("C6ORF1", "symbol"),
        ("925", "entrez"),
        ("007", "symbol"),
        ("925.0", "symbol"),
        ("CD8A", "symbol"),
        ("", "symbol"),
    ],
)
def test_kinds_by_their_form(name: str, kind: str) -> None:
    assert find_kind(name) == kind
    assert is_ensembl(name) == (kind == "ensembl")


def test_transcripts_are_a_form_of_their_own() -> None:
    assert find_form("ENST00000283635.7") == TRANSCRIPT
    assert count_forms(["ENST00000283635", "CD8A", "CD4", "925"]) == {TRANSCRIPT: 1, "symbol": 2, "entrez": 1}


def test_a_kind_is_suggested_only_against_the_declaration() -> None:
    assert suggest_kind(["ENSG00000153563", "ENSG00000153564", "CD8A"], "symbol") == "ensembl"
    assert suggest_kind(["ENSG00000153563", "ENSG00000153564", "CD8A"], "ensembl") is None
    assert suggest_kind(["1", "CD8A"], "symbol") is None
    assert suggest_kind(["P01730", "Q9H2S6"], "symbol") == "uniprot"
    assert suggest_kind([], "symbol") is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("7157.0", "write '7157'"),
        (" CD8A", "strip them"),
        ("HGNC:17635", "HGNC ids"),
        ("TP53|7157", "'TP53' with identifiers = 'symbol' or '7157' with identifiers = 'entrez'"),
        ("ENSG00000120217|CD274", "'ENSG00000120217' with identifiers = 'ensembl' or 'CD274'"),
        ("CD274_ENSG00000120217.14", "'CD274' with identifiers = 'symbol' or 'ENSG00000120217.14'"),
        ("cd8a", "write 'CD8A'"),
        ("ensg00000120217", "write 'ENSG00000120217'"),
        ("Cd8a", "genes of the mouse"),
    ],
)
def test_spellings_are_pointed_out(name: str, says: str) -> None:
    assert says in (suggest_spelling([name, name, "CD4"]) or "")
    assert suggest_spelling([name, "CD4", "CD3E"]) is None


@pytest.mark.parametrize(
    "names",
    [
        ["CD8A", "HLA-A", "C1orf112", "MT-CO1"],
        ["ENSG00000120217.14", "ENSG00000002586.20_PAR_Y", "ENSGR0000002586"],
        ["7157", "925"],
        ["P01730", "sp|P01730|CD4_HUMAN", "sp|P01730|CD4_HUMAN"],
        [],
    ],
)
def test_usual_spellings_are_none(names: list[str]) -> None:
    assert suggest_spelling(names) is None
