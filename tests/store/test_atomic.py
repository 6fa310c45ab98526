from __future__ import annotations

import pytest

from tmescope.foundation.errors import StoreError
from tmescope.store.atomic import replace_text, staged_file, staged_folder


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    final = tmp_path / "deep" / "a.txt"
    with staged_file(final) as staged:
        staged.write_text("new")
        assert not final.exists()
    assert final.read_text() == "new"
    with pytest.raises(RuntimeError), staged_file(final) as staged:
        staged.write_text("half")
        raise RuntimeError
    assert final.read_text() == "new"
    assert [p.name for p in final.parent.iterdir()] == ["a.txt"]


def test_a_file_never_replaces_a_folder(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("x")
    with pytest.raises(StoreError, match="a folder has this name"), staged_file(tmp_path / "thesis") as staged:
        staged.write_text("new")
    assert [p.name for p in tmp_path.rglob("*")] == ["thesis", "chapter"]


def test_a_folder_replaces_an_older_one_completely(tmp_path):
    final = tmp_path / "out"
    for name in ("first", "second"):
        with staged_folder(final) as staged:
            (staged / name).write_text(name)
    assert [p.name for p in final.iterdir()] == ["second"]
    with pytest.raises(RuntimeError), staged_folder(final) as staged:
        (staged / "third").write_text("x")
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "second"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_folder_that_shall_be_new_takes_the_place_of_nothing(tmp_path, kind):
    final = tmp_path / "a.zarr"
    kept = final / "kept" if kind == "folder" else final
    with pytest.raises(StoreError, match="something is there already"), staged_folder(final, is_new=True) as staged:
        (staged / "new").write_text("new")
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("of another process, which was first")
    assert kept.read_text() == "of another process, which was first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_a_folder_that_shall_be_new_is_made(tmp_path):
    with staged_folder(tmp_path / "a" / "b", is_new=True) as staged:
        (staged / "x").write_text("x")
    assert (tmp_path / "a/b/x").read_text() == "x"


def test_a_text_that_is_there_already_is_left_alone(tmp_path):
    final = tmp_path / "deep/a.json"
    for text in ("é", "é", "other"):
        before = final.stat().st_ino if final.exists() else None
        same = final.exists() and final.read_text("utf-8") == text
        replace_text(final, text)
        assert final.read_text("utf-8") == text
        assert (final.stat().st_ino == before) is same
    with pytest.raises(StoreError, match="a folder has this name"):
        replace_text(tmp_path / "deep", "x")
