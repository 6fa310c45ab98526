from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest import pseudobulk
from tmescope.ingest.pseudobulk import GENE_EXPRESSION, Features, Summing, describe_sums, find_marks, find_suffixes

FEATURES = Features(("i1", "i2"), ("A", "B"), (GENE_EXPRESSION,) * 2)
LARGEST = 2**31 - 1


def test_blocks_of_the_largest_counts_add_up_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudobulk, "_BLOCK", 7)
    sums = Summing(FEATURES, ["AC-1"], "here")
    n = 1000
    sums.add(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, LARGEST))
    assert sums.finish().sums.tolist() == [[n * LARGEST, 0]]


def test_a_sum_that_float64_cannot_hold_is_refused() -> None:
    sums = Summing(FEATURES, ["AC-1"], "here")
    n = (1 << 22) + 5
    sums.add(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, LARGEST, dtype=np.int32))
    with pytest.raises(ExpressionError, match="more counts than a number can hold"):
        sums.finish()


def test_more_entries_than_any_experiment_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudobulk, "_MOST_ENTRIES", 3)
    sums = Summing(FEATURES, ["AC-1"], "here")
    with pytest.raises(FileFormatError, match="more than 3 entries"):
        sums.add(*(np.zeros(4, dtype=np.int64),) * 3)


@pytest.mark.parametrize(
    ("barcodes", "suffixes", "position"),
    [
        (["A-1", "B-1"], ("",), [0, 0]),
        (["A-2", "B-10", "C-2"], ("2", "10"), [0, 1, 0]),
        (["A", "B"], ("",), [0, 0]),
        (["A-1", "B"], ("",), [0, 0]),
        (["A-x", "B-y"], ("",), [0, 0]),
        (["A-²", "B-1"], ("",), [0, 0]),
        (["A-123456", "B-1"], ("",), [0, 0]),
        ([], ("",), []),
    ],
)
def test_libraries(barcodes: list[str], suffixes: tuple[str, ...], position: list[int]) -> None:
    found = find_suffixes(barcodes)
    assert found[0] == suffixes
    assert found[1].tolist() == position


A, B = "AAACCTGAGAAACCAT", "AAACCTGAGCGTGAAC"


@pytest.mark.parametrize(
    ("barcodes", "marks"),
    [
        ([f"P1_{A}-1", f"P2_{A}-1"], ("P1_*-1", "P2_*-1")),
        ([f"{A}-1_1", f"{B}-1_2"], ("*-1_1", "*-1_2")),
        ([f"{A}-1", B], ("*", "*-1")),
        ([f"{A}-1", f"{B}-1"], ("*-1",)),
        ([f"{A}-1", f"{B}-2"], ("*",)),
        ([f"P1_{A}-1", f"P2_{A}-2"], ("P1_*", "P2_*")),
        ([f"{A}_{B}", f"{B}_{A}"], ("*_*",)),
        (["12345", "67890"], ()),
        ([A, "67890"], ()),
        ([], ()),
    ],
)
def test_marks_of_merged_matrices(barcodes: list[str], marks: tuple[str, ...]) -> None:
    assert find_marks(barcodes, numbered=len(find_suffixes(barcodes)[0]) > 1) == marks


@pytest.mark.parametrize(
    ("barcodes", "says"),
    [
        ([f"P1_{A}-1", f"P2_{B}-1"], r"2 different marks beside their bases: 'P1_\*-1', 'P2_\*-1'"),
        ([f"{A}-1_1", f"{B}-1_2"], "2 different marks"),
        ([f"{A}-1", f"{A}-1"], f"1 barcodes occur more than once: '{A}-1'"),
    ],
)
def test_cells_of_several_samples_are_added_up_only_where_somebody_says_so(barcodes: list[str], says: str) -> None:
    with pytest.raises(ExpressionError, match=says) as caught:
        Summing(FEATURES, barcodes, "here")
    assert caught.value.where == "here, barcodes"
    sums = Summing(FEATURES, barcodes, "here", split=False)
    sums.add(np.array([0, 0]), np.array([0, 1]), np.array([3, 4]))
    assert (sums.finish().sums.tolist(), sums.finish().n_libraries) == ([[7, 0]], 2)


def test_what_is_said_about_each_sample() -> None:
    features = Features(("i1", "i2", "i3"), ("A", "B", "C"), (GENE_EXPRESSION, "Antibody Capture", GENE_EXPRESSION))
    sums = Summing(features, ["A-1", "B-1", "C-2"], "here")
    sums.add(np.array([0, 1, 2, 0, 2]), np.array([0, 0, 0, 1, 2]), np.array([100, 999, 1, 50, 200]))
    found = sums.finish()
    assert (found.n_barcodes, found.median_genes, found.few_counts) == ((2, 1), (1.5, 1.0), (0.5, 0.0))
    assert [(n.code, n.value) for n in describe_sums(found, ("x-1", "x-2"))] == [
        ("", "2"),
        ("tenx.unfiltered", "0.500"),
        ("", "1"),
        ("tenx.left_out", "1"),
    ]
