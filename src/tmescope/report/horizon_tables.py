"""Tables of a report on a lake: what changed; of each subject who is active, what is combined and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from tmescope.horizon.alert_feeds import find_address
from tmescope.report.horizon_contents import HorizonContents, is_true
from tmescope.report.horizon_landscapes import slug
from tmescope.report.numbers import count, is_missing, plain
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["changes_table", "documents_table", "subject_tables"]

_MOST = 200
_REACHED = 10
_OPENED = 10
_KINDS = ("paper", "review", "preprint", "trial")
_Columns = Sequence[tuple[str, bool]]


def changes_table(contents: HorizonContents) -> HtmlTable | None:
    """Return what is new since the day that the study names; None where nothing is.

    Parameters
    ----------
    contents : HorizonContents
        With the table horizon_changes.
    """
    table = contents.table("horizon_changes")
    rows = [
        [
            words(r["what"]),
            words(r["on"], "day"),
            _document(r["doc_id"]),
            words(r["title"]),
            words(_change(contents, r)),
            words(r["watch"]),
        ]
        for r in _records(table.head(_MOST))
    ]
    columns = [("What", False), ("Day", False), ("Document", False), ("Title", False), ("How", False), ("Where", False)]
    rest = len(table) - _MOST
    note = f"The first {_MOST} of {len(table)}; all are in the table horizon_changes." if rest > 0 else ""
    filters = [("What", 0, sorted({row[0].text for row in rows})), ("Where", 5, sorted({row[5].text for row in rows}))]
    caption = f"What is new since {contents.changes_since}" if contents.changes_since else "What is new"
    return _table("changes", caption, columns, rows=rows, filters=filters, note=note)


def documents_table(contents: HorizonContents, area: str) -> HtmlTable | None:
    """Return the newest documents behind the numbers of an area; None where the run listed none.

    Parameters
    ----------
    contents : HorizonContents
        With the table horizon_documents.
    area : str
        Its name.
    """
    table = contents.of_area("horizon_documents", area)
    if not len(table):
        return None
    rows, names, kinds = [], [], set()
    for keys, own in table.groupby(["entity_a", "entity_b", "kind"], sort=False, dropna=False):
        name = " × ".join(contents.name_of(e) for e in keys[:2] if not is_missing(e))
        names.append(plain(name))
        kinds.add(str(keys[2]))
        many = f"{min(len(own), _OPENED)} of {count(own['n'].iloc[0])}"
        rows += [
            [
                words(name),
                words(r["kind"]),
                words(many),
                _document(r["doc_id"]),
                words(r["entered_on"], "day"),
                words(r["title"]),
            ]
            for r in _records(own.head(_OPENED))
        ]
    heads = ("Entity", "Kind", "Shown", "Document", "Entered", "Title")
    filters = [("Entity", 0, list(dict.fromkeys(names))), ("Kind", 1, [k for k in _KINDS if k in kinds])]
    note = f"The newest {_OPENED} of each kind; up to 50 are in the table horizon_documents."
    if contents.as_of is None:  # the command asks all that the lake knows
        since = contents.since or "DAY"
        note += (
            " All that count for one entity are listed by tmescope horizon trends --lake LAKE "
            f"--focus {area} --since {since} --documents ENTITY."
        )
    caption = f"{contents.areas.get(area, area)}: the documents behind the numbers"
    return _table(f"documents-{area}", caption, [(h, False) for h in heads], rows=rows, filters=filters, note=note)


def _change(contents: HorizonContents, row: dict[Any, Any]) -> str:
    parts = []
    if not is_missing(row["entity"]):
        parts.append(" with ".join(contents.name_of(one) for one in str(row["entity"]).split(" + ")))
    if not is_missing(row["after"]):
        before = "" if is_missing(row["before"]) else f"{row['before']} to "
        parts.append(f"{before}{row['after']}")
    if not is_missing(row["related"]):
        related = str(row["related"]).split(";")
        rest = f" and {len(related) - _REACHED} more" if len(related) > _REACHED else ""
        said = "cites" if row["kind"] == "cites_retracted" else f"cited by {len(related)}:"
        parts.append(f"{said} {', '.join(related[:_REACHED])}{rest}")
    return "; ".join(parts)


def subject_tables(contents: HorizonContents, subject: str) -> list[HtmlTable]:
    """Return the tables of one landscape that have rows.

    Parameters
    ----------
    contents : HorizonContents
        With the tables of landscapes.
    subject : str
        As in their column subject.
    """
    if not len(contents.of_subject("landscape_trials", subject)):
        return []  # where nothing is there, all is missing
    name, title = slug(subject), plain(contents.subjects.get(subject, subject))
    made = (
        _actors(contents.of_subject("landscape_actors", subject), name, title),
        _first(contents.of_subject("landscape_first", subject), name, title),
        _partners(contents.of_subject("landscape_partners", subject), name, title),
        _formats(contents.of_subject("landscape_formats", subject), name, title),
        _gaps(contents.of_subject("landscape_gaps", subject), name, title),
        _trials(contents.of_subject("landscape_trials", subject), name, title),
    )
    return [table for table in made if table is not None]


def _actors(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    columns = [("Lead sponsor", False), ("Class", False), ("Trials", True), ("Active", True), ("Phases", False)]
    rows = [
        [
            words(r["sponsor"]),
            words(r["sponsor_class"]),
            number(r["n_trials"]),
            number(r["n_active"]),
            words(_listed(r["phases"])),
            words(_listed(r["countries"])),
            words(r["last_posted_on"], "day"),
            _documents(r["doc_ids"]),
        ]
        for r in _records(table.head(_MOST))
    ]
    more = [("Countries", False), ("Last posted", False), ("Which", False)]
    note = "Active: recruiting, not yet recruiting, enrolling by invitation, or active without recruiting."
    return _table(f"actors-{name}", f"{title}: who is active where", [*columns, *more], rows=rows, note=note)


def _first(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    rows = [
        [
            _document(r["doc_id"]),
            words(r["title"]),
            words(r["phase"]),
            words(r["sponsor"]),
            words(f"{r['on']} (known to the {r['precision']})"),
            words(r["dated_by"]),
        ]
        for r in _records(table)
    ]
    columns = [("Trial", False), ("Title", False), ("Phase", False), ("Sponsor", False), ("Day", False), ("Of", False)]
    several = "Their dates do not tell which was earlier. " if len(rows) > 1 else ""
    note = (
        f"{several}The earliest interventional trial of phase 1 in this lake that began. The first in humans may be "
        "older, or in another registry; a trial that names a target need not be of a drug against it."
    )
    return _table(f"first-{name}", f"{title}: the earliest trial of phase 1", columns, rows=rows, note=note)


def _partners(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    rows = [[words(r["name"]), number(r["n_trials"]), _documents(r["doc_ids"])] for r in _records(table.head(_MOST))]
    columns = [("In one arm with", False), ("Trials", True), ("Which", False)]
    note = "Two drugs in two arms of a trial are compared, not combined, and make no pair."
    return _table(f"partners-{name}", f"{title}: combinations", columns, rows=rows, note=note)


def _formats(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    rows = [
        [
            words(r["name"]),
            words(r["phase"]),
            number(r["n_trials"]),
            number(r["n_summary_only"]),
            _documents(r["doc_ids"]),
        ]
        for r in _records(table.head(_MOST))
    ]
    columns = [("Modality", False), ("Phase", False), ("Trials", True), ("In the summary alone", True)]
    columns.append(("Which", False))
    return _table(f"formats-{name}", f"{title}: formats", columns, rows=rows)


def _gaps(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    shown = table[(table["kind"] != "condition") | is_true(table["is_tumour"])]
    rows = [
        [words(r["name"]), words(r["phase"]), number(r["n_lake"]), _documents(r["doc_ids"])]
        for r in _records(shown.head(_MOST))
    ]
    columns = [("Modality or tumour", False), ("Phase", False), ("Trials of others in this lake", True)]
    columns.append(("Which", False))
    note = "Absent from this lake: it holds the trials that were put into it, and no others."
    return _table(f"gaps-{name}", f"{title}: what is missing", columns, rows=rows, note=note)


def _trials(table: pd.DataFrame, name: str, title: str) -> HtmlTable | None:
    columns = ("title", "phase", "status", "sponsor", "countries", "start_on", "first_posted_on", "found_in")
    there = [c for c in columns if c in table.columns]
    rows = [[_document(r["doc_id"]), *(_part(c, r[c]) for c in there)] for r in _records(table)]
    heads = [("Trial", False), *((c.replace("_", " ").capitalize(), False) for c in there)]
    phases = sorted({str(r["phase"]) for r in _records(table)})
    column = there.index("phase") + 1
    note = "Find narrows it to a sponsor, a country or a phase: to the trials behind a number of the figures."
    caption, filters = f"{title}: all trials", [("Phase", column, phases)]
    return _table(f"trials-{name}", caption, heads, rows=rows, filters=filters, note=note)


def _part(column: str, value: object) -> Cell:
    return words(_listed(value) if column == "countries" else value)


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return list(table.to_dict(orient="records"))


def _document(doc_id: object) -> Cell:
    shown = plain(doc_id)
    return Cell(shown.partition(":")[2] or shown, href=find_address(str(doc_id)) or None)


def _documents(value: object) -> Cell:
    """Return a cell of documents, each with its address; of many the first, and how many more there are."""
    ids = [] if is_missing(value) else [one for one in str(value).split(";") if one]
    if not ids:
        return words("")
    rest = f"and {len(ids) - _REACHED} more" if len(ids) > _REACHED else ""
    shown = [_document(one) for one in ids[:_REACHED]]
    return Cell(rest, sort=float(len(ids)), links=[(cell.text, cell.href) for cell in shown])


def _listed(value: object) -> str:
    return "" if is_missing(value) else ", ".join(str(value).split(";"))


def _table(
    name: str,
    caption: str,
    columns: _Columns,
    *,
    rows: Sequence[Sequence[Cell]],
    filters: Iterable[tuple[str, int, Sequence[str]]] = (),
    note: str = "",
) -> HtmlTable | None:
    if not rows:
        return None
    return HtmlTable(name, caption, columns, rows, sortable=len(rows) > 1, filters=tuple(filters), note=note)
