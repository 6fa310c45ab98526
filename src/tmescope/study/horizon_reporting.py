"""The steps that draw a study of a lake: figures as files, and the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.horizon_page import draw_horizon, render_horizon
from tmescope.report.static import write_figures
from tmescope.store.tables import read_table
from tmescope.study.describing_horizon import describe_horizon
from tmescope.study.horizon_tables import HORIZON_TABLES, read_about
from tmescope.study.ledger import Step
from tmescope.study.study_lake import horizon_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from tmescope.report.figure import Figure
    from tmescope.study.context import Context

__all__ = ["horizon_report_steps"]


def horizon_report_steps(context: Context, provenance: dict[str, Any], areas: Sequence[str]) -> tuple[Step, Step]:
    """Return the steps that write ``figures/`` and the report.

    Parameters
    ----------
    context : Context
        The run, its tables done.
    provenance : dict
        Versions, inputs, facts and parameters.
    areas : sequence of str
        Names of the focus areas, in the order of the study.
    """

    @cache
    def drawn() -> tuple[HorizonContents, list[Figure]]:
        contents = _contents(context, provenance, areas)
        return contents, draw_horizon(contents)

    formats = tuple(context.study.output.figures)
    ingredients = {
        "release": context.release,
        "tables": context.outcomes["tables"],
        "areas": list(areas),
        "head": context.study.study.model_dump(mode="json"),
        "shown": horizon_of(context.study).shown,
        "drawn_with": provenance["versions"]["altair"] + " " + provenance["versions"]["vl-convert-python"],
    }

    def draw(folder: Path) -> None:
        write_figures(drawn()[1], folder, formats=formats, progress=context.progress)

    def render(folder: Path) -> None:
        contents, figures = drawn()
        (folder / "report.html").write_text(render_horizon(contents, figures), encoding="utf-8")

    return (
        Step("figures", {"step": "figures", **ingredients, "formats": list(formats)}, draw, public=True),
        Step("report", {"step": "report", **ingredients, "provenance": provenance}, render),
    )


def _contents(context: Context, provenance: dict[str, Any], areas: Sequence[str]) -> HorizonContents:
    head, horizon = context.study.study, horizon_of(context.study)
    folder = context.ledger.folder("tables", public=True)
    tables = {name: read_table(folder / f"{name}.parquet") for name in HORIZON_TABLES}
    about = {name: read_about(context, f"area-{name}") for name in areas}
    subjects = read_about(context, "landscapes")
    text = describe_horizon(context, provenance, areas)
    return HorizonContents(
        study_id=head.id,
        title=head.title,
        question=head.question,
        tables=tables,
        areas={name: one["title"] for name, one in about.items()},
        limits={name: " ".join([*one["notes"], one["limits"]]) for name, one in about.items()},
        subjects={one["subject"]: one["title"] for one in subjects},
        names={e: n for one in about.values() for e, n in one["names"].items()} | _names(tables),
        quarters={
            name: (one["quarters"][0], one["quarters"][-1]) for name, one in about.items() if one.get("quarters")
        },
        n_documents={str(k): int(n) for k, n in tables["horizon_sources"].groupby("kind")["n_documents"].sum().items()},
        as_of=horizon.as_of,
        changes_since=horizon.changes_since,
        since=horizon.since,
        shown=horizon.shown,
        provenance=provenance,
        notes=tuple(paragraph for section in text.numbered() for paragraph in section.paragraphs),
    )


def _names(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table, key, name in (
        ("landscape_partners", "partner", "name"),
        ("landscape_formats", "modality", "name"),
        ("trend_pairs", "entity_b", "name_b"),
        ("trend_pairs", "entity_a", "name_a"),
        ("trends", "entity_id", "name"),
    ):
        pairs = tables[table][[key, name]].dropna().astype(str)
        found |= dict(zip(pairs[key], pairs[name], strict=True))
    return found
