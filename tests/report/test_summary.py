from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import make_contents, without

from tmescope.report.contents import ReportContents
from tmescope.report.summary import summarise


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def _answers(contents: ReportContents, **columns: object) -> ReportContents:
    answers = contents.table("answers").assign(**columns)  # type: ignore[arg-type]
    return replace(contents, tables={**contents.tables, "answers": answers})


def test_the_paragraph_counts_what_the_tables_hold(contents: ReportContents) -> None:
    paragraph = summarise(contents).paragraph
    response = contents.table("samples")["response"]
    n, known = int((response == "responder").sum()), int(response.notna().sum())
    assert paragraph.startswith("185 samples from 3 cohorts (melanoma_pd1_a, bladder_pdl1 and melanoma_ctla4_pilot)")
    assert f"Response is known for {known} of 185: {n} responders ({100 * n / known:.0f}%)." in paragraph
    assert "Overall survival is known for 185" in paragraph
    assert "2 data-quality checks report a problem, in melanoma_ctla4_pilot." in paragraph
    assert ("185", "samples") in summarise(contents).facts


def test_the_strongest_finding_has_interval_q_family_n_and_the_other_cohorts(contents: ReportContents) -> None:
    finding = summarise(contents).findings[0]
    rows = contents.shown_answers().query("effect_name == 'auc'").sort_values("q_value")
    best = rows.iloc[0]
    label = contents.feature_labels()[best["feature"]]
    first = _plain(finding.sentences[0])
    assert finding.kind == "association"
    assert finding.headline == f"{label}: higher in responders of {best['cohort_id']}"
    assert f"AUC {best['effect']:.2f} [{best['ci_low']:.2f}, {best['ci_high']:.2f}] (95% CI)" in first
    assert f"family “{best['family']}” of 21 tests" in first
    assert f"n = {best['n']}, {best['n_events']} responders" in first
    others = rows[(rows["feature"] == best["feature"]) & (rows["cohort_id"] != best["cohort_id"])]
    assert f"{(others['effect'] > 0.5).sum()} of 2 in the same direction" in finding.sentences[1]
    tested = contents.table("answers").query("effect_name == 'auc'")  # by every method, not only the one that is drawn
    assert f"{(tested['q_value'] < 0.05).sum()} of {tested['effect'].notna().sum()} tests" in finding.sentences[2]
    assert "not yet a biomarker" in finding.sentences[2]


def test_an_effect_below_its_reference_is_lower(contents: ReportContents) -> None:
    flipped = _answers(contents, effect=1 - contents.table("answers")["effect"])
    assert ": lower in responders of" in summarise(flipped).findings[0].headline


def test_when_nothing_passes_it_says_so_and_claims_no_more() -> None:
    finding = summarise(make_contents(signal=0.0)).findings[0]
    assert finding.kind == "none"
    assert finding.headline == "No feature is associated with response at q < 0.05 in any cohort"
    assert "The smallest q among 127 tests" in finding.sentences[0]
    assert "does not show that there is none" in finding.sentences[1]


def test_a_finding_on_few_events_is_called_a_hint(contents: ReportContents) -> None:
    assert "read it as a hint" in summarise(_answers(contents, n_events=9)).findings[0].sentences[-1]
    assert "hint" not in " ".join(summarise(contents).findings[0].sentences)


def test_survival_is_worded_by_its_own_events(contents: ReportContents) -> None:
    finding = summarise(contents).findings[1]
    assert "high values go with fewer events (overall survival)" in finding.headline
    assert "HR 0." in finding.sentences[0]


def test_answers_that_are_absent_or_cannot_be_estimated(contents: ReportContents) -> None:
    assert summarise(without(contents, "answers")).findings[0].kind == "absent"
    assert summarise(_answers(contents, effect=float("nan"))).findings[0].kind == "absent"
    assert [f.kind for f in summarise(replace(contents, primary_endpoint=None, survival_endpoint=None)).findings] == [
        "absent"
    ]


def test_nothing_at_all_is_said_plainly() -> None:
    empty = summarise(ReportContents("s", "T", "", {}, "zscore"))
    assert empty.paragraph.startswith("This run wrote no cohorts")
    assert ("0", "samples") in empty.facts


def test_no_problem_and_no_checks(contents: ReportContents) -> None:
    good = contents.table("quality").assign(status="ok")
    assert (
        "No data-quality check reports a problem (0 notices)."
        in summarise(replace(contents, tables={**contents.tables, "quality": good})).paragraph
    )
    assert "No data-quality checks were recorded." in summarise(without(contents, "quality")).paragraph


def test_right_to_left_names_are_isolated(contents: ReportContents) -> None:
    tables = {n: t.replace({"cohort_id": {"bladder_pdl1": "דגימה"}}) for n, t in contents.tables.items()}
    assert "\u2068דגימה\u2069" in summarise(replace(contents, tables=tables)).paragraph
    assert isinstance(tables["cohorts"], pd.DataFrame)


def test_a_finding_of_another_method_is_not_passed_over(contents: ReportContents) -> None:
    answers = contents.table("answers").copy()
    answers["q_value"] = 0.9
    rows = answers[(answers["effect_name"] == "auc") & (answers["endpoint"] == contents.primary_endpoint)]
    planted = rows.iloc[[0]].assign(feature="T cells", source="mcp_counter", effect=0.9, p_value=1e-6, q_value=1e-4)
    tables = {**contents.tables, "answers": pd.concat([answers, planted], ignore_index=True)}
    found = summarise(replace(contents, tables=tables)).findings[0]
    assert found.headline.startswith("\u2068T cells") or "T cells" in found.headline
    assert "mcp_counter" in found.headline
    shown = replace(contents, tables=tables).shown_answers()
    assert "T cells" in set(shown["feature"])
    assert not shown.duplicated(["cohort_id", "feature", "endpoint", "effect_name"]).any()


def test_the_paragraph_names_every_method_that_ran(contents: ReportContents) -> None:
    assert " by zscore, which figures of one method show, and besides by ssgsea" in summarise(contents).paragraph
    alone = contents.table("scores").query("method == 'zscore'")
    assert "besides" not in summarise(replace(contents, tables={**contents.tables, "scores": alone})).paragraph
