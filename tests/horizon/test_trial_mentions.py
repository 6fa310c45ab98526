"""What trials name in their fields; conditions come from MeSH first."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.horizon.records import small_dictionary

from tmescope.horizon.entities import tag
from tmescope.store.lake_schemas import document_schema, trial_schema

TRIALS = [
    {
        "doc_id": "nct:NCT1",
        "conditions": ["Melanoma"],
        "condition_mesh": [{"id": "D002289", "term": "Carcinoma, Non-Small-Cell Lung"}, {"id": "D1", "term": "X"}],
        "interventions": [{"type": "DRUG", "name": "Drugone 5 mg + SHR-1210", "other_names": [], "description": None}],
        "sponsor": {"name": "A & B, Inc.", "class": "INDUSTRY"},
        "countries": ["Korea, Republic of", "Atlantis"],
    },
    {"doc_id": "nct:NCT2", "conditions": ["Melanoma"], "condition_mesh": [], "interventions": [
        {"type": "BIOLOGICAL", "name": "CAR-T cells", "other_names": None, "description": None}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def mentions() -> list[tuple[str, str, str, str]]:
    documents = pa.Table.from_pylist(
        [{"doc_id": t["doc_id"], "source": "trials", "kind": "trial"} for t in TRIALS], schema=document_schema()
    )
    found = tag(documents, small_dictionary(), trials=pa.Table.from_pylist(TRIALS, schema=trial_schema()))
    return [(r["doc_id"], r["entity_id"], r["entity_type"], r["part"]) for r in found.to_pylist()]


def test_fields_of_trials(mentions):
    assert mentions == [
        ("nct:NCT1", "drug:camrelizumab", "drug", "intervention"),
        ("nct:NCT1", "DOID:3908", "disease", "condition"),
        ("nct:NCT1", "mesh:D1", "disease", "condition"),
        ("nct:NCT1", "sponsor:a-b-inc", "sponsor", "sponsor"),
        ("nct:NCT1", "sponsor-class:industry", "sponsor", "sponsor"),
        ("nct:NCT1", "country:KR", "country", "country"),
        ("nct:NCT2", "modality:car-t", "modality", "intervention"),
        ("nct:NCT2", "DOID:1909", "disease", "condition"),
    ]


def test_the_code_of_a_device_is_no_drug_and_no_gene():
    names = [("DEVICE", "CD117"), ("BEHAVIORAL", "SHR-1210 programme"), ("DEVICE", "CAR-T cells"), ("OTHER", "CD117")]
    said = [[{"type": kind, "name": name, "other_names": None, "description": None}] for kind, name in names]
    trials = [{"doc_id": f"nct:NCT{i}", "interventions": one} for i, one in enumerate(said)]
    documents = pa.Table.from_pylist(
        [{"doc_id": t["doc_id"], "source": "trials", "kind": "trial"} for t in trials], schema=document_schema()
    )
    found = tag(documents, small_dictionary(), trials=pa.Table.from_pylist(trials, schema=trial_schema()))
    assert [(r["doc_id"], r["entity_id"]) for r in found.to_pylist()] == [
        ("nct:NCT2", "modality:car-t"),
        ("nct:NCT3", "HGNC:6342"),
    ]
