from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError, UnknownNameError
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoints import ResponseRule, TimeToEventRule, read_endpoints
from tmescope.ingest.findings import Findings

Build = Callable[..., SampleTable]
RULE = ResponseRule("recist", ("CR", "PR"), ("SD", "PD"), missing=("NE",))


def test_response_by_the_declared_rule(table: Build) -> None:
    findings = Findings("c")
    read = table({"recist": ["PR", "SD", "NE", "", "PD", "CR"]})
    found = read_endpoints(read, [5, 0, 1, 2, 3], {"orr": RULE}, findings=findings)
    values = found["orr"]
    assert values.fillna("-").tolist() == ["responder", "responder", "non_responder", "-", "-"]
    assert isinstance(values.dtype, pd.StringDtype)
    assert [(w.code, w.count) for w in findings.warnings] == [("endpoint.missing", 2)]
    evidence = findings.quality()["evidence"].iloc[0]
    assert "2 responders, 1 non-responders, 2 without a value by the recist rule" in evidence
    assert "non-responder = SD, PD" in evidence


def test_a_value_that_the_rule_does_not_name(table: Build) -> None:
    findings = Findings("c")
    found = read_endpoints(table({"recist": ["CR", "MR", "MR"]}), [0, 1, 2], {"orr": RULE}, findings=findings)
    assert list(found.columns) == []
    (problem,) = findings.problems
    assert isinstance(problem, EndpointError)
    assert "'MR (2x)'" in problem.what
    assert problem.where == "samples.tsv, endpoint 'orr', column 'recist'"
    assert problem.next_step == "find out what each value means, then add 'MR' to the rule"


def test_only_rows_that_enter_are_asked(table: Build) -> None:
    findings = Findings("c")
    read_endpoints(table({"recist": ["CR", "MR", "PD"]}), [0, 2], {"orr": RULE}, findings=findings)
    assert findings.problems == []


def test_one_group_alone_is_a_warning(table: Build) -> None:
    findings = Findings("c")
    read_endpoints(table({"recist": ["CR", "PR"]}), [0, 1], {"orr": RULE}, findings=findings)
    assert findings.warnings[0].code == "endpoint.one_group"
    assert "no sample is a non-responder" in findings.warnings[0].message
    assert findings.quality()["status"].tolist() == ["notice"]


def test_an_unknown_column(table: Build) -> None:
    findings = Findings("c")
    read_endpoints(table({"resist": ["CR"]}), [0], {"orr": RULE}, findings=findings)
    (problem,) = findings.problems
    assert isinstance(problem, UnknownNameError)
    assert problem.next_step == "did you mean 'resist'?"
    assert problem.where == "samples.tsv, endpoint 'orr'"


def test_every_endpoint_is_checked(table: Build) -> None:
    findings = Findings("c")
    rules = {
        "a": ResponseRule("recist", ("CR",), ("PD",)),
        "b": ResponseRule("absent", ("CR",), ("PD",), "source-defined"),
        "c": TimeToEventRule("t", "e", "days", ("1",), ("0",)),
        "d": ResponseRule("recist", ("CR",), ("PD", "SD")),
    }
    read = table({"recist": ["CR"], "t": ["-1"], "e": ["2"]})
    found = read_endpoints(read, [0], rules, findings=findings)
    assert list(found.columns) == ["d"]
    assert len(findings.problems) == 4


@pytest.mark.parametrize("values", [[], ["CR"]])
def test_no_rules_no_columns(table: Build, values: list[str]) -> None:
    found = read_endpoints(table({"recist": values}), list(range(len(values))), {}, findings=Findings("c"))
    assert found.shape == (len(values), 0)
