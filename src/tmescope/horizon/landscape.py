"""The landscape of a target, a pair or a modality: which trials there are, whose, where, and which there are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmescope.horizon.acting import tell_actions
from tmescope.horizon.arms import ArmPartners, find_partners
from tmescope.horizon.entity_names import name_entities
from tmescope.horizon.first_in_human import Earliest, find_earliest
from tmescope.horizon.gaps import find_gaps
from tmescope.horizon.subjects import Subject, SubjectTrial, find_subject_trials
from tmescope.horizon.trial_words import ACTIVE, order_phases

if TYPE_CHECKING:
    from datetime import date

    import duckdb
    import pandas as pd

__all__ = ["JOINED", "Landscape", "map_landscape"]

JOINED = ";"
"""Between identifiers of documents in a cell of a table."""

_AXES = (
    *("phase", "status", "study_type", "sponsor", "sponsor_class"),
    *("country", "start_year", "first_posted_year", "found_in"),
)
_CROSSED = (("phase", "sponsor_class"), ("phase", "sponsor"), ("phase", "country"), ("first_posted_year", "phase"))


@dataclass(frozen=True)
class Landscape:
    """The landscape of a subject, as tables; the unit is always the distinct trial.

    Parameters
    ----------
    subject : str
        Its identifiers, joined by a plus sign.
    names : mapping of str to str
        What documents call each entity that the tables name.
    trials : pandas.DataFrame
        One row a trial: schema ``landscape_trials``.
    counts : pandas.DataFrame
        One row a value of an axis (phase, status, sponsor, country ...): schema ``landscape_counts``. A trial counts in
        each of its countries, so that those sum to more than the trials.
    crossed : pandas.DataFrame
        One row two values of two axes: schema ``landscape_crossed``.
    first_in_human : pandas.DataFrame
        Trials that may be the first in humans: schema ``landscape_first``.
    combinations : pandas.DataFrame
        What stands beside the subject in one arm: schema ``landscape_partners``.
    formats : pandas.DataFrame
        Modalities that the trials name: schema ``landscape_formats``.
    actors : pandas.DataFrame
        One row a lead sponsor: schema ``landscape_actors``.
    gaps : pandas.DataFrame
        What the lake has no trial of: schema ``landscape_gaps``.
    notes : tuple of str
        What a reader must know of these trials, with counts.
    """

    subject: str
    names: Mapping[str, str]
    trials: pd.DataFrame
    counts: pd.DataFrame
    crossed: pd.DataFrame
    first_in_human: pd.DataFrame
    combinations: pd.DataFrame
    formats: pd.DataFrame
    actors: pd.DataFrame
    gaps: pd.DataFrame
    notes: tuple[str, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names of their schemas."""
        return {
            "landscape_trials": self.trials,
            "landscape_counts": self.counts,
            "landscape_crossed": self.crossed,
            "landscape_first": self.first_in_human,
            "landscape_partners": self.combinations,
            "landscape_formats": self.formats,
            "landscape_actors": self.actors,
            "landscape_gaps": self.gaps,
        }


def map_landscape(connection: duckdb.DuckDBPyConnection, subject: Subject, *, as_of: date | None = None) -> Landscape:
    """Return the landscape of a subject from the trials of a lake.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents, trials and mentions; those of a day in the past tell what was known then.
    subject : Subject
        A target, a modality, a disease, or several that one trial must name.
    as_of : datetime.date, optional
        The day of the views: names of drugs that were made later are not used for arms.

    Returns
    -------
    Landscape
        Tables in a fixed order; each count beside the identifiers of its trials.

    Notes
    -----
    A trial concerns an entity where its record names it, see ``found_in``: trials that name it in their summary alone
    are in, and counted in a note. Arms are read for combinations: two drugs of one trial in different arms are
    compared, not combined. What is missing is missing in this lake; whether it is missing in the world, no lake
    can say.
    """
    trials = find_subject_trials(connection, subject)
    partners = find_partners(connection, subject, trials, as_of=as_of)
    modalities = _modalities(connection, trials)
    gaps = find_gaps(connection, trials, {key: frozenset(found) for key, found in modalities.items()})
    names = name_entities(
        connection, sorted({*subject.entities, *modalities, *(p.partner for p in partners if p.known)})
    )
    key, doc_ids = subject.key, [one.doc_id for one in trials]
    earliest = find_earliest(trials)
    return Landscape(
        subject=key,
        names=names,
        trials=_table("landscape_trials", (_trial_row(key, one) for one in trials)),
        counts=_table("landscape_counts", _count(key, trials)),
        crossed=_table("landscape_crossed", _cross(key, trials)),
        first_in_human=_table("landscape_first", _first_rows(key, earliest)),
        combinations=_table("landscape_partners", _partner_rows(key, partners, names)),
        formats=_table("landscape_formats", _format_rows(key, trials, modalities=modalities, names=names)),
        actors=_table("landscape_actors", _actor_rows(key, trials)),
        gaps=_table("landscape_gaps", ({"subject": key, **gap.as_row()} for gap in gaps)),
        notes=(*_notes(trials, earliest), *_action_notes(connection, subject, doc_ids, as_of=as_of)),
    )


