"""Which samples are run together, which are empty, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tmescope.bulk.estimating import check_values, estimate, find_empty, make_missing, tell_of_estimates
from tmescope.bulk.mixtures import Composition, Estimates, Mixture
from tmescope.foundation.errors import ExpressionError, MethodError
from tmescope.foundation.method import Method, MethodSpec
from tmescope.foundation.result import RunWarning

SPEC = MethodSpec(
    name="toy",
    room="bulk",
    summary="Sum of the genes.",
    needs_log=False,
    units=("tpm",),
    scope="sample",
    unit="tpm",
    low=0.0,
    high=np.inf,
    reference="none",
    higher_means="more",
    own_reference=True,
)
GENES = ("A", "B", "C")
VALUES = np.array([[1.0, 2.0, 4.0], [np.nan, 2.0, 4.0], [0.0, 0.0, 9.0], [8.0, np.nan, 1.0], [np.nan, 1.0, 1.0]])


def run(mixture: Mixture, reference: object, parameters: object) -> Estimates:
    assert (reference, parameters) == ("reference", {})
    present = mixture.is_measured()
    coverage = np.array([present.sum() / 3])
    warning = RunWarning("toy.ran", f"{len(mixture.values)} x {len(mixture.genes)}")
    return Estimates(("sum",), np.nansum(mixture.values, axis=1, keepdims=True), coverage, (warning,))


def found(spec: MethodSpec = SPEC, values: np.ndarray = VALUES, **options: bool) -> Composition:
    return estimate(
        Method(spec, run),
        Mixture(values, GENES),
        "reference",
        parameters={},
        wanted=frozenset({"A", "B"}),
        **options,
    )


def test_samples_that_miss_the_same_genes_are_run_together_and_empty_ones_are_not() -> None:
    one = found()
    assert one.empty.tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(one.values[:, 0], [7.0, 6.0, np.nan, 9.0, 2.0])
    np.testing.assert_allclose(one.coverage[:, 0], [1.0, 2 / 3, 0.0, 2 / 3, 2 / 3])
    assert [w.message for w in one.warnings] == ["1 x 3", "2 x 2", "1 x 2"]


def test_a_method_of_the_cohort_sees_the_genes_that_all_have() -> None:
    one = found(replace(SPEC, scope="cohort"))
    np.testing.assert_array_equal(one.values[:, 0], [4.0, 4.0, np.nan, 1.0, 1.0])
    assert one.coverage[:, 0].tolist() == [1 / 3, 1 / 3, 0.0, 1 / 3, 1 / 3]


def test_an_aligned_method_sees_all_columns() -> None:
    one = found(aligned=True)
    np.testing.assert_array_equal(one.values, found().values)
    np.testing.assert_array_equal(one.coverage, found().coverage)
    assert {w.message.partition(" x ")[2] for w in one.warnings} == {"3"}


def test_coverage_is_of_each_sample() -> None:
    one = found()
    warnings = list(tell_of_estimates(one, ["a", "b", "c", "d", "e"], min_coverage=0.8, cohort="trial"))
    make_missing(one, 0.8)
    np.testing.assert_array_equal(np.isnan(one.values[:, 0]), [False, True, True, True, True])
    assert [w.code for w in warnings] == ["toy.ran"] * 3 + ["deconvolution.empty_sample", "coverage.missing"]
    assert {w.where for w in warnings} == {"trial"}
    assert warnings[3].examples == ("c",)
    assert warnings[4].examples == ("sum",)


def test_what_cannot_be_estimated_is_refused() -> None:
    pair = replace(SPEC, scope="cohort", min_samples=5)
    with pytest.raises(MethodError, match="at least 5 samples and got 4"):
        found(pair)
    with pytest.raises(ExpressionError, match="no sample expresses any gene"):
        find_empty(SPEC, Mixture(VALUES[2:3], GENES), frozenset({"A", "B"}))
    assert not find_empty(SPEC, Mixture(VALUES, GENES), frozenset()).any()
    with pytest.raises(MethodError, match="tmescope deconvolve fit"):
        check_values(replace(pair, min_samples=6), VALUES)
    with pytest.raises(ExpressionError, match="1 values are negative, for example -1"):
        check_values(SPEC, np.array([[1.0, -1.0, np.nan]]))
    with pytest.raises(ExpressionError, match="2 values are too large to be logarithms"):
        check_values(SPEC, np.array([[np.inf, 1.0, np.inf]]))
    check_values(replace(SPEC, needs_log=True), np.array([[-1.0]]))
