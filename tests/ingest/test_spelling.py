from __future__ import annotations

import pytest

from tmescope.foundation.errors import ExpressionError, SampleError
from tmescope.ingest.spelling import check_spelling, find_similar, group_similar


@pytest.mark.parametrize("odd", ["a\0", "a\nb", "\ta", "\x1b[31m", "a\x7f", "a\x85b", "a\u2028b", "\ufeffa", "\ud800"])
def test_control_characters_are_refused_and_shown_harmless(odd: str) -> None:
    (problem,) = check_spelling(["CD8A", odd], "gene names", ExpressionError, where="m.tsv, gene axis")
    assert type(problem) is ExpressionError
    assert problem.what.startswith("1 gene names hold control characters or a byte order mark: '")
    assert problem.what.isprintable()
    assert problem.where == "m.tsv, gene axis"


def test_texts_are_no_names() -> None:
    (problem,) = check_spelling(["S" * 1000, "S" * 1001], "sample names", SampleError, where="s.csv")
    assert "1 sample names have more than 1,000 characters" in problem.what
    assert len(problem.what) < 200


@pytest.mark.parametrize("name", ["", "NA", "a/b", "../x", "=cmd|'/C calc'!A0", "@a", "\u202eA8DC", "β", "a b", "<b>"])
def test_all_else_is_a_name(name: str) -> None:
    assert check_spelling([name], "gene names", ExpressionError, where="m.tsv") == []


def test_names_that_are_nearly_alike_are_paired() -> None:
    names, others = ["TCGA.3M.01", "X12", "Xa", "S 1", "--", "z"], ["tcga-3m-01", "12", "a", "s1", "S-1", "..", "--"]
    assert find_similar(names, others) == [("TCGA.3M.01", "tcga-3m-01"), ("X12", "12"), ("S 1", "s1"), ("--", "--")]


def test_names_of_one_column_differ_by_punctuation_and_not_by_case_and_spaces() -> None:
    assert group_similar(["P1", "1.1", "p 1", "11", "P1", "P1 "]) == [("P1", "p 1", "P1 ")]
