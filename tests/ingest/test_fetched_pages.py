"""Pages in a folder: whole, noted, and nothing believed that was altered."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.ingest.fetched_pages import Page, PageFolder, Wanted

WANTED = Wanted("trials", "TIGIT ü", dt.date(2024, 1, 1))


def page(*ids: str, following: dict | None = None) -> Page:
    return Page("", "", ids, {"token": "a"}, following, 3)


@pytest.fixture
def pages(tmp_path: Path) -> PageFolder:
    return PageFolder(tmp_path, WANTED)


def test_pages_come_back_as_they_were_added(pages: PageFolder) -> None:
    assert pages.pages() == []
    first = pages.add(1, b"one", suffix=".json", page=page("A", "B", following={"token": "b"}))
    second = pages.add(2, b"two", suffix=".json", page=page("C"))
    assert pages.pages() == [first, second]
    assert first.file == f"trials-{WANTED.digest}-r1-00001.json"
    assert first.sha256 == hashlib.sha256(b"one").hexdigest()
    assert (pages.folder / first.file).read_bytes() == b"one"
    assert (first.ids, first.following, second.following, first.total) == (("A", "B"), {"token": "b"}, None, 3)
    hidden = {path.name for path in pages.folder.iterdir() if path.name.startswith(".")}
    assert hidden == {f".{pages.label}-0000{i}.page" for i in (1, 2)}


def test_questions_are_told_apart_and_the_same_one_is_the_same() -> None:
    others = [
        WANTED,
        Wanted("pubmed", "TIGIT ü", dt.date(2024, 1, 1)),
        Wanted("trials", "TIGIT", dt.date(2024, 1, 1)),
        Wanted("trials", "TIGIT ü"),
        Wanted("trials", "TIGIT ü", None, dt.date(2024, 1, 1)),
    ]
    assert len({one.digest for one in others}) == 5
    assert Wanted("trials", "TIGIT ü", dt.date(2024, 1, 1)).digest == WANTED.digest


def test_a_page_without_its_note_is_as_if_it_had_not_come(pages: PageFolder) -> None:
    pages.add(1, b"one", suffix=".json", page=page("A"))
    (pages.folder / f"{pages.label}-00002.json").write_bytes(b"of a killed process")
    assert len(pages.pages()) == 1
    assert pages.add(2, b"two", suffix=".json", page=page("B")).file == f"{pages.label}-00002.json"
    assert (pages.folder / f"{pages.label}-00002.json").read_bytes() == b"two"


def test_pages_end_before_one_that_was_altered_or_removed(pages: PageFolder) -> None:
    for number in (1, 2, 3):
        pages.add(number, str(number).encode(), suffix=".json", page=page(str(number)))
    (pages.folder / f"{pages.label}-00002.json").write_bytes(b"x")
    assert [one.ids for one in pages.pages()] == [("1",)]
    (pages.folder / f"{pages.label}-00001.json").unlink()
    assert pages.pages() == []


def test_the_newest_asking_is_found(tmp_path: Path) -> None:
    assert PageFolder.latest(tmp_path, WANTED).run == 1
    for run in (1, 2, 10):
        PageFolder(tmp_path, WANTED, run).note({"today": "2024-06-01"})
    PageFolder(tmp_path, Wanted("trials", "other"), 99).note({})
    assert PageFolder.latest(tmp_path, WANTED).run == 10
    told = PageFolder.latest(tmp_path, WANTED).begun()
    assert told is not None
    assert (told["today"], told["query"]) == ("2024-06-01", "TIGIT ü")
    assert PageFolder(tmp_path, WANTED, 3).begun() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "other", "version": 1}',
        '{"format": "tmescope fetched pages", "version": 1}',
        '{"format": "tmescope fetched pages", "version": 1, "file": "../x", "ids": [], "asked": {}, '
        '"sha256": "", "following": null, "total": 1}',
        '{"format": "tmescope fetched pages", "version": 1, "file": "x", "ids": [], "asked": {}, '
        '"sha256": "", "following": 3, "total": 1}',
    ],
)
def test_a_note_that_is_none_is_refused_with_what_to_do(pages: PageFolder, text: str) -> None:
    pages.add(1, b"one", suffix=".json", page=page("A"))
    note = pages.folder / f".{pages.label}-00001.page"
    note.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read") as caught:
        pages.pages()
    assert caught.value.where == str(note)
    assert "remove this file" in str(caught.value)


def test_a_newer_version_is_refused(pages: PageFolder) -> None:
    pages.add(1, b"one", suffix=".json", page=page("A"))
    note = pages.folder / f".{pages.label}-00001.page"
    note.write_text(json.dumps(json.loads(note.read_text(encoding="utf-8")) | {"version": 2}), encoding="utf-8")
    with pytest.raises(FormatVersionError, match="version 2"):
        pages.pages()
