from __future__ import annotations

import pandas as pd
from tests.report.test_pooled_forests import COHORTS, KEY, make_pooled

from tmescope.report.contents import ReportContents
from tmescope.report.pooled_tables import pooled


def _contents(**more) -> ReportContents:
    answers, table = make_pooled()
    table = table.assign(left_out="", p_value=0.01)
    tables = {"answers": answers, "pooled": table, "cohorts": pd.DataFrame({"cohort_id": COHORTS}), **more}
    return ReportContents("s", "title", "", tables, "zscore")


def test_every_pooled_row_stands_with_its_method_and_limits():
    found = pooled(_contents())
    assert len(found.rows) == 12
    heads = [name for name, _ in found.columns]
    first = dict(zip(heads, [c.text for c in found.rows[0]], strict=True))
    assert first["Pooled [95% CI]"] == "1.80 [1.40, 2.31]"
    assert first["Cohorts"] == "all"
    assert first["I²"] == "20%"
    assert first["Further cohort"].startswith("[1.09")
    assert "REML, Hartung-Knapp" in found.note
    assert sum("narrower than a fixed effect" in r[-1].text for r in found.rows) == 4


def test_how_far_one_cohort_moves_it_is_told_with_the_cohorts_name():
    without = pd.DataFrame(
        [{**KEY, "feature": "cyt", "adjusted_for": "", "stratum": "", "left_out_cohort": c, "k": 2, "effect": e}
         for c, e in (("first", 1.9), ("second", 1.5), ("third", 1.7))]
    )  # fmt: skip
    found = pooled(_contents(leave_one_out=without))
    assert found.rows[0][-2].text == "1.50 (second) to 1.90 (first)"
    assert found.rows[1][-2].text in {"", "–"}


def test_there_is_no_table_where_nothing_was_pooled():
    assert pooled(ReportContents("s", "t", "", {}, "zscore")) is None
