"""Files that are missing are told, and what was left is cleared."""

from __future__ import annotations

from tests.store.lakes import batch, lake_of, paper

from tmescope.store.lake_files import clear_leftovers, damaged_files, explain_damaged


def test_missing_and_cut_files_are_told(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)], deleted=[2])]})
    (part,) = lake.parts
    assert damaged_files(lake.path, part) == ()
    (lake.path / "parts" / part.sha256 / "deletions.parquet").unlink()
    documents = lake.path / "parts" / part.sha256 / "documents.parquet"
    documents.write_bytes(documents.read_bytes()[:-1])
    wrong = damaged_files(lake.path, part)
    assert sorted(p.rpartition("/")[2] for p in wrong) == ["deletions.parquet", "documents.parquet"]
    said = str(explain_damaged(lake.path, [part], {part.sha256: wrong}))
    assert "1 parts of the lake are damaged: 'a.xml'" in said
    assert "horizon ingest again" in said


def test_what_was_left_goes_and_nothing_else(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])]})
    before = sorted(lake.path.rglob("*"))
    (lake.path / "parts" / ".abc.0123.part").mkdir()
    (lake.path / "parts" / ".abc.0123.part" / "documents.parquet").touch()
    (lake.path / ".lake.json.0123.part").touch()
    (lake.path / "parts" / ".abc.0123.old").mkdir()
    clear_leftovers(lake.path)
    assert sorted(lake.path.rglob("*")) == before
