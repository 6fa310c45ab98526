"""What follows from a lake is kept for its state, and believed only whole."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.lakes import batch, lake_of, paper

from tmescope.foundation.errors import StoreError
from tmescope.store.derived_tables import FOLDER, derived_files, derived_folder, read_derived, write_derived
from tmescope.store.lake_checks import verify_lake

SCHEMAS = {"squares": pa.schema([("n", pa.int64())])}


def _keep(lake, values=(1, 4, 9), layout=None):
    def write(folder):
        pq.write_table(pa.table({"n": pa.array(values, pa.int64())}), folder / "squares.parquet")
        return {"squares": len(values)}

    write_derived(lake.path, "squares", layout or lake.layout, about={"of": "numbers"}, write=write)


def _read(lake, most_rows=10):
    return read_derived(lake.path, "squares", lake.layout, schemas=SCHEMAS, most_rows=most_rows)


@pytest.fixture
def lake(tmp_path):
    with_papers = lake_of(tmp_path, {"pubmed26n0001.xml": [batch([paper(1)])]})
    yield with_papers
    with_papers.close()


def test_what_is_kept_is_read_back_for_the_same_state_alone(lake) -> None:
    assert _read(lake) is None
    _keep(lake)
    found = _read(lake)
    assert found.about == {"of": "numbers"} and found.n_rows == {"squares": 3}
    assert pq.read_table(found.file("squares"))["n"].to_pylist() == [1, 4, 9]
    assert list(verify_lake(lake)) == []
    source = lake.path.parent / "pubmed26n0002.xml"
    source.write_text("more")
    lake.add(source, [batch([paper(2)])], source="pubmed")
    assert _read(lake) is None


def test_states_that_are_gone_are_removed_but_for_the_last(lake) -> None:
    for number in range(2, 6):
        _keep(lake)
        _age(derived_folder(lake.path, "squares", lake.layout))
        source = lake.path.parent / f"pubmed26n{number:04d}.xml"
        source.write_text(str(number))
        lake.add(source, [batch([paper(number)])], source="pubmed")
    _keep(lake)
    assert len(list((lake.path / FOLDER).iterdir())) == 2 and _read(lake) is not None


def _age(folder):
    """Make a folder look as if nothing had opened it for two days."""
    then = folder.stat().st_mtime - 2 * 86_400
    os.utime(folder, (then, then))


def test_a_state_that_another_process_opened_today_stays(lake) -> None:
    """A study reads its files for as long as it runs."""
    _keep(lake)
    folder = derived_folder(lake.path, "squares", lake.layout)
    _age(folder)
    assert _read(lake) is not None
    for number in range(2, 5):
        source = lake.path.parent / f"pubmed26n{number:04d}.xml"
        source.write_text(str(number))
        lake.add(source, [batch([paper(number)])], source="pubmed")
        _keep(lake)
    assert (folder / "squares.parquet").exists()


def _flip(folder):
    data = bytearray((folder / "squares.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "squares.parquet").write_bytes(data)


def _say(**said):
    def change(folder):
        root = folder / "derived.json"
        root.write_text(json.dumps(json.loads(root.read_text()) | said))

    return change


HARMED = {
    "another checksum": _flip,
    "bytes instead of": lambda f: (f / "squares.parquet").write_bytes(b"PAR1"),
    "cannot be read": lambda f: (f / "squares.parquet").unlink(),
    "not as it was written": lambda f: (f / "derived.json").write_text("[" * 100_000),
    "other tables": _say(key="squares-of-another-lake"),
    "is not as it was written": _say(files={"../../lake": {"n_rows": 1, "n_bytes": 1, "crc32": 1}}),
}


@pytest.mark.parametrize("how", sorted(HARMED))
def test_what_is_damaged_or_of_something_else_is_named_and_never_believed(lake, how: str) -> None:
    _keep(lake)
    folder = derived_folder(lake.path, "squares", lake.layout)
    HARMED[how](folder)
    with pytest.raises(StoreError, match=how) as caught:
        _read(lake)
    assert f"{FOLDER}/{folder.name}/" in caught.value.what
    (told,) = verify_lake(lake)
    assert told.place.startswith(f"{FOLDER}/{folder.name}/") and not told.source
    _keep(lake)
    assert _read(lake) is not None and [how for _, how in derived_files(lake.path) if how] == []


def test_a_whole_file_of_other_columns_or_of_too_many_rows_is_refused(lake) -> None:
    _keep(lake)
    with pytest.raises(StoreError, match="which cannot be"):
        _read(lake, most_rows=2)
    with pytest.raises(StoreError, match="other columns"):
        other = {"squares": pa.schema([("n", pa.int32())])}
        read_derived(lake.path, "squares", lake.layout, schemas=other, most_rows=10)


def test_what_a_newer_version_wrote_is_left_alone(lake) -> None:
    _keep(lake)
    folder = derived_folder(lake.path, "squares", lake.layout)
    _say(version=2)(folder)
    assert _read(lake) is None
    _say(version=2, files="told in another way")(folder)
    assert _read(lake) is None and list(verify_lake(lake)) == []


def test_folders_of_others_stay(lake) -> None:
    _keep(lake)
    folder = derived_folder(lake.path, "squares", lake.layout)
    for name in ("squares-copy", "squares-" + "0" * 24, "squares-" + "1" * 24):
        (folder.parent / name).mkdir()
        _age(folder.parent / name)
    _keep(lake)
    assert len(list(folder.parent.iterdir())) == 4
