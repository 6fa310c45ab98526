"""Strict reading of the facts' TOML."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tmescope.facts.records import Key, check_hash, check_record, hash_lines, place, read_record
from tmescope.foundation.errors import FactsError

KEYS = {"name": Key(str), "genes": Key(dict), "notes": Key(list, required=False, may_be_empty=True)}
GOOD = 'format = 1\nname = "x"\nnotes = []\n[genes]\nA = "HGNC:1"\n'


def test_a_good_record_is_read_without_its_format(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD)
    assert read_record(path, KEYS) == {"name": "x", "notes": [], "genes": {"A": "HGNC:1"}}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 1", "format = 2", "format = 2"),
        ("format = 1\n", "", "format = None"),
        ("notes", "nots", "did you mean 'notes'"),
        ('name = "x"\n', "", "'name' is missing"),
        ('name = "x"', "name = 3", "wrong type"),
        ('name = "x"', "name = true", "wrong type"),
        ('name = "x"', 'name = ""', "is empty"),
        ('A = "HGNC:1"', "", "genes is empty"),
        ('name = "x"', 'name = "x', "not TOML"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "x.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(FactsError) as caught:
        read_record(path, KEYS)
    assert says in str(caught.value)
    assert caught.value.where == f"facts: {tmp_path.name}/x.toml"


def test_a_file_that_is_not_there_is_a_facts_error(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match="cannot be read"):
        read_record(tmp_path / "none.toml", KEYS)


def test_bytes_that_are_not_text_are_a_facts_error(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FactsError, match="not TOML"):
        read_record(path, KEYS)


def test_a_boolean_is_not_a_number() -> None:
    with pytest.raises(FactsError, match="wrong type"):
        check_record({"n": True}, {"n": Key(int)}, where="here")


def test_hash_is_of_the_sorted_distinct_lines() -> None:
    expected = hashlib.sha256(b"A\nB").hexdigest()
    assert hash_lines(["B", "A", "B"]) == expected
    assert hash_lines(["B", "A"]) != hash_lines(["BA"])


def test_a_differing_hash_is_refused() -> None:
    check_hash("a" * 64, "a" * 64, what="it", where="here")
    with pytest.raises(FactsError, match="it changed"):
        check_hash("a" * 64, "b" * 64, what="it", where="here")


def test_places_name_no_folder_of_the_machine() -> None:
    assert place(Path("/home/someone/facts/data/signatures/cyt.toml")) == "facts: signatures/cyt.toml"
