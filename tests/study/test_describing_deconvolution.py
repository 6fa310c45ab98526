from __future__ import annotations

import pytest
from tests.study.written import write


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    def change(data):
        data["profile"] |= {"methods": ["zscore"], "max_unmapped": 1.0}
        data["deconvolution"] = {"methods": ["mcp_counter", "estimate"], "min_coverage": 0.25}

    return write(tmp_path_factory.mktemp("composed"), change)[1]["Composition"]


def test_methods_scales_units_and_papers_are_named(told):
    assert "by mcp_counter and estimate." in told
    assert "It took values in tpm, estimated each sample from that sample alone" in told
    assert "mean linear expression of the markers" in told
    assert "[" in told.split("mcp_counter: ")[1].split(".")[0], "the paper is cited"


def test_the_rule_and_what_is_missing_are_counted(told):
    assert "fewer than 25% of its reference's genes" in told
    assert "values are missing" in told


def test_nothing_is_said_where_nothing_ran(tmp_path):
    assert "Composition" not in write(tmp_path)[1]
