"""Tables of a lake and of landscapes."""

from __future__ import annotations

from tmescope.store.horizon_schemas import HORIZON_SCHEMAS
from tmescope.store.tables import SCHEMAS, empty_table


def test_they_are_tables_of_the_store_and_each_number_has_its_documents() -> None:
    for name, schema in HORIZON_SCHEMAS.items():
        assert SCHEMAS[name] is schema
        assert list(empty_table(name).columns) == list(schema.columns)
        if name.startswith("landscape_"):
            counted = any(column.startswith("n_") for column in schema.columns)
            assert not counted or "doc_ids" in schema.columns
            assert next(iter(schema.columns)) == "subject"
