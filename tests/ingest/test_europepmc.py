"""Answers of Europe PMC: core and lite, papers, preprints and the rest, with their links."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path

import pytest
from tests.ingest.records_made import RESULT as PAPER

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.europepmc import read_europepmc
from tmescope.store.lake_schemas import document_schema

PREPRINT = {
    "id": "PPR7",
    "source": "PPR",
    "doi": "10.1101/2023.01.01.522222",
    "title": "Before",
    "bookOrReportDetails": {"publisher": "bioRxiv", "yearOfPublication": 2023},
    "pubTypeList": {"pubType": ["Preprint"]},
    "versionNumber": 2,
    "firstIndexDate": "2023-01-03",
    "firstPublicationDate": "2023-01-02",
    "commentCorrectionList": {
        "commentCorrection": [{"id": "38289242", "source": "MED", "type": "Preprint of", "reference": "Nature."}]
    },
}


def rows(folder: Path, *results: object) -> list[dict]:
    path = folder / "e.json"
    answer = {"version": "6.9", "hitCount": 2, "nextCursorMark": "A", "resultList": {"result": list(results)}}
    path.write_text(json.dumps(answer), encoding="utf-8")
    batches = list(read_europepmc(path))
    assert all(b.documents.schema == document_schema() and b.trials.num_rows == 0 for b in batches)
    return [row for b in batches for row in b.documents.to_pylist()]


def test_a_core_result_comes_into_columns(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, PAPER)
    authors = row.pop("authors")
    assert row == {
        "doc_id": "pmid:38289242",
        "source": "europepmc",
        "kind": "paper",
        "version": None,
        "entered_on": dt.date(2024, 1, 30),
        "revised_on": dt.date(2024, 5, 2),
        "published_on": dt.date(2024, 3, 1),
        "published_precision": "day",
        "title": "TGFβ in the tumour stroma: p<0.05 & more.",
        "abstract": "Lead.\nBACKGROUND: CO2 and x < y.\nRESULTS: Good.\nBare.",
        "language": "eng",
        "journal": "Nature",
        "publication_types": ["Review", "Journal Article"],
        "is_review": True,
        "is_retracted": False,
        "mesh": [
            {"ui": None, "name": "Neoplasms", "major": True, "qualifiers": ["genetics"]},
            {"ui": None, "name": "Humans", "major": False, "qualifiers": []},
        ],
        "keywords": ["TIGIT"],
        "substances": [{"ui": None, "registry": "0", "name": "TIGIT protein"}],
        "group_key": "garcia lopez m",
        "doi": "10.1038/s41586-024-00001-1",
        "pmcid": "PMC1",
        "registry_ids": None,
        "cites": None,
        "links": [
            {"kind": "PreprintIn", "doc_id": "ppr:PPR7", "source": "bioRxiv."},
            {"kind": "ErratumIn", "doc_id": None, "source": "Nature. 2024."},
        ],
    }
    assert [one["affiliation"] for one in authors] == ["A, Spain.; B.", "C", None]
    assert authors[2]["collective"] == "The Group"


def test_a_preprint_is_known_by_its_doi_and_links_to_its_paper(tmp_path: Path) -> None:
    bare = {name: value for name, value in PREPRINT.items() if name != "doi"} | {"versionNumber": "3"}
    first, second = rows(tmp_path, PREPRINT, bare)
    assert (first["doc_id"], first["kind"], first["version"]) == ("doi:10.1101/2023.01.01.522222", "preprint", 2)
    assert first["links"] == [{"kind": "PreprintOf", "doc_id": "pmid:38289242", "source": "Nature."}]
    assert (first["journal"], first["entered_on"]) == ("bioRxiv", dt.date(2023, 1, 3))
    assert (second["doc_id"], second["version"]) == ("ppr:PPR7", 3)


def test_lite_results_have_no_more_than_they_say(shared_data: Path) -> None:
    folder = shared_data / "horizon" / "biomcp_api_fixtures"
    (batch,) = read_europepmc(folder / "europepmc__search_pmid_22663011.json")
    (row,) = batch.documents.to_pylist()
    assert row["doc_id"] == "pmid:22663011"
    assert (row["entered_on"], row["published_on"]) == (dt.date(2012, 6, 8), dt.date(2012, 6, 4))
    assert row["publication_types"][-1] == "journal article"
    assert (row["is_review"], row["is_retracted"]) == (False, False)
    assert row["authors"][0]["last_name"] == "Flaherty"
    assert row["authors"][0]["initials"] == "KT"
    assert row["authors"][-1]["collective"] == "METRIC Study Group"
    assert row["group_key"] == "schadendorf d"
    assert row["abstract"] is row["mesh"] is row["keywords"] is row["substances"] is None


def test_other_sources_have_ids_of_their_own_and_are_no_papers_where_they_are_none(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        {"id": "PMC9", "source": "PMC", "pmcid": "PMC9"},
        {"id": "PMC8", "source": "PMC", "pmid": "0012"},
        {"id": "US1/2", "source": "PAT"},
        {"id": "C1", "source": "CBA", "pubYear": "1999"},
        {"id": "NBK1", "source": "NBK"},
    )
    assert [(one["doc_id"], one["kind"]) for one in found] == [
        ("epmc:PMC/PMC9", "paper"),
        ("pmid:12", "paper"),
        ("epmc:PAT/US1/2", "other"),
        ("epmc:CBA/C1", "paper"),
        ("epmc:NBK/NBK1", "book"),
    ]
    assert found[0]["is_review"] is found[0]["is_retracted"] is found[0]["entered_on"] is None
    assert (found[3]["published_on"], found[3]["published_precision"]) == (dt.date(1999, 1, 1), "year")


def test_a_retraction_is_known_from_type_or_link(tmp_path: Path) -> None:
    typed = PAPER | {"pubTypeList": {"pubType": ["Retracted Publication"]}}
    linked = copy.deepcopy(PAPER) | {
        "commentCorrectionList": {"commentCorrection": [{"type": "Retraction in", "source": "MED", "id": "5"}]}
    }
    first, second = rows(tmp_path, typed, linked)
    assert first["is_retracted"] is second["is_retracted"] is True
    assert second["links"] == [{"kind": "RetractionIn", "doc_id": "pmid:5", "source": None}]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": None}, "id is missing"),
        ({"source": None}, "source is missing"),
        ({"pmid": "12/../3"}, "pmid holds '12/../3'"),
        ({"firstIndexDate": "soon"}, "firstIndexDate holds 'soon'"),
        ({"authorList": {"author": "Doe"}}, "authorList.author holds 'Doe'"),
        ({"keywordList": []}, "keywordList"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, change: dict, says: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        rows(tmp_path, PAPER, PAPER | change)
    assert str(caught.value.where).endswith("record 2")
    with pytest.raises(FileFormatError, match="versionNumber holds 'x'"):
        rows(tmp_path, PREPRINT | {"versionNumber": "x"})
