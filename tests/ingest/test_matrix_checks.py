from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import ExpressionError
from tmescope.foundation.scale import Scale
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.matrix_checks import check_matrix


def _check(
    table: ExpressionTable, scale: str | None, samples: tuple[str, ...] = ()
) -> tuple[ExpressionTable | None, Findings]:
    findings = Findings("c")
    parsed = None if scale is None else Scale.parse(scale)
    return check_matrix(table, parsed, "symbol", known_samples=samples, where="m.tsv", findings=findings), findings


def _table(values: object, genes: tuple[str, ...], samples: tuple[str, ...]) -> ExpressionTable:
    return ExpressionTable(np.array(values, dtype=np.float64), genes, samples)


TWICE = _table([[1, 2, 30], [4, 5, 60]], ("A", "B", "A"), ("s", "t"))


def test_duplicated_genes_are_summed_on_linear_scales() -> None:
    merged, findings = _check(TWICE, "tpm")
    assert merged is not None
    assert merged.gene_ids == ("A", "B")
    np.testing.assert_array_equal(merged.values, [[31, 2], [64, 5]])
    assert [(w.code, w.count, w.examples) for w in findings.warnings] == [("genes.summed", 1, ("A",))]
    assert "notice" in findings.quality()["status"].tolist()


@pytest.mark.parametrize("scale", ["log2(tpm+1)", "array", "log2_array"])
def test_duplicated_genes_are_refused_elsewhere(scale: str) -> None:
    small = ExpressionTable(TWICE.values / 10, TWICE.gene_ids, TWICE.sample_ids)
    _, findings = _check(small, scale)
    (problem,) = findings.problems
    assert isinstance(problem, ExpressionError)
    assert problem.what == "1 genes occur more than once: 'A'"
    assert problem.where == "m.tsv, gene axis"


def test_exchanged_axes_hide_what_they_would_cause() -> None:
    table = _table([[1, 1], [-5, np.inf]], ("p1", "p1"), ("x", "x"))
    merged, findings = _check(table, "tpm", ("p1",))
    assert merged is None
    assert len(findings.problems) == 1


def test_independent_faults_are_found_at_once() -> None:
    table = _table([[-1, 2, 3], [4, 5, 6]], ("A", "", "C"), ("s", "s"))
    _, findings = _check(table, "tpm")
    assert len(findings.problems) == 3


def test_infinities_leave_the_scale_unjudged() -> None:
    _, findings = _check(_table([[np.inf, -2]], ("A", "B"), ("s",)), "tpm")
    assert len(findings.problems) == 1


def test_without_a_scale_the_rest_is_checked() -> None:
    merged, findings = _check(_table([[-1, -2], [1, 1]], ("A", "B"), ("s", "s")), None)
    assert merged is not None
    assert [type(p) for p in findings.problems] == [ExpressionError]


def test_genes_without_any_value_are_counted() -> None:
    _, findings = _check(_table([[np.nan, 20.5], [np.nan, 40.5]], ("A", "B"), ("s", "t")), "tpm")
    assert [(w.code, w.count) for w in findings.warnings] == [("scale.missing_values", 2), ("genes.empty", 1)]
    assert findings.quality()["check"].tolist() == ["scale", "missing values"]


def test_repeated_genes_that_x_and_y_share_are_told() -> None:
    merged, findings = _check(_table([[1, 2, 3]], ("CD99", "B", "CD99"), ("s",)), "tpm")
    assert merged is not None
    np.testing.assert_array_equal(merged.values, [[4, 2]])
    assert [w.code for w in findings.warnings] == ["genes.possible_y_copies", "genes.summed"]
    assert findings.warnings[0].examples == ("CD99",)


@pytest.mark.parametrize("scale", ["tpm", "log2(tpm+1)"])
def test_dates_of_several_genes_are_no_gene_on_any_scale(scale: str) -> None:
    table, findings = _check(_table([[1, 2, 3]], ("1-Mar", "B", "1-Mar"), ("s",)), scale)
    assert table is not None
    assert table.gene_ids == ("B",)
    assert findings.problems == []
    assert [w.code for w in findings.warnings] == ["genes.repeated_dates"]
