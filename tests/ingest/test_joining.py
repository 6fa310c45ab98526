from __future__ import annotations

import pandas as pd
import pytest

from tmescope.foundation.errors import SampleError
from tmescope.ingest.findings import Findings
from tmescope.ingest.joining import join_samples, select_samples
from tmescope.ingest.options import SampleSelection


@pytest.fixture
def findings() -> Findings:
    return Findings("c")


def _named(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="string")


def test_losses_on_both_sides_are_counted(findings: Findings) -> None:
    joined = join_samples(["d", "a", "b", "c"], ["a", "x", "c"], findings=findings, where="s.tsv")
    assert joined == ["a", "c"]
    assert [(w.code, w.count, w.examples) for w in findings.warnings] == [
        ("join.matrix_only", 2, ("d", "b")),
        ("join.table_only", 1, ("x",)),
    ]
    assert findings.warnings[1].message == "1 of 3 rows of the sample table are not in the matrix"
    assert findings.quality()["status"].tolist() == ["notice"]


def test_a_full_join_is_silent(findings: Findings) -> None:
    assert join_samples(["b", "a"], ["a", "b"], findings=findings, where="s.tsv") == ["b", "a"]
    assert findings.warnings == []
    assert findings.quality()["status"].tolist() == ["ok"]


@pytest.mark.parametrize(
    ("matrix", "table", "step"),
    [
        (["TCGA.3M.01", "X12"], ["TCGA-3M-01", "12"], "2 agree apart from case, spaces or punctuation"),
        (["a"], ["A "], "1 agree"),
        (["a", "b"], ["c"], "map columns.sample_id"),
    ],
)
def test_identifiers_that_nearly_agree_are_pointed_out_and_not_joined(
    findings: Findings, matrix: list[str], table: list[str], step: str
) -> None:
    assert join_samples(matrix, table, findings=findings, where="s.tsv") == []
    (problem,) = findings.problems
    assert isinstance(problem, SampleError)
    assert repr(matrix[0]) in problem.what
    assert repr(table[0]) in problem.what
    assert problem.where == "s.tsv, sample_id"
    assert step in (problem.next_step or "")


SAMPLES = _named(
    sample_id=["b2", "a1", "b1", "c1", "x"],
    patient_id=["B", "A", "B", "C", "C"],
    timepoint=["post", "pre", "pre", pd.NA, "pre"],
)
JOINED = ["a1", "b1", "b2", "c1"]


def _select(findings: Findings, selection: SampleSelection, named: pd.DataFrame = SAMPLES) -> list[str]:
    return select_samples(named, JOINED, selection, findings=findings, where="s.tsv")


def test_several_samples_of_a_patient_are_refused_by_name(findings: Findings) -> None:
    assert _select(findings, SampleSelection()) == []
    (problem,) = findings.problems
    assert isinstance(problem, SampleError)
    assert problem.what == "1 patients have several samples (2 in all): 'B'"
    assert problem.where == "s.tsv, selection.one_per_patient"


def test_the_first_is_the_first_of_the_table_and_the_order_that_of_the_matrix(findings: Findings) -> None:
    assert _select(findings, SampleSelection(one_per_patient="first")) == ["a1", "b2", "c1"]
    assert [(w.code, w.count, w.examples) for w in findings.warnings] == [("selection.left_out", 1, ("b1",))]
    told = findings.quality().set_index("check").loc["patients with several samples"]
    assert told["value"] == "1"
    assert "of 'B (2)';" in told["evidence"]


def test_all_may_be_kept_with_a_warning(findings: Findings) -> None:
    assert _select(findings, SampleSelection(one_per_patient="all")) == JOINED
    assert [(w.code, w.examples) for w in findings.warnings] == [("selection.several_per_patient", ("B",))]


def test_a_timepoint_is_selected(findings: Findings) -> None:
    assert _select(findings, SampleSelection(timepoint=("pre",))) == ["a1", "b1"]
    assert findings.problems == []


def test_a_timepoint_that_no_row_has(findings: Findings) -> None:
    assert _select(findings, SampleSelection(timepoint=("pre", "Pre"))) == []
    (problem,) = findings.problems
    assert problem.what == "no row has the timepoint 'Pre'"
    assert "'pre (3x)', 'post (1x)'" in (problem.expected or "")


def test_a_timepoint_without_a_column(findings: Findings) -> None:
    _select(findings, SampleSelection(timepoint=("pre",)), SAMPLES.drop(columns="timepoint"))
    assert "no column is declared" in findings.problems[0].what


def test_samples_are_excluded(findings: Findings) -> None:
    assert _select(findings, SampleSelection(exclude=("b2", "x"))) == ["a1", "b1", "c1"]


def test_an_excluded_sample_that_does_not_exist(findings: Findings) -> None:
    assert _select(findings, SampleSelection(exclude=("B2",))) == []
    (problem,) = findings.problems
    assert "'B2'" in problem.what
    assert problem.next_step == "did you mean 'b2'?"


def test_a_selection_of_nothing(findings: Findings) -> None:
    assert _select(findings, SampleSelection(exclude=("a1", "b1", "b2", "c1"))) == []
    assert findings.problems[0].what == "the selection leaves none of 4 joined samples"


def test_without_patients_every_sample_is_one(findings: Findings) -> None:
    assert _select(findings, SampleSelection(), SAMPLES.drop(columns="patient_id")) == JOINED
    assert findings.warnings[0].code == "selection.no_patients"


def test_samples_without_a_patient_are_not_one_patient(findings: Findings) -> None:
    named = SAMPLES.assign(patient_id=["", "A", "", " ", "x"])
    assert _select(findings, SampleSelection(one_per_patient="first"), named) == JOINED
    assert findings.warnings[0].count == 3


def test_identifiers_that_nearly_agree_are_pointed_out_where_others_are_joined(findings: Findings) -> None:
    matrix, table = ["S1", "S-2", "x3", "S5", "q"], ["S1", "S2", "3", "s 5", "r"]
    assert join_samples(matrix, table, findings=findings, where="s.tsv") == ["S1"]
    (warning,) = [w for w in findings.warnings if w.code == "join.similar"]
    assert (warning.count, warning.examples) == (3, ("'S-2' and 'S2'", "'x3' and '3'", "'S5' and 's 5'"))
    assert "3 of the 4 samples" in warning.message
    assert "3 more agree apart from case" in findings.quality()["evidence"].iloc[0]


def test_patients_that_differ_by_case_or_spaces_are_pointed_out_and_not_merged(findings: Findings) -> None:
    named = SAMPLES.assign(patient_id=["P1", "P1 ", "p1", "P.1", "x"])
    assert _select(findings, SampleSelection(), named) == JOINED
    (warning,) = findings.warnings
    assert (warning.code, warning.count, warning.examples) == (
        "selection.similar_patients", 1, ("'P1' and 'P1 ' and 'p1'",)
    )  # fmt: skip


def test_timepoints_that_differ_from_a_selected_one_by_case_are_pointed_out(findings: Findings) -> None:
    named = SAMPLES.assign(timepoint=["PRE", "pre", "Pre", "Pre", "pre"])
    assert _select(findings, SampleSelection(timepoint=("pre",)), named) == ["a1"]
    (warning,) = [w for w in findings.warnings if w.code == "selection.similar_timepoint"]
    assert (warning.count, warning.examples) == (3, ("'PRE' (1x)", "'Pre' (2x)"))
    assert (
        _select(Findings("c"), SampleSelection(timepoint=("pre", "Pre", "PRE"), one_per_patient="all"), named) == JOINED
    )
