"""The benchmark of accuracy compares like with like: each method's call is that of the original."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import deconvolution_accuracy
from bench.deconvolution_accuracy import CALLS


def test_every_single_method_correlates_as_the_original_does(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMESCOPE_TEST_DATA", str(shared_data))
    rows = deconvolution_accuracy.run()
    compared = [row for row in rows if row["R"] != ""]
    assert {row["data"] for row in compared} == set(CALLS)
    assert {str(row["method"]).removesuffix("_array") for row in compared} == {
        "quantiseq", "xcell", "consensustme", "mcp_counter", "abis"
    }  # fmt: skip
    assert [row for row in compared if row["pearson"] != row["R"]] == []
    told = {(row["data"], row["method"]): row["parameters"] for row in compared}
    assert told["sdy420", "quantiseq_array"] == "tumour=false, renaming=original"
    assert told["racle", "consensustme"] == "cancer=SKCM"
