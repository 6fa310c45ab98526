from __future__ import annotations

import numpy as np

from tmescope.bulk.score_table import Scores, coverage_warnings


def scores():
    coverage = np.array([[1.0, 0.4], [0.7, 0.3]])
    return Scores(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]), coverage, np.array([[4, 2], [3, 1]]))


def test_too_little_coverage_or_too_few_genes_are_missing():
    made = scores()
    few = made.make_missing(0.5, 4)
    assert few.tolist() == [[False, True], [True, True]]
    assert np.isnan(made.values).tolist() == few.tolist()


def test_warnings_name_what_is_missing_and_what_is_partial():
    made = scores()
    missing, partial = coverage_warnings(made, made.make_missing(0.5, 1), cohort="c")
    assert (missing.code, missing.examples, missing.where) == ("coverage.missing", ("b",), "c")
    assert (partial.code, partial.examples) == ("coverage.partial", ("a (85%)",))
