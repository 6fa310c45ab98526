from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.restricted_means import draw_restricted_means
from tmescope.report.static import write_figures

HEAD = {"question_id": "months", "source": "table", "endpoint": "os", "effect_name": "restricted_mean_difference"}


def tables(contents: ReportContents, *, pooled: bool = True) -> ReportContents:
    rows, together = [], []
    for feature, shift, p in (("tmb", 4.0, 0.001), ("age", -1.0, 0.4)):
        for i, cohort in enumerate(("melanoma_pd1_a", "bladder_pdl1")):
            low, high = shift + i - 3.0, shift + i + 3.0
            row = {**HEAD, "feature": feature, "cohort_id": cohort, "effect": shift + i, "ci_low": low, "ci_high": high}
            rows.append({**row, "p_value": p * 2, "n": 60, "n_events": 31, "adjusted_for": ""})
        row = {**HEAD, "feature": feature, "effect": shift + 0.5, "ci_low": shift - 1.0, "ci_high": shift + 2.0}
        together.append({**row, "p_value": p, "n": 120, "n_events": 62, "stratum": "", "k": 2})
    answers = pd.concat([contents.tables["answers"], pd.DataFrame(rows)], ignore_index=True)
    found = {**contents.tables, "answers": answers}
    if pooled:
        found["pooled"] = pd.DataFrame(together)
    return replace(contents, tables=found, question_notes={"months": "up to 24 months"})


def test_cohorts_and_pooled_stand_by_feature_on_one_symmetric_axis(contents: ReportContents) -> None:
    (figure,) = draw_restricted_means(tables(contents))
    assert figure.title == "months (up to 24 months): months gained, overall survival"
    rows = figure.datasets["rows"]
    assert rows[rows["label"] == "tmb"]["line"].tolist() == [
        "melanoma_pd1_a (31/60)",
        "bladder_pdl1 (31/60)",
        "all cohorts (62/120)",
    ]
    assert rows["words"].iloc[0] == "4.0 [1.0, 7.0]"
    spec = figure.chart.to_dict()
    low, high = spec["spec"]["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert low == -high
    assert high > rows["high"].max()
    assert spec["facet"]["sort"] == ["tmb", "age"]
    assert "tmb, all cohorts (62/120): 4.5 [3.0, 6.0] months, p 0.0010" in figure.alt.replace("\u202f", "")


def test_without_pooling_cohorts_stand_alone_and_without_answers_nothing(contents: ReportContents, tmp_path) -> None:
    (figure,) = draw_restricted_means(tables(contents, pooled=False))
    assert set(figure.datasets["rows"]["kind"]) == {"cohort"}
    assert "diamonds" not in figure.caption
    write_figures([figure], tmp_path, formats=("svg",))
    drawn = (tmp_path / "restricted-means-months.svg").read_text(encoding="utf-8")
    assert "months gained up to the horizon" in drawn
    assert "e+1" not in drawn
    assert draw_restricted_means(contents) == []


def test_a_feature_of_two_methods_has_a_panel_for_each(contents: ReportContents) -> None:
    given = tables(contents)
    both = {}
    for name in ("answers", "pooled"):
        table = given.tables[name]
        other = table[(table["question_id"] == "months") & (table["feature"] == "tmb")].assign(source="panel")
        both[name] = pd.concat([table, other], ignore_index=True)
    (figure,) = draw_restricted_means(replace(given, tables={**given.tables, **both}))
    rows = figure.datasets["rows"]
    assert set(rows["label"]) == {"tmb (table)", "tmb (panel)", "age"}
    assert not rows.duplicated(["label", "line"]).any()
