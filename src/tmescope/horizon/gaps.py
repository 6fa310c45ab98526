"""What a lake has no trial of, although it has trials beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tmescope.facts.focus import load_focus
from tmescope.horizon.entity_names import name_entities
from tmescope.horizon.subjects import SubjectTrial
from tmescope.horizon.trial_words import NO_PHASE, UNKNOWN_THEN, name_phase

if TYPE_CHECKING:
    import duckdb

__all__ = ["Gap", "find_gaps"]

_NEOPLASMS = "D009369"  # MeSH heading Neoplasms, above all tumours
_MOST = 50


@dataclass(frozen=True)
class Gap:
    """One thing of which the subject has no trial.

    Parameters
    ----------
    kind : str
        ``modality and phase``, or ``condition``.
    value : str
        Identifier of the modality (``modality:car-t``) or of the condition (``MESH:D008175``).
    name : str
        What it is called.
    phase : str, optional
        The category of phase; missing for conditions.
    is_tumour : bool, optional
        Whether the condition is a neoplasm in MeSH; missing for modalities.
    n_lake : int
        How many trials of it the lake has that do not concern the subject.
    doc_ids : str
        These, joined by semicolons.
    """

    kind: str
    value: str
    name: str
    phase: str | None
    is_tumour: bool | None
    n_lake: int
    doc_ids: str

    def as_row(self) -> dict[str, object]:
        """Return it as a row of ``landscape_gaps``."""
        return asdict(self)


def find_gaps(
    connection: duckdb.DuckDBPyConnection,
    trials: Sequence[SubjectTrial],
    modalities: Mapping[str, frozenset[str]],
) -> list[Gap]:
    """Return the cells that are empty for a subject and not empty in the lake, and the conditions without its trial.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views trials and mentions.
    trials : sequence of SubjectTrial
        Of the subject.
    modalities : mapping of str to frozenset of str
        By modality, those of the trials that name it.

    Returns
    -------
    list of Gap
        Modalities, tumours, other conditions; of each up to 50, most trials of others first.

    Notes
    -----
    Absence in this lake alone: a lake that holds the trials of one search has no others. Trials without a phase make no
    cell. A condition is a tumour where its name says so, or where MeSH places the one condition of a trial below
    neoplasms: what stands above several conditions of a trial does not tell above which of them. For the subject,
    what MeSH places above a condition counts: a trial in non-small-cell lung cancer is one in lung neoplasms. Where
    nothing of a modality is in the lake at all, there is no gap to see.
    """
    return [*_cells(connection, trials, modalities), *_conditions(connection, trials)]


def _cells(
    connection: duckdb.DuckDBPyConnection, trials: Sequence[SubjectTrial], modalities: Mapping[str, frozenset[str]]
) -> list[Gap]:
    rows = connection.execute(
        "SELECT m.entity_id, t.phases, list_sort(list(DISTINCT t.doc_id)) FROM mentions m "
        "JOIN trials t USING (doc_id) WHERE m.entity_type = 'modality' GROUP BY m.entity_id, t.phases"
    ).fetchall()
    phase_of = {one.doc_id: one.phase for one in trials}
    own = {(one, phase_of[doc_id]) for one, doc_ids in modalities.items() for doc_id in doc_ids if doc_id in phase_of}
    lake: dict[tuple[str, str], list[str]] = {}
    for entity, phases, doc_ids in rows:
        lake.setdefault((entity, name_phase(phases)), []).extend(doc_ids)
    names = name_entities(connection, sorted({entity for entity, _ in lake}))
    return _sorted(
        Gap("modality and phase", entity, names[entity], phase, None, len(doc_ids), ";".join(sorted(doc_ids)))
        for (entity, phase), doc_ids in lake.items()
        if (entity, phase) not in own and phase not in {NO_PHASE, UNKNOWN_THEN, "NA"}
    )


def _conditions(connection: duckdb.DuckDBPyConnection, trials: Sequence[SubjectTrial]) -> list[Gap]:
    own = {
        term["id"]
        for one in trials
        for column in ("condition_mesh", "condition_ancestors")
        for term in one.fields[column] or ()
        if term and term["id"]
    }
    rows = connection.execute(
        "SELECT term.id, min(term.term), list_sort(list(DISTINCT doc_id)), "
        "bool_or(term.id = $top OR (alone AND coalesce(list_contains(above, $top), false)) "
        "OR regexp_matches(lower(term.term), $words)) FROM ("
        "SELECT doc_id, unnest(condition_mesh) AS term, len(condition_mesh) = 1 AS alone, "
        "list_transform(condition_ancestors, lambda a: a.id) AS above "
        "FROM trials WHERE doc_id NOT IN (SELECT unnest($own))) WHERE term.id IS NOT NULL GROUP BY term.id",
        {"top": _NEOPLASMS, "words": load_focus("oncology").word_pattern(), "own": [one.doc_id for one in trials]},
    ).fetchall()
    gaps = [
        Gap("condition", f"MESH:{ui}", name or ui, None, bool(tumour), len(doc_ids), ";".join(doc_ids))
        for ui, name, doc_ids, tumour in rows
        if ui not in own
    ]
    return [*_sorted(gap for gap in gaps if gap.is_tumour), *_sorted(gap for gap in gaps if not gap.is_tumour)]


def _sorted(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(gaps, key=lambda gap: (-gap.n_lake, gap.value, gap.phase or ""))[:_MOST]
