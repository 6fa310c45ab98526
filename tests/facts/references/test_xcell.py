"""xCell: sets, genes and spill-over matrices that must name the same cell types."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.xcell import read_xcell
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    found = read_xcell(made.xcell(tmp_path))
    assert len(found.signatures) == 489
    assert found.signatures["type 1%SET%1.txt"] == ("G0", "G1", "G2")
    assert len(found.sets_of("type 0")) == 123
    assert found.sequenced.matrix.values.diagonal().tolist() == [1, 1, 1, 1]
    assert found.sequenced.calibration.columns == ("V1", "V2", "V3")
    assert found.cell_types == ("type 0", "type 1", "type 2", "type 3")
    assert len(found.genes) == 1200
    assert found.arrays is None


def test_the_pair_for_arrays_may_be_there_and_must_be_whole(tmp_path: Path) -> None:
    paths = made.xcell_with_arrays(tmp_path)
    arrays = read_xcell(paths).arrays
    assert arrays is not None
    assert arrays.calibration.rows[0] == "type 3"
    assert arrays.calibration.column("V3").tolist() == [0.4] * 4
    made.spoil(paths["spill_array_fv"], "type 3", "type 9")
    with pytest.raises(FileFormatError, match="spill_array_k and spill_array_fv differ: type 3, type 9"):
        read_xcell(paths)
    del paths["spill_array_fv"]
    with pytest.raises(FileFormatError, match="the other file of the pair is not"):
        read_xcell(paths)


@pytest.mark.parametrize(
    ("role", "old", "new", "says"),
    [
        ("signatures", "%488.txt\tG0", "%489.txt\tG0", "490 sets"),
        ("signatures", "%5.txt\tG1", "%5.txt\tG0", "not each gene once in a set: line 18: G0"),
        ("signatures", "%5.txt\tG1", "%5.txt\t", "not a set and one gene: line 18"),
        ("signatures", "gene_symbol", "gene", "the first line is 'set, gene'"),
        ("genes", "G17\n", "G18\n", "each gene symbol once: G18"),
        ("spill_k", "0.25", "1.25", "not a finite number, 0 to 1"),
        ("spill_k", "type 0\t1\t", "type 0\t0.5\t", "the diagonal is not 1"),
        ("spill_k", "type 0\ttype 1", "type 1\ttype 0", "not the same cell types"),
        ("spill_fv", "\t2\t0.3", "\t2\t0", "the power (V2) and the divisor (V3) are not there"),
        ("spill_fv", "V2", "W2", "the power (V2) and the divisor (V3) are not there"),
        ("spill_fv", "type 3", "type 9", "cell types of spill_k and spill_fv differ: type 3, type 9"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, role: str, old: str, new: str, says: str) -> None:
    paths = made.xcell(tmp_path)
    made.spoil(paths[role], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_xcell(paths)
    assert says in str(caught.value)
