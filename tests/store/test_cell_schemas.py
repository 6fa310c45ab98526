"""Tables of cells are among the tables of a run."""

from __future__ import annotations

from tmescope.store.cell_schemas import CELL_SCHEMAS
from tmescope.store.tables import SCHEMAS, empty_table


def test_they_are_tables_of_a_run_and_each_names_its_cohort():
    for name, schema in CELL_SCHEMAS.items():
        assert SCHEMAS[name] is schema
        assert next(iter(schema.columns)) == "cohort_id"
        assert list(empty_table(name).columns) == list(schema.columns)
