from __future__ import annotations

from tmescope.foundation.result import RunWarning
from tmescope.store.tables import SCHEMAS
from tmescope.study.notices import warning_table


def test_a_row_a_warning_in_order():
    table = warning_table(
        [
            RunWarning("b.second", "two of them", "cohort", 2, ("x", "y")),
            RunWarning("a.first", "one", "", 1),
        ]
    )
    assert table["code"].tolist() == ["b.second", "a.first"]
    assert table["examples"].tolist() == ["x; y", ""]
    assert table["count"].tolist() == [2, 1]
    assert table["where"].tolist() == ["cohort", ""]


def test_no_warning_is_an_empty_table_of_the_same_columns():
    table = warning_table([])
    assert len(table) == 0
    assert tuple(table.columns) == tuple(SCHEMAS["warnings"].columns)
