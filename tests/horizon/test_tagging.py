"""Tagging a lake: once a file, also after a stop, and with what is installed."""

from __future__ import annotations

import pytest
from tests.horizon.records import small_dictionary

from tmescope.facts.installed import install
from tmescope.horizon.tagging import Tagged, installed_dictionary, tag_lake
from tmescope.ingest.documents import ingest_documents
from tmescope.store.lake import create_lake


@pytest.fixture(scope="module")
def dictionary():
    return small_dictionary()


def test_a_lake_of_trials_is_tagged_once(shared_data, tmp_path, dictionary):
    lake = create_lake(tmp_path / "lake")
    ingest_documents([shared_data / "horizon" / "ctgov_nsclcbench" / "ctg-studies.json"], lake)
    first = tag_lake(lake, dictionary)
    assert (first.n_parts, first.n_documents) == (1, 100)
    assert tag_lake(lake, dictionary) == Tagged(0, 0, 0)
    query = "SELECT count(DISTINCT doc_id) FROM mentions WHERE entity_id = 'drug:osimertinib' AND part = 'intervention'"
    assert lake.connect().execute(query).fetchone() == (6,)


def test_what_is_not_installed_is_left_out(tmp_path, shared_data):
    assert {form.entity_type for form in installed_dictionary(tmp_path).forms} == {"", "drug", "modality", "concept"}
    install("doid", shared_data / "horizon" / "doid" / "DO_cancer_slim.obo", home=tmp_path)
    assert "disease" in {form.entity_type for form in installed_dictionary(tmp_path).forms}
