"""The steps of a study that ask a lake of single subjects: the landscape of trials, and what is new since a day."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.foundation.provenance import hash_json
from tmescope.horizon.changes import find_changes
from tmescope.horizon.entity_names import resolve_entity
from tmescope.horizon.landscape import map_landscape
from tmescope.horizon.subjects import make_subject
from tmescope.horizon.watches import Watch
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.study.ledger import Step
from tmescope.study.schema_horizon import begin_of_day
from tmescope.study.stacked_tables import stack_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmescope.facts.focus import FocusArea
    from tmescope.study.context import Context
    from tmescope.study.study_lake import StudyLake

__all__ = ["LANDSCAPE_TABLES", "changes_step", "landscape_step"]

LANDSCAPE_TABLES = tuple(
    f"landscape_{part}" for part in ("trials", "counts", "crossed", "first", "partners", "formats", "actors", "gaps")
)
"""Tables of every subject together."""


def landscape_step(context: Context, lake: StudyLake) -> Step:
    """Return the step that lays out the trials of every subject that the study names.

    Parameters
    ----------
    context : Context
        The run.
    lake : StudyLake
        That is asked.
    """
    horizon = lake.horizon
    ingredients = {
        "step": "landscapes",
        "release": context.release,
        "lake": lake.state,
        "subjects": horizon.landscapes,
    }

    def make(folder: Path) -> None:
        tables: dict[str, list[pd.DataFrame]] = {name: [] for name in LANDSCAPE_TABLES}
        about = []
        for asked in horizon.landscapes:
            entities = [resolve_entity(lake.connection, one) for one in asked]
            subject = make_subject(lake.connection, entities, as_of=horizon.last_day)
            found = map_landscape(lake.connection, subject, as_of=horizon.last_day)
            for name, table in found.tables().items():
                tables[name].append(table)
            title = " and ".join(found.names.get(e, e) for e in subject.entities)
            about.append({"subject": found.subject, "title": title, "notes": list(found.notes)})
        for name, parts in tables.items():
            write_table(shape_table(name, stack_tables(name, parts)), folder / f"{name}.parquet")
        (folder / "about.json").write_text(json.dumps(about, sort_keys=True, indent=1) + "\n", encoding="utf-8")

    return Step("landscapes", ingredients, make)


def changes_step(context: Context, lake: StudyLake, areas: Sequence[FocusArea]) -> Step:
    """Return the step that tells what is new since a day of what the watch lists of the areas name.

    Parameters
    ----------
    context : Context
        The run.
    lake : StudyLake
        That is asked.
    areas : sequence of FocusArea
        Whose watch lists are looked at.
    """
    horizon = lake.horizon
    ingredients = {
        "step": "changes",
        "release": context.release,
        "lake": lake.state,
        "changes_since": horizon.changes_since,
        "areas": [hash_json(asdict(area)) for area in areas],
    }

    def make(folder: Path) -> None:
        table = empty_table("horizon_changes")
        if horizon.changes_since is not None:
            watches = [Watch(area.name, tuple(term.id for term in area.watch)) for area in areas if area.watch]
            day = begin_of_day(horizon.changes_since)
            table = find_changes(lake.lake, watches, since=day, until=horizon.last_day)
        write_table(shape_table("horizon_changes", table), folder / "horizon_changes.parquet")

    return Step("changes", ingredients, make)
