"""A lake that is none, is damaged, or is newer is told apart; a lake of version 1 is read for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.store.lakes import batch, day, exported, lake_of, paper

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.lake import open_lake
from tmescope.store.lake_checks import verify_lake
from tmescope.store.lake_layout import ROOT, LakeLayout, LakePart, part_number, read_lake_layout, sequence_of

VERSION_1 = Path(__file__).parent / "lake_version_1"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("pubmed26n1334.xml.gz", 20261334),
        ("PUBMED21N0001.XML", 20210001),
        ("medline16n0902.xml.gz", 20160902),
        ("pubmed98n0001.xml", 19980001),
        ("pubmed26n13345.xml", 0),
        ("ctg-studies.json", 0),
    ],
)
def test_numbers_of_files(name, number):
    assert sequence_of(name) == number


def test_parts_are_kept_in_the_order_of_their_hashes():
    one, two = (LakePart(sha256=c * 64, source="pubmed", names=(c,)) for c in "ab")
    assert LakeLayout().with_part(two).with_part(one) == LakeLayout().with_part(one).with_part(two)
    assert LakeLayout().with_part(one).state != LakeLayout().with_part(two).state
    assert part_number("f" * 64) < 1 << 60


@pytest.fixture
def root(tmp_path):
    return lake_of(tmp_path, {"a.xml": [batch([paper(1)])], "b.xml": [batch([paper(2)])]}).path / ROOT


def _change(root, change):
    said = json.loads(root.read_text())
    change(said)
    root.write_text(json.dumps(said))


def test_nothing_something_else_and_something_newer(root, tmp_path):
    with pytest.raises(MissingFileError, match="no lake"):
        read_lake_layout(tmp_path / "nowhere")
    _change(root, lambda said: said.update(version=2))
    with pytest.raises(FormatVersionError, match="version 2") as caught:
        read_lake_layout(root.parent)
    assert "newer" in (caught.value.next_step or "")
    _change(root, lambda said: said.update(format="something"))
    with pytest.raises(FileFormatError, match="'something'"):
        read_lake_layout(root.parent)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 100_000, '{"format": "tmescope-lake"}'])
def test_a_root_that_is_none(root, text):
    root.write_text(text)
    with pytest.raises(FileFormatError, match="no lake of documents"):
        read_lake_layout(root.parent)


@pytest.mark.parametrize(
    "change",
    [
        lambda part: part.update(sha256="../../etc/passwd"),
        lambda part: part.update(sha256="A" * 64),
        lambda part: part.update(names=[]),
        lambda part: part.update(sequence=-1),
        lambda part: part.update(sequence=True),
        lambda part: part.update(last_day="yesterday"),
        lambda part: part["files"].update({"../x": part["files"]["documents"]}),
        lambda part: part["files"]["documents"].update(n_rows=1 << 40),
        lambda part: part["mentions"].update({"../../x": part["files"]["documents"]}),
        lambda part: part.pop("files"),
    ],
)
def test_a_description_that_cannot_be(root, change):
    _change(root, lambda said: change(said["parts"][0]))
    with pytest.raises(FileFormatError, match="description is damaged"):
        read_lake_layout(root.parent)


def test_parts_in_another_order_or_twice_are_noticed(root):
    _change(root, lambda said: said["parts"].reverse())
    with pytest.raises(FileFormatError, match="not in order"):
        read_lake_layout(root.parent)
    _change(root, lambda said: said.update(parts=[said["parts"][0]] * 2))
    with pytest.raises(FileFormatError, match="not in order"):
        read_lake_layout(root.parent)


def test_a_lake_of_version_1_is_read(tmp_path):
    shutil.copytree(VERSION_1, tmp_path / "lake")
    lake = open_lake(tmp_path / "lake")
    assert not list(verify_lake(lake))
    titles = lake.connect().execute("SELECT doc_id, title, entered_on FROM documents ORDER BY 1").fetchall()
    assert titles == [
        ("nct:NCT00000001", "A study of drug 1", day("2020-03-01")),
        ("pmid:1", "Title 1", day("2020-01-02")),
        ("pmid:2", "Revised", day("2020-01-03")),
    ]
    assert [r[:2] for r in exported(lake, "mentions")] == [("pmid:2", "HGNC:1")]
    assert lake.connect().execute("SELECT nct_id, status, phases FROM trials").fetchall() == [
        ("NCT00000001", "RECRUITING", ["PHASE1"])
    ]
    then = lake.as_of(day("2020-06-02")).execute("SELECT doc_id, title FROM documents ORDER BY 1").fetchall()
    assert then == [("nct:NCT00000001", None), ("pmid:1", "Title 1"), ("pmid:2", "Title 2"), ("pmid:3", "Title 3")]
