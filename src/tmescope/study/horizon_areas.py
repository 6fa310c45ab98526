"""The steps of a study that ask a lake: what rises in each focus area, how long trials take, what is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tmescope.facts.focus import FocusArea, load_focus, read_focus
from tmescope.foundation.errors import InputError, TmescopeError
from tmescope.foundation.provenance import hash_json
from tmescope.horizon.focus_documents import select_area
from tmescope.horizon.kept_index import explain_gone
from tmescope.horizon.lead_times import lead_times
from tmescope.horizon.mention_index import MentionIndex
from tmescope.horizon.opened_counts import open_counts
from tmescope.horizon.quarters import number_of, read_quarter
from tmescope.horizon.rising import measure_rising
from tmescope.horizon.trends import Trends
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.study.ledger import Step

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema_horizon import HorizonPart
    from tmescope.study.study_lake import StudyLake

__all__ = ["area_step", "find_areas", "lead_step"]

_LEAD_TYPES = ("gene", "drug", "modality")
"""Entities that a trial can be about in the same words as a paper."""

_OPENED = 50
"""Documents of each entity or pair, and kind, that are listed: the newest."""


def find_areas(
    horizon: HorizonPart, resolve: Callable[[str], Path]
) -> tuple[dict[str, FocusArea], list[TmescopeError]]:
    """Return the focus areas that a study names, and what is wrong with them.

    Parameters
    ----------
    horizon : HorizonPart
        Of the study.
    resolve : callable
        Turns a path of the study file into one of this machine.
    """
    problems: list[TmescopeError] = []
    own: dict[str, FocusArea] = {}
    for name in horizon.focus_files:
        try:
            area = read_focus(resolve(name))
            own[area.name] = area
        except TmescopeError as error:
            problems.append(error)
    found: dict[str, FocusArea] = {}
    for name in horizon.focus:
        try:
            found[name] = own[name] if name in own else load_focus(name)
        except TmescopeError as error:
            problems.append(error)
    return found, problems


def area_step(context: Context, lake: StudyLake, area: FocusArea) -> Step:
    """Return the step that ranks what rises in one focus area.

    Parameters
    ----------
    context : Context
        The run.
    lake : StudyLake
        That is asked.
    area : FocusArea
        Whose documents count.
    """
    horizon = lake.horizon
    ingredients = {
        "step": "area",
        "release": context.release,
        "lake": lake.state,
        "area": hash_json(asdict(area)),
        "since": horizon.since,
        "shown": horizon.shown,
    }

    def make(folder: Path) -> None:
        with explain_gone():
            about, tables = _measure(lake.index, area, horizon)
        for name, table in tables.items():
            write_table(shape_table(name, table), folder / f"{name}.parquet")
        (folder / "about.json").write_text(json.dumps(about, sort_keys=True, indent=1) + "\n", encoding="utf-8")

    return Step(f"area-{area.name}", ingredients, make)


def _measure(index: MentionIndex, area: FocusArea, horizon: HorizonPart) -> tuple[dict[str, Any], dict[str, Any]]:
    n_documents = select_area(index, area)
    about: dict[str, Any] = {"area": area.name, "title": area.title, "n_documents": n_documents, "notes": []}
    about["limits"] = area.limits
    about["names"] = {term.id: term.name for term in (*area.roots, *area.entities, *area.watch)}
    tables = {name: empty_table(name) for name in ("trends", "trend_counts", "trend_pairs", "horizon_documents")}
    if not n_documents:
        about["notes"].append("The lake holds no document of this area.")
        return about, tables
    try:
        rising = measure_rising(index, since=horizon.first_day, focus=area.name)
    except InputError as error:  # too few complete quarters: the area says so, the others are told all the same
        about["notes"].append(f"Nothing is ranked: {error.what}; expected {error.expected}.")
        return about, tables
    found = rising.trends
    about |= {
        "dispersion": found.dispersion,
        "quarters": list(found.quarters),
        "masked": list(found.masked),
        "notes": list(found.notes),
        "n_ranked": len(found.table),
    }
    tables["trends"] = found.table
    shown = found.table["entity_id"].head(horizon.shown)
    counts = rising.counts.table(area.name)
    tables["trend_counts"] = counts[counts["entity_id"].isin(shown)]
    if rising.pairs is not None:
        tables["trend_pairs"] = rising.pairs.table
        about |= {"n_pairs_met": rising.pairs.n_met, "pairs_begin_on": rising.pairs.begins_on.isoformat()}
    tables["horizon_documents"] = _open(index, area, horizon, shown=shown, found=found, pairs=tables["trend_pairs"])
    return about, tables


def _open(
    index: MentionIndex,
    area: FocusArea,
    horizon: HorizonPart,
    *,
    shown: pd.Series[str],
    found: Trends,
    pairs: pd.DataFrame,
) -> pd.DataFrame:
    """Return the newest documents behind the numbers that the report shows."""
    one = [(str(entity),) for entity in shown]
    first, opened = horizon.first_day, []
    if one:
        used = [read_quarter(q) for q in found.quarters]
        opened.append(open_counts(index, one, since=first, quarters=used, focus=area.name))
    sure = pairs[pairs["ratio_low"].astype(float) > 1].head(horizon.shown)
    two = [(str(a), str(b)) for a, b in zip(sure["entity_a"], sure["entity_b"], strict=True)]
    if two:
        span = range(number_of(first), index.coverage["paper"].last_complete + 1)
        found_together = open_counts(index, two, since=first, quarters=span, focus=area.name)
        opened.append(found_together[found_together["kind"] == "paper"])
    return pd.concat(opened, ignore_index=True) if opened else empty_table("horizon_documents")


def lead_step(context: Context, lake: StudyLake) -> Step:
    """Return the step that measures how long trials follow the first papers.

    Parameters
    ----------
    context : Context
        The run.
    lake : StudyLake
        That is asked.
    """
    ingredients = {
        "step": "lead",
        "release": context.release,
        "lake": lake.state,
        "types": list(_LEAD_TYPES),
    }

    def make(folder: Path) -> None:
        tables = {name: empty_table(name) for name in ("lead_times", "lead_curve")}
        if {"paper", "trial"} <= set(lake.index.coverage):
            with explain_gone():
                found = lead_times(lake.index, entity_types=_LEAD_TYPES)
            tables = {"lead_times": found.table, "lead_curve": found.curve_table()}
        for name, table in tables.items():
            write_table(shape_table(name, table), folder / f"{name}.parquet")

    return Step("lead", ingredients, make)
