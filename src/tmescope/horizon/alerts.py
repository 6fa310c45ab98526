"""What is new for a watch since it last looked: trials, papers, changes, retractions and deletions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tmescope.horizon.sightings import Sighting, TrialState
from tmescope.horizon.watches import Watch

if TYPE_CHECKING:
    import duckdb

__all__ = ["KINDS", "Alert", "find_alerts"]

KINDS: Mapping[str, str] = {
    "retraction": "retracted",
    "retraction_lifted": "no longer retracted",
    "cites_retracted": "cites what was retracted",
    "deletion": "withdrawn by its source",
    "first_paper": "first paper",
    "first_together": "first named together",
    "new_trial": "new trial",
    "phase_change": "phase changed",
    "status_change": "status changed",
    "results_posted": "results posted",
    "new_paper": "new paper",
    "out_of_sight": "no longer fits the watch",
}
"""Kinds of alerts in the order in which they are told, in words."""


_REACHING = frozenset({"retraction", "deletion"})


@dataclass(frozen=True)
class Alert:
    """One thing that is new.

    Parameters
    ----------
    watch : str
        Name of the watch.
    kind : str
        One of `KINDS`.
    doc_id : str
        The document.
    title : str
        Its title; empty where it has none or is gone.
    on : str
        The day of it by the source: when it was posted, entered, updated or revised; empty where it is not known.
    entity : str
        What it is the first of: an identifier, or two joined by a plus sign.
    before, after : str
        What changed.
    related : tuple of str
        Documents that it reaches: all that cite a retracted or deleted paper, or the retracted ones that one cites.
    run : int
        The run of the watch that found it, counted from 1.
    found_on : str
        The day of that run.
    """

    watch: str
    kind: str
    doc_id: str
    title: str = ""
    on: str = ""
    entity: str = ""
    before: str = ""
    after: str = ""
    related: tuple[str, ...] = ()
    run: int = 0
    found_on: str = ""

    @property
    def alert_id(self) -> str:
        """An identifier that stays the same however often it is told."""
        parts = (self.watch, str(self.run), self.kind, self.doc_id, self.on, self.entity, self.before, self.after)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, ascii(parts)))

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**asdict(self), "related": list(self.related)}


def find_alerts(connection: duckdb.DuckDBPyConnection, watch: Watch, *, before: Sighting, now: Sighting) -> list[Alert]:
    """Return what changed between two sightings.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents, trials, deletions and all_trials of the lake in which `now` was seen.
    watch : Watch
        Whose sightings they are.
    before, now : Sighting
        Of the last run and of this one.

    Returns
    -------
    list of Alert
        By kind and document, without run and day.

    Notes
    -----
    Versions of a trial between the two are told one by one: a trial that was suspended and went on is two changes. A
    retraction reaches the documents of the lake that cite the paper; what cites those is one step too far and is not
    told.
    """
    two = _Two(watch, before, now)
    drafts = [
        *_new_trials(two),
        *_trial_changes(connection, two),
        *_papers(two),
        *(Alert(watch.name, "first_paper", now.firsts[e], entity=e) for e in _new(now.firsts, before.firsts)),
        *(Alert(watch.name, "first_together", now.pairs[p], entity=p) for p in _new(now.pairs, before.pairs)),
        *_citing(two),
        *_gone(connection, two),
    ]
    told = _with_documents(connection, _with_citing(connection, drafts))
    order = list(KINDS)
    return sorted(told, key=lambda a: (order.index(a.kind), a.doc_id, a.on, a.entity, a.before, a.after))


@dataclass(frozen=True)
class _Two:
    watch: Watch
    before: Sighting
    now: Sighting


def _new(now: Iterable[str], before: Iterable[str]) -> list[str]:
    return sorted(set(now) - set(before))


def _new_trials(two: _Two) -> Iterator[Alert]:
    for doc_id in _new(two.now.trials, two.before.trials):
        yield Alert(two.watch.name, "new_trial", doc_id, after=_state(two.now.trials[doc_id]))


def _state(state: TrialState) -> str:
    return ", ".join(part for part in (state.phase, state.status) if part)


def _trial_changes(connection: duckdb.DuckDBPyConnection, two: _Two) -> Iterator[Alert]:
    before, now = two.before, two.now
    changed = [one for one, state in now.trials.items() if one in before.trials and before.trials[one] != state]
    rows = connection.execute(
        "SELECT DISTINCT doc_id, last_update_posted_on, status, phases, results_posted_on FROM all_trials "
        "WHERE doc_id IN (SELECT unnest(?)) ORDER BY ALL",
        [changed],
    ).fetchall()
    for doc_id in changed:
        known, current = before.trials[doc_id], now.trials[doc_id]
        versions = [TrialState.of(row[1:]) for row in rows if row[0] == doc_id]
        between = [one for one in versions if known.version < one.version < current.version]
        for one, other in zip([known, *between], [*between, current], strict=True):
            yield from _steps(Alert(two.watch.name, "", doc_id, on=other.version), one, other)


def _steps(draft: Alert, one: TrialState, other: TrialState) -> Iterator[Alert]:
    changes = (
        ("phase_change", one.phase, other.phase),
        ("status_change", one.status, other.status),
        ("results_posted", one.results, other.results),
    )
    for kind, before, after in changes:
        if before != after and (kind != "results_posted" or after):
            yield replace(draft, kind=kind, before=before, after=after)


def _papers(two: _Two) -> Iterator[Alert]:
    watch, before, now = two.watch, two.before, two.now
    for doc_id in sorted(now.papers):
        known, retracted = before.papers.get(doc_id), now.papers[doc_id]
        if known is None and watch.papers == "all":
            yield Alert(watch.name, "new_paper", doc_id)
        if retracted and not known:
            yield Alert(watch.name, "retraction", doc_id)
        if known and not retracted:
            yield Alert(watch.name, "retraction_lifted", doc_id)


def _citing(two: _Two) -> Iterator[Alert]:
    by_citing: dict[str, list[str]] = {}
    for pair in sorted(two.now.cited - two.before.cited):
        citing, retracted = pair.split(" ", 1)
        by_citing.setdefault(citing, []).append(retracted)
    for citing, retracted_ones in by_citing.items():
        yield Alert(two.watch.name, "cites_retracted", citing, related=tuple(retracted_ones))


def _gone(connection: duckdb.DuckDBPyConnection, two: _Two) -> Iterator[Alert]:
    before, now = two.before, two.now
    gone = _new({**before.trials, **before.papers}, {**now.trials, **now.papers})
    there = _where(connection, "SELECT doc_id FROM documents WHERE doc_id IN (SELECT unnest(?))", gone)
    deleted = _where(connection, "SELECT doc_id FROM deletions WHERE doc_id IN (SELECT unnest(?))", gone)
    for doc_id in gone:
        kind = "deletion" if doc_id in deleted - there else "out_of_sight"
        yield Alert(two.watch.name, kind, doc_id)


def _where(connection: duckdb.DuckDBPyConnection, query: str, doc_ids: Sequence[str]) -> set[str]:
    return {row[0] for row in connection.execute(query, [list(doc_ids)]).fetchall()}


def _with_citing(connection: duckdb.DuckDBPyConnection, alerts: Sequence[Alert]) -> list[Alert]:
    """Add to retractions and deletions the documents of the lake that cite them."""
    reached = sorted({one.doc_id for one in alerts if one.kind in _REACHING})
    found: dict[str, list[str]] = {}
    if reached:
        rows = connection.execute(
            "SELECT DISTINCT cited, doc_id FROM (SELECT doc_id, unnest(cites) AS cited FROM documents) "
            "WHERE cited IN (SELECT unnest(?)) AND cited <> doc_id ORDER BY ALL",
            [reached],
        ).fetchall()
        for cited, doc_id in rows:
            found.setdefault(cited, []).append(doc_id)
    return [replace(one, related=tuple(found.get(one.doc_id, ()))) if one.kind in _REACHING else one for one in alerts]


def _with_documents(connection: duckdb.DuckDBPyConnection, alerts: Sequence[Alert]) -> list[Alert]:
    """Add titles and, where a change has no day of its own, the day of the document."""
    rows = connection.execute(
        "SELECT doc_id, title, entered_on, revised_on FROM documents WHERE doc_id IN (SELECT unnest(?))",
        [sorted({one.doc_id for one in alerts})],
    ).fetchall()
    of = {doc_id: (title or "", str(entered or ""), str(revised or "")) for doc_id, title, entered, revised in rows}
    found = []
    for one in alerts:
        title, entered, revised = of.get(one.doc_id, ("", "", ""))
        by = revised if one.kind in {"retraction", "retraction_lifted"} else entered
        undated = one.kind in {"cites_retracted", "deletion", "out_of_sight"}  # when is not known
        found.append(replace(one, title=title, on=one.on or ("" if undated else by)))
    return found
