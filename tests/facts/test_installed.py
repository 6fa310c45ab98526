"""Installed references: checked on the way in, whole or not at all, several versions side by side."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts import reading
from tmescope.facts.installed import facts_folder, install, list_installed, remove, verify
from tmescope.facts.loading import read_installed
from tmescope.facts.registry import find_reference
from tmescope.facts.trust import Origin
from tmescope.foundation.errors import (
    FactsError,
    FileFormatError,
    FormatVersionError,
    MissingFileError,
    StoreError,
    UnknownNameError,
)

OLD = "HGNCID\tApprovedSymbol\tPreviousSymbols\tAliasSymbol"
NEW = "hgnc_id\tsymbol\tprev_symbol\talias_symbol"


def write_hgnc(path: Path, *, header: str = OLD, rows: int = 38_000) -> Path:
    text = header + "\n" + "".join(f"HGNC:{i}\tA{i}\t\t\n" for i in range(rows))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_where_references_are(tmp_path: Path) -> None:
    assert facts_folder({"TMESCOPE_FACTS": str(tmp_path), "XDG_DATA_HOME": "/x"}) == tmp_path
    assert facts_folder({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "tmescope" / "facts"
    expected = tmp_path / ".local" / "share" / "tmescope" / "facts"
    assert facts_folder({"HOME": str(tmp_path)}) == expected
    assert facts_folder({"HOME": str(tmp_path), "XDG_DATA_HOME": "relative"}) == expected


@pytest.mark.parametrize(
    ("name", "source", "version"),
    [
        ("hgnc", "quantiseq/HGNC_genenames_20170418.txt.gz", "2017-04-18"),
        ("quantiseq", "quantiseq", "TIL10"),
        ("xcell", "xcell", "2017"),
        ("consensustme", "consensustme/consensus_gene_sets.tsv", "2019"),
        ("abis", "abis", "2019"),
        ("estimate", "estimate/common_genes.tsv", "2013"),
        ("hpa", "../targets/normal_tissue/hpa_normal_protein_by_organ.tsv.gz", "organ-maxima"),
        ("hpa_rna", "../targets/normal_tissue/hpa_rna_tpm_35tissues.parquet", "35-tissues"),
        ("surfaceome", "../targets/surfaceome/candidate_universe.tsv", "2026-05-07"),
        ("surfaceome", "../targets/normal_tissue/surfy_gene.tsv.gz", "surfy"),
    ],
)
def test_the_real_files_are_known(name: str, source: str, version: str, shared_data: Path, tmp_path: Path) -> None:
    one = install(name, shared_data / "references" / source, home=tmp_path, accepted=frozenset({name}))
    assert (one.version, one.known, one.accepted) == (version, True, True)
    assert list_installed(tmp_path) == (one,)
    assert verify(one) == ()


def test_versions_stand_side_by_side_and_the_same_is_written_anew(tmp_path: Path) -> None:
    assert list_installed(tmp_path / "home") == ()
    first = install("hgnc", write_hgnc(tmp_path / "a.txt.gz"), home=tmp_path / "home")
    second = install("hgnc", write_hgnc(tmp_path / "b.txt", header=NEW), home=tmp_path / "home")
    again = install("hgnc", tmp_path / "b.txt", home=tmp_path / "home")
    assert not first.known
    assert first.version.startswith("sha256-")
    assert again == second != first
    assert sorted(one.version for one in list_installed(tmp_path / "home")) == sorted([first.version, second.version])
    remove("hgnc", first.version, home=tmp_path / "home")
    assert list_installed(tmp_path / "home") == (second,)
    assert not list((tmp_path / "home" / "hgnc").glob(".*"))
    with pytest.raises(UnknownNameError, match="no installed reference"):
        remove("hgnc", first.version, home=tmp_path / "home")


def test_who_vouches_for_the_content_is_kept(tmp_path: Path) -> None:
    path = write_hgnc(tmp_path / "a.txt")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    one = install("hgnc", path, home=tmp_path / "home", origin=Origin("2024-10-01", {"genes": sha256}))
    assert (one.version, one.known, one.trust) == ("2024-10-01", False, "given")
    two = install("hgnc", path, home=tmp_path / "home", origin=Origin("2024-07-01", addresses={"genes": "https://x/y"}))
    assert (two.trust, two.addresses, two.format_version) == ("first use", {"genes": "https://x/y"}, 1)


def test_the_same_version_with_another_content_is_refused_after_its_first_use(tmp_path: Path) -> None:
    home = tmp_path / "home"
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=home, origin=Origin("2024-10-01"))
    install("hgnc", tmp_path / "a.txt", home=home, origin=Origin("2024-10-01"))
    other = write_hgnc(tmp_path / "b.txt", rows=38_001)
    with pytest.raises(FactsError, match="hgnc 2024-10-01 is installed with another content: 'genes' had") as caught:
        install("hgnc", other, home=home, origin=Origin("2024-10-01"))
    assert "tmescope facts remove hgnc 2024-10-01" in str(caught.value)
    given = Origin("2024-10-01", {"genes": hashlib.sha256(other.read_bytes()).hexdigest()})
    with pytest.raises(FactsError, match="is installed with another content"):
        install("hgnc", other, home=home, origin=given)
    assert list_installed(home) == (one,)
    remove("hgnc", "2024-10-01", home=home)
    install("hgnc", other, home=home, origin=Origin("2024-10-01"))


def test_a_version_with_and_without_an_optional_file_is_not_the_same(tmp_path: Path) -> None:
    reference = find_reference("xcell")
    files = tuple(replace(file, min_rows=3, columns=()) for file in reference.files)
    registry = [replace(reference, files=files, company_use="yes")]
    call = {"home": tmp_path / "home", "origin": Origin("mine"), "registry": registry}
    paths = made.xcell_with_arrays(tmp_path)
    install("xcell", paths, **call)
    without = {role: path for role, path in paths.items() if "array" not in role}
    with pytest.raises(FactsError, match=r"'spill_array_fv' had the sha256 [0-9a-f]{64}") as caught:
        install("xcell", without, **call)
    assert "now it has no file" in str(caught.value)


def test_optional_files_may_come_later(tmp_path: Path) -> None:
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    paths = made.xcell_with_arrays(source, made.REGISTERED["xcell"] + [f"type {i}" for i in range(40)])
    accepted = frozenset({"xcell"})
    needed = {role: path for role, path in paths.items() if "array" not in role}
    first = install("xcell", needed, home=home, accepted=accepted, origin=Origin("a"))
    assert set(first.files) == {"signatures", "genes", "spill_k", "spill_fv"}
    assert read_installed(first).arrays is None
    second = install("xcell", source, home=home, accepted=accepted, origin=Origin("b"))
    assert set(second.files) == set(paths)
    assert read_installed(second).arrays is not None
    paths["spill_array_fv"].unlink()
    with pytest.raises(FileFormatError, match="the other file of the pair"):
        install("xcell", source, home=home, accepted=accepted, origin=Origin("c"))


def test_a_registered_version_without_its_optional_files_is_known(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "references" / "xcell"
    names = {f.role: f.name for f in find_reference("xcell").files if not f.optional}
    paths = {role: folder / name for role, name in names.items()}
    one = install("xcell", paths, home=tmp_path, accepted=frozenset({"xcell"}))
    assert (one.version, one.known, set(one.files)) == ("2017", True, set(names))


def test_a_record_of_the_first_format_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "hgnc" / "2017-04-18"
    folder.mkdir(parents=True)
    record = Path(__file__).with_name("installed_format_1.json").read_text(encoding="utf-8")
    (folder / "installed.json").write_text(record, encoding="utf-8")
    (one,) = list_installed(tmp_path)
    assert (one.known, one.trust, one.addresses, one.format_version) == (True, "registry", {}, 1)
    assert verify(one) == ("genes.gz is missing",)


def test_a_licence_is_accepted_by_name(tmp_path: Path) -> None:
    for accepted in (frozenset[str](), frozenset({"abis"})):
        with pytest.raises(FactsError, match="not accepted: GPL-3") as caught:
            install("xcell", tmp_path, home=tmp_path / "home", accepted=accepted)
        assert caught.value.next_step is not None
        assert "--accept-licence xcell" in caught.value.next_step
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the first line is ''"),
        (b"<!DOCTYPE html>\n<html></html>\n", "the first line is '<!DOCTYPE html>'"),
        ((OLD + "\nHGNC:1\tA\t\t\n").encode(), "2 lines: the file is cut off"),
        (gzip.compress((OLD + "\n" + "x\n" * 20_000).encode(), mtime=0)[:-40], "damaged or not text"),
        (b"\x1f\x8bnonsense", "damaged or not text"),
        ((OLD + "\n").encode() + b"\xff\xfe\n" * 20_000, "damaged or not text"),
    ],
    ids=["empty", "html", "short", "truncated gzip", "not gzip", "not UTF-8"],
)
def test_what_is_not_the_file_is_refused_and_nothing_is_left(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "hgnc.txt"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        install("hgnc", path, home=tmp_path / "home")
    assert says in str(caught.value)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("name", "source", "lines"),
    [
        ("hgnc", "references/quantiseq/HGNC_genenames_20170418.txt.gz", 36_000),
        ("surfaceome", "targets/surfaceome/candidate_universe.tsv", 2_500),
    ],
)
def test_a_real_table_that_is_cut_between_lines_is_refused(
    name: str, source: str, lines: int, shared_data: Path, tmp_path: Path
) -> None:
    content = (shared_data / source).read_bytes()
    text = gzip.decompress(content) if source.endswith(".gz") else content
    (tmp_path / "cut.txt").write_bytes(b"".join(text.splitlines(keepends=True)[:lines]))
    with pytest.raises(FileFormatError, match=f"{lines} lines: the file is cut off"):
        install(name, tmp_path / "cut.txt", home=tmp_path / "home", accepted=frozenset({name}))


def test_a_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LARGEST", 1000)
    with pytest.raises(FileFormatError, match="more than 1000 bytes"):
        install("hgnc", write_hgnc(tmp_path / "a.txt.gz"), home=tmp_path / "home")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file for 'signature'") as caught:
        install("quantiseq", tmp_path, home=tmp_path / "home")
    assert "TIL10_signature.txt" in str(caught.value)
    with pytest.raises(MissingFileError):
        install("hgnc", tmp_path / "absent.txt", home=tmp_path / "home")


def test_an_install_that_breaks_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=home)
    held = Path(one.folder) / one.files["genes"]
    held.write_text("damaged", encoding="utf-8")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        for path in (tmp_path / "a.txt", write_hgnc(tmp_path / "b.txt", rows=38_001)):
            with pytest.raises(StoreError, match="No space left"):
                install("hgnc", path, home=home)
    assert list_installed(home) == (one,)
    assert [path.name for path in (home / "hgnc").iterdir()] == [one.version]
    assert sorted(path.name for path in Path(one.folder).iterdir()) == ["genes.txt", "installed.json"]
    assert install("hgnc", tmp_path / "a.txt", home=home) == one
    assert verify(one) == ()


def test_the_same_content_again_changes_the_record_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=home)
    held = Path(one.folder) / one.files["genes"]
    before = held.stat()
    again = install("hgnc", tmp_path / "a.txt", home=home, accepted=frozenset({"hgnc"}))
    assert (one.accepted, again.accepted) == (False, True)
    assert again == replace(one, accepted=True)
    assert (held.stat().st_ino, held.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_process_that_is_killed_leaves_one_whole_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry learns the hash of a version that is installed with another content, and the process dies."""
    home, version = tmp_path / "home", Origin("2024-10-01")
    old, new = write_hgnc(tmp_path / "a.txt", rows=20), write_hgnc(tmp_path / "b.txt", rows=30)
    sha256 = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (old, new)}
    reference = find_reference("hgnc")
    few = [replace(reference, files=tuple(replace(file, min_rows=3) for file in reference.files))]
    knowing = [replace(few[0], versions={"2024-10-01": {"genes": sha256[new]}})]

    def dies_at(step: int) -> bool:
        child = os.fork()
        if child != 0:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        left = [step]

        def before(do):
            def dying(*call, **settings):
                left[0] -= 1
                if left[0] == 0:
                    os._exit(7)
                return do(*call, **settings)

            return dying

        try:
            monkeypatch.setattr(Path, "replace", before(Path.replace))
            monkeypatch.setattr(Path, "unlink", before(Path.unlink))
            install("hgnc", new, home=home, origin=version, registry=knowing)
        finally:
            os._exit(0)

    found = set()
    for step in range(1, 20):
        shutil.rmtree(home, ignore_errors=True)
        install("hgnc", old, home=home, origin=version, registry=few)
        died = dies_at(step)
        (one,) = list_installed(home)
        assert verify(one) == ()
        found.add(one.sha256["genes"])
        for left in home.rglob("*.part"):
            os.utime(left, (0, 0))
        two = install("hgnc", new, home=home, origin=version, registry=knowing)
        assert (two.trust, two.sha256["genes"], verify(two)) == ("registry", sha256[new], ())
        assert {path.name for path in Path(two.folder).iterdir()} == {"installed.json", two.files["genes"]}
        if not died:
            break
    assert step > 5
    assert found == set(sha256.values())


