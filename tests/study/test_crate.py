from __future__ import annotations

import json
import shutil

import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.foundation.provenance import hash_file
from tmescope.study.crate import input_hashes, provenance_of, write_crate

DATE = "2024-05-06T07:08:09+00:00"


def _graph(context, date: str = DATE) -> list[dict]:
    write_crate(context, provenance=provenance_of(context, input_hashes(context)), date=date)
    crate = json.loads((context.ledger.root / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    return crate["@graph"]


def _references(node):
    if isinstance(node, dict):
        if set(node) == {"@id"}:
            yield node["@id"]
        for value in node.values():
            yield from _references(value)
    if isinstance(node, list):
        for value in node:
            yield from _references(value)


@pytest.fixture
def shared(tmp_path):
    """A study whose cohorts share a file, lie elsewhere, and use populations with spaces in their names."""
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    (tmp_path / "genes.txt").write_text("\n".join(tiny.genes()))
    data["profile"] |= {"methods": ["zscore", "mcp_counter"], "gene_universe": "genes.txt", "max_unmapped": 1.0}
    data["cohorts"][1] |= {"expression": str(tmp_path / "a.tsv"), "samples": "a_samples.csv", "licence": "CC-BY-4.0"}
    return tmp_path, data


def test_every_entity_once_and_every_reference_leads_somewhere(shared):
    folder, data = shared
    with opened(folder, data) as context:
        do(context)
        graph = _graph(context)
    ids = [entity["@id"] for entity in graph]
    assert len(ids) == len(set(ids))
    assert all(" " not in identifier for identifier in ids)
    outside = {"https://w3id.org/ro/crate/1.1"}
    assert set(_references(graph)) - set(ids) - outside == set()
    assert all(entity["@type"] for entity in graph)


def test_the_root_describes_the_results(shared):
    folder, data = shared
    with opened(folder, data) as context:
        do(context)
        graph = {entity["@id"]: entity for entity in _graph(context)}
        root = graph["./"]
        assert root["name"] == root["description"] == "A tiny study"
        assert root["datePublished"] == graph["#run"]["endTime"] == DATE
        assert root["license"] == "CC-BY-4.0; simulated"
        parts = [part["@id"] for part in root["hasPart"]]
        assert sorted(parts) == sorted(f"tables/{p.name}" for p in (context.ledger.root / "tables").glob("[!.]*"))
        for part in parts:
            path = context.ledger.root / part
            assert graph[part]["sha256"] == hash_file(path)
            assert graph[part]["contentSize"] == str(path.stat().st_size)
        assert graph["tables/answers.csv"]["encodingFormat"] == "text/csv"
        assert graph["tables/answers.parquet"]["encodingFormat"] == "application/vnd.apache.parquet"


def test_inputs_are_named_by_content_and_never_by_the_machine(shared):
    folder, data = shared
    with opened(folder, data) as context:
        hashes = input_hashes(context)
        assert hashes == {
            "a: a.tsv": hash_file(folder / "a.tsv"),
            "a: a_samples.csv": hash_file(folder / "a_samples.csv"),
            "b: a.tsv": hash_file(folder / "a.tsv"),
            "b: a_samples.csv": hash_file(folder / "a_samples.csv"),
            "gene universe: genes.txt": hash_file(folder / "genes.txt"),
        }
        graph = _graph(context)
    names = [entity["name"] for entity in graph if entity["@id"].startswith("#input-")]
    assert names == ["a: a.tsv; b: a.tsv", "a: a_samples.csv; b: a_samples.csv", "gene universe: genes.txt"]
    assert str(folder) not in json.dumps(graph)


def test_parameters_facts_and_versions_are_kept(tmp_path):
    with opened(tmp_path) as context:
        provenance = provenance_of(context, {})
        graph = {entity["@id"]: entity for entity in _graph(context)}
    assert provenance["facts"] == context.needs.facts
    assert json.loads(graph["#parameter-profile"]["value"])["methods"] == ["zscore", "ssgsea"]
    cohorts = json.loads(graph["#parameter-cohorts"]["value"])
    assert [c["select"]["timepoint"] for c in cohorts] == [["pre"], ["pre"]]
    assert not {"expression", "samples"} & set(cohorts[0])
    assert graph["#parameter-seed"]["value"] == "0"
    assert graph["#tmescope"]["softwareVersion"] == provenance["versions"]["tmescope"]
    assert any(text.startswith("numpy ") for text in graph["#tmescope"]["softwareRequirements"])


def test_only_the_date_differs_between_two_runs(tmp_path):
    with opened(tmp_path) as context:
        do(context)
        _graph(context, DATE)
        path = context.ledger.root / "ro-crate-metadata.json"
        first = path.read_text()
        _graph(context, "2025-01-01T00:00:00+00:00")
        assert path.read_text() == first.replace(DATE, "2025-01-01T00:00:00+00:00") != first
        shutil.rmtree(context.ledger.root / "tables")
        assert all(not entity["@id"].startswith("tables/") for entity in _graph(context))
