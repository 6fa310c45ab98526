"""Tables of trends are among the tables of a run."""

from __future__ import annotations

from tmescope.store.tables import SCHEMAS, empty_table
from tmescope.store.trend_schemas import TREND_SCHEMAS


def test_they_are_tables_of_a_run():
    for name, schema in TREND_SCHEMAS.items():
        assert SCHEMAS[name] is schema
        assert list(empty_table(name).columns) == list(schema.columns)
