"""Bundled vocabularies: read strictly, with their sources, and as the test data have them."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tmescope.facts.hgnc import read_hgnc
from tmescope.facts.horizon_terms import (
    FOLDER,
    VOCABULARIES,
    load_codes,
    load_drugs,
    load_not_drugs,
    load_stems,
    load_vocabulary,
    read_vocabulary,
)
from tmescope.foundation.errors import FactsError
from tmescope.ingest.pubmed import read_pubmed

ALL = (*VOCABULARIES, "drugs", "inn_stems", "company_codes", "gene_words")


def _studies(shared_data: Path) -> dict[str, dict]:
    folder = shared_data / "horizon"
    paths = sorted([*folder.glob("ctgov_*/ctg-studies.json"), *folder.glob("biomcp_api_fixtures/ctgov__*.json")])
    found: dict[str, dict] = {}
    waiting = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict) and "protocolSection" in one:
            found.setdefault(one["protocolSection"]["identificationModule"]["nctId"], one)
        elif isinstance(one, dict | list):
            waiting += list(one.values()) if isinstance(one, dict) else one
    return found


@pytest.fixture(scope="module")
def studies(shared_data) -> dict[str, dict]:
    return _studies(shared_data)


@pytest.mark.parametrize("name", ALL)
def test_every_file_says_where_it_is_from(name):
    record = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert all(len(record[key]) > 5 for key in ("source", "licence", "version", "limits"))


def test_kinds_of_therapy_that_a_user_asks_for_are_there():
    ids = {one.entity_id.removeprefix("modality:") for one in load_vocabulary("modalities")}
    assert ids >= {
        "monospecific-antibody", "bispecific-antibody", "multispecific-antibody", "adc", "car-t", "car-nk", "tcr-t",
        "til",
        "mrna", "aav", "lnp", "sirna", "antisense", "base-editing", "prime-editing", "cell-replacement", "senolytic",
    }  # fmt: skip
    assert {stem.modality.removeprefix("modality:") for stem in load_stems()} <= ids


def test_names_of_drugs_are_in_the_studies_that_are_named(studies):
    n = 0
    for drug in load_drugs():
        for alias in drug.aliases:
            text = json.dumps(studies[alias.source], ensure_ascii=False).lower()
            assert alias.name.lower() in text, alias
            updated = studies[alias.source]["protocolSection"]["statusModule"].get("lastUpdatePostDateStruct", {})
            assert str(alias.since or "") == updated.get("date", ""), alias
            n += 1
    assert n > 40


def test_targets_are_those_of_open_targets(shared_data):
    targets = {"braf": "HGNC:1097", "egfr": "HGNC:3236", "erbb2": "HGNC:3430"}
    for symbol, hgnc_id in targets.items():
        path = shared_data / "horizon" / "biomcp_api_fixtures" / f"opentargets__clinical_{symbol}_20260811.json"
        rows = json.loads(path.read_text(encoding="utf-8"))["data"]["target"]["drugAndClinicalCandidates"]["rows"]
        stated = {row["drug"]["name"].split()[0].lower() for row in rows}
        held = {drug.name.split()[0].lower() for drug in load_drugs() if hgnc_id in drug.targets}
        assert held == stated


def test_the_target_of_pembrolizumab_is_that_of_open_targets(shared_data):
    path = shared_data / "horizon" / "biomcp_api_fixtures" / "opentargets__drug_pembrolizumab_20260811.json"
    stated = json.loads(path.read_text(encoding="utf-8"))["data"]["drug"]
    (drug,) = (one for one in load_drugs() if one.name == "pembrolizumab")
    assert f"Open Targets {stated['id']}" in drug.sources
    symbols = [target["approvedSymbol"] for row in stated["mechanismsOfAction"]["rows"] for target in row["targets"]]
    assert symbols == ["PDCD1"]
    assert drug.targets == ("HGNC:8760",)


def test_records_name_drugs_beside_their_targets(studies, shared_data):
    path = shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz"
    genes = {gene.hgnc_id: gene for gene in read_hgnc(path)}
    wanted = {one.source for drug in load_drugs() for one in drug.acts_on if one.source.startswith("PMID ")}
    citations = _citations(shared_data, wanted)
    n = 0
    for drug in load_drugs():
        names = [_folded(name) for name in (drug.name, *(alias.name for alias in drug.aliases))]
        for one in drug.acts_on:
            text, day = citations[one.source] if one.source in citations else _told(studies[one.source])
            assert str(one.since or "") == day, (drug.name, one)
            beside = rf"(?:{'|'.join(map(re.escape, names))}).{{0,260}}?\b{re.escape(_folded(one.words))}"
            turned = rf"\b{re.escape(_folded(one.words))}.{{0,80}}?(?:{'|'.join(map(re.escape, names))})"
            assert re.search(f"{beside}|{turned}", _folded(text)), (drug.name, one)
            gene = genes[one.target]
            called = {_bare(name) for name in (gene.symbol, *gene.aliases, *gene.previous)}
            assert called & {_bare(name) for name in _spelt_out(one.words)}, (drug.name, one, called)
            n += 1
    assert n >= 35


def _told(study: dict) -> tuple[str, str]:
    updated = study["protocolSection"]["statusModule"].get("lastUpdatePostDateStruct", {})
    return json.dumps(study["protocolSection"], ensure_ascii=False), updated.get("date", "")


def _citations(shared_data: Path, wanted: set[str]) -> dict[str, tuple[str, str]]:
    """Return title with abstract, and the day of entry, of citations."""
    found = {}
    for path in sorted((shared_data / "horizon").glob("pubmed*/*.xml.gz")):
        if "trunc" not in path.name:
            for batch in read_pubmed(path):
                for row in batch.documents.select(["doc_id", "title", "abstract", "entered_on"]).to_pylist():
                    key = row["doc_id"].replace("pmid:", "PMID ")
                    if key in wanted:
                        found[key] = (f"{row['title']} {row['abstract']}", str(row["entered_on"]))
    return found


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _spelt_out(words: str) -> list[str]:
    """Return the names that ``VEGFR 1-3`` and ``JAK-1/2`` stand for, and the words themselves."""
    found = re.fullmatch(r"(.*?)[ -]?(\d)((?:[-/]\d)+)", words)
    if found is None:
        return [words]
    numbers = [int(found[2]), *map(int, re.findall(r"\d", found[3]))]
    each = range(numbers[0], numbers[-1] + 1) if "-" in found[3] else numbers
    return [f"{found[1]}{number}" for number in each]


def test_stems_end_their_examples_and_prefixes_are_of_companies(studies):
    examples = [stem for stem in load_stems() if stem.example]
    assert len(examples) > 10
    for stem in examples:
        assert stem.example["name"].split("-")[0].endswith(stem.stem)
        assert len(stem.example["name"].split("-")[0]) >= stem.needs
    assert {stem.stem for stem in load_stems()} >= {"mig", "bart", "tug", "ment"}
    assert "treatment" in load_not_drugs()
    sources = tomllib.loads((FOLDER / "company_codes.toml").read_text(encoding="utf-8"))["prefixes"]
    assert len(load_codes()) == len(sources)
    for one in sources:
        assert one["prefix"] in json.dumps(studies[one["source"]])


def test_countries_and_classes_of_the_studies_are_known(studies):
    countries = {term for one in load_vocabulary("countries") for term in one.terms}
    classes = {term for one in load_vocabulary("sponsors") for term in one.terms}
    for study in studies.values():
        section = study["protocolSection"]
        places = section.get("contactsLocationsModule", {}).get("locations", [])
        assert {place["country"] for place in places if "country" in place} <= countries
        sponsor = section.get("sponsorCollaboratorsModule", {}).get("leadSponsor", {})
        assert sponsor.get("class", "OTHER") in classes


def test_terms_are_of_one_entity_and_ids_are_there_once(tmp_path):
    for name in VOCABULARIES:
        terms = [term for one in load_vocabulary(name) for term in one.terms]
        assert len(terms) == len(set(terms)), name
    text = (FOLDER / "sponsors.toml").read_text(encoding="utf-8")
    path = tmp_path / "sponsors.toml"
    path.write_text(text.replace("sponsor-class:network", "sponsor-class:industry"), encoding="utf-8")
    with pytest.raises(FactsError, match="twice"):
        read_vocabulary(path)