def test_what_killed_processes_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name, age in ((".v.1.part", 0), (".v.2.part", 7200), (".v.3.old", 7200)):
        (home / "hgnc" / name).mkdir(parents=True)
        (home / "hgnc" / name / "genes.txt").write_text("x", encoding="utf-8")
        os.utime(home / "hgnc" / name, (time.time() - age,) * 2)
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=home)
    assert sorted(path.name for path in (home / "hgnc").iterdir()) == [".v.1.part", one.version]


def test_changes_after_the_install_are_found(tmp_path: Path) -> None:
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=tmp_path / "home")
    held = Path(one.folder) / one.files["genes"]
    held.write_text("x", encoding="utf-8")
    assert verify(one) == ("genes.txt has another sha256 than when it was installed",)
    held.unlink()
    assert verify(one) == ("genes.txt is missing",)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"format": 3}, FormatVersionError, "newer"),
        ({"files": {"genes": "../../x"}}, FactsError, "other files"),
        ({"files": {"more": "x"}}, FactsError, "other files"),
        ({"name": "xcell"}, FactsError, "other files"),
        ({"files": 1}, FactsError, "damaged"),
        ({"colour": "red"}, FactsError, "damaged"),
    ],
)
def test_a_changed_record_is_refused(
    tmp_path: Path, change: dict[str, object], error: type[Exception], says: str
) -> None:
    one = install("hgnc", write_hgnc(tmp_path / "a.txt"), home=tmp_path / "home")
    path = Path(one.folder) / "installed.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, **change}), encoding="utf-8")
    with pytest.raises(error, match=says):
        list_installed(tmp_path / "home")
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(FactsError, match="damaged"):
        list_installed(tmp_path / "home")
