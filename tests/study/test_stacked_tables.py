"""Tables of several steps as one."""

from __future__ import annotations

import pandas as pd

from tmescope.store.tables import SCHEMAS
from tmescope.study.stacked_tables import stack_tables


def _warning(code: str) -> pd.DataFrame:
    return pd.DataFrame({"code": [code], "message": ["m"], "where": [""], "count": [1], "examples": [""]})


def test_rows_stand_in_the_order_of_the_parts_with_numbers_of_their_own():
    found = stack_tables("warnings", [_warning("b"), _warning("a").iloc[:0], _warning("a")])
    assert found["code"].tolist() == ["b", "a"]
    assert found.index.tolist() == [0, 1]
    assert found["count"].dtype == "int64"


def test_parts_without_rows_are_the_empty_table_of_the_schema():
    assert list(stack_tables("warnings", [_warning("a").iloc[:0]]).columns) == list(SCHEMAS["warnings"].columns)
    assert stack_tables("warnings", []).empty
