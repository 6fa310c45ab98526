"""Small lakes of documents that are made up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tmescope.store.lake import Lake, create_lake
from tmescope.store.lake_layout import sequence_of
from tmescope.store.lake_schemas import LakeBatch, deletion_schema, document_schema, mention_schema, trial_schema


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def paper(number: int, **said: Any) -> dict[str, Any]:
    given = {
        "doc_id": f"pmid:{number}",
        "source": "pubmed",
        "kind": "paper",
        "version": 1,
        "entered_on": day("2020-01-01") + dt.timedelta(days=number),
        "revised_on": day("2020-06-01"),
        "title": f"Title {number}",
        "abstract": f"Abstract of {number}.",
        "is_review": False,
    }
    return given | said


def trial(number: int, updated: str, **said: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the row of a trial among the documents, and its row among the trials."""
    nct = f"NCT{number:08d}"
    document = {
        "doc_id": f"nct:{nct}",
        "source": "trials",
        "kind": "trial",
        "entered_on": day("2020-03-01"),
        "revised_on": day(updated),
        "title": f"A study of drug {number}",
    }
    row = {
        "doc_id": f"nct:{nct}",
        "nct_id": nct,
        "status": "RECRUITING",
        "phases": ["PHASE1"],
        "conditions": ["Melanoma"],
        "first_posted_on": day("2020-03-01"),
        "first_posted_precision": "day",
        "last_update_posted_on": day(updated),
    }
    return document, row | said


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row} for row in rows], schema=schema)


def batch(
    papers: Iterable[Mapping[str, Any]] = (),
    *,
    trials: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]] = (),
    deleted: Iterable[int] = (),
) -> LakeBatch:
    pairs = list(trials)
    return LakeBatch(
        documents=table([*papers, *(d for d, _ in pairs)], document_schema()),
        trials=table([t for _, t in pairs], trial_schema()),
        deletions=table([{"doc_id": f"pmid:{n}"} for n in deleted], deletion_schema()),
    )


def mentions(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return table([{"entity_type": "gene", "part": "title", "n": 1, **row} for row in rows], mention_schema())


def source_file(folder: Path, name: str, content: str | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name if content is None else content)
    return path


def lake_of(folder: Path, files: Mapping[str, Iterable[LakeBatch]], *, name: str = "horizon") -> Lake:
    """Return a lake of files that came in the order of the mapping."""
    lake = create_lake(folder / name)
    for file, batches in files.items():
        path = source_file(folder / "sources", file)
        lake.add(path, batches, source="pubmed", sequence=sequence_of(file))
    return lake


def exported(lake: Lake, relation: str = "documents") -> list[tuple[Any, ...]]:
    return lake.connect().execute(f"SELECT * FROM {relation} ORDER BY ALL").fetchall()
