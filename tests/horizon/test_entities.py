"""Entities of papers: names that collide, parts and places, what a day in the past knew, hostile text."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from tests.horizon.records import small_dictionary

from tmescope.horizon.entities import tag
from tmescope.store.lake_schemas import mention_schema


@pytest.fixture(scope="module")
def dictionary():
    return small_dictionary()


def _entities(text: str, dictionary, title: str = "") -> set[str]:
    table = pa.table({"doc_id": ["pmid:1"], "title": [title], "abstract": [text]})
    return set(tag(table, dictionary)["entity_id"].to_pylist())


@pytest.mark.parametrize(
    "text",
    [
        "Serum IGM and IgG levels were high; IgM fell.",
        "Antinuclear antibodies (ANA) were positive in 12 patients; ANA titres fell.",
        "Lysergic acid diethylamide (LSD) was given; LSD levels were measured.",
        "Class switch recombination (CSR) needs AID, and CSR protein.",
        "Gastric AGS cells were treated. Androgenic steroids (AGS).",
        "Chloramphenicol acetyltransferase (CAT) activity; the CAT gene was the reporter.",
        "The IMPACT trial. Impact of age on survival. The clinical IMPACT study.",
        "Physical activity of 20 MET hours a week. Metabolic equivalents (MET) expression.",
        "An ELISA KIT from a company; the kit was used.",
        "REST for an hour: the rest of the animals. Rest was best.",
        "A SET of genes; the set was small. Set in stone. The SET domain was mutated.",
        "ACE inhibitors lower pressure. Adverse childhood experiences (ACE) and ACE levels.",
        "eGFR fell below 60 ml/min.",
    ],
)
def test_what_is_no_gene_is_not_taken_for_one(text, dictionary):
    assert not {e for e in _entities(text, dictionary) if e.startswith("HGNC:")}


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("CD40LG, once IGM, is mutated.", "HGNC:11935"),
        ("Catalase (CAT) activity fell.", "HGNC:1516"),
        ("the IMPACT gene and its mRNA", "HGNC:20387"),
        ("MET amplification in lung cancer", "HGNC:7029"),
        ("KIT mutations were found", "HGNC:6342"),
        ("RE1 silencing transcription factor (REST) binds.", "HGNC:9966"),
        ("SET gene fusion", "HGNC:10760"),
        ("Angiotensin I-converting enzyme (ACE) genotype", "HGNC:2707"),
        ("MET, EGFR and others", "HGNC:7029"),
        ("anti-PD-1 and PD‑L1", "HGNC:17635"),
        ("BTG3 (ANA)", "HGNC:1132"),
    ],
)
def test_what_is_a_gene_is_found(text, entity, dictionary):
    assert entity in _entities(text, dictionary)


def test_drugs_that_no_list_holds_are_found_by_stem_and_code(dictionary):
    found = _entities("Novelizumab and exampletinib, SHR-9999 but not IL-1000, the lab, a slab or HCT116.", dictionary)
    assert found == {"drug:novelizumab", "drug:exampletinib", "drug:shr9999"}


def test_kinds_of_therapy_and_diseases(dictionary):
    text = "CAR-T cells in melanomas; non-small cell lung cancer (NSCLC) with an ADC."
    assert _entities(text, dictionary) == {"modality:car-t", "DOID:1909", "DOID:3908"}
    assert "modality:adc" in _entities("An antibody-drug conjugate (ADC): the ADC.", dictionary)


def test_rows_have_places_counts_and_parts(dictionary):
    documents = pa.table(
        {
            "doc_id": ["pmid:1", "pmid:2"],
            "title": ["Über EGFR", None],
            "abstract": ["β: EGFR, EGFR and CD274.", None],
            "keywords": [["EGFR"], None],
            "substances": pa.array([[{"name": "pembrolizumab"}], []], pa.list_(pa.struct([("name", pa.string())]))),
        }
    )
    found = tag(documents, dictionary)
    assert found.schema.equals(mention_schema())
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("pmid:1", "HGNC:3236", "gene", "title", 5, 9, "EGFR", 1, None),
        ("pmid:1", "HGNC:3236", "gene", "abstract", 3, 7, "EGFR", 2, None),
        ("pmid:1", "HGNC:17635", "gene", "abstract", 18, 23, "CD274", 1, None),
        ("pmid:1", "HGNC:3236", "gene", "keyword", None, None, "EGFR", 1, None),
        ("pmid:1", "drug:pembrolizumab", "drug", "substance", None, None, "pembrolizumab", 1, None),
    ]


def test_a_document_gives_the_same_rows_whatever_stands_beside_it(dictionary):
    texts = ["KIT", "KIT mutation", "MET", "HGFR"]
    table = pa.table({"doc_id": [f"pmid:{i}" for i in range(4)], "title": texts, "abstract": [""] * 4})
    alone = [tag(table.slice(i, 1), dictionary) for i in range(4)]
    assert pa.concat_tables(alone).equals(tag(table, dictionary))


def test_an_earlier_day_knows_no_later_name():
    before, after = small_dictionary(dt.date(2021, 1, 1)), small_dictionary(dt.date(2025, 1, 1))
    text = "NEWSYM1, OLDSYM1, newly named lymphoma, exampletug, AK104"
    assert _entities(text, before) == {"HGNC:8888", "drug:ak104"}
    assert _entities(text, after) == {"HGNC:8888", "DOID:0090000", "drug:exampletug", "drug:cadonilimab"}
    assert not _entities("NEWSYM1", before)
    assert before.digest != after.digest


def test_mentions_say_since_when_their_name_is_known(dictionary):
    text = "NEWSYM1 and EGFR; newly named lymphoma, exampletug and AK104."
    table = pa.table({"doc_id": ["pmid:1"], "title": [""], "abstract": [text]})
    days = {row["text"]: row["known_since"] for row in tag(table, dictionary).to_pylist()}
    assert days["EGFR"] is None
    assert days["NEWSYM1"] == dt.date(2023, 5, 1)
    assert days["newly named lymphoma"] == dt.date(2024, 1, 1)
    assert days["exampletug"].year == 2021


def test_hostile_text_is_only_text(dictionary):
    text = "<script>EGFR</script> =CD274() \u202eTEM\u202c" + "(" * 2000 + "KIT" + ")" * 2000
    assert _entities(text, dictionary) == {"HGNC:3236", "HGNC:17635"}


def test_empty_tables_give_empty_tables(dictionary):
    empty = pa.table({"doc_id": pa.array([], pa.string()), "title": pa.array([], pa.string()),
                      "abstract": pa.array([], pa.string())})  # fmt: skip
    assert tag(empty, dictionary).num_rows == 0
