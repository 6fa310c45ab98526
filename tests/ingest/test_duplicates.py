from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import ExpressionError, ScaleError
from tmescope.foundation.scale import Scale
from tmescope.ingest.duplicates import check_rule, find_rule, leave_out_dates, merge, merge_named, merge_rivals
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import Duplicates

NAN = np.nan
TABLE = ExpressionTable(np.array([[1.0, 2.0, 30.0, 8.0], [4.0, 5.0, 60.0, NAN]]), ("A", "B", "A", "A"), ("s", "t"))
LINEAR = ("counts", "tpm", "fpkm", "cpm")
OTHER = ("log2(tpm+1)", "ln(counts+1)", "array", "log2_array")


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("sum", [[39, 2], [NAN, 5]]),
        ("mean", [[13, 2], [NAN, 5]]),
        ("median", [[8, 2], [NAN, 5]]),
        ("highest_mean", [[30, 2], [60, 5]]),
    ],
)
def test_each_rule_by_hand(rule: Duplicates, values: list[list[float]]) -> None:
    merged = merge(TABLE, rule)
    assert merged.gene_ids == ("A", "B")
    np.testing.assert_array_equal(merged.values, values)


def test_the_highest_mean_is_over_the_values_that_are_there() -> None:
    table = ExpressionTable(np.array([[9.0, 5.0, NAN], [NAN, 6.0, NAN]]), ("A", "A", "A"), ("s", "t"))
    np.testing.assert_array_equal(merge(table, "highest_mean").values, [[9], [NAN]])


@given(st.permutations(range(5)), st.sampled_from(["sum", "mean", "median", "highest_mean"]))
def test_the_order_of_the_rows_does_not_matter(order: list[int], rule: Duplicates) -> None:
    values = np.array([[1.0, 3.0, 2.0, 2.0, 9.0], [3.0, 1.0, 2.0, 2.0, NAN]])
    names = ("A", "A", "A", "B", "B")
    plain = merge(ExpressionTable(values, names, ("s", "t")), rule)
    shuffled = merge(ExpressionTable(values[:, order], tuple(names[j] for j in order), ("s", "t")), rule)
    for name in "AB":
        at = plain.gene_ids.index(name), shuffled.gene_ids.index(name)
        np.testing.assert_array_equal(plain.values[:, at[0]], shuffled.values[:, at[1]])


@pytest.mark.parametrize("scale", LINEAR + OTHER)
def test_which_rule_holds_where(scale: str) -> None:
    parsed = Scale.parse(scale)
    assert find_rule(None, parsed) == ("sum" if scale in LINEAR else "refuse")
    assert find_rule("median", parsed) == "median"
    for rule in (None, "mean", "median", "highest_mean", "refuse"):
        assert check_rule(rule, parsed, where="c") == []  # type: ignore[arg-type]
    problems = check_rule("sum", parsed, where="c")
    assert [type(p) for p in problems] == ([] if scale in LINEAR else [ScaleError])


@pytest.mark.parametrize("rule", ["mean", "median", "highest_mean"])
def test_logarithms_are_merged_where_declared(rule: Duplicates) -> None:
    findings = Findings("c")
    merged = merge_named(TABLE, Scale.parse("log2(tpm+1)"), rule, where="m.tsv", findings=findings)
    assert merged.gene_ids == ("A", "B")
    assert findings.problems == []
    (warning,) = findings.warnings
    assert "as declared" in warning.message
    assert warning.examples == ("A",)


@pytest.mark.parametrize(("scale", "rule"), [("tpm", "refuse"), ("log2(tpm+1)", None), ("array", "refuse")])
def test_refused_rows_are_named(scale: str, rule: Duplicates | None) -> None:
    findings = Findings("c")
    assert merge_named(TABLE, Scale.parse(scale), rule, where="m.tsv", findings=findings) is TABLE
    (problem,) = findings.problems
    assert isinstance(problem, ExpressionError)
    assert problem.what == "1 genes occur more than once: 'A'"


def test_a_declared_sum_of_logarithms_is_refused_even_without_duplicates() -> None:
    findings = Findings("c")
    table = ExpressionTable(np.ones((1, 1)), ("A",), ("s",))
    merge_named(table, Scale.parse("log2(tpm+1)"), "sum", where="m.tsv", findings=findings)
    assert [type(p) for p in findings.problems] == [ScaleError]


DATES = ExpressionTable(np.arange(10.0).reshape(2, 5), ("1-Mar", "A", "1-Mar", "2-Sep", "2-Sep"), ("s", "t"))


def test_rows_of_one_date_that_can_be_several_genes_are_left_out() -> None:
    findings = Findings("c")
    table = leave_out_dates(DATES, None, findings=findings)
    assert table.gene_ids == ("A", "2-Sep", "2-Sep")  # both of those are SEPTIN2
    np.testing.assert_array_equal(table.values, DATES.values[:, [1, 3, 4]])
    assert table.left_out == {"1-Mar": "repeated spreadsheet date"}
    (warning,) = findings.warnings
    assert (warning.code, warning.examples) == ("genes.repeated_dates", ("1-Mar: MARCHF1 or MTARC1",))
    assert "a spreadsheet made 1 dates" in warning.message
    assert leave_out_dates(DATES, "refuse", findings=findings) is DATES
    assert leave_out_dates(TABLE, None, findings=findings) is TABLE
    assert len(findings.warnings) == 1


PAIR = ExpressionTable(np.array([[1.0, 2.0, 4.0]]), ("CTGF", "X", "CCN2"), ("s",))
RIVALS = {"CCN2": ("CCN2", "CTGF")}


def _rivals(rule: Duplicates | None, scale: str = "tpm") -> tuple[ExpressionTable, Findings]:
    findings = Findings("c")
    parsed = Scale.parse(scale)
    return merge_rivals(PAIR, parsed, rule, rivals=RIVALS, where="m.tsv", findings=findings), findings


def test_rows_that_mean_one_gene_stay_apart_and_are_told() -> None:
    table, findings = _rivals(None)
    assert table is PAIR
    assert [(w.code, w.examples) for w in findings.warnings] == [("genes.several_rows", ("CCN2: CCN2, CTGF",))]
    assert findings.quality()["status"].tolist() == ["notice"]


def test_rows_that_mean_one_gene_are_merged_where_declared() -> None:
    table, findings = _rivals("sum")
    assert table.gene_ids == ("CCN2", "X")
    np.testing.assert_array_equal(table.values, [[5, 2]])
    assert [w.code for w in findings.warnings] == ["genes.summed"]
    assert _rivals("mean", "log2(tpm+1)")[0].values[0, 0] == 2.5


def test_rows_that_mean_one_gene_are_refused_where_declared() -> None:
    table, findings = _rivals("refuse")
    assert table is PAIR
    assert [type(p) for p in findings.problems] == [ExpressionError]
    assert "CCN2: CCN2, CTGF" in findings.problems[0].what
