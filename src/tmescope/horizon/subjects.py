"""What a question is about: one entity or several, and the trials that concern all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import InputError, examples
from tmescope.horizon.acting import Action, find_actions
from tmescope.horizon.sponsor_names import name_sponsors
from tmescope.horizon.trial_words import UNKNOWN_THEN, name_phase

if TYPE_CHECKING:
    import duckdb

__all__ = ["EVIDENCE", "Subject", "SubjectTrial", "find_subject_trials", "make_subject"]

EVIDENCE = ("intervention", "title", "condition", "mesh", "keyword", "substance", "abstract")
"""Parts of a record in which an entity is named, the most telling first."""

_MOST = 5
_TRIAL = (
    "nct_id",
    "status",
    "study_type",
    "phases",
    "sponsor",
    "countries",
    "start_on",
    "start_precision",
    "start_type",
    "first_posted_on",
    "first_posted_precision",
    "last_update_posted_on",
    "enrolment",
    "enrolment_type",
    "arms",
    "interventions",
    "condition_mesh",
    "condition_ancestors",
)


@dataclass(frozen=True)
class Subject:
    """One entity, or several that must come together.

    Parameters
    ----------
    entities : tuple of str
        Identifiers, such as ``HGNC:26838`` or ``modality:car-t``.
    acting : mapping of str to sequence of str
        Entities that stand for one of them, such as the drugs that act on a target.
    actions : tuple of Action
        Who says that they do.
    """

    entities: tuple[str, ...]
    acting: Mapping[str, Sequence[str]] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.entities) <= _MOST or len(set(self.entities)) < len(self.entities):
            raise InputError(
                f"{len(self.entities)} entities: {examples(self.entities)}",
                where="entities",
                expected=f"1 to {_MOST} different ones",
            )

    @property
    def key(self) -> str:
        """The identifiers in one text."""
        return " + ".join(self.entities)

    def ids_of(self, entity: str) -> list[str]:
        """Return an entity and those that stand for it."""
        return [entity, *self.acting.get(entity, ())]


def make_subject(
    connection: duckdb.DuckDBPyConnection, entities: Sequence[str], *, as_of: date | None = None
) -> Subject:
    """Return a subject whose targets the drugs that act on them stand for.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents and mentions.
    entities : sequence of str
        Identifiers; one that is there twice counts once.
    as_of : datetime.date, optional
        The day of the views, see `tmescope.horizon.acting.find_actions`.
    """
    actions = find_actions(connection, entities, as_of=as_of)
    acting = {one: tuple(action.drug for action in actions if action.target == one) for one in entities}
    return Subject(tuple(dict.fromkeys(entities)), acting, actions)


@dataclass(frozen=True)
class SubjectTrial:
    """One trial as the lake knows it, and where it names the subject.

    Parameters
    ----------
    doc_id : str
        Of the document.
    title : str, optional
        Its title.
    found_in : tuple of str
        For each entity of the subject the most telling part that names it, see `EVIDENCE`.
    fields : mapping of str to object
        Columns of `tmescope.store.lake_schemas.trial_schema`.
    late : bool
        Only versions younger than the day that was asked about are known: nothing but its date is.
    sponsor_name : str
        Of its lead sponsor, see `tmescope.horizon.sponsor_names.name_sponsors`; empty without one.
    """

    doc_id: str
    title: str | None
    found_in: tuple[str, ...]
    fields: Mapping[str, Any]
    late: bool
    sponsor_name: str = ""

    @property
    def phase(self) -> str:
        """The category of its phases."""
        return UNKNOWN_THEN if self.late else name_phase(self.fields["phases"])

    @property
    def status(self) -> str:
        """Its status, or that it has none."""
        return UNKNOWN_THEN if self.late else self.fields["status"] or "no status given"

    @property
    def sponsor(self) -> str:
        """The name under which its lead sponsor is shown, one for all spellings."""
        return self.sponsor_name or self._none("sponsor")

    @property
    def sponsor_class(self) -> str:
        """The registry's class of its lead sponsor."""
        return (self.fields["sponsor"] or {}).get("class") or self._none("class of sponsor")

    @property
    def countries(self) -> list[str]:
        """Countries of its sites, each once."""
        return list(dict.fromkeys(self.fields["countries"] or ()))

    @property
    def summary_only(self) -> bool:
        """Whether an entity is named in its summary and nowhere else."""
        return "abstract" in self.found_in

    def year(self, name: str) -> str:
        """Return the year of one of its dates, or that it has none."""
        day: date | None = self.fields[f"{name}_on"]
        return str(day.year) if day else self._none("date")

    def _none(self, what: str) -> str:
        return UNKNOWN_THEN if self.late else f"no {what} given"


def find_subject_trials(connection: duckdb.DuckDBPyConnection, subject: Subject) -> list[SubjectTrial]:
    """Return the trials whose records name all entities of a subject, by identifier.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents, trials and mentions, of today or of a day in the past.
    subject : Subject
        What is asked about.

    Notes
    -----
    A trial counts once, however often it names an entity. An entity is also named where another stands for it.
    """
    found = [_parts(connection, subject.ids_of(entity)) for entity in subject.entities]
    doc_ids = sorted(set.intersection(*map(set, found)))
    has_late = "late" in _columns(connection, "trials")
    columns = ", ".join(f't."{name}"' for name in _TRIAL)
    late = "coalesce(t.late, false)" if has_late else "false"
    rows = connection.execute(
        f"SELECT t.doc_id, d.title, {late}, {columns} FROM trials t LEFT JOIN documents d USING (doc_id) "  # noqa: S608
        "WHERE t.doc_id IN (SELECT unnest(?)) ORDER BY t.doc_id",
        [doc_ids],
    ).fetchall()
    called, sponsor = _sponsors(connection), 3 + _TRIAL.index("sponsor")
    return [
        SubjectTrial(
            doc_id=row[0],
            title=row[1],
            found_in=tuple(parts[row[0]] for parts in found),
            fields=dict(zip(_TRIAL, row[3:], strict=True)),
            late=row[2],
            sponsor_name=called.get((row[sponsor] or {}).get("name") or "", ""),
        )
        for row in rows
    ]


def _sponsors(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return under which name each sponsor of the lake is shown, so that it is the same for every subject."""
    rows = connection.execute(
        "SELECT sponsor.name, count(*) FROM trials WHERE sponsor.name <> '' GROUP BY sponsor.name"
    ).fetchall()
    return name_sponsors(dict(rows))


def _columns(connection: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall()]


def _parts(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, str]:
    """Return the most telling part by document."""
    rows = connection.execute(
        "SELECT DISTINCT doc_id, part FROM mentions WHERE entity_id IN (SELECT unnest(?)) "
        "AND doc_id IN (SELECT doc_id FROM trials)",
        [list(ids)],
    ).fetchall()
    best: dict[str, str] = {}
    for doc_id, part in sorted(rows, key=lambda row: _telling(row[1])):
        best.setdefault(doc_id, part)
    return best


def _telling(part: str) -> tuple[int, str]:
    return (EVIDENCE.index(part) if part in EVIDENCE else len(EVIDENCE), part)
