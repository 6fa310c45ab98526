from __future__ import annotations

import pytest

from tmescope.foundation.errors import ManyProblems, SampleError, ScaleError
from tmescope.foundation.result import RunWarning
from tmescope.ingest.findings import QUALITY_COLUMNS, Findings, problems_of, raise_all


def test_nothing_one_and_several() -> None:
    one, other = SampleError("a"), ScaleError("b")
    raise_all([])
    with pytest.raises(SampleError) as caught:
        raise_all([one])
    assert caught.value is one
    with pytest.raises(ManyProblems) as many:
        raise_all([one, other])
    assert problems_of(many.value) == (one, other)
    assert problems_of(one) == (one,)


def test_errors_of_ours_are_collected_and_the_work_goes_on() -> None:
    findings = Findings("c")
    with findings.collecting():
        raise SampleError("a")
    with findings.collecting():
        raise ManyProblems([ScaleError("b"), ScaleError("c")])
    assert [p.what for p in findings.problems] == ["a", "b", "c"]
    with pytest.raises(ManyProblems, match="3 problems"):
        findings.raise_if_any()


def test_other_errors_pass() -> None:
    findings = Findings("c")
    with pytest.raises(ZeroDivisionError), findings.collecting():
        raise ZeroDivisionError
    assert findings.problems == []


def test_warnings_count_all_and_show_three() -> None:
    findings = Findings("c")
    findings.warn("a.b", "five things", items="vwxyz")
    findings.warn("a.c", "seven", count=7)
    findings.warn("a.d", "one")
    assert findings.warnings == [
        RunWarning("a.b", "five things", "c", 5, ("v", "w", "x")),
        RunWarning("a.c", "seven", "c", 7, ()),
        RunWarning("a.d", "one", "c", 1, ()),
    ]


def test_quality_is_a_table_of_text_even_when_empty() -> None:
    findings = Findings("c")
    assert list(findings.quality().columns) == list(QUALITY_COLUMNS)
    findings.note("scale", 3, "Three.", status="notice")
    assert findings.quality().iloc[0].to_list() == ["c", "scale", "notice", "3", "Three."]


def test_flags_name_one_sample_each() -> None:
    findings = Findings("c")
    assert list(findings.sample_flags().columns) == ["cohort_id", "sample_id", "check", "status", "evidence"]
    findings.flag("S1", "sex", "is odd", status="problem")
    findings.flag("S2", "timepoint", "is odd too")
    assert findings.sample_flags().values.tolist() == [
        ["c", "S1", "sex", "problem", "is odd"],
        ["c", "S2", "timepoint", "notice", "is odd too"],
    ]
