"""Lead times."""

from __future__ import annotations

from tests.report.horizon_maker import make_contents

from tmescope.report.horizon_lead import draw_lead_times


def test_the_curve_begins_at_nothing_and_the_band_is_turned_with_it() -> None:
    contents = make_contents()
    (figure,) = draw_lead_times(contents)
    drawn, given = figure.datasets["curve"], contents.table("lead_curve")
    assert drawn.iloc[0].tolist() == [0, 0, 0, 0]
    assert (drawn["followed"].iloc[1:].to_numpy() == 1 - given["share"].to_numpy()).all()
    assert (drawn["low"] <= drawn["high"]).all()
    assert figure.alt.startswith("80 entities; half have one after 47 months")
    assert figure.numbers is not None
    assert figure.numbers.values.tolist()[:2] == [["0", "80", "0%"], ["12", "50", "11%"]]


def test_without_a_curve_there_is_no_figure() -> None:
    assert draw_lead_times(make_contents(tables={})) == []
