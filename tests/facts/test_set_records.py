from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.facts.records import DATA, hash_lines
from tmescope.facts.set_records import LARGEST_RECORD, read_set_records
from tmescope.foundation.errors import FileFormatError, FormatVersionError

GOOD = 'format = 1\nname = "mine"\ngenes = ["GZMA", "PRF1"]\n'


def _file(tmp_path: Path, text: str) -> Path:
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    return tmp_path / "s.toml"


def test_the_least_that_a_record_must_say(tmp_path: Path) -> None:
    (one,) = read_set_records(_file(tmp_path, GOOD))
    assert (one.name, one.genes, one.where) == ("mine", {"GZMA": None, "PRF1": None}, "s.toml")


def test_a_table_of_ids_weights_and_a_hash_that_holds(tmp_path: Path) -> None:
    text = (
        f'format = 1\nname = "mine"\nsha256 = "{hash_lines(["GZMA", "PRF1"])}"\nlicence = "CC0"\n'
        '[genes]\nGZMA = "HGNC:4708"\nPRF1 = ""\n[weights]\nGZMA = 1\nPRF1 = -0.5\n'
    )
    (one,) = read_set_records(_file(tmp_path, text))
    assert one.genes == {"GZMA": 1.0, "PRF1": -0.5}
    assert one.stated["licence"] == "CC0"


def test_sets_take_over_what_stands_at_the_top(tmp_path: Path) -> None:
    text = (
        'format = 1\nlicence = "CC0"\nlimits = "blood"\n'
        '[[sets]]\nname = "a"\ngenes = ["GZMA"]\n[[sets]]\nname = "b"\nlimits = "skin"\ngenes = ["PRF1"]\n'
    )
    a, b = read_set_records(_file(tmp_path, text))
    assert (a.stated["licence"], a.stated["limits"], a.where) == ("CC0", "blood", "s.toml, sets[1]")
    assert (b.stated["licence"], b.stated["limits"], b.where) == ("CC0", "skin", "s.toml, sets[2]")


def test_a_bundled_collection_is_such_a_file() -> None:
    assert len(list(read_set_records(DATA / "collections" / "mcp_counter.toml"))) == 10


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 1", "format = 1\nformat", "not TOML"),
        ("genes = [", "gens = [", "unknown key 'gens'"),
        ('genes = ["GZMA", "PRF1"]', "", "genes is missing"),
        ('genes = ["GZMA", "PRF1"]', 'genes = "GZMA"', "not a list of symbols"),
        ('genes = ["GZMA", "PRF1"]', "genes = []", "not a list of symbols"),
        ('"PRF1"]', "1]", "not a list of symbols"),
        ('"PRF1"]', '"PRF 1"]', "no gene symbol"),
        ('"PRF1"]', '"PRF1"]\n[weights]\nGZMA = 1.0', "differ in 'PRF1'"),
        ('"PRF1"]', '"PRF1"]\n[weights]\nGZMA = 1.0\nPRF1 = nan', "the weight of PRF1 is nan"),
        ('"PRF1"]', '"PRF1"]\n[weights]\nGZMA = 1.0\nPRF1 = true', "the weight of PRF1 is True"),
        ('genes = ["GZMA", "PRF1"]', '[genes]\nGZMA = "4708"', "GZMA = '4708'"),
        ('"PRF1"]', '"PRF1"]\nsha256 = "0123456789abcdef"', "the record states 0123456789ab"),
        ('name = "mine"', 'name = "=mine"', "start a formula"),
        ('name = "mine"', "name = 3", "wrong type"),
        ('name = "mine"\n', "", "'name' is missing"),
        (GOOD, "format = 1\nsets = 3\n", "sets is no list"),
        (GOOD, "format = 1\nsets = []\n", "sets is no list"),
        (GOOD, "format = 1\nx = " + "[" * 5000, "not TOML"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(FileFormatError) as caught:
        list(read_set_records(_file(tmp_path, GOOD.replace(old, new))))
    assert says in str(caught.value)
    assert str(caught.value.where).startswith("s.toml")


@pytest.mark.parametrize("version", ["2", "true", '"1"'])
def test_another_format_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(FormatVersionError, match="is not known"):
        list(read_set_records(_file(tmp_path, GOOD.replace("= 1", f"= {version}", 1))))


def test_a_record_larger_than_a_record_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, GOOD + "#" * LARGEST_RECORD)
    with pytest.raises(FileFormatError, match="bytes") as caught:
        list(read_set_records(path))
    assert "gmt" in str(caught.value.next_step)
