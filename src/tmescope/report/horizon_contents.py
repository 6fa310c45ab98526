"""What a report on a lake of papers and trials is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tmescope.foundation.errors import InputError, examples

__all__ = ["HORIZON_COLUMNS", "HorizonContents", "is_true"]

HORIZON_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "trends": (
        *("entity_id", "entity_type", "name", "focus", "rank", "n_documents", "n_reviews", "n_preprints", "n_trials"),
        *("n_last_year", "slope", "ci_low", "ci_high", "shrunk_slope", "lower_bound", "q_value", "burst", "first_on"),
        "flags",
    ),
    "trend_counts": ("entity_id", "quarter", "kind", "n", "corpus", "masked"),
    "trend_pairs": (
        *("entity_a", "entity_b", "n", "expected", "shrunk_ratio", "ratio_low", "ratio_high", "first_on", "novel_on"),
        "n_groups",
    ),
    "lead_times": ("entity_id", "months", "followed", "reason"),
    "lead_curve": ("months", "at_risk", "n_followed", "share", "ci_low", "ci_high"),
    "landscape_trials": ("subject", "doc_id", "phase", "status"),
    "landscape_counts": ("subject", "axis", "value", "n_trials", "doc_ids"),
    "landscape_crossed": ("subject", "row_axis", "row", "column_axis", "column", "n_trials", "doc_ids"),
    "landscape_first": ("subject", "doc_id", "title", "phase", "sponsor", "on", "precision", "dated_by", "certain"),
    "landscape_partners": ("subject", "partner", "name", "known", "n_trials", "doc_ids"),
    "landscape_formats": ("subject", "modality", "name", "phase", "n_trials", "n_summary_only", "doc_ids"),
    "landscape_actors": (
        *("subject", "sponsor", "sponsor_class", "n_trials", "n_active", "phases", "countries", "last_posted_on"),
        "doc_ids",
    ),
    "landscape_gaps": ("subject", "kind", "value", "name", "phase", "is_tumour", "n_lake", "doc_ids"),
    "horizon_documents": ("focus", "entity_a", "entity_b", "kind", "n", "doc_id", "entered_on", "title"),
    "horizon_changes": ("watch", "kind", "what", "doc_id", "title", "on", "entity", "before", "after", "related"),
}
"""Columns that the report reads, by table. Tables ``trend_counts`` and ``trend_pairs`` may have a column focus, too."""


@dataclass(frozen=True)
class HorizonContents:
    """Everything that one report on a lake shows.

    Parameters
    ----------
    study_id, title : str
        Of the study.
    question : str
        What was asked, in one sentence; may be empty.
    tables : mapping of str to pandas.DataFrame
        Tables by name (`HORIZON_COLUMNS`). One that is absent or empty makes its section say so.
    areas : mapping of str to str
        Title of each focus area by its name, in the order in which they are shown.
    limits : mapping of str to str
        What a reader must know of each area.
    subjects : mapping of str to str
        What each landscape is of, in words, by the column subject, in the order in which they are shown.
    names : mapping of str to str
        What entities are called, by identifier; identifiers where they have none.
    quarters : mapping of str to (str, str)
        First and last complete quarter that is counted in each area, such as 2021Q4.
    n_documents : mapping of str to int
        How many current documents of each kind the lake has.
    as_of : str, optional
        Day whose knowledge counts; all that the lake knows if omitted.
    changes_since : str, optional
        Day from which changes are told.
    since : str, optional
        First day that is counted, as the study says it.
    shown : int
        How many entities and pairs of each area.
    provenance : mapping
        ``versions``, ``inputs`` (name to sha256), ``facts``, ``parameters``; any key may be missing.
    notes : sequence of str
        What the methods said of this run, in sentences.
    generated : str, optional
        Date to print. The same contents give the same bytes, so the clock is the caller's.

    Raises
    ------
    InputError
        Where a table has rows but lacks columns that the report needs.
    """

    study_id: str
    title: str
    question: str
    tables: Mapping[str, pd.DataFrame]
    areas: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    quarters: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    n_documents: Mapping[str, int] = field(default_factory=dict)
    as_of: str | None = None
    changes_since: str | None = None
    since: str | None = None
    shown: int = 25
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    generated: str | None = None

    def __post_init__(self) -> None:
        """Refuse tables without the columns that are read."""
        for name, table in self.tables.items():
            missing = [c for c in HORIZON_COLUMNS.get(name, ()) if c not in table.columns]
            if len(table) and missing:
                raise InputError(
                    f"the table {name!r} lacks {len(missing)} of its columns: {examples(missing)}",
                    where=f"HorizonContents.tables[{name!r}]",
                    expected=", ".join(HORIZON_COLUMNS[name]),
                    next_step="pass the table as it was made",
                )

    def table(self, name: str) -> pd.DataFrame:
        """Return a table with every column that is read; empty where there is none.

        Parameters
        ----------
        name : str
            Name in `HORIZON_COLUMNS`.
        """
        found = self.tables.get(name)
        if found is None or not len(found):
            return pd.DataFrame({c: pd.Series(dtype=object) for c in HORIZON_COLUMNS[name]})
        return found.reset_index(drop=True)

    def of_area(self, name: str, area: str) -> pd.DataFrame:
        """Return the rows of a table that belong to an area; all where the table does not tell areas apart.

        Parameters
        ----------
        name : str
            Name in `HORIZON_COLUMNS`.
        area : str
            Name of the area.
        """
        table = self.table(name)
        if "focus" not in table.columns:
            return table
        return table[table["focus"].astype(str) == area].reset_index(drop=True)

    def of_subject(self, name: str, subject: str) -> pd.DataFrame:
        """Return the rows of a table of landscapes that are of one subject.

        Parameters
        ----------
        name : str
            Name in `HORIZON_COLUMNS`.
        subject : str
            As in its column subject.
        """
        table = self.table(name)
        return table[table["subject"].astype(str) == subject].reset_index(drop=True)

    def name_of(self, entity_id: object) -> str:
        """Return what an entity is called."""
        return self.names.get(str(entity_id)) or str(entity_id)


def is_true(column: pd.Series) -> pd.Series[bool]:
    """Return whether each value is true; what is missing is not.

    Parameters
    ----------
    column : pandas.Series
        Of booleans, some of which may be missing.
    """
    return column.eq(True).fillna(False).astype(bool)
