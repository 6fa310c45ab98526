"""Trials of ClinicalTrials.gov: JSON of its API (version 2), as lists of studies, one study, or answers of a search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tmescope.ingest.json_fields import Fields
from tmescope.ingest.json_items import JsonItem, without_spaces
from tmescope.ingest.lake_batches import Row, Rows, read_batches
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_clinicaltrials"]

_NCT = re.compile(r"NCT\d{8}", re.ASCII)
_PROTOCOL = "protocolSection"
_DATES = {
    "start": "startDateStruct",
    "primary_completion": "primaryCompletionDateStruct",
    "completion": "completionDateStruct",
    "first_posted": "studyFirstPostDateStruct",
    "last_update_posted": "lastUpdatePostDateStruct",
    "results_posted": "resultsFirstPostDateStruct",
}
_LINKS = {"RESULT": "ResultIn", "DERIVED": "DerivedIn"}


def read_clinicaltrials(path: Path, /) -> Iterator[LakeBatch]:
    """Read studies of ClinicalTrials.gov.

    Parameters
    ----------
    path : Path
        JSON of version 2 of its API, plain or gzip-compressed: a list of studies (a download), one study, an answer
        of a search (with ``studies``), or several of these one after the other.

    Yields
    ------
    LakeBatch
        One row a study in ``trials`` and one beside it in ``documents``, in the order of the file.

    Raises
    ------
    FileFormatError
        The file is no such JSON or ends too early; a study has no NCT number, or a part of another type than the
        API's.

    Notes
    -----
    ``record`` is the study as the file has it but for the spaces between its parts: parsed, it is equal, and numbers
    have the digits that they had. A version of a trial is known by the day of its last update (``revised_on``,
    ``last_update_posted_on``). Of the document, ``abstract`` is the brief summary and the detailed description,
    ``mesh`` the terms that the registry gives to conditions, then to interventions, ``cites`` the papers that the
    study names. Those that report its results are links ``ResultIn`` too; those that the registry found later because
    they name the study are links ``DerivedIn`` alone, whose day is not known. What a study does not say is missing: no
    phase is not ``NA``.
    """
    return read_batches(path, (("studies",),), _rows)


def _rows(study: Fields, item: JsonItem) -> Rows:
    nct = study.text(f"{_PROTOCOL}.identificationModule.nctId")
    if nct is None or not _NCT.fullmatch(nct):
        raise study.wrong(
            f"{_PROTOCOL}.identificationModule.nctId", nct, "a number such as NCT06576635: is this a study?"
        )
    trial = _trial(study, nct)
    trial["record"] = without_spaces(item.text).decode()
    return _document(study, trial), trial


def _trial(study: Fields, nct: str) -> Row:
    protocol = Fields(study.value[_PROTOCOL], study.where, _PROTOCOL)
    locations = protocol.parts("contactsLocationsModule.locations")
    countries = None if locations is None else [one.text("country") for one in locations]
    return {
        "doc_id": f"nct:{nct}",
        "nct_id": nct,
        "other_ids": _other_ids(protocol),
        "status": protocol.text("statusModule.overallStatus"),
        "study_type": protocol.text("designModule.studyType"),
        "phases": protocol.texts("designModule.phases"),
        "enrolment": protocol.count("designModule.enrollmentInfo.count"),
        "enrolment_type": protocol.text("designModule.enrollmentInfo.type"),
        "conditions": protocol.texts("conditionsModule.conditions"),
        "condition_mesh": _terms(study, "derivedSection.conditionBrowseModule.meshes"),
        "condition_ancestors": _terms(study, "derivedSection.conditionBrowseModule.ancestors"),
        "intervention_mesh": _terms(study, "derivedSection.interventionBrowseModule.meshes"),
        "interventions": _interventions(protocol),
        "arms": _arms(protocol),
        "sponsor": _organisation(protocol.part("sponsorCollaboratorsModule.leadSponsor")),
        "collaborators": _organisations(protocol),
        "countries": None if countries is None else list(dict.fromkeys(filter(None, countries))),
        "n_sites": None if locations is None else len(locations),
        **_dates(protocol),
        "has_results": study.flag("hasResults"),
        "why_stopped": protocol.text("statusModule.whyStopped"),
        "eligibility": protocol.text("eligibilityModule.eligibilityCriteria"),
    }


def _document(study: Fields, trial: Row) -> Row:
    protocol = Fields(study.value[_PROTOCOL], study.where, _PROTOCOL)
    texts = (protocol.text(f"descriptionModule.{name}") for name in ("briefSummary", "detailedDescription"))
    papers = [(kind, f"pmid:{pmid}", said) for kind, pmid, said in _references(protocol)]
    meshes = [*(trial["condition_mesh"] or ()), *(trial["intervention_mesh"] or ())]
    return {
        "doc_id": trial["doc_id"],
        "source": "trials",
        "kind": "trial",
        "entered_on": trial["first_posted_on"],
        "revised_on": trial["last_update_posted_on"],
        "title": protocol.text("identificationModule.briefTitle")
        or protocol.text("identificationModule.officialTitle"),
        "abstract": "\n".join(filter(None, texts)) or None,
        "is_review": False,
        "is_retracted": False,
        "mesh": _headings(meshes) if trial["condition_mesh"] is not None or meshes else None,
        "keywords": protocol.texts("conditionsModule.keywords"),
        "registry_ids": [trial["nct_id"], *(protocol.texts("identificationModule.nctIdAliases") or ())],
        "cites": list(dict.fromkeys(paper for kind, paper, _ in papers if kind != "DERIVED")),
        "links": [
            {"kind": _LINKS[kind], "doc_id": paper, "source": said} for kind, paper, said in papers if kind in _LINKS
        ],
    }


def _other_ids(protocol: Fields) -> list[str] | None:
    module = protocol.part("identificationModule")
    if module is None:
        return None
    found = [module.text("orgStudyIdInfo.id"), *(one.text("id") for one in module.parts("secondaryIdInfos") or ())]
    return list(dict.fromkeys([*filter(None, found), *(module.texts("nctIdAliases") or ())]))


def _terms(study: Fields, path: str) -> list[Row] | None:
    found = study.parts(path)
    return None if found is None else [{"id": one.text("id"), "term": one.text("term")} for one in found]


def _headings(terms: list[Row]) -> list[Row]:
    once = dict.fromkeys((term["id"], term["term"]) for term in terms)
    return [{"ui": ui, "name": name} for ui, name in once]


def _interventions(protocol: Fields) -> list[Row] | None:
    found = protocol.parts("armsInterventionsModule.interventions")
    if found is None:
        return None
    return [
        {
            "type": one.text("type"),
            "name": one.text("name"),
            "other_names": one.texts("otherNames"),
            "description": one.text("description"),
        }
        for one in found
    ]


def _arms(protocol: Fields) -> list[Row] | None:
    found = protocol.parts("armsInterventionsModule.armGroups")
    if found is None:
        return None
    return [
        {"label": one.text("label"), "type": one.text("type"), "interventions": one.texts("interventionNames")}
        for one in found
    ]


def _organisation(found: Fields | None) -> Row | None:
    return None if found is None else {"name": found.text("name"), "class": found.text("class")}


def _organisations(protocol: Fields) -> list[Row | None] | None:
    found = protocol.parts("sponsorCollaboratorsModule.collaborators")
    return None if found is None else [_organisation(one) for one in found]


def _dates(protocol: Fields) -> Row:
    row: Row = {}
    for name, said in _DATES.items():
        found = protocol.date(f"statusModule.{said}.date")
        row[f"{name}_on"] = None if found is None else found.day
        row[f"{name}_precision"] = None if found is None else found.precision
        row[f"{name}_type"] = protocol.text(f"statusModule.{said}.type")
    return row


def _references(protocol: Fields) -> list[tuple[str | None, str, str | None]]:
    found = protocol.parts("referencesModule.references") or ()
    read = [(one.text("type"), one.text("pmid"), one.text("citation")) for one in found]
    return [(kind, pmid, said) for kind, pmid, said in read if pmid is not None and pmid.isdecimal()]
