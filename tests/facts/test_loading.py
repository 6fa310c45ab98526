"""The content of an installed reference: the only version, or the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.installed import install
from tmescope.facts.loading import find_installed, how_to_install, load_reference
from tmescope.facts.registry import find_reference
from tmescope.facts.trust import Origin
from tmescope.foundation.errors import FactsError, UnknownNameError


def put(tmp_path: Path, version: str, more: str = "") -> Path:
    source = tmp_path / version
    source.mkdir()
    paths = made.registered("quantiseq", source)
    with paths["signature"].open("a", encoding="utf-8") as handle:
        handle.write(more)
    install("quantiseq", source, home=tmp_path / "home", origin=Origin(version))
    return tmp_path / "home"


def test_the_only_version_and_the_one_that_is_named(tmp_path: Path) -> None:
    home = put(tmp_path, "a")
    assert len(load_reference("quantiseq", home=home).signature.rows) == 120
    put(tmp_path, "b", "X" + 10 * "\t1" + "\n")
    assert len(load_reference("quantiseq", "b", home=home).signature.rows) == 121
    with pytest.raises(FactsError, match="several versions of quantiseq are installed: a, b") as caught:
        load_reference("quantiseq", home=home)
    assert "[facts], quantiseq = 'b'" in str(caught.value)


def test_what_is_not_installed_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"^quantiseq is not installed") as caught:
        find_installed("quantiseq", home=tmp_path)
    assert caught.value.next_step == "tmescope facts fetch quantiseq"
    with pytest.raises(FactsError, match="quantiseq TIL10 is not installed; installed: a") as caught:
        find_installed("quantiseq", "TIL10", home=put(tmp_path, "a"))
    assert caught.value.next_step == "tmescope facts fetch quantiseq --version TIL10"
    with pytest.raises(FactsError) as caught:
        find_installed("xcell", home=tmp_path)
    assert caught.value.next_step == "tmescope facts add xcell --from FOLDER --accept-licence xcell"
    with pytest.raises(UnknownNameError, match="no reference"):
        load_reference("quantisec", home=tmp_path)
    assert how_to_install(find_reference("hgnc"), "2024-10-01") == "tmescope facts fetch hgnc --version 2024-10-01"
    assert how_to_install(find_reference("hgnc"), "2017-04-18") == "tmescope facts add hgnc --from FILE"


def test_files_that_changed_are_refused(tmp_path: Path) -> None:
    home = put(tmp_path, "a")
    held = home / "quantiseq" / "a" / "removed_genes.txt"
    held.write_text("G1\n", encoding="utf-8")
    with pytest.raises(FactsError, match=r"not as it was installed: removed_genes\.txt has another sha256"):
        load_reference("quantiseq", home=home)


def test_the_default_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("TMESCOPE_FACTS", "/nowhere")  # the environment is the command line's to read
    with pytest.raises(FactsError) as caught:
        load_reference("quantiseq")
    assert caught.value.where == str(tmp_path / ".local" / "share" / "tmescope" / "facts")


def test_the_real_references_load(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "references"
    for name in ("quantiseq", "xcell", "abis"):
        install(name, folder / name, home=tmp_path, accepted=frozenset({name}))
    assert load_reference("quantiseq", "TIL10", home=tmp_path).signature.values.shape == (170, 10)
    assert len(load_reference("xcell", home=tmp_path).signatures) == 489
    assert load_reference("abis", home=tmp_path).microarray.values.shape == (819, 11)


def test_what_was_read_is_shared_and_what_can_be_changed_is_not(tmp_path: Path) -> None:
    home = put(tmp_path, "a")
    assert load_reference("quantiseq", home=home) is load_reference("quantiseq", home=home)
    source = tmp_path / "genes"
    source.mkdir()
    paths = made.registered("surfaceome", source)
    install("surfaceome", paths, home=home, origin=Origin("b"), accepted=frozenset({"surfaceome"}))
    first = load_reference("surfaceome", home=home)
    n = len(first)
    first.clear()
    assert len(load_reference("surfaceome", home=home)) == n > 0
