from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest import studies_made as made

from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError, TmescopeError
from tmescope.foundation.provenance import hash_file
from tmescope.ingest.cbioportal_folder import hash_input, open_study_folder

Files = dict[str, str | bytes]


def test_the_meta_files_say_what_is_there(tmp_path: Path) -> None:
    folder = open_study_folder(made.write(tmp_path / "s", made.files()))
    assert folder.study.get("cancer_study_identifier") == "brca_made"
    ids = [m.get("stable_id") for m in folder.expression]
    assert ids == ["rna_seq_v2_mrna", "rna_seq_v2_mrna_median_Zscores"]
    assert folder.samples is not None
    assert folder.samples.data_file().name == "samples.txt"
    assert {p.name for p in folder.used} == set(made.files()) - {"meta_mutations.txt"}


def _replace(name: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        text = files[name]
        assert isinstance(text, str)
        assert old in text
        files[name] = text.replace(old, new)

    return change


def _put(name: str, content: str | bytes) -> Callable[[Files], None]:
    return lambda files: files.__setitem__(name, content)


def _drop(name: str) -> Callable[[Files], None]:
    return lambda files: files.__delitem__(name)


META = "meta_mrna.txt"


@pytest.mark.parametrize(
    ("change", "error", "says", "place"),
    [
        (_drop("meta_study.txt"), MissingFileError, "no meta_study.txt in 's'", "s"),
        (_put("meta_study.txt", b""), FileFormatError, "0 bytes", "meta_study.txt"),
        (_put("meta_study.txt", "name: x\n"), FileFormatError, "does not say its cancer_study_id", "meta_study.txt"),
        (_put("meta_study.txt", "cancer_study_identifier:\n"), FileFormatError, "does not say", "line 1"),
        (_put("meta_study.txt", made.STUDY + "nothing\n"), FileFormatError, "'nothing' is no 'key: value'", "line 5"),
        (_put("meta_study.txt", made.STUDY + "name: y\n"), FileFormatError, "'name' stands there twice", "line 5"),
        (_put("meta_study.txt", b"cancer_study_identifier: \xff\n"), FileFormatError, "not UTF-8", "line 1"),
        (_put("meta_study.txt", b"cancer_study_identifier: a\0b\n"), FileFormatError, "NUL", "line 1"),
        (_put("meta_study.txt", b"a" * (2 << 20)), FileFormatError, "2,097,152 bytes", "meta_study.txt"),
        (_put(META, "version https://git-lfs.github.com/spec/v1\n"), FileFormatError, "Git LFS", META),
        (_put(META, ": x\n"), FileFormatError, "is no 'key: value'", f"{META}, line 1"),
        (_put("meta_new.txt", "what is this\n"), FileFormatError, "is no 'key: value'", "meta_new.txt, line 1"),
        (_replace(META, "brca_made", "other"), FileFormatError, "of the study 'other'", f"{META}, line 1"),
        (
            _put("meta_clinical_sample2.txt", made.files()["meta_clinical_sample.txt"]),
            FileFormatError,
            "2 meta files are of the kind SAMPLE_ATTRIBUTES",
            "meta_clinical_sample2.txt",
        ),
    ],
)
def test_a_broken_folder_is_refused_with_its_place(
    tmp_path: Path, change: Callable[[Files], None], error: type[TmescopeError], says: str, place: str
) -> None:
    files = made.files()
    change(files)
    folder = made.write(tmp_path / "s", files)
    with pytest.raises(error, match=says) as caught:
        open_study_folder(folder)
    assert (caught.value.where or "").endswith(place)
    assert caught.value.expected
    assert caught.value.next_step


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    files = made.files() | {"meta_study.txt": made.STUDY + "x\n", META: "y\n"}
    with pytest.raises(ManyProblems) as caught:
        open_study_folder(made.write(tmp_path / "s", files))
    assert len(caught.value.problems) == 2


def test_a_meta_file_of_another_kind_may_be_broken(tmp_path: Path) -> None:
    files = made.files() | {"meta_cna.txt": "genetic_alteration_type: COPY_NUMBER_ALTERATION\nbroken\n"}
    assert len(open_study_folder(made.write(tmp_path / "s", files)).expression) == 2


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("", FileFormatError, "does not say its data_filename"),
        ("/etc/passwd", FileFormatError, "leads out"),
        ("../outside.txt", FileFormatError, "leads out"),
        ("case_lists/../../outside.txt", FileFormatError, "leads out"),
        ("link.txt", FileFormatError, "leads out"),
        ("loop.txt", FileFormatError, "leads out"),
        ("absent.txt", MissingFileError, "no file 'absent.txt'"),
        ("case_lists", FileFormatError, "is no file"),
        ("pipe.txt", FileFormatError, "is no file"),
        ("empty.txt", FileFormatError, "0 bytes"),
        ("lfs.txt", FileFormatError, "Git LFS"),
    ],
)
def test_a_data_file_stays_in_the_folder(tmp_path: Path, name: str, error: type[TmescopeError], says: str) -> None:
    (tmp_path / "outside.txt").write_text("secret\n")
    files = made.files() | {
        META: made.expression(data=name),
        "empty.txt": b"",
        "lfs.txt": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    }
    folder = made.write(tmp_path / "s", files)
    (folder / "case_lists").mkdir()
    os.mkfifo(folder / "pipe.txt")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    meta = open_study_folder(folder).expression[0]
    with pytest.raises(error, match=says) as caught:
        meta.data_file()
    assert caught.value.where is not None
    assert "secret" not in str(caught.value)


def test_a_meta_file_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    outside = tmp_path / "outside.txt"
    outside.write_text("password\n")
    (folder / "meta_x.txt").symlink_to(outside)
    with pytest.raises(FileFormatError, match="leads out") as caught:
        open_study_folder(folder)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("name", ["meta_pipe.txt", "meta_study.txt"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    folder = made.write(tmp_path / "s", made.files())
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(FileFormatError, match="is no file") as caught:
        open_study_folder(folder)
    assert (caught.value.where or "").endswith(name)


def test_a_folder_that_is_a_link_itself_is_read(tmp_path: Path) -> None:
    made.write(tmp_path / "s", made.files())
    (tmp_path / "link").symlink_to(tmp_path / "s")
    meta = open_study_folder(tmp_path / "link").expression[0]
    assert meta.data_file().name == "data_mrna.txt"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(MissingFileError, match="is not a folder"):
        open_study_folder(tmp_path / "x")


def test_too_many_meta_files_are_refused(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", {"meta_study.txt": made.STUDY})
    for i in range(1001):
        (folder / f"meta_{i}.txt").touch()
    with pytest.raises(FileFormatError, match="1,001 meta files"):
        open_study_folder(folder)


def test_the_hash_of_a_folder_is_that_of_what_is_read(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    first = hash_input(folder)
    (folder / "data_cna.txt").write_text("not read\n")
    assert hash_input(folder) == first
    (folder / "patients.txt").write_text("changed\n")
    second = hash_input(folder)
    assert second != first
    (folder / "data_mrna.txt").unlink()
    assert hash_input(folder) not in (first, second)
    assert hash_input(folder / "samples.txt") == hash_file(folder / "samples.txt")
