"""A simulated literature as records with titles, abstracts, authors and trials, such as readers of files give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from tmescope.simulate.literature import LiteratureQuarter, SimulatedLiterature

__all__ = ["LiteratureRecords", "write_records"]

_PHASES = ("PHASE1", "PHASE2", "PHASE3")
_STATUS = ("RECRUITING", "ACTIVE_NOT_RECRUITING", "COMPLETED")
_SPONSORS = (("First simulated company", "INDUSTRY"), ("Simulated university hospital", "OTHER"))


@dataclass(frozen=True)
class LiteratureRecords:
    """Records of a quarter, as lists of mappings whose keys are columns of the tables of a lake.

    Parameters
    ----------
    documents, trials, mentions : list of dict
        Keys that are not there are missing.
    """

    documents: list[dict[str, Any]]
    trials: list[dict[str, Any]]
    mentions: list[dict[str, Any]]


def write_records(literature: SimulatedLiterature, quarter: LiteratureQuarter) -> LiteratureRecords:
    """Write the documents of a quarter out, for demonstrations and tests of small literatures.

    Parameters
    ----------
    literature : SimulatedLiterature
    quarter : LiteratureQuarter
        One of its quarters.

    Returns
    -------
    LiteratureRecords

    Notes
    -----
    The first entity of a document stands in its title, all of them in its abstract; of a trial they are interventions.
    Nothing is drawn: the same quarter gives the same records.
    """
    names: Mapping[Any, str] = literature.entities["name"].to_dict()
    kinds = quarter.documents.set_index("doc_id")["kind"]
    told = {doc: part for doc, part in quarter.mentions.groupby("doc_id", sort=False)}
    documents, trials, mentions = [], [], []
    for number, row in enumerate(quarter.documents.itertuples(index=False)):
        doc_id = str(row.doc_id)
        own = told.get(doc_id)
        ids = [] if own is None else [str(e) for e in own["entity_id"]]
        types = {} if own is None else dict(zip(own["entity_id"], own["entity_type"], strict=True))
        title, abstract = _text([names[e] for e in ids], number)
        is_trial = kinds[doc_id] == "trial"
        documents.append(_document(row, title, "" if is_trial else abstract))
        if is_trial:
            trials.append(_trial(row, [names[e] for e in ids], number=number))
        for place, entity in enumerate(ids):
            part = "intervention" if is_trial else "title" if place == 0 else "abstract"
            found = {"doc_id": doc_id, "entity_id": entity, "entity_type": types[entity]}
            start = None if is_trial else (title if place == 0 else abstract).index(names[entity])
            stop = None if start is None else start + len(names[entity])
            mentions.append({**found, "part": part, "start": start, "stop": stop, "text": names[entity], "n": 1})
    return LiteratureRecords(documents, trials, mentions)


def _text(names: list[str], number: int) -> tuple[str, str]:
    if not names:
        return f"Simulated report {number + 1}", "BACKGROUND: Nothing of interest was seen."
    listed = ", ".join(names)
    return f"{names[0]} in simulated report {number + 1}", f"BACKGROUND: We looked at {listed}.\nRESULTS: As simulated."


def _document(row: Any, title: str, abstract: str) -> dict[str, Any]:
    day = row.entered_on.date()
    is_paper = row.kind == "paper"
    printed = None if pd.isna(row.published_on) else row.published_on.date()
    group = None if row.kind == "trial" else str(row.group_key)
    return {
        "doc_id": str(row.doc_id),
        "source": {"paper": "pubmed", "preprint": "biorxiv"}.get(row.kind, "trials"),
        "kind": row.kind,
        "version": 1,
        "entered_on": day,
        "revised_on": day,
        "published_on": printed,
        "published_precision": None if printed is None else "day",
        "title": title,
        "abstract": abstract or None,
        "language": "eng",
        "journal": "Journal of Simulated Results" if is_paper else None,
        "publication_types": ["Review" if row.is_review else "Journal Article"] if is_paper else [],
        "is_review": bool(row.is_review),
        "is_retracted": False,
        "authors": [] if group is None else [{"last_name": group.title(), "fore_name": "A", "initials": "A"}],
        "group_key": group,
    }


def _trial(row: Any, names: list[str], *, number: int) -> dict[str, Any]:
    day = row.entered_on.date()
    sponsor, kind = _SPONSORS[number % len(_SPONSORS)]
    return {
        "doc_id": str(row.doc_id),
        "nct_id": str(row.doc_id).removeprefix("nct:"),
        "status": _STATUS[number % len(_STATUS)],
        "study_type": "INTERVENTIONAL",
        "phases": [_PHASES[number % len(_PHASES)]],
        "interventions": [{"type": "DRUG", "name": name} for name in names],
        "sponsor": {"name": sponsor, "class": kind},
        "countries": ["France"] if number % 2 else ["Japan", "United States"],
        "first_posted_on": day,
        "first_posted_precision": "day",
        "last_update_posted_on": day,
        "last_update_posted_precision": "day",
        "has_results": False,
    }