def _action_notes(
    connection: duckdb.DuckDBPyConnection, subject: Subject, doc_ids: Sequence[str], *, as_of: date | None
) -> list[str]:
    """Return who says which drugs act on targets; nothing where no target is asked about."""
    if not any(entity.startswith("HGNC:") for entity in subject.entities):
        return []
    return tell_actions(connection, subject.actions, trials=doc_ids, as_of=as_of)


def _table(name: str, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    import pandas as pd

    from tmescope.store.tables import SCHEMAS, shape_table

    return shape_table(name, pd.DataFrame(list(rows), columns=list(SCHEMAS[name].columns)))


def _ids(trials: Iterable[SubjectTrial]) -> str:
    return JOINED.join(sorted({one.doc_id for one in trials}))


def _trial_row(key: str, one: SubjectTrial) -> dict[str, object]:
    fields = one.fields
    return {
        "subject": key,
        "doc_id": one.doc_id,
        "nct_id": fields["nct_id"],
        "title": one.title,
        "found_in": ", ".join(one.found_in),
        "phase": one.phase,
        "status": one.status,
        "study_type": fields["study_type"],
        "sponsor": one.sponsor,
        "sponsor_class": one.sponsor_class,
        "countries": JOINED.join(one.countries),
        "enrolment": fields["enrolment"],
        "enrolment_type": fields["enrolment_type"],
        **{name: _text(fields[name]) for name in ("start_on", "start_precision", "start_type")},
        **{name: _text(fields[name]) for name in ("first_posted_on", "last_update_posted_on")},
        "late": one.late,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _values(one: SubjectTrial, axis: str) -> list[str]:
    if axis == "country":
        return one.countries or ["no country given"]
    if axis == "found_in":
        return list(dict.fromkeys(one.found_in))
    if axis.endswith("_year"):
        return [one.year(axis.removesuffix("_year"))]
    if axis == "study_type":
        return [one.fields["study_type"] or "no type given"]
    return [str(getattr(one, axis))]


def _by_values(trials: Sequence[SubjectTrial], axis: str) -> dict[str, list[SubjectTrial]]:
    found: dict[str, list[SubjectTrial]] = defaultdict(list)
    for one in trials:
        for value in _values(one, axis):
            found[value].append(one)
    return {value: found[value] for value in _ordered(axis, found)}


def _ordered(axis: str, found: Mapping[str, Sequence[SubjectTrial]]) -> list[str]:
    if axis == "phase":
        return order_phases(list(found))
    if axis.endswith("_year"):
        return sorted(found)
    return sorted(found, key=lambda value: (-len(found[value]), value))


def _count(key: str, trials: Sequence[SubjectTrial]) -> Iterable[dict[str, object]]:
    for axis in _AXES:
        for value, ones in _by_values(trials, axis).items():
            yield {"subject": key, "axis": axis, "value": value, "n_trials": len(ones), "doc_ids": _ids(ones)}


def _cross(key: str, trials: Sequence[SubjectTrial]) -> Iterable[dict[str, object]]:
    for row_axis, column_axis in _CROSSED:
        for row, ones in _by_values(trials, row_axis).items():
            for column, both in _by_values(ones, column_axis).items():
                yield {
                    "subject": key, "row_axis": row_axis, "row": row, "column_axis": column_axis, "column": column,
                    "n_trials": len(both), "doc_ids": _ids(both),
                }  # fmt: skip


def _first_rows(key: str, found: Sequence[Earliest]) -> Iterable[dict[str, object]]:
    for one in found:
        yield {
            "subject": key,
            "doc_id": one.trial.doc_id,
            "title": one.trial.title,
            "phase": one.trial.phase,
            "sponsor": one.trial.sponsor,
            "on": str(one.day),
            "precision": one.precision,
            "dated_by": one.dated_by,
            "certain": one.certain,
            "found_in": ", ".join(one.trial.found_in),
        }


def _partner_rows(key: str, partners: Sequence[ArmPartners], names: Mapping[str, str]) -> Iterable[dict[str, object]]:
    for one in partners:
        yield {
            "subject": key,
            "partner": one.partner,
            "name": names[one.partner] if one.known else one.partner,
            "known": one.known,
            "n_trials": len(one.arms),
            "arms": JOINED.join(f"{doc_id} {label}".strip() for doc_id, label in one.arms.items()),
            "doc_ids": JOINED.join(sorted(one.arms)),
        }


def _modalities(
    connection: duckdb.DuckDBPyConnection, trials: Sequence[SubjectTrial]
) -> dict[str, dict[str, frozenset[str]]]:
    """Return, by modality, its trials with the parts that name it."""
    rows = connection.execute(
        "SELECT entity_id, doc_id, list(DISTINCT part) FROM mentions WHERE entity_type = 'modality' "
        "AND doc_id IN (SELECT unnest(?)) GROUP BY entity_id, doc_id ORDER BY entity_id, doc_id",
        [[one.doc_id for one in trials]],
    ).fetchall()
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for entity_id, doc_id, parts in rows:
        found[entity_id][doc_id] = frozenset(parts)
    return dict(found)


def _format_rows(
    key: str,
    trials: Sequence[SubjectTrial],
    *,
    modalities: Mapping[str, Mapping[str, frozenset[str]]],
    names: Mapping[str, str],
) -> Iterable[dict[str, object]]:
    for modality, found in sorted(modalities.items(), key=lambda item: (-len(item[1]), item[0])):
        named = [one for one in trials if found.get(one.doc_id, frozenset()) - {"abstract"}]
        summary = [one for one in trials if found.get(one.doc_id) == frozenset({"abstract"})]
        for phase in order_phases([one.phase for one in (*named, *summary)]):
            here = [one for one in named if one.phase == phase]
            there = [one for one in summary if one.phase == phase]
            yield {
                "subject": key, "modality": modality, "name": names[modality], "phase": phase,
                "n_trials": len(here), "n_summary_only": len(there), "doc_ids": _ids([*here, *there]),
            }  # fmt: skip


def _actor_rows(key: str, trials: Sequence[SubjectTrial]) -> Iterable[dict[str, object]]:
    for sponsor, ones in _by_values(trials, "sponsor").items():
        phases = order_phases([one.phase for one in ones])
        posted = sorted(str(day) for one in ones if (day := one.fields["first_posted_on"]))
        active = [one for one in ones if one.status in ACTIVE]
        yield {
            "subject": key,
            "sponsor": sponsor,
            "sponsor_class": JOINED.join(sorted({one.sponsor_class for one in ones})),
            "n_trials": len(ones),
            "n_active": len(active),
            "phases": JOINED.join(phases),
            "countries": JOINED.join(sorted({country for one in ones for country in one.countries})),
            "first_posted_on": posted[0] if posted else None,
            "last_posted_on": posted[-1] if posted else None,
            "doc_ids": _ids(ones),
            "active_doc_ids": _ids(active),
        }


def _notes(trials: Sequence[SubjectTrial], earliest: Sequence[Earliest]) -> tuple[str, ...]:
    tests = (
        ("named in the summary of the record alone", [one for one in trials if one.summary_only]),
        ("without a country", [one for one in trials if not one.countries and not one.late]),
        ("without a date of start", [one for one in trials if not one.fields["start_on"] and not one.late]),
        ("known only by versions younger than the day", [one for one in trials if one.late]),
    )
    told = [f"{len(ones)} of {len(trials)} trials are {what}" for what, ones in tests if ones]
    if len(earliest) > 1:
        told.append(f"{len(earliest)} trials may be the first in humans: their dates do not tell which was earlier")
    return (*told, "what is missing is missing in this lake: it holds the trials that were put into it, and no others")
