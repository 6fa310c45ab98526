from __future__ import annotations

from tests.report.contents_maker import HOSTILE, TINY, make_contents, without

from tmescope.report.contents import ReportContents
from tmescope.report.sample_tables import samples_table


def test_every_sample_is_a_row_headed_by_its_cohort(contents: ReportContents) -> None:
    table = samples_table(contents)
    assert table is not None
    assert len(table.rows) == 185
    assert [name for name, _ in table.columns[:3]] == ["Cohort", "Sample", "Response"]
    samples = contents.table("samples")
    assert [r[1].text for r in table.rows] == samples["sample_id"].tolist()
    assert {len(r) for r in table.rows} == {len(table.columns)}


def test_names_are_plain_text() -> None:
    table = samples_table(make_contents(TINY, hostile=True))
    assert table is not None
    assert table.rows[0][1].text == HOSTILE
    assert "\u202e" not in table.rows[2][1].text


def test_no_samples_no_table(contents: ReportContents) -> None:
    assert samples_table(without(contents, "samples")) is None
