"""``tmescope facts``: what can be installed, adding it, and finding what changed since."""

from __future__ import annotations

import pytest

from tmescope.facts.installed import list_installed
from tmescope.facts.signatures import list_signatures


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TMESCOPE_FACTS", str(tmp_path / "facts"))
    return tmp_path / "facts"


@pytest.fixture
def genes(tmp_path):
    path = tmp_path / "hgnc.txt"
    head = "hgnc_id\tsymbol\tprev_symbol\talias_symbol\n"
    path.write_text(head + "".join(f"HGNC:{i}\tA{i}\t\t\n" for i in range(10_000)), encoding="utf-8")
    return path


def test_what_can_be_installed_is_listed(tmescope, home):
    said = tmescope("facts", "list")
    assert said.code == 0
    row = next(line for line in said.out.splitlines() if line.startswith("xcell "))
    assert "ask your lawyers" in row
    assert str(home) in said.out


def test_a_reference_is_shown_with_its_terms(tmescope, home):
    said = tmescope("facts", "show", "xcell")
    assert said.code == 0
    flat = " ".join(said.out.split())
    assert "GPL-3" in flat
    assert "--accept-licence xcell" in flat
    assert "--accept-licence" not in tmescope("facts", "show", "hgnc").out


def test_a_file_is_added_listed_verified_and_removed(tmescope, home, genes):
    said = tmescope("facts", "add", "hgnc", "--from", genes)
    assert said.code == 0, said.err
    assert "of no version that tmescope knows" in said.err
    (one,) = list_installed(home)
    assert f"{one.version} (not known)" in tmescope("facts", "list").out
    bundled, mine = tmescope("facts", "verify").out.splitlines()
    assert bundled.startswith(f"bundled: {len(list_signatures())} signatures")
    assert mine == f"hgnc {one.version}: as installed"
    (home / "hgnc" / one.version / "genes.txt").write_text("changed", encoding="utf-8")
    said = tmescope("facts", "verify")
    assert said.code == 2
    assert "another sha256" in said.err
    assert tmescope("facts", "remove", "hgnc", one.version).code == 0
    assert "nothing is installed" in tmescope("facts", "verify").out


def test_terms_must_be_accepted_by_name(tmescope, home, tmp_path):
    said = tmescope("facts", "add", "abis", "--from", tmp_path)
    assert said.code == 2
    assert "--accept-licence abis" in said.err
    said = tmescope("facts", "add", "abis", "--from", tmp_path, "--accept-licence", "abis")
    assert said.code == 2
    assert "no file for 'rna_seq'" in said.err
    assert not home.exists()
