"""The closed database in which views of a lake are made."""

from __future__ import annotations

import duckdb
import pytest
from tests.store.lakes import batch, lake_of, paper, source_file

from tmescope.store.lake_catalogue import fill_relations, open_catalogue, quoted


@pytest.mark.parametrize("text", ["plain", "it's", "'; DROP TABLE x; --", "ü\n\\"])
def test_texts_become_literals(text):
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {quoted(text)}").fetchall() == [(text,)]


def test_parts_that_are_left_out_are_not_seen(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])], "b.xml": [batch([paper(2)], deleted=[5])]})
    with open_catalogue(lake.path, threads=1, memory=1 << 27) as connection:
        fill_relations(connection, lake.path, lake.layout, without=[lake.parts[0].sha256])
        assert connection.execute("SELECT sha256, place FROM parts").fetchall() == [(lake.parts[1].sha256, 0)]
        assert connection.execute("SELECT count(*) FROM all_documents").fetchone() == (1,)


def test_files_elsewhere_are_out_of_reach_and_settings_stay(tmp_path):
    other = source_file(tmp_path / "other", "x.csv", "a\n1\n")
    (tmp_path / "lake").mkdir()
    with open_catalogue(tmp_path / "lake", threads=1, memory=1 << 27) as connection:
        assert connection.execute("SELECT current_setting('threads')").fetchone() == (1,)
        for query in (f"FROM read_csv('{other}')", "SET threads = 4", f"ATTACH '{other}.db'", "LOAD httpfs"):
            with pytest.raises(duckdb.Error):
                connection.execute(query).fetchall()
