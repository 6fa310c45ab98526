"""ABIS: two matrices as R writes them, and a sorted target of the length of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.abis import read_abis
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    found = read_abis(made.abis(tmp_path))
    assert found.rna_seq.rows[:2] == ("G0", "G1")
    assert found.rna_seq.columns == tuple(made.TYPES)
    assert found.microarray.values[1].tolist() == [1, 2, 3, 4]
    assert (len(found.target), found.target[0]) == (600, 0.5)


@pytest.mark.parametrize(
    ("role", "old", "new", "says"),
    [
        ("rna_seq", '"G5"\t5', '"G5"\t-5', "line 7, type 0: '-5'"),
        ("microarray", '"G5"', '"G6"', "each name of a row once: G6"),
        ("microarray", '"G5"\t5\t', '"G5"\t', "line 7 has 4 cells, the lines above have 5"),
        ("target", "9.5", "8.4", "not sorted from low to high: line 10: '8.4'"),
        ("target", "9.5", "x", "line 10: 'x'"),
        ("target", "9.5\n", "", "the file has 599 values of the target"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, role: str, old: str, new: str, says: str) -> None:
    paths = made.abis(tmp_path)
    made.spoil(paths[role], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_abis(paths)
    assert says in str(caught.value)
