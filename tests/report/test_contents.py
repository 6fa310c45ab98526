from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.report.contents_maker import without

from tmescope.foundation.errors import InputError
from tmescope.report.contents import TABLE_COLUMNS, ReportContents
from tmescope.report.figures import draw_figures


def _bare(**tables: pd.DataFrame) -> ReportContents:
    return ReportContents("s", "Title", "", tables, "zscore")


def test_a_table_without_its_key_columns_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'answers' lacks 7 of its columns: 'feature'") as error:
        _bare(answers=pd.DataFrame({"question_id": ["q"], "cohort_id": ["a"]}))
    assert "effect_name" in str(error.value)


def test_an_empty_table_needs_no_columns() -> None:
    assert not _bare(answers=pd.DataFrame()).has("answers")


@pytest.mark.parametrize("name", sorted(TABLE_COLUMNS))
def test_absent_tables_are_empty_with_the_columns_of_the_contract(name: str) -> None:
    table = _bare().table(name)
    assert tuple(table.columns) == TABLE_COLUMNS[name]
    assert len(table) == 0


def test_columns_that_may_be_absent_come_back_missing() -> None:
    table = _bare(samples=pd.DataFrame({"cohort_id": ["a"], "sample_id": ["s1"]})).table("samples")
    assert table["sex"].isna().all()
    assert table["sample_id"].tolist() == ["s1"]


def test_cohorts_keep_the_order_of_their_table_and_fall_back(contents: ReportContents) -> None:
    expected = ["melanoma_pd1_a", "bladder_pdl1", "melanoma_ctla4_pilot"]
    assert contents.cohort_ids() == expected
    assert without(contents, "cohorts").cohort_ids() == expected
    assert without(contents, "cohorts", "samples").cohort_ids() == expected
    assert _bare().cohort_ids() == []


def test_a_cohort_that_only_one_table_knows_is_not_lost(contents: ReportContents) -> None:
    scores = pd.DataFrame({"cohort_id": ["x"], "sample_id": ["s"], "method": ["m"], "feature": ["f"], "value": [1.0]})
    both = _bare(cohorts=contents.table("cohorts"), scores=scores)
    assert both.cohort_ids() == [*contents.cohort_ids(), "x"]


def test_shown_answers_are_of_the_primary_method_and_the_feature_tables(contents: ReportContents) -> None:
    assert set(contents.table("answers")["source"]) == {"zscore", "ssgsea", "table"}
    assert set(contents.shown_answers()["source"]) == {"zscore", "table"}


def test_labels_are_titles_where_a_signature_has_one(contents: ReportContents) -> None:
    labels = contents.feature_labels()
    assert labels["cyt"] == "Cytolytic activity"
    assert labels["TMB"] == "TMB"


def test_a_cell_type_with_the_name_of_a_gene_set_keeps_its_own_name(contents: ReportContents) -> None:
    typed = contents.table("scores").query("method == 'ssgsea' and feature == 'cyt'")
    fractions = pd.concat([typed.assign(method="tool", feature=name) for name in ("cyt", "Other")], ignore_index=True)
    both = replace(contents, tables={**contents.tables, "fractions": fractions})
    assert not both.scores_sets("tool")
    assert both.scores_sets("ssgsea")
    assert both.feature_labels("tool")["cyt"] == both.short_labels("tool")["cyt"] == "cyt"
    assert both.feature_labels("ssgsea")["cyt"] == "Cytolytic activity"
    assert both.feature_labels("table")["cyt"] == "cyt"
    shown = replace(both, primary_method="tool", tables={**both.tables, "fractions": fractions.assign(unit="fraction")})
    drawn = {f.id: f for f in draw_figures(shown)}
    for name in ("landscape", "distributions-1", "composition-tool"):
        words = " ".join(t.astype(str).to_csv() for t in drawn[name].datasets.values())
        assert "Cytolytic activity" not in words, name
        assert "cyt" in words, name


def test_short_labels_leave_the_source_out_where_they_stay_different() -> None:
    titles = {
        "a": "Hypoxia (Hall 2020)",
        "b": "Hypoxia (Bell 2021)",
        "c": "Cytolytic activity (Rooney 2015)",
        "d": "(x)",
    }
    signatures = pd.DataFrame({"name": list(titles), "title": list(titles.values())})
    scores = pd.DataFrame({"feature": list(titles)}).assign(cohort_id="c", sample_id="s", method="m", value=1.0)
    contents = ReportContents("s", "t", "", {"signatures": signatures, "scores": scores}, "m")
    assert contents.short_labels() == {**titles, "c": "Cytolytic activity"}


def test_a_unit_is_given_only_where_it_is_one(contents: ReportContents) -> None:
    assert contents.unit() == "combined z-score (SD)"
    assert _bare().unit() == "score"


def test_scores_and_fractions_are_read_together_and_keep_their_home(contents: ReportContents) -> None:
    scores = contents.table("scores")
    fractions = scores[scores["method"] == "zscore"].assign(method="quantiseq")
    both = replace(contents, tables={**contents.tables, "fractions": fractions}, primary_method="quantiseq")
    assert len(both.measured()) == len(scores) + len(fractions)
    assert both.home_of("quantiseq") == "fractions"
    assert both.home_of("zscore") == contents.home_of("zscore") == "scores"
    assert len(both.primary_scores()) == len(fractions)
