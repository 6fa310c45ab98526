"""Tables that tell of cells hold the samples that enter, with the name of the cohort."""

from __future__ import annotations

import pytest

from tmescope.study.cell_tables import CELL_TABLES


@pytest.mark.parametrize("name", CELL_TABLES)
def test_each_has_rows_of_the_selected_samples(celled_run, name):
    _, outcome = celled_run
    table = outcome.table(name)
    assert set(table["cohort_id"]) == {"atlas"}
    if "sample_id" in table:
        assert table["sample_id"].str.endswith("-pre").all()
        assert table["sample_id"].nunique() == 24
