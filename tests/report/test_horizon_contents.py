"""What a report on a lake is made of."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.report.horizon_maker import TIGIT, make_contents

from tmescope.foundation.errors import InputError
from tmescope.report.horizon_contents import HORIZON_COLUMNS, is_true
from tmescope.store.tables import SCHEMAS


def test_the_columns_are_those_of_the_tables_of_a_run() -> None:
    for name, columns in HORIZON_COLUMNS.items():
        assert set(columns) <= set(SCHEMAS[name].columns), name


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(InputError, match="'trends' lacks 1 of its columns: 'shrunk_slope'"):
        make_contents(tables={"trends": make_contents().table("trends").drop(columns="shrunk_slope")})


def test_rows_of_an_area_and_of_a_subject() -> None:
    contents = make_contents()
    assert set(contents.of_area("trends", "ageing")["focus"]) == {"ageing"}
    pairs = contents.table("trend_pairs").drop(columns="focus")
    assert len(make_contents(tables={"trend_pairs": pairs}).of_area("trend_pairs", "ageing")) == len(pairs)
    assert len(contents.of_subject("landscape_actors", TIGIT)) == 5
    assert len(contents.of_subject("landscape_actors", "other")) == 0
    assert list(make_contents(tables={}).table("trends").columns) == list(HORIZON_COLUMNS["trends"])
    assert (contents.name_of("e:0"), contents.name_of("e:99")) == ("TIGIT", "e:99")


def test_what_is_missing_is_not_true() -> None:
    assert is_true(pd.Series([True, None, False], dtype=object)).tolist() == [True, False, False]
    assert is_true(pd.Series([True, pd.NA, False], dtype="boolean")).tolist() == [True, False, False]
