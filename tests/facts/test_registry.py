"""The registry of references: complete, licensed, and strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.facts.records import DATA
from tmescope.facts.registry import find_reference, list_references, read_registry
from tmescope.foundation.errors import FactsError, UnknownNameError


def test_references_say_where_they_are_from_and_who_may_use_them() -> None:
    found = {reference.name: reference for reference in list_references()}
    assert list(found) == ["abis", "consensustme", "hgnc", "quantiseq", "xcell"]
    assert all(len(r.licence) > 15 and r.url.startswith("https://") and r.versions for r in found.values())
    assert {name for name, r in found.items() if r.must_accept} == {"abis", "consensustme", "xcell"}


def test_a_version_is_known_by_all_of_its_hashes() -> None:
    reference = find_reference("quantiseq")
    hashes = dict(reference.versions["TIL10"])
    assert reference.recognise(hashes) == "TIL10"
    assert reference.recognise({**hashes, "signature": "0" * 64}) is None
    assert reference.recognise({}) is None


def test_an_unknown_reference_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="no reference is named 'quantisec'") as caught:
        find_reference("quantisec")
    assert caught.value.next_step == "did you mean 'quantiseq'?"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('company_use = "ask"', 'company_use = "perhaps"', "not known"),
        ("https://github.com/dviraran", "http://github.com/dviraran", "url"),
        ('name = "xcell"', 'name = "abis"', "share a name"),
        ('licence = "GPL-2', 'license = "GPL-2', "did you mean 'licence'"),
        ("target = ", "targets = ", "not of their form"),
        ('role = "target"', 'roll = "target"', "did you mean 'role'"),
    ],
)
def test_a_wrong_registry_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (DATA / "registry.toml").read_text(encoding="utf-8")
    path = tmp_path / "registry.toml"
    path.write_text(text, encoding="utf-8")
    assert read_registry(path) == list_references()
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FactsError) as caught:
        read_registry(path)
    assert says in str(caught.value)
