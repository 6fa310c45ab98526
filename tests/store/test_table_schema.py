"""Columns are declared in a line."""

from __future__ import annotations

from tmescope.store.table_schema import TableSchema, columns_of


def test_a_line_names_columns_and_types():
    columns = columns_of("a:str b_c:float  d:int")
    assert columns == {"a": "str", "b_c": "float", "d": "int"}
    assert not TableSchema("one row", columns).open
