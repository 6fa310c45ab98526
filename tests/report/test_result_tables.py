from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.report.contents_maker import without

from tmescope.report import result_tables
from tmescope.report.contents import ReportContents


def test_every_answer_is_there_smallest_q_first_and_missing_last(contents: ReportContents) -> None:
    table = result_tables.answers(contents)
    assert table is not None
    assert len(table.rows) == len(contents.table("answers"))
    q = [float(r[7].sort) for r in table.rows if r[7].sort != ""]
    assert q == sorted(q)
    assert table.rows[-1][5].text == "not estimable"
    assert table.rows[-1][10].text == "not estimable"
    assert "All rows" in table.note


def test_few_events_are_flagged(contents: ReportContents) -> None:
    table = result_tables.answers(contents)
    assert table is not None
    flagged = {r[1].text for r in table.rows if r[10].text == "few events"}
    assert flagged == {"melanoma_ctla4_pilot"}


def test_too_many_rows_leave_other_methods_in_the_file(contents: ReportContents) -> None:
    answers = contents.table("answers")
    others = pd.concat([answers[answers["source"] == "ssgsea"]] * 9)
    many = pd.concat([answers[answers["source"] != "ssgsea"], others])
    table = result_tables.answers(replace(contents, tables={**contents.tables, "answers": many}))
    assert table is not None
    assert {r[3].text for r in table.rows} == {"zscore", "feature table"}
    assert "1\u202f" in table.note
    assert "in tables/answers.csv: " in table.note
    assert "rows of other scoring methods" in table.note


def test_families_are_named_with_their_size(contents: ReportContents) -> None:
    table = result_tables.families(contents)
    answers = contents.table("answers")
    assert table is not None
    assert len(table.rows) == answers["family"].nunique()
    first = table.rows[0]
    part = answers[answers["family"] == first[0].text]
    assert [c.text for c in first[1:3]] == [str(part["family_size"].max()), str((part["q_value"] < 0.05).sum())]


def test_the_method_of_the_figures_comes_first_in_plain_words(contents: ReportContents) -> None:
    first, second = result_tables.methods(contents)
    assert (first.name, first.used, second.used) == ("zscore", True, False)
    assert "adding samples moves them" in dict(first.items)["Scope"]
    assert "each sample alone" in dict(second.items)["Scope"]
    assert dict(first.items)["Commercial use"] == "yes"
    assert first.href == "https://doi.org/10.1371/journal.pcbi.1000217"
    assert first.parameters == '{\n  "ddof": 1\n}'


def test_an_unknown_licence_is_not_a_permission(contents: ReportContents) -> None:
    methods = contents.table("methods").assign(commercial_use=pd.NA, parameters="{}")
    card = result_tables.methods(replace(contents, tables={**contents.tables, "methods": methods}))[0]
    assert dict(card.items)["Commercial use"] == "not stated"
    assert card.parameters == ""


def test_signatures_show_the_lowest_coverage_of_each_cohort(contents: ReportContents) -> None:
    table = result_tables.signatures(contents)
    assert table is not None
    rows = {r[0].text: r for r in table.rows}
    assert [c.text for c in rows["Tertiary lymphoid structures"][3:6]] == ["92%", "92%", "30%"]


def test_sources_link_to_their_paper_and_say_limits(contents: ReportContents) -> None:
    table = result_tables.sources(contents)
    assert table is not None
    first = table.rows[0]
    assert (first[1].text, first[1].href) == ("Simulated et al. 2010", "https://doi.org/10.1000/simulated.0")
    assert first[2].text == "Low purity lowers it."


def test_warnings_are_grouped_by_code_and_none_is_lost(contents: ReportContents) -> None:
    groups = result_tables.warnings(contents)
    assert [(g.code, g.total, len(g.rows)) for g in groups] == [
        ("scale.unusual_sum", 62, 1),
        ("signature.low_coverage", 1, 1),
        ("answers.few_events", 25, 2),
    ]
    assert groups[0].rows[0][3] == "BLA-001, BLA-002, BLA-003"


def test_examples_may_come_as_lists_arrays_or_text(contents: ReportContents) -> None:
    for examples in (["a", "b"], np.array(["a", "b"]), "a, b"):
        warnings = pd.DataFrame({"code": ["c"], "message": ["m"], "where": [""], "count": [2], "examples": [examples]})
        (group,) = result_tables.warnings(replace(contents, tables={"warnings": warnings}))
        assert group.rows[0][3] == "a, b"


def test_absent_tables_are_none(contents: ReportContents) -> None:
    bare = without(contents, *contents.tables)
    made = [result_tables.answers, result_tables.families, result_tables.signatures]
    assert [make(bare) for make in [*made, result_tables.sources]] == [None] * 4
    assert result_tables.methods(bare) == result_tables.warnings(bare) == []
    assert result_tables.hashes(None, name="x", caption="y") is None


def test_rows_of_the_largest_q_values_stay_in_the_file_where_one_method_has_too_many(
    contents: ReportContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_tables, "MOST_ROWS", 20)
    table = result_tables.answers(contents)
    assert table is not None
    assert len(table.rows) == 20
    assert "rows with larger q-values" in table.note
    assert table.caption == "Answers"
    q = contents.shown_answers()["q_value"].astype(float).sort_values()
    kept = [cell.sort for row in table.rows for cell in row[7:8]]
    assert max(float(k) for k in kept if k is not None) <= q.iloc[19] + 1e-12
