from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError, UnknownNameError
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoints import OrdinalRule, ResponseRule, TimeToEventRule, read_endpoints
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


LEVELS = {"PD": ("PD",), "SD": ("SD", "no change"), "OR": ("PR", "CR")}


def test_ordered_levels_come_in_the_words_of_the_rule(table: Build) -> None:
    findings = Findings("c")
    read = table({"best": ["CR", "no change", "Progressive Disease", "NE", "PR", ""]})
    rule = OrdinalRule("best", LEVELS, "recist", ("NE",))
    found = read_endpoints(read, list(range(6)), {"best": rule}, findings=findings)
    assert found["best"].fillna("-").tolist() == ["OR", "SD", "PD", "-", "OR", "-"]
    assert [(w.code, w.count) for w in findings.warnings] == [("endpoint.recist_words", 1), ("endpoint.missing", 2)]
    told = findings.quality()["evidence"].iloc[0]
    assert told == "From worst to best by the recist rule: PD 1, SD 1, OR 2; 2 without a value."


def test_words_of_the_source_are_not_translated_and_one_level_is_a_warning(table: Build) -> None:
    findings = Findings("c")
    rule = OrdinalRule("best", LEVELS)
    read_endpoints(table({"best": ["Progressive Disease"]}), [0], {"best": rule}, findings=findings)
    assert "Progressive Disease" in findings.problems[0].what  # type: ignore[attr-defined]
    alone = Findings("c")
    read_endpoints(table({"best": ["SD", "SD"]}), [0, 1], {"best": rule}, findings=alone)
    assert [w.code for w in alone.warnings] == ["endpoint.one_group"]


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ({"a": ("1",), "b": ("2",)}, "has 2 levels"),
        ({"a": ("1",), "b": (), "c": ("3",)}, "names no values of 'b'"),
        ({"a": ("1",), "b": ("1.0",), "c": ("3",)}, "'1.0' is declared both a and b"),
    ],
)
def test_a_rule_of_levels_that_cannot_be_meant(table: Build, levels: dict[str, tuple[str, ...]], told: str) -> None:
    findings = Findings("c")
    read_endpoints(table({"best": ["1"]}), [0], {"best": OrdinalRule("best", levels)}, findings=findings)
    assert told in str(findings.problems[0])
