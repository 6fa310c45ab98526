"""ConsensusTME: sets of each cancer type; some are empty, as its authors found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.consensustme import read_consensustme
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    found = read_consensustme(made.consensustme(tmp_path))
    assert len(found.sets) == 10
    assert found.sets["C1"]["S2"][:2] == ("G0", "G1")
    assert found.sets["C0"]["empty"] == ()


def test_sets_without_a_gene_in_the_real_table(shared_data: Path) -> None:
    found = read_consensustme({"gene_sets": shared_data / "references/consensustme/consensus_gene_sets.tsv"})
    empty = [(cancer, name) for cancer, sets in found.sets.items() for name, genes in sets.items() if not genes]
    assert len(found.sets) == 33
    assert len(empty) == 18
    assert ("DLBC", "Plasma_cells") in empty


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("C3\tS4\tG5", "C3\tS4\tG6", "not each gene once in a set"),
        ("C3\tS4\tG5", "C3\tS4\t", "not a set and one gene"),
        ("C3\tS4\tG5", "\tS4\tG5", "not a set and one gene"),
        ("C0\tempty\t", "C0\tempty\t\nC0\tempty\tG1", "not a set and one gene"),
        ("C3\tS4\tG5", "C3\tS4", "has 2 cells"),
        ("C0\tempty\t", "C77\tempty\t", "the file has 1 sets for C77"),
    ],
)
def test_what_is_no_set_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    paths = made.consensustme(tmp_path)
    made.spoil(paths["gene_sets"], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_consensustme(paths)
    assert says in str(caught.value)
