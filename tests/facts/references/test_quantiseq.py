"""quanTIseq: four files that must fit each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.quantiseq import read_quantiseq
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    found = read_quantiseq(made.quantiseq(tmp_path))
    assert found.signature.values.shape == (120, 4)
    assert found.signature.column("type 1")[0] == 1.5
    assert dict(found.rna_content) == {"type 0": 4, "type 1": 3, "type 2": 2, "type 3": 1}
    assert list(found.rna_content) == list(found.signature.columns)
    assert (len(found.aberrant_genes), len(found.removed_genes)) == (5, 6)
    with pytest.raises(ValueError, match="read-only"):
        found.signature.values[0, 0] = 1


@pytest.mark.parametrize(
    ("role", "old", "new", "says"),
    [
        ("signature", "G7\t7.5", "G7\t-7.5", "not a finite number, 0 or more: line 9, type 0: '-7.5'"),
        ("signature", "G7\t7.5", "G7\tnan", "line 9, type 0: 'nan'"),
        ("signature", "G7\t7.5", "G7\t1e999", "line 9, type 0: '1e999'"),
        ("signature", "G7\t7.5", "G7\t", "line 9, type 0: ''"),
        ("signature", "G7\t", "G8\t", "not each name of a row once: G8 (2 times)"),
        ("signature", "type 3", "type 2", "columns share a name: type 2"),
        ("signature", "type 3", "type 9", "cell types stand in one of two files alone: type 3, type 9"),
        ("rna_content", "type 0\t4", "type 0\t0", "not a cell type and a finite number, 1e-06 or more: line 4"),
        ("rna_content", "type 0\t4", "type 0", "line 4: 'type 0'"),
        ("rna_content", "type 0\t4", "type 1\t4", "not each cell type once: type 1 (2 times)"),
        ("aberrant_genes", "G3", "GAPDH", "not a gene of the signature: GAPDH"),
        ("removed_genes", "G3", "G4", "not each gene symbol once: G4 (2 times)"),
        ("removed_genes", "G3", "G3 G9", "not a gene symbol: 'G3 G9'"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, role: str, old: str, new: str, says: str) -> None:
    paths = made.quantiseq(tmp_path)
    made.spoil(paths[role], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_quantiseq(paths)
    assert says in str(caught.value)
    assert str(paths[role]) in str(caught.value)
