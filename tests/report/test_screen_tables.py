from __future__ import annotations

from tests.report.test_volcanoes import _contents, make_screens

from tmescope.report.numbers import count
from tmescope.report.screen_tables import MOST, pooled_screens, screens


def test_only_the_leading_genes_stand_in_the_page():
    found = screens(_contents(screens=make_screens()))
    assert len(found.rows) == MOST
    assert {r[0].text for r in found.rows[:5]} == {f"G{i}" for i in range(5)}
    assert f"{count(3000)} rows in tables/screens.parquet" in found.note
    assert screens(_contents()) is None


def test_pooled_genes_stand_with_their_method():
    table = make_screens().assign(stratum="", k=3, method="REML, Hartung-Knapp", narrower_than_fixed=False)
    table = table.assign(ci_low_max1=table["ci_low"], ci_high_max1=table["ci_high"], p_value_max1=table["p_value"])
    found = pooled_screens(_contents(screens_pooled=table))
    assert len(found.rows) == MOST
    assert found.rows[0][2].text == "all"
    assert "REML, Hartung-Knapp" in found.note
    assert pooled_screens(_contents()) is None


def test_a_gene_in_which_cohorts_agree_by_luck_is_ranked_by_the_bounded_p():
    table = make_screens().assign(stratum="", k=3, method="REML, Hartung-Knapp", narrower_than_fixed=False)
    table = table.assign(ci_low_max1=0.8, ci_high_max1=1.4, p_value_max1=table["p_value"])
    first = table.sort_values("p_value")["feature"].iloc[0]
    lucky = table["feature"] == first
    assert first in {r[0].text for r in pooled_screens(_contents(screens_pooled=table)).rows}
    table.loc[lucky, ["narrower_than_fixed", "p_value_max1"]] = [True, 0.9]
    assert first not in {r[0].text for r in pooled_screens(_contents(screens_pooled=table)).rows}
    only = pooled_screens(_contents(screens_pooled=table[lucky]))
    assert "not below one" in only.rows[0][-1].text
