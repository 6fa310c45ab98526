from __future__ import annotations

from collections.abc import Callable

import pytest

from tmescope.foundation.errors import EndpointError
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoints import ResponseRule, read_endpoints
from tmescope.ingest.findings import Findings
from tmescope.ingest.recist import read_recist, translate_recist


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("Complete Response", "CR"),
        ("partial response", "PR"),
        ("Progressive disease", "PD"),
        ("PROGRESSIVE_DISEASE", "PD"),
        ("Stable Disease", "SD"),
        ("Stable Disease (SD)", "SD"),
        ("PR - Partial Response", "PR"),
        ("cr", "CR"),
        ("Not Evaluable", "NE"),
        ("cPR", None),
        ("PR (Complete Response)", None),
        ("mixed response", None),
        ("response", None),
        ("", None),
    ],
)
def test_words(word: str, category: str | None) -> None:
    assert read_recist(word) == category


def test_only_what_the_rule_places_is_translated() -> None:
    cells = ["Stable Disease", "Partial Response", "CR"]
    assert translate_recist(cells, {"PR", "Stable Disease"})[0] == ["Stable Disease", "PR", "CR"]


def _read(made: SampleTable, kind: str) -> tuple[list[object], Findings]:
    rule = ResponseRule("best", ("CR", "PR"), ("SD", "PD"), "recist" if kind == "recist" else "source-defined")
    findings = Findings("c")
    found = read_endpoints(made, range(len(made.frame)), {"response": rule}, findings=findings)
    return list(found["response"]) if "response" in found else [], findings


def test_a_recist_rule_takes_them_and_says_so(table: Callable[..., SampleTable]) -> None:
    words = ["Complete Response", "partial response", "Stable Disease", "Progressive disease", "PD"]
    values, findings = _read(table({"best": words}), "recist")
    assert values == ["responder", "responder", "non_responder", "non_responder", "non_responder"]
    (warning,) = findings.warnings
    assert (warning.code, warning.count) == ("endpoint.recist_words", 4)
    assert "'Stable Disease' = SD (1x)" in warning.message


@pytest.mark.parametrize(("kind", "word"), [("source", "Complete Response"), ("recist", "Not Evaluable")])
def test_other_rules_and_unplaced_categories_do_not(table: Callable[..., SampleTable], kind: str, word: str) -> None:
    values, findings = _read(table({"best": ["CR", "PD", word]}), kind)
    assert values == []
    (problem,) = findings.problems
    assert isinstance(problem, EndpointError)
    assert word in str(problem)


def test_abbreviations_and_other_spellings_are_read_by_a_rule_of_words(table: Callable[..., SampleTable]) -> None:
    words = ("Complete Response", "Partial Response"), ("Stable Disease", "Progressive Disease")
    findings = Findings("c")
    made = table({"best": ["Complete Response", "PR", "SD", "stable disease", "Progressive Disease "]})
    found = read_endpoints(made, range(5), {"response": ResponseRule("best", *words)}, findings=findings)
    assert list(found["response"]) == ["responder", "responder", "non_responder", "non_responder", "non_responder"]
    (warning,) = findings.warnings
    assert warning.count == 3
    assert "'SD' = Stable Disease (1x)" in warning.message
