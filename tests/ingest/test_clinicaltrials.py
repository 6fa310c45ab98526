"""Studies of ClinicalTrials.gov: every one lossless, their parts in columns, and what is no study refused."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
from pathlib import Path

import pytest
from tests.ingest.records_made import STUDY

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.clinicaltrials import read_clinicaltrials
from tmescope.store.lake_schemas import document_schema, trial_schema


def written(folder: Path, value: object, name: str = "t.json", **how: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(value, **how), encoding="utf-8")  # type: ignore[arg-type]
    return path


def rows(path: Path) -> tuple[list[dict], list[dict]]:
    batches = list(read_clinicaltrials(path))
    return (
        [row for batch in batches for row in batch.documents.to_pylist()],
        [row for batch in batches for row in batch.trials.to_pylist()],
    )


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("ctgov_nsclcbench/ctg-studies.json", 100),
        ("ctgov_dtx/ctg-studies.json", 128),
        ("ctgov_scampbe3/ctg-studies.json", 88),
    ],
)
def test_real_downloads_are_lossless(shared_data: Path, name: str, n: int) -> None:
    path = shared_data / "horizon" / name
    studies = json.loads(path.read_bytes())
    documents, trials = rows(path)
    assert len(trials) == len(documents) == len(studies) == n
    for study, document, trial in zip(studies, documents, trials, strict=True):
        assert json.loads(trial["record"]) == study
        protocol = study["protocolSection"]
        assert trial["phases"] == protocol["designModule"].get("phases")
        assert trial["conditions"] == protocol["conditionsModule"]["conditions"]
        said = protocol["statusModule"]["lastUpdatePostDateStruct"]["date"]
        assert document["revised_on"] == trial["last_update_posted_on"] == dt.date.fromisoformat(said)
        assert document["entered_on"] == trial["first_posted_on"] is not None
        assert document["abstract"].startswith(protocol["descriptionModule"]["briefSummary"])
        start = protocol["statusModule"]["startDateStruct"]["date"]
        assert trial["start_on"].isoformat().startswith(start)
        assert trial["start_precision"] == {4: "year", 7: "month", 10: "day"}[len(start)]


def test_recorded_answers_of_the_api_are_lossless(shared_data: Path) -> None:
    folder = shared_data / "horizon" / "biomcp_api_fixtures"
    paths = sorted([*folder.glob("ctgov__*.json"), *folder.glob("clinicaltrials__*.json")])
    n = 0
    for path in paths:
        said = json.loads(path.read_bytes())
        studies = said.get("studies", [said])
        assert [json.loads(trial["record"]) for trial in rows(path)[1]] == studies
        n += len(studies)
    assert (len(paths), n) == (12, 27)


def test_parts_of_a_study_come_into_columns(tmp_path: Path) -> None:
    (document,), (trial,) = rows(written(tmp_path, STUDY))
    assert json.loads(trial["record"]) == STUDY
    day = dt.date
    expected = {
        "doc_id": "nct:NCT01234567",
        "nct_id": "NCT01234567",
        "other_ids": ["ORG-1", "2020-1", "NCT00000001"],
        "status": "TERMINATED",
        "study_type": "INTERVENTIONAL",
        "phases": ["PHASE1", "PHASE2"],
        "enrolment": 0,
        "enrolment_type": "ACTUAL",
        "conditions": ["NSCLC"],
        "condition_mesh": [{"id": "D002289", "term": "Carcinoma, Non-Small-Cell Lung"}],
        "condition_ancestors": [{"id": "D008175", "term": "Lung Neoplasms"}],
        "intervention_mesh": [{"id": "D1", "term": "T"}] * 2,
        "interventions": [{"type": "DRUG", "name": "T", "other_names": ["RG6058"], "description": None}],
        "arms": [{"label": "A", "type": "EXPERIMENTAL", "interventions": ["Drug: T"]}],
        "sponsor": {"name": "Ünï Köln", "class": "OTHER"},
        "collaborators": [{"name": "B", "class": "INDUSTRY"}, {"name": "C", "class": None}],
        "countries": ["Spain", "France"],
        "n_sites": 4,
        "start_on": day(2020, 5, 1),
        "start_precision": "month",
        "start_type": "ACTUAL",
        "primary_completion_on": None,
        "primary_completion_precision": None,
        "primary_completion_type": None,
        "completion_on": day(2023, 1, 1),
        "completion_precision": "year",
        "completion_type": "ESTIMATED",
        "first_posted_on": day(2020, 4, 29),
        "last_update_posted_on": day(2024, 2, 29),
        "results_posted_on": None,
        "has_results": False,
        "why_stopped": "slow accrual",
        "eligibility": "Inclusion:\n≥ 18",
    }
    assert {name: trial[name] for name in expected} == expected
    said = {
        "doc_id": "nct:NCT01234567",
        "source": "trials",
        "kind": "trial",
        "version": None,
        "entered_on": day(2020, 4, 29),
        "revised_on": day(2024, 2, 29),
        "title": "Tiragolumab + β-blocker <script>alert(1)</script>",
        "abstract": "Short.\nLong.\n\n* point",
        "keywords": ["TIGIT"],
        "is_review": False,
        "is_retracted": False,
        "registry_ids": ["NCT01234567", "NCT00000001"],
        "cites": ["pmid:11", "pmid:22"],
        "links": [
            {"kind": "ResultIn", "doc_id": "pmid:22", "source": "r"},
            {"kind": "DerivedIn", "doc_id": "pmid:33", "source": "d"},
        ],
    }
    assert {name: document[name] for name in said} == said
    assert [(term["ui"], term["name"]) for term in document["mesh"]] == [
        ("D002289", "Carcinoma, Non-Small-Cell Lung"),
        ("D1", "T"),
    ]


def test_what_a_study_does_not_say_is_missing(tmp_path: Path) -> None:
    bare = {"protocolSection": {"identificationModule": {"nctId": "NCT01234567"}}}
    (document,), (trial,) = rows(written(tmp_path, bare))
    told = {"doc_id", "nct_id", "record", "other_ids"}
    assert {name for name, value in trial.items() if value is not None} == told
    assert trial["other_ids"] == []
    told = {"doc_id", "source", "kind", "is_review", "is_retracted", "registry_ids", "cites", "links"}
    assert {name for name, value in document.items() if value is not None} == told


def test_every_form_gives_the_same_rows(tmp_path: Path) -> None:
    other = copy.deepcopy(STUDY)
    other["protocolSection"]["identificationModule"]["nctId"] = "NCT07654321"  # type: ignore[index]
    expected = rows(written(tmp_path, [STUDY, other]))
    answer = {"totalCount": 2, "studies": [STUDY, other], "nextPageToken": "t"}
    for value, how in ((answer, {}), (answer, {"indent": 2}), ([STUDY, other], {"ensure_ascii": False})):
        found = rows(written(tmp_path, value, **how))
        assert found[0] == expected[0]
        for one, wanted in zip(found[1], expected[1], strict=True):
            assert json.loads(one.pop("record")) == json.loads(wanted["record"])
            assert one == {name: value for name, value in wanted.items() if name != "record"}
    packed = tmp_path / "t.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(STUDY).encode() + b"\n" + json.dumps(other).encode()))
    assert rows(packed) == expected
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-10])
    with pytest.raises(FileFormatError, match="gzip"):
        rows(packed)


def test_a_study_of_half_a_character_and_a_nul_keeps_them_in_its_record_alone(tmp_path: Path) -> None:
    text = json.dumps(STUDY).replace("Short.", r"a\ud800b\u0000c").replace('"count": 0', '"count": 0, "x": 1.500E+3')
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    (document,), (trial,) = rows(tmp_path / "t.json")
    assert document["abstract"].startswith("a�b�c\n")
    assert json.loads(trial["record"]) == json.loads(text)
    assert r"a\ud800b\u0000c" in trial["record"]
    assert '"x":1.500E+3' in trial["record"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["protocolSection"]["identificationModule"].pop("nctId"), "nctId is missing"),
        (lambda s: s["protocolSection"]["identificationModule"].update(nctId="NCT1/../x"), "nctId holds 'NCT1/../x'"),
        (lambda s: s["protocolSection"]["designModule"].update(phases="PHASE1"), "phases holds 'PHASE1'"),
        (
            lambda s: s["protocolSection"]["statusModule"]["startDateStruct"].update(date="2020-13"),
            "protocolSection.statusModule.startDateStruct.date holds '2020-13'",
        ),
        (lambda s: s["protocolSection"]["designModule"]["enrollmentInfo"].update(count=True), "count holds True"),
        (lambda s: s["protocolSection"].update(designModule=[1]), "designModule"),
        (lambda s: s.update(protocolSection="x"), "holds 'x'"),
    ],
)
def test_what_is_no_study_is_refused_by_its_number(tmp_path: Path, change, says: str) -> None:
    wrong = copy.deepcopy(STUDY)
    change(wrong)
    path = written(tmp_path, [STUDY, wrong])
    with pytest.raises(FileFormatError, match=says) as caught:
        rows(path)
    assert caught.value.where == f"{path}, record 2"
    with pytest.raises(FileFormatError, match="record holds 3"):
        rows(written(tmp_path, [3]))


def test_rows_follow_the_schemas_of_the_lake(tmp_path: Path) -> None:
    (batch,) = read_clinicaltrials(written(tmp_path, [STUDY]))
    assert batch.documents.schema == document_schema()
    assert batch.trials.schema == trial_schema()
    assert batch.deletions.num_rows == 0
    assert list(read_clinicaltrials(written(tmp_path, []))) == []
