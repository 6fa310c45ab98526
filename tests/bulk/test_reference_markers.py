"""The rule for markers on counts whose answer can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.reference_cells import CellSums
from tmescope.bulk.reference_markers import MarkerRule, select_markers
from tmescope.foundation.errors import MethodError

GENES = ("A1", "A2", "B1", "C1", "AB", "ALL", "RARE")
TYPES = ("a", "b", "c")
COUNTS = np.array(
    [
        [800.0, 200, 1, 1, 600, 1000, 2],
        [1.0, 1, 800, 1, 450, 1000, 0],
        [1.0, 1, 1, 800, 1, 1000, 0],
    ]
)


def sums(counts: np.ndarray = COUNTS, seen: float = 0.5) -> CellSums:
    filled = np.full_like(counts, seen)
    return CellSums(counts, filled, counts, counts, np.array([50, 50, 50]))


def test_genes_that_are_surely_higher_are_markers_in_order() -> None:
    found = select_markers(sums(), (GENES, TYPES), rule=MarkerRule(fewest_markers=1))
    assert list(zip(found["cell_type"], found["gene_symbol"], strict=True)) == [
        ("a", "A1"),
        ("a", "A2"),
        ("b", "B1"),
        ("c", "C1"),
    ]
    assert list(found["rank"]) == [1, 2, 1, 1]
    assert (found["lower_bound"] < found["log2_fold"]).all()
    totals = COUNTS.sum(axis=1)
    expected = np.log2(801 / totals[0]) - np.log2(2 / totals[2])
    assert found["log2_fold"][0] == pytest.approx(min(expected, np.log2(801 / totals[0]) - np.log2(2 / totals[1])))


def test_a_type_with_few_gets_genes_of_which_it_is_the_second() -> None:
    found = select_markers(sums(), (GENES, TYPES), rule=MarkerRule(fewest_markers=2))
    b = found[found["cell_type"] == "b"]
    assert list(b["gene_symbol"]) == ["B1", "AB"]
    assert list(b["higher_in"]) == ["", "a"]
    assert list(b["next_cell_type"])[1] == "c"


def test_few_markers_and_few_cells_with_a_count_are_limits() -> None:
    found = select_markers(sums(), (GENES, TYPES), rule=MarkerRule(n_markers=1, fewest_markers=1))
    assert list(found["gene_symbol"]) == ["A1", "B1", "C1"]
    with pytest.raises(MethodError, match="no gene tells 3 cell types from the others: 'a', 'b', 'c'"):
        select_markers(sums(seen=0.01), (GENES, TYPES), rule=MarkerRule())


def test_a_gene_that_most_donors_contradict_is_none() -> None:
    donors = [COUNTS / 3, COUNTS / 3, COUNTS / 3]
    other = COUNTS.copy() / 3
    other[2, 1] = 900.0  # A2 is highest in c in two donors of three
    rule = MarkerRule(fewest_markers=1)
    kept = select_markers(sums(), (GENES, TYPES), rule=rule, by_donor=donors)
    assert "A2" in set(kept["gene_symbol"])
    mixed = select_markers(sums(), (GENES, TYPES), rule=rule, by_donor=[donors[0], other, other])
    assert "A2" not in set(mixed["gene_symbol"])
    absent = COUNTS / 3 * np.array([[1], [1], [0]])
    assert "C1" in set(select_markers(sums(), (GENES, TYPES), rule=rule, by_donor=[donors[0], absent])["gene_symbol"])
