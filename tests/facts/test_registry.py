"""The registry of references: complete, licensed, and strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.facts.records import DATA
from tmescope.facts.registry import find_reference, list_references, read_registry
from tmescope.foundation.errors import FactsError, UnknownNameError


def test_references_say_where_they_are_from_and_who_may_use_them() -> None:
    found = {reference.name: reference for reference in list_references()}
    assert list(found) == [
        "abis",
        "consensustme",
        "doid",
        "estimate",
        "gtex",
        "hgnc",
        "hpa",
        "hpa_rna",
        "quantiseq",
        "surfaceome",
        "xcell",
    ]
    assert all(len(r.licence) > 15 and r.url.startswith("https://") and r.versions for r in found.values())
    assert {name for name, r in found.items() if not r.must_accept} == {"doid", "hgnc", "quantiseq"}


def test_a_version_is_known_by_all_of_its_hashes() -> None:
    reference = find_reference("quantiseq")
    hashes = dict(reference.versions["TIL10"])
    assert reference.recognise(hashes) == "TIL10"
    assert reference.recognise({**hashes, "signature": "0" * 64}) is None
    assert reference.recognise({}) is None


def test_a_version_is_known_without_its_optional_files() -> None:
    reference = find_reference("xcell")
    hashes = dict(reference.versions["2017"])
    optional = {file.role for file in reference.files if file.optional}
    assert optional == {"spill_array_k", "spill_array_fv"}
    assert reference.recognise(hashes) == "2017"
    needed = {role: sha256 for role, sha256 in hashes.items() if role not in optional}
    assert reference.recognise(needed) == "2017"
    assert reference.recognise({**needed, "spill_array_k": "0" * 64}) is None
    assert reference.recognise({role: hashes[role] for role in optional}) is None


def test_addresses_are_https_and_one_for_each_file() -> None:
    for reference in list_references():
        roles = {file.role for file in reference.files}
        for version, addresses in reference.addresses.items():
            assert set(addresses) == roles, (reference.name, version)
            assert all(address.startswith("https://") for address in addresses.values())
        assert all(file.max_bytes >= 2**20 for file in reference.files)
    assert {r.name for r in list_references() if not r.addresses} == {"consensustme", "estimate", "hpa_rna", "xcell"}


def test_addresses_of_versions_that_are_not_listed() -> None:
    hgnc = find_reference("hgnc")
    assert hgnc.addresses_of("2024-10-01")["genes"].endswith("/hgnc_complete_set_2024-10-01.txt")
    assert hgnc.addresses_of("2017-04-18") == {}, "listed, and without an address"
    for version in ("2024-10-02", "latest", "2024-10-01/../x", "2024-10-01\n"):
        assert hgnc.addresses_of(version) == {}
    assert find_reference("gtex").addresses_of("v9") == {}


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
        ('parser = "abis"', 'parcer = "abis"', "did you mean 'parser'"),
        ("max_mb = 16", 'max_mb = "16"', "wrong type"),
        ('target = "https://', 'target = "http://', "addresses are not of their form"),
        ('rna_seq = """\\\n', 'rnaseq = """\\\n', "addresses are not of their form"),
        ("{version}.txt", "{edition}.txt", "addresses are not of their form"),
        ("form = '", "forme = '", "did you mean 'form'"),
        ("optional = true", 'optional = "true"', "wrong type"),
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
