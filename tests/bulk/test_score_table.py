from __future__ import annotations

from dataclasses import replace

import numpy as np

from tmescope.bulk.score_table import CoverageTally, Scores, coverage_warnings


def scores():
    coverage = np.array([[1.0, 0.4], [0.7, 0.3]])
    return Scores(
        ("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]), coverage, np.array([[4, 2], [3, 1]]), np.zeros(2, dtype=bool)
    )


def test_too_little_coverage_or_too_few_genes_are_missing():
    made = scores()
    few = made.make_missing(0.5, 4)
    assert few.tolist() == [[False, True], [True, True]]
    assert np.isnan(made.values).tolist() == few.tolist()


def test_warnings_name_what_is_missing_and_what_is_partial():
    made = scores()
    missing, partial = coverage_warnings(made, made.make_missing(0.5, 1), cohort="c", samples=("s", "t"))
    assert (missing.code, missing.examples, missing.where) == ("coverage.missing", ("b",), "c")
    assert (partial.code, partial.examples) == ("coverage.partial", ("a (85%)",))


def test_samples_that_express_nothing_have_no_score_and_are_named_over_blocks():
    tally = CoverageTally(("a", "b"))
    for empty in ([False, False], [False, True], [True, True]):
        block = replace(scores(), empty=np.array(empty))
        few = block.make_missing(0.0, 1)
        assert np.isnan(block.values).tolist() == [[e, e] for e in empty]
        assert not few.any()
        tally.add(block, few)
    told = tally.warnings("c", [f"s{i}" for i in range(6)])[0]
    assert (told.code, told.count, told.examples) == ("deconvolution.empty_sample", 3, ("s3", "s4", "s5"))
