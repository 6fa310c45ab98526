"""Each rule of the traffic lights turns every colour that it says it has, from tables and nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tmescope.report.contents import ReportContents
from tmescope.report.quality_lights import judge
from tmescope.report.quality_rules import COLOURS, CORE, RULES

RULE = {rule.id: rule for rule in RULES}
STATUS_RULES = [rule.id for rule in RULES if rule.check]
_COLOUR = {"ok": "green", "notice": "amber", "problem": "red", "unchecked": "grey"}
_PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "quality.md"


def _contents(**tables: pd.DataFrame) -> ReportContents:
    return ReportContents("s", "Title", "", tables, "zscore")


def _quality(*rows: tuple[str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["check", "status", "evidence"])
    return table.assign(cohort_id="c", value="")


def _genes(found: int, lost: int) -> pd.DataFrame:
    reasons = ["approved"] * found + ["missing"] * (lost - lost // 2) + ["ambiguous"] * (lost // 2)
    return pd.DataFrame({"cohort_id": "c", "input_id": "g", "gene_symbol": "g", "reason": reasons, "needed": True})


def _scores(*coverage: float) -> pd.DataFrame:
    names = [f"set {i}" for i in range(len(coverage))]
    table = pd.DataFrame({"feature": names, "coverage": coverage})
    return table.assign(cohort_id="c", sample_id="s", method="zscore", value=1.0, unit="")


def _cohort(matrix: int, both: int) -> pd.DataFrame:
    n = {"n_expression": matrix, "n_table": 99, "n_joined": both, "n_selected": both}
    return pd.DataFrame([{"cohort_id": "c", **n}])


def _overlap(cohort_b: str, patient_b: str, evidence: str) -> pd.DataFrame:
    row = {"cohort_a": "c", "sample_a": "A", "patient_a": "P", "cohort_b": cohort_b, "sample_b": "B"}
    return pd.DataFrame([{**row, "patient_b": patient_b, "evidence": evidence}])


@pytest.mark.parametrize("name", STATUS_RULES)
@pytest.mark.parametrize("status", list(_COLOUR))
def test_a_status_becomes_a_light_with_its_evidence(name: str, status: str) -> None:
    rule = RULE[name]
    found = judge(rule, _contents(quality=_quality((rule.check, status, "12 of 40."))), "c")
    assert (found.colour, found.evidence) == (_COLOUR[status], "12 of 40.")


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_nothing_is_green_without_a_check_that_ran(rule: object) -> None:
    found = judge(rule, _contents(), "c")  # type: ignore[arg-type]
    assert found.colour == "grey"
    assert found.evidence
    other = judge(rule, _contents(quality=_quality(("another check", "ok", "fine"))), "c")  # type: ignore[arg-type]
    assert other.colour == "grey"


def test_the_worst_of_several_rows_counts() -> None:
    rows = _quality(("timepoint", "ok", "one agrees"), ("timepoint", "notice", "one contradicts"))
    found = judge(RULE["timepoints"], _contents(quality=rows), "c")
    assert (found.colour, found.evidence) == ("amber", "one contradicts")


@pytest.mark.parametrize(
    ("lost", "colour"), [(0, "green"), (1, "green"), (2, "amber"), (20, "amber"), (21, "red"), (100, "red")]
)
def test_missing_genes(lost: int, colour: str) -> None:
    found = judge(RULE["genes"], _contents(gene_mapping=_genes(100 - lost, lost)), "c")
    assert (found.colour, found.evidence) == (colour, f"{lost} of 100 needed genes are missing or ambiguous.")


@pytest.mark.parametrize(
    ("coverage", "colour"),
    [
        ((1.0, 0.8), "green"),
        ((1.0, 1.0, 1.0, 0.79), "amber"),
        ((1.0, 1.0, 0.5), "red"),
    ],
)
def test_coverage(coverage: tuple[float, ...], colour: str) -> None:
    found = judge(RULE["coverage"], _contents(scores=_scores(*coverage)), "c")
    assert found.colour == colour
    thin = sum(x < 0.8 for x in coverage)
    assert found.evidence.startswith(f"{thin} of {len(coverage)} signatures have less than 80% of their genes")


@pytest.mark.parametrize(("both", "colour"), [(50, "green"), (49, "amber"), (40, "amber"), (39, "red")])
def test_sample_loss(both: int, colour: str) -> None:
    found = judge(RULE["samples"], _contents(cohorts=_cohort(50, both)), "c")
    assert found.colour == colour
    assert found.evidence == f"50 samples in the matrix, 99 in the table, {both} in both, {both} selected by the study."


def test_mixed_up_samples() -> None:
    ran = _quality(("samples measured twice", "ok", "none"))
    assert judge(RULE["mixed"], _contents(quality=ran), "c").colour == "green"
    flag = pd.DataFrame([{"cohort_id": "c", "sample_id": "A", "check": "sex", "status": "problem", "evidence": "x"}])
    assert judge(RULE["mixed"], _contents(quality=ran, sample_flags=flag), "c").colour == "red"
    assert (
        judge(RULE["mixed"], _contents(quality=ran, sample_flags=flag.assign(status="notice")), "c").colour == "green"
    )
    twins = _overlap("c", "Q", "expression same")
    assert judge(RULE["mixed"], _contents(quality=ran, overlaps=twins), "c").colour == "red"
    same_patient = _overlap("c", "P", "expression same")
    assert judge(RULE["mixed"], _contents(quality=ran, overlaps=same_patient), "c").colour == "green"
    assert judge(RULE["mixed"], _contents(quality=ran, overlaps=_overlap("d", "P", "id")), "c").colour == "amber"
    agrees = _overlap("d", "P", "id, expression same")
    assert judge(RULE["mixed"], _contents(quality=ran, overlaps=agrees), "c").colour == "green"
    unable = _quality(("sex", "unchecked", "no TPM"), ("samples measured twice", "unchecked", "few genes"))
    assert judge(RULE["mixed"], _contents(quality=unable), "c").colour == "grey"


def test_rules_have_names_and_words() -> None:
    assert len(RULE) == len(RULES) == 11
    assert set(CORE) <= set(RULE)
    assert COLOURS == ("red", "amber", "grey", "green")
    for rule in RULES:
        assert rule.green
        assert rule.amber or rule.red
        assert (rule.check != "") + (rule.measure is not None) + (rule.decide is not None) == 1


def test_the_page_on_quality_says_the_same_rules() -> None:
    rows = [[c.strip() for c in line.strip("|\n").split("|")] for line in _PAGE.read_text("utf-8").splitlines(True)]
    told = {row[0]: row[1:] for row in rows if len(row) == 5}
    for rule in RULES:
        assert told[rule.title] == [rule.green, rule.amber or "–", rule.red or "–", rule.grey or "–"], rule.id
