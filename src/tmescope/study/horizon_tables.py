"""The step that brings what a lake was asked together into the tables of the run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tmescope.foundation.result import RunWarning
from tmescope.store.tables import read_table, shape_table, write_csv, write_table
from tmescope.study.horizon_subjects import LANDSCAPE_TABLES
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.stacked_tables import stack_tables

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.study_lake import StudyLake

__all__ = ["HORIZON_TABLES", "horizon_table_step", "read_about", "sources_step"]

_OF_AREAS = ("trends", "trend_counts", "trend_pairs", "horizon_documents")
HORIZON_TABLES = (
    *("horizon_sources", "horizon_areas", "horizon_changes"),
    *_OF_AREAS,
    *("lead_times", "lead_curve"),
    *LANDSCAPE_TABLES,
    "warnings",
)
"""Every table of a study of a lake."""

_SOURCES = """
SELECT d.kind, d.source, count(*) AS n_documents, count(m.doc_id) AS n_mentioning,
       CAST(min(d.entered_on) AS VARCHAR) AS first_entered_on, CAST(max(d.entered_on) AS VARCHAR) AS last_entered_on
FROM documents d LEFT JOIN (SELECT DISTINCT doc_id FROM mentions) m USING (doc_id)
GROUP BY d.kind, d.source ORDER BY d.kind, d.source
"""


def sources_step(context: Context, lake: StudyLake) -> Step:
    """Return the step that counts what the study may know of the lake.

    Parameters
    ----------
    context : Context
        The run.
    lake : StudyLake
        That is asked.
    """
    ingredients = {"step": "sources", "release": context.release, "lake": lake.state}

    def make(folder: Path) -> None:
        table = lake.connection.execute(_SOURCES).fetch_df()
        write_table(shape_table("horizon_sources", table), folder / "horizon_sources.parquet")
        write_table(warning_table(lake.warnings), folder / "warnings.parquet")

    return Step("sources", ingredients, make)


def horizon_table_step(context: Context, areas: list[str]) -> Step:
    """Return the step that writes ``tables/``.

    Parameters
    ----------
    context : Context
        The run, all questions answered.
    areas : list of str
        Names of the focus areas, in the order of the study.
    """
    ingredients = {
        "step": "tables",
        "release": context.release,
        "outcomes": context.outcomes,
        "csv": context.study.output.csv,
        "areas": areas,
    }

    def make(folder: Path) -> None:
        for name, build in _builders(context, areas).items():
            table = shape_table(name, build())
            write_table(table, folder / f"{name}.parquet")
            if context.study.output.csv:
                write_csv(table, folder / f"{name}.csv")

    return Step("tables", ingredients, make, public=True)


def read_about(context: Context, step: str) -> Any:
    """Return what a step of a study of a lake says of itself beside its tables.

    Parameters
    ----------
    context : Context
        The run.
    step : str
        Its name.
    """
    return json.loads((context.ledger.folder(step) / "about.json").read_text(encoding="utf-8"))


def _builders(context: Context, areas: list[str]) -> Mapping[str, Callable[[], pd.DataFrame]]:
    def own(step: str, name: str) -> Callable[[], pd.DataFrame]:
        return lambda: read_table(context.ledger.folder(step) / f"{name}.parquet")

    def of_areas(name: str) -> Callable[[], pd.DataFrame]:
        folders = [context.ledger.folder(f"area-{area}") for area in areas]
        return lambda: stack_tables(name, (read_table(folder / f"{name}.parquet") for folder in folders))

    steps = {"horizon_sources": "sources", "horizon_changes": "changes", "lead_times": "lead", "lead_curve": "lead"}
    steps |= dict.fromkeys(LANDSCAPE_TABLES, "landscapes")
    built = {name: of_areas(name) for name in _OF_AREAS} | {name: own(step, name) for name, step in steps.items()}
    built |= {"horizon_areas": lambda: _areas(context, areas), "warnings": lambda: _warnings(context, areas)}
    return {name: built[name] for name in HORIZON_TABLES}


def _areas(context: Context, areas: list[str]) -> pd.DataFrame:
    rows = []
    for name in areas:
        about = read_about(context, f"area-{name}")
        quarters = about.get("quarters", [])
        rows.append(
            {
                "focus": name,
                "title": about["title"],
                "n_documents": about["n_documents"],
                "n_ranked": about.get("n_ranked", 0),
                "n_pairs_met": about.get("n_pairs_met", 0),
                "dispersion": about.get("dispersion"),
                "first_quarter": quarters[0] if quarters else None,
                "last_quarter": quarters[-1] if quarters else None,
                "n_quarters": len(quarters),
                "masked": ", ".join(about.get("masked", [])),
                "notes": " ".join(about["notes"]),
            }
        )
    return pd.DataFrame(rows)


def _warnings(context: Context, areas: list[str]) -> pd.DataFrame:
    of_the_lake = read_table(context.ledger.folder("sources") / "warnings.parquet")
    told = []
    for name in areas:
        about = read_about(context, f"area-{name}")
        told += [RunWarning("horizon.area", note, f"focus area {name}") for note in about["notes"]]
    for about in read_about(context, "landscapes"):
        told += [RunWarning("horizon.landscape", note, f"subject {about['title']}") for note in about["notes"]]
    return stack_tables("warnings", [of_the_lake, warning_table(told)])
