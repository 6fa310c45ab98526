from __future__ import annotations

import pytest

from tmescope.ingest.identifiers import find_kind, is_ensembl, suggest_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ENSG00000153563", "ensembl"),
        ("ENSG00000002586.20_PAR_Y", "ensembl"),
        ("ENSMUSG00000053977.1", "ensembl"),
        ("ENST00000283635", "symbol"),
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


def test_a_kind_is_suggested_only_against_the_declaration() -> None:
    assert suggest_kind(["ENSG00000153563", "ENSG00000153564", "CD8A"], "symbol") == "ensembl"
    assert suggest_kind(["ENSG00000153563", "ENSG00000153564", "CD8A"], "ensembl") is None
    assert suggest_kind(["1", "CD8A"], "symbol") is None
    assert suggest_kind([], "symbol") is None
