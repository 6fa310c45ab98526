from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.ingest.clinical import SampleTable, read_samples
from tmescope.ingest.findings import Findings
from tmescope.ingest.timepoints import check_timepoint_columns, read_codes, read_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("pre (as curated by source)", "pre"),
        ("Pre-treatment", "pre"),
        ("baseline", "pre"),
        ("on-treatment", "on"),
        ("EDT", "on"),
        ("POST", "post"),
        ("pre or post", None),
        ("presumed", None),
        ("lesion", None),
        ("", None),
    ],
)
def test_moments(text: str, moment: str | None) -> None:
    assert read_moment(text) == moment


def test_codes_in_a_header() -> None:
    header = "biopsyContext..1.Pre.Ipi..2.On.Ipi..3.Pre.PD1..4.On.PD1."
    assert read_codes(header) == {"1": "pre ipi", "2": "on ipi", "3": "pre pd1", "4": "on pd1"}
    assert read_codes("biopsy (1=pre-ipi, 2=post-ipi)") == {"1": "pre ipi", "2": "post ipi"}
    assert read_codes("biopsy.site") == {}


def _check(table: SampleTable, rows: list[int] | None = None) -> Findings:
    findings = Findings("c")
    chosen = list(range(len(table.frame))) if rows is None else rows
    times = list(table.frame["timepoint"].iloc[chosen])
    ids = [f"S{i}" for i in chosen]
    check_timepoint_columns(table, chosen, times, used="timepoint", findings=findings, sample_ids=ids)
    return findings


def test_a_column_that_contradicts_is_pointed_out(table: Callable[..., SampleTable]) -> None:
    made = table({"timepoint": ["pre"] * 4, "biopsy": ["pre", "post", "on", ""], "site": ["on", "post", "a", "b"]})
    findings = _check(made)
    (warning,) = findings.warnings
    assert (warning.code, warning.count, warning.examples) == ("timepoint.contradicted", 2, ("biopsy",))
    assert "2 of 3 samples: 'post' for 'pre' (1x), 'on' for 'pre' (1x)" in warning.message
    assert findings.quality()["status"].tolist() == ["notice"]
    flags = findings.sample_flags()
    assert flags[["sample_id", "check", "status"]].values.tolist() == [
        ["S1", "timepoint", "notice"],
        ["S2", "timepoint", "notice"],
    ]
    assert flags["evidence"][0] == "column 'biopsy' says 'post', the timepoint is 'pre'"
    agrees = _check(made, [0])
    assert (agrees.warnings, len(agrees.sample_flags())) == ([], 0)
    assert agrees.quality()[["check", "status"]].values.tolist() == [["timepoint", "ok"]]


def test_columns_of_other_things_and_unclear_timepoints_say_nothing(table: Callable[..., SampleTable]) -> None:
    other = {"timepoint": ["pre"] * 3, "biopsy.site": ["post. thigh", "lung", "liver"], "pre_BRAF": ["0", "1", "0"]}
    assert _check(table(other)).warnings == []
    assert len(_check(table(other)).quality()) == 0
    assert _check(table({"timepoint": ["T0", "T1"], "biopsy": ["pre", "post"]})).warnings == []


@pytest.mark.parametrize(
    ("cohort", "count", "of"),
    [("nathanson2017_melanoma_ctla4", 15, 24), ("liu2019_melanoma_pd1", 5, 121), ("hugo2016_melanoma_pd1", 1, 27)],
)
def test_real_cohorts(shared_data: Path, cohort: str, count: int, of: int) -> None:
    (warning,) = _check(read_samples(shared_data / "cohorts" / cohort / "samples.tsv")).warnings
    assert (warning.count, f"{count} of {of} samples" in warning.message) == (count, True)
