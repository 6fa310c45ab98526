from __future__ import annotations

import builtins
import inspect

import pytest

from tmescope.foundation import errors
from tmescope.foundation.errors import (
    ManyProblems,
    ScaleError,
    TmescopeError,
    UnknownNameError,
    closest,
    examples,
    listing,
)

TREE = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, TmescopeError)]


def test_message_says_what_where_expected_and_next():
    text = str(
        ScaleError("7 values are negative: -1, -2, -3", where="a.tsv", expected="none below 0", next_step="look")
    )
    assert text.splitlines() == [
        "7 values are negative: -1, -2, -3",
        "  where:    a.tsv",
        "  expected: none below 0",
        "  do:       look",
    ]


@pytest.mark.parametrize("error", [e for e in TREE if e is not TmescopeError], ids=lambda e: e.__name__)
def test_each_error_is_also_a_builtin(error):
    assert any(getattr(builtins, base.__name__, None) is base and base is not Exception for base in error.__mro__[2:-3])


def test_the_tree_is_in_the_docstring():
    assert all(e.__name__ in errors.__doc__ for e in TREE)


def test_did_you_mean():
    error = UnknownNameError.of("method", "zscor", ["zscore", "mean"], where="profile.methods")
    assert "did you mean 'zscore'?" in str(error)
    assert "choose one of: mean, zscore" in str(UnknownNameError.of("method", "qqqq", ["zscore", "mean"]))
    many = [f"m{i:02}" for i in range(41)]
    told = str(UnknownNameError.of("method", "qqqq", many)).split()
    assert [w.rstrip(",") for w in told if w.startswith("m")][:-1] == ["method", *many[:30]]
    assert told[-3:] == ["and", "11", "more"]
    assert closest("ZSCORE", ["zscore"]) == "zscore"
    assert closest("q", ["zscore"]) is None


def test_examples_are_three_and_short():
    assert examples(["a", "b"]) == "'a', 'b'"
    assert examples([1, 2, 3, 4, 5]) == "1, 2, 3 and 2 more"
    assert len(examples(["x" * 10_000])) < 80


def test_many_problems_are_numbered():
    text = str(ManyProblems([ScaleError("one", where="here"), ScaleError("two")]))
    assert text.startswith("2 problems\n1. one\n     where:    here\n2. two")


def test_many_names_are_listed_on_lines_of_their_own() -> None:
    assert listing(["A", "B"], most=5) == "A, B"
    assert listing(["A", "B", "C"], most=2) == "A, B and 1 more"
    text = listing([f"GENE-{i}" for i in range(90)], most=80)
    assert text.startswith("\n    GENE-0, GENE-1, ")
    assert text.endswith(" and 10 more")
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("GENE-") == 80
