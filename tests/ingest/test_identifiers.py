from __future__ import annotations

import pytest

from tmescope.ingest.identifiers import TRANSCRIPT, count_forms, find_form, find_kind, is_ensembl, suggest_kind


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
