"""The index that is kept gives the answers of the one that is built, and is never believed where it is damaged."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.study.lake_study import fill

from tmescope.foundation.errors import InputError, StoreError
from tmescope.horizon import kept_index
from tmescope.horizon.entity_names import name_entities, name_indexed
from tmescope.horizon.kept_index import explain_gone, open_index, prepare_index
from tmescope.horizon.mention_index import index_mentions
from tmescope.horizon.rising import measure_rising
from tmescope.horizon.trend_counts import documents_of
from tmescope.store.lake import create_lake, open_lake
from tmescope.store.lake_parts import checksum

SINCE = date(2017, 1, 1)
_SOME = "SELECT entity_id FROM trend_entities ORDER BY e LIMIT 9"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("kept") / "horizon"
    fill(made, years=3)
    return made


@pytest.fixture
def opened(path):
    """Open the lake as another process would; what it opened is closed."""
    lakes = []

    def open_one():
        lakes.append(open_lake(path))
        return lakes[-1]

    yield open_one
    for lake in lakes:
        lake.close()


def _answers(index):
    rising = measure_rising(index, since=SINCE)
    first = rising.trends.table["entity_id"][0]
    return (
        rising.trends.table.to_csv(), rising.counts.table().to_csv(), rising.counts.entities.to_csv(),
        rising.pairs.table.to_csv(), documents_of(index, first).to_csv(), index.coverage, index.n_undated,
    )  # fmt: skip


def _no_building(*_, **__):
    raise AssertionError("it was built")


def test_the_next_process_reads_it_and_answers_the_same(opened, monkeypatch) -> None:
    expected = _answers(index_mentions(opened().connect()))
    assert _answers(open_index(opened())) == expected
    monkeypatch.setattr(kept_index, "index_mentions", _no_building)
    kept = open_index(opened())
    assert _answers(kept) == expected and kept.notes == ()
    ids = ["drug:pembrolizumab", "drug:of nobody", *kept.connection.execute(_SOME).df()["entity_id"]]
    assert name_indexed(kept, ids) == name_entities(opened().connect(), ids)
    kept.close()
    assert index_mentions(kept.connection).coverage == kept.coverage


def _folder(path):
    (folder,) = (path / "derived").iterdir()
    return folder


def _harm_file(folder):
    with (folder / "trend_mentions.parquet").open("r+b") as file:
        file.seek(40)
        file.write(b"\xff\x00\xff")


def _forge(folder):
    """Put a file of the right form and checksum there that names entities which do not exist."""
    file = folder / "trend_cells.parquet"
    table = pq.read_table(file)
    e = pa.array([2**31 - 1] * table.num_rows, pa.int32())
    pq.write_table(table.set_column(0, "e", e), file)
    said = json.loads((folder / "derived.json").read_text())
    said["files"]["trend_cells"] |= {"n_bytes": file.stat().st_size, "crc32": checksum(file)}
    (folder / "derived.json").write_text(json.dumps(said))


def _cover(coverage):
    def change(folder):
        said = json.loads((folder / "derived.json").read_text())
        said["about"]["coverage"] = coverage
        (folder / "derived.json").write_text(json.dumps(said))

    return change


def _number_as_before(folder):
    """Leave out how documents are numbered, as those did who numbered them as they happened to come."""
    said = json.loads((folder / "derived.json").read_text())
    del said["about"]["numbering"]
    (folder / "derived.json").write_text(json.dumps(said))


@pytest.mark.parametrize(
    "harm",
    [
        *(_harm_file, _forge, _number_as_before, _cover({}), _cover({"paper": ["2020-01-01", "then", 3]})),
        *(_cover({"paper": 7}), _cover([]), _cover({"paper": ["0001-01-01", "9999-12-31", 3]})),
    ],
)
def test_a_damaged_or_forged_index_is_named_and_made_anew(path, opened, harm) -> None:
    prepare_index(opened())
    harm(_folder(path))
    made_anew = open_index(opened())
    (note,) = made_anew.notes
    assert note.startswith(f"derived/{_folder(path).name}") and note.endswith("was made anew")
    again = open_index(opened())
    assert again.notes == () and again.coverage == made_anew.coverage
    assert _answers(again) == _answers(index_mentions(opened().connect()))


def test_a_lake_that_cannot_be_written_to_is_asked_all_the_same(tmp_path) -> None:
    fill(tmp_path / "horizon", years=1)
    (tmp_path / "horizon" / "derived").write_text("in the way of the folder")
    lake = open_lake(tmp_path / "horizon")
    assert open_index(lake).notes == () and "paper" in open_index(lake).coverage
    lake.close()


def test_a_lake_without_documents_has_none(tmp_path) -> None:
    lake = create_lake(tmp_path / "horizon")
    prepare_index(lake)
    with pytest.raises(InputError, match="no document to count"):
        open_index(lake)
    lake.close()


def test_an_index_that_goes_away_under_a_question_is_told_with_the_next_step(tmp_path) -> None:
    fill(tmp_path / "horizon", years=3)
    prepare_index(lake := open_lake(tmp_path / "horizon"))
    index = open_index(lake)
    shutil.rmtree(tmp_path / "horizon" / "derived")
    with pytest.raises(StoreError, match="cannot be read any more") as told, explain_gone():
        measure_rising(index, since=SINCE)
    assert "run it again" in str(told.value)
    lake.close()
