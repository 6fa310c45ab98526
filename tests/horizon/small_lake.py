"""Small lakes in memory: documents, trials, deletions and mentions as the views of a lake have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from tmescope.store.lake_schemas import deletion_schema, document_schema, mention_schema, trial_schema

Row = Mapping[str, Any]


def day(text: str) -> date:
    return date.fromisoformat(text)


def paper(pmid: int, title: str = "A paper", **more: Any) -> dict[str, Any]:
    entered = day(more.pop("entered_on", "2024-03-01"))
    row = {"doc_id": f"pmid:{pmid}", "source": "pubmed", "kind": "paper", "title": title, "entered_on": entered}
    return {**row, "version": 1, "revised_on": entered, "is_retracted": False, **more}


def trial(number: int, **more: Any) -> dict[str, Any]:
    """Return a trial; dates are text, ``interventions`` are names or (type, name, other names)."""
    nct = f"NCT{number:08d}"
    row: dict[str, Any] = {
        "doc_id": f"nct:{nct}",
        "nct_id": nct,
        "title": f"Trial {number}",
        "status": "RECRUITING",
        "study_type": "INTERVENTIONAL",
        "phases": ["PHASE2"],
        "start_on": "2021-01-01",
        "start_precision": "day",
        "start_type": "ACTUAL",
        "first_posted_on": "2020-12-01",
        "last_update_posted_on": "2021-06-01",
    }
    row.update(more)
    for name in ("start_on", "first_posted_on", "last_update_posted_on"):
        row[name] = day(row[name]) if row[name] else None
    row["interventions"] = [_intervention(one) for one in row.get("interventions", ())]
    row["arms"] = [
        {"label": label, "type": "EXPERIMENTAL", "interventions": names} for label, names in row.get("arms", ())
    ]
    row["sponsor"] = dict(zip(("name", "class"), row["sponsor"], strict=True)) if row.get("sponsor") else None
    for name in ("condition_mesh", "condition_ancestors"):
        row[name] = [{"id": ui, "term": term} for ui, term in row.get(name, ())]
    return row


def _intervention(one: Any) -> dict[str, Any]:
    kind, name, others = one if isinstance(one, tuple) else ("DRUG", one, [])
    return {"type": kind, "name": name, "other_names": list(others), "description": None}


def mention(doc: Row | str, entity_id: str, part: str = "title", text: str | None = None) -> dict[str, Any]:
    kind = entity_id.partition(":")[0]
    kind = {"HGNC": "gene", "DOID": "disease"}.get(kind, kind)
    doc_id = doc if isinstance(doc, str) else doc["doc_id"]
    return {"doc_id": doc_id, "entity_id": entity_id, "entity_type": kind, "part": part, "text": text, "n": 1}


def lake(
    trials: Iterable[Row] = (),
    mentions: Iterable[Row] = (),
    papers: Iterable[Row] = (),
    *,
    older: Iterable[Row] = (),
    deletions: Iterable[str] = (),
) -> duckdb.DuckDBPyConnection:
    """Return a connection with the views of a lake; `older` are former versions of trials."""
    trials, older, papers = list(trials), list(older), list(papers)
    documents = [*papers, *(_document(one) for one in trials)]
    connection = duckdb.connect()
    tables = {
        "documents": (documents, document_schema()),
        "all_documents": ([*documents, *(_document(one) for one in older)], document_schema()),
        "trials": (trials, trial_schema()),
        "all_trials": ([*trials, *older], trial_schema()),
        "mentions": (list(mentions), mention_schema()),
        "deletions": ([{"doc_id": one} for one in deletions], deletion_schema()),
    }
    for name, (rows, schema) in tables.items():
        connection.register(name, pa.Table.from_pylist([_shaped(row, schema) for row in rows], schema=schema))
    return connection


def _shaped(row: Row, schema: pa.Schema) -> dict[str, Any]:
    return {name: row.get(name) for name in schema.names}


def _document(one: Row) -> dict[str, Any]:
    return {
        "doc_id": one["doc_id"],
        "source": "trials",
        "kind": "trial",
        "title": one["title"],
        "entered_on": one["first_posted_on"],
        "revised_on": one["last_update_posted_on"],
        "is_retracted": False,
    }
