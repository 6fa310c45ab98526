from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq

from tmescope.store.score_files import ScoreWriter, score_rows
from tmescope.store.tables import SCHEMAS, read_table


def test_blocks_become_one_table_with_the_columns_of_scores(tmp_path):
    same = {"cohort_id": "c", "method": "m", "unit": "u"}
    with ScoreWriter(tmp_path / "s.parquet") as writer:
        for first in (0, 2):
            values = np.array([[1.0, np.nan], [3.0, 4.0]]) + first
            names = [f"s{first}", f"s{first + 1}"]
            writer.write(score_rows(names, ["x", "y"], same, values=values, coverage=np.full((2, 2), 0.5)))
        writer.describe({"tmescope.note": "made"})
    table = read_table(tmp_path / "s.parquet")
    assert list(table) == list(SCHEMAS["scores"].columns)
    assert table["sample_id"].tolist() == ["s0", "s0", "s1", "s1", "s2", "s2", "s3", "s3"]
    assert table["feature"].tolist() == ["x", "y"] * 4
    np.testing.assert_array_equal(table["value"], [1, np.nan, 3, 4, 3, np.nan, 5, 6])
    assert set(table["unit"]) == {"u"}
    file = pq.ParquetFile(tmp_path / "s.parquet")
    assert file.num_row_groups == 2
    assert file.metadata.metadata[b"tmescope.note"] == b"made"
