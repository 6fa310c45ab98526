"""The Disease Ontology: real subsets, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from tmescope.facts.references.doid import Disease, read_doid
from tmescope.foundation.errors import FileFormatError

HEAD = "format-version: 1.2\n\n"
TERM = (
    '[Term]\nid: DOID:1\nname: a disease\nsynonym: "AD" EXACT OMO:0003012 []\nsynonym: "wide" BROAD []\n'
    "xref: MESH:D1\nis_a: DOID:4 ! disease\ncreation_date: 2020-05-01T01:02:03Z\n\n"
)


def _read(tmp_path, text: str) -> list[Disease]:
    path = tmp_path / "doid.obo"
    path.write_text(text, encoding="utf-8")
    return read_doid({"terms": path})


def test_a_term(tmp_path):
    found = _read(
        tmp_path, HEAD + TERM + "[Term]\nid: DOID:2\nname: gone\nis_obsolete: true\n\n[Typedef]\nid: part_of\n"
    )
    assert found == [
        Disease("DOID:1", "a disease", ("AD",), ("AD",), ("DOID:4",), ("MESH:D1",), dt.date(2020, 5, 1)),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[Term]\n", "first line"),
        (HEAD, "no terms"),
        (HEAD + TERM + TERM, "once"),
        (HEAD + TERM.replace("DOID:1\n", "X:1\n"), "one id"),
        (HEAD + TERM.replace("name: a disease\n", ""), "one name"),
        (HEAD + TERM.replace('"AD" EXACT', '"AD EXACT'), "synonyms"),
    ],
)
def test_what_is_refused(tmp_path, text, what):
    with pytest.raises(FileFormatError, match=what):
        _read(tmp_path, text)


def test_the_subset_of_cancers(shared_data):
    found = {d.doid: d for d in read_doid({"terms": shared_data / "horizon" / "doid" / "DO_cancer_slim.obo"})}
    assert len(found) == 729
    assert found["DOID:0001816"].synonyms == ("hemangiosarcoma",)
    assert "MESH:D006394" in found["DOID:0001816"].xrefs
