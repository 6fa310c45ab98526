"""How records become the tables of a part."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.lakes import batch, day, mentions, paper, table, trial

from tmescope.foundation.errors import InputError
from tmescope.store.lake_layout import LakePart, part_number
from tmescope.store.lake_parts import (
    PART,
    ROW,
    checksum,
    documents_to_tag,
    stored_schema,
    write_mentions,
    write_part,
)
from tmescope.store.lake_schemas import LakeBatch, document_schema

PARTING = LakePart(sha256="ab" * 32, source="pubmed", names=("a.xml",))


def _written(folder, batches):
    files, last_day = write_part(folder / "part", batches, PARTING)
    return files, last_day, {name: pq.read_table(folder / "part" / f"{name}.parquet") for name in files}


def test_every_row_carries_its_part_and_its_number(tmp_path):
    files, last_day, tables = _written(tmp_path, [batch([paper(1), paper(2)]), batch([paper(3)], deleted=[9])])
    assert tables["documents"].column(ROW).to_pylist() == [0, 1, 2]
    assert set(tables["documents"].column(PART).to_pylist()) == {part_number(PARTING.sha256)}
    assert tables["deletions"].to_pydict() == {"doc_id": ["pmid:9"], PART: [PARTING.number]}
    assert last_day == "2020-06-01"
    assert sorted(files) == ["deletions", "documents"], "no file without rows"
    assert files["documents"].n_rows == 3
    assert files["documents"].crc32 == checksum(tmp_path / "part" / "documents.parquet")
    assert all(tables[name].schema.equals(stored_schema(name), check_metadata=False) for name in tables)


def test_the_bytes_do_not_depend_on_the_batches(tmp_path):
    papers = [paper(n) for n in range(1, 9001)]
    one, *_ = _written(tmp_path / "1", [batch(papers)])
    many, *_ = _written(tmp_path / "2", [batch(papers[:10]), batch([]), batch(papers[10:8500]), batch(papers[8500:])])
    assert one == many
    assert pq.ParquetFile(tmp_path / "1" / "part" / "documents.parquet").num_row_groups == 2


def test_a_trial_has_the_number_of_its_document(tmp_path):
    trials = [trial(1, "2021-01-01"), trial(2, "2021-01-01"), trial(1, "2022-01-01")]
    _, _, tables = _written(tmp_path, [batch([paper(1)]), batch([paper(2)], trials=trials)])
    assert tables["trials"].column(ROW).to_pylist() == [2, 3, 4]
    assert tables["documents"].column("doc_id").to_pylist()[2:] == tables["trials"].column("doc_id").to_pylist()


def test_a_text_that_is_no_date_is_refused_and_nothing_is_left(tmp_path):
    columns = table([paper(1)], document_schema())
    wrong = columns.set_column(4, "entered_on", pa.array(["soon"]))
    with pytest.raises(InputError, match="does not fit its schema"):
        write_part(tmp_path / "part", [LakeBatch(documents=wrong)], PARTING)
    assert not list(tmp_path.iterdir())


def test_columns_in_another_order_are_put_right(tmp_path):
    columns = table([paper(1, title="T")], document_schema())
    _, _, tables = _written(tmp_path, [LakeBatch(documents=columns.select(columns.column_names[::-1]))])
    assert tables["documents"].column("title").to_pylist() == ["T"]


def test_the_last_version_of_a_file_is_tagged(tmp_path):
    papers = [paper(1), paper(2), paper(1, title="Second", version=2)]
    _written(tmp_path, [batch(papers)])
    (found,) = documents_to_tag(tmp_path / "part", columns=("title",))
    assert found.to_pydict() == {"doc_id": ["pmid:2", "pmid:1"], "title": ["Title 2", "Second"]}
    (whole,) = documents_to_tag(tmp_path / "part")
    assert whole.schema.equals(document_schema(), check_metadata=False)
    assert not list(documents_to_tag(tmp_path / "nowhere"))


def test_mentions_are_written_with_their_part(tmp_path):
    found = mentions([{"doc_id": "pmid:1", "entity_id": "HGNC:1", "start": 0, "stop": 4, "text": "TP53"}])
    file = write_mentions(tmp_path / "m.parquet", found, PARTING)
    assert file.n_rows == 1
    written = pq.read_table(tmp_path / "m.parquet")
    assert written.column(PART).to_pylist() == [PARTING.number]
    assert write_mentions(tmp_path / "none.parquet", mentions([]), PARTING).n_rows == 0


def test_days_of_entry_count_too(tmp_path):
    _, last_day, _ = _written(tmp_path, [batch([paper(1, entered_on=day("2031-01-01"))])])
    assert last_day == "2031-01-01"
