from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import without

from tmescope.report import quality_lights
from tmescope.report.contents import ReportContents
from tmescope.report.quality_rules import RULES

_CHECKS = tuple(dict.fromkeys(rule.check for rule in RULES if rule.check))


def _with(contents: ReportContents, statuses: dict[str, str]) -> ReportContents:
    """Return the contents with one status for every check of each cohort named, and complete genes and samples."""
    rows = [(c, check, status, "", "seen") for c, status in statuses.items() for check in _CHECKS]
    quality = pd.DataFrame(rows, columns=["cohort_id", "check", "status", "value", "evidence"])
    whole = contents.table("cohorts").assign(n_expression=40, n_table=40, n_joined=40, n_selected=30)
    tables = {
        **contents.tables,
        "quality": quality,
        "cohorts": whole,
        "gene_mapping": contents.table("gene_mapping").assign(reason="approved"),
        "scores": contents.table("scores").assign(coverage=1.0),
    }
    return replace(contents, tables=tables)


def test_a_cohort_has_the_worst_of_its_lights(contents: ReportContents) -> None:
    made = _with(contents, {"melanoma_pd1_a": "ok", "bladder_pdl1": "notice", "melanoma_ctla4_pilot": "problem"})
    lights = quality_lights.cohort_lights(made)
    assert [(x.cohort, x.colour) for x in lights] == [
        ("melanoma_pd1_a", "green"),
        ("bladder_pdl1", "amber"),
        ("melanoma_ctla4_pilot", "red"),
    ]
    assert lights[0].told == "11 in order."
    assert lights[1].told.startswith("7 to look at, 4 in order. Namely: scale, samples that stand out")


def test_a_cohort_without_checks_is_grey(contents: ReportContents) -> None:
    bare = without(contents, "quality", "gene_mapping", "scores")
    bare = replace(bare, tables={**bare.tables, "cohorts": contents.table("cohorts")[["cohort_id"]]})
    assert [x.colour for x in quality_lights.cohort_lights(bare)] == ["grey"] * 3
    assert quality_lights.cohort_lights(bare)[0].told == "11 not checked."


def test_green_needs_the_core_checks(contents: ReportContents) -> None:
    made = _with(contents, {"bladder_pdl1": "ok"})
    without_scale = made.table("quality").query("check != 'scale'")
    made = replace(made, tables={**made.tables, "quality": without_scale})
    light = next(x for x in quality_lights.cohort_lights(made) if x.cohort == "bladder_pdl1")
    assert (light.colour, light.told) == ("grey", "1 not checked, 10 in order.")


def test_the_table_has_words_beside_the_colour(contents: ReportContents) -> None:
    table = quality_lights.light_table(_with(contents, {"bladder_pdl1": "notice"}))
    assert table is not None
    assert [row[0].text for row in table.rows] == [rule.title for rule in RULES]
    cells = {cell.kind: cell.text for row in table.rows for cell in row[1:]}
    assert cells == {
        "light-grey": "not checked",
        "light-amber": "look at it",
        "light-green": "in order",
    }


def test_evidence_stands_behind_every_light_worst_first(contents: ReportContents) -> None:
    table = quality_lights.light_evidence(contents)
    assert table is not None
    assert len(table.rows) == 3 * len(RULES)
    order = [row[2].sort for row in table.rows]
    assert order == sorted(order)
    assert all(row[3].text not in ("", "–") for row in table.rows)


def test_the_rules_are_told(contents: ReportContents) -> None:
    table = quality_lights.light_rules()
    assert [row[0].text for row in table.rows] == [rule.title for rule in RULES]
    assert table.columns[2][0] == "Amber: look at it"


def test_without_cohorts_there_is_no_table() -> None:
    empty = ReportContents("s", "Title", "", {}, "zscore")
    assert quality_lights.light_table(empty) is None
    assert quality_lights.light_evidence(empty) is None
    assert quality_lights.cohort_lights(empty) == []
