"""Words that look like drugs do not count where something else was found, nor before their stem was decided."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.entities import build_dictionary, tag
from tmescope.horizon.evidence import Texts
from tmescope.horizon.shapes import drug_words


def _words(text: str, taken: list[tuple[int, int]], day: dt.date | None = None) -> list[str]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    rows = np.array([(0, 0, a, b, a, b) for a, b in taken], dtype=np.int32).reshape(-1, 6)
    texts = Texts(data, np.array([0, len(data)], dtype=np.int64))
    return [word.name for word in drug_words(texts, rows, Dictionary((), day=day))]


def test_places_that_are_taken_are_left_out():
    text = "onemab twoxxmab threemab"
    assert _words(text, []) == ["twoxxmab", "threemab"]
    assert _words(text, [(7, 15)]) == ["threemab"]
    assert _words(text, [(0, 8)]) == ["threemab"]


def test_stems_have_a_day():
    assert _words("examplebart twoxxmab", [], dt.date(2020, 1, 1)) == ["twoxxmab"]
    assert _words("examplebart", [], dt.date(2022, 1, 1)) == ["examplebart"]


def test_family_names_are_no_drugs():
    assert _words("Andersen and Kristoffersen gave tofersen", []) == ["tofersen"]


def test_sites_viruses_media_and_standards_are_no_codes():
    text = "AKT S473 and AKT T308A, COVID-2019, HPV-160, HLA-A0201, RPMI 1640, DMEM 500, ASTM F2129 beside SHR-1826"
    assert _words(text, []) == ["SHR-1826"]


def test_a_vertebra_is_no_drug_and_the_drug_is_found_where_it_is_written_as_one():
    documents = pa.table(
        {
            "doc_id": ["a", "b"],
            "title": ["Fusion from L4 to S1", "S-1 plus cisplatin"],
            "abstract": ["L5-S1 and (S1)", "Oral S-1 was given with osimertinib."],
        }
    )
    found = tag(documents, build_dictionary())
    drugs = {(r["doc_id"], r["entity_id"], r["part"]) for r in found.to_pylist() if r["entity_type"] == "drug"}
    assert {d for d in drugs if d[0] == "a"} == set()
    assert {("b", "drug:s1", "title"), ("b", "drug:s1", "abstract"), ("b", "drug:cisplatin", "title")} <= drugs
