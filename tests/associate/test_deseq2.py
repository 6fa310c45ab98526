from __future__ import annotations

import sys

import numpy as np
import pytest

from tmescope.associate.deseq2 import fit_negative_binomial
from tmescope.foundation.errors import InputError, MissingDependencyError
from tmescope.stats.size_factors import median_ratios

DESIGN = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6)])


def _counts(genes: int = 60) -> np.ndarray:
    rng = np.random.default_rng(5)
    mean = np.exp(rng.uniform(4, 8, genes)) * rng.uniform(0.5, 2, (12, 1))
    return rng.negative_binomial(8, 8 / (8 + mean)).astype(float)


def test_where_pydeseq2_is_absent_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydeseq2", None)
    with pytest.raises(MissingDependencyError, match="PyDESeq2") as caught:
        fit_negative_binomial(_counts(), DESIGN)
    assert "tmescope[deseq2]" in str(caught.value.next_step)


def test_size_factors_are_ours_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pydeseq2")
    counts = _counts()
    found = fit_negative_binomial(counts, DESIGN)
    expected = median_ratios(counts)
    assert expected is not None
    assert found.size_factors == pytest.approx(expected, rel=1e-10)
    assert found.z == pytest.approx(found.effects / found.std_errors, rel=1e-10)
    out = capsys.readouterr()
    assert (out.out, out.err) == ("", "")


def test_decimals_are_rounded_and_the_same_counts_give_the_same_numbers() -> None:
    pytest.importorskip("pydeseq2")
    counts = _counts()
    one, two = fit_negative_binomial(counts, DESIGN), fit_negative_binomial(counts + 0.3, DESIGN)
    assert np.array_equal(one.p_values, two.p_values)


def test_without_a_gene_above_zero_everywhere_there_are_no_size_factors() -> None:
    pytest.importorskip("pydeseq2")
    counts = _counts()
    counts[np.arange(60) % 12, np.arange(60)] = 0.0
    with pytest.raises(InputError, match="no size factors"):
        fit_negative_binomial(counts, DESIGN)


def test_counts_below_a_half_are_zeros_before_size_factors_are_sought() -> None:
    pytest.importorskip("pydeseq2")
    counts = _counts()
    counts[np.arange(60) % 12, np.arange(60)] = 0.4
    with pytest.raises(InputError, match="no size factors"):
        fit_negative_binomial(counts, DESIGN)


def test_as_many_columns_as_samples_are_refused() -> None:
    pytest.importorskip("pydeseq2")
    with pytest.raises(InputError, match="3 samples are too few for 3 columns") as caught:
        fit_negative_binomial(_counts()[[0, 1, 11]], np.column_stack([DESIGN, np.arange(12)])[[0, 1, 11]])
    assert caught.value.next_step
