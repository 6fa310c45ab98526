"""The tables of a study of a lake."""

from __future__ import annotations

from tmescope.store.tables import SCHEMAS
from tmescope.study.export_workbook import export_workbook
from tmescope.study.horizon_tables import HORIZON_TABLES


def test_every_table_is_there_as_its_schema_says(lake_run):
    folder, _, outcome = lake_run
    assert {p.stem for p in (folder / "out/tables").glob("*.parquet")} == set(HORIZON_TABLES)
    for name in HORIZON_TABLES:
        assert list(outcome.table(name).columns) == list(SCHEMAS[name].columns), name


def test_sources_count_current_documents_and_areas_say_what_they_rest_on(lake_run):
    _, _, outcome = lake_run
    sources, areas = outcome.table("horizon_sources"), outcome.table("horizon_areas")
    assert areas["n_documents"].item() == sources["n_documents"].sum()
    assert areas["masked"].item() == "2021Q4"
    assert areas["n_quarters"].item() == 19
    assert "horizon.area" in set(outcome.table("warnings")["code"])


def test_a_workbook_holds_every_table_of_a_lake(lake_run, tmp_path):
    written = export_workbook(lake_run[0] / "out", tmp_path / "r.xlsx")
    assert written.sheets[0] == "about"
    assert set(written.sheets[1:]) == set(HORIZON_TABLES)
