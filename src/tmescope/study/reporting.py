"""The steps that draw: figures as files, and the report."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.provenance import hash_file
from tmescope.report.contents import ReportContents
from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report
from tmescope.report.static import write_figures
from tmescope.store.atomic import staged_file
from tmescope.store.tables import read_table
from tmescope.study.asking import asked_responses, asked_survival
from tmescope.study.atlas_views import read_map
from tmescope.study.common_expression import read_common_expression
from tmescope.study.describing import describe_run
from tmescope.study.ledger import Step
from tmescope.study.question_notes import question_notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmescope.foundation.progress import Progress
    from tmescope.report.figure import Figure
    from tmescope.study.context import Context

__all__ = ["publish_report", "report_steps"]


def report_steps(context: Context, provenance: dict[str, Any]) -> tuple[Step, ...]:
    """Return the steps that write ``figures/`` and the report."""
    study = context.study

    @cache
    def drawn() -> tuple[ReportContents, list[Figure]]:
        contents = _contents(context, provenance)
        return contents, list(draw_figures(contents))

    ingredients = {
        "release": context.release,
        "tables": context.outcomes["tables"],
        "matrices": {c.id: context.outcomes[f"cohort-{c.id}"] for c in study.cohorts},
        "views": {c.id: context.outcomes.get(f"view-{c.id}") for c in study.cohorts if c.kind == "cells"},
        "head": study.study.model_dump(mode="json"),
        "primary": context.needs.primary(study),
        "responses": asked_responses(study),
        "survival": asked_survival(study),
        "questions": question_notes(study.question),
        "drawn_with": provenance["versions"]["altair"] + " " + provenance["versions"]["vl-convert-python"],
    }
    figures = Step(
        "figures",
        {"step": "figures", **ingredients, "formats": list(study.output.figures)},
        _figure_maker(drawn, tuple(study.output.figures), context.progress),
        public=True,
    )
    report = Step("report", {"step": "report", **ingredients, "provenance": provenance}, _report_maker(drawn))
    return figures, report


def publish_report(context: Context) -> None:
    """Put the report at the top of the results, unless the same file is there."""
    made = context.ledger.folder("report") / "report.html"
    final = context.ledger.root / "report.html"
    if final.is_file() and hash_file(final) == context.outcomes["report"]["report.html"]:
        return
    with staged_file(final) as staged:
        shutil.copyfile(made, staged)


def _figure_maker(
    drawn: Callable[[], tuple[ReportContents, list[Figure]]], formats: tuple[str, ...], progress: Progress
) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        write_figures(drawn()[1], folder, formats=formats, progress=progress)

    return make


def _report_maker(drawn: Callable[[], tuple[ReportContents, list[Figure]]]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        contents, figures = drawn()
        (folder / "report.html").write_text(render_report(contents, figures), encoding="utf-8")

    return make


def _contents(context: Context, provenance: dict[str, Any]) -> ReportContents:
    study = context.study
    folder = context.ledger.folder("tables", public=True)
    cohorts = {c.id: context.ledger.folder(f"cohort-{c.id}") for c in study.cohorts}
    names = [p.removesuffix(".parquet") for p in context.outcomes["tables"] if p.endswith(".parquet")]
    responses = asked_responses(study)
    return ReportContents(
        study_id=study.study.id,
        title=study.study.title,
        question=study.study.question,
        tables={name: read_table(folder / f"{name}.parquet") for name in names},
        primary_method=context.needs.primary(study),
        primary_endpoint=responses[0] if responses else None,
        survival_endpoint=asked_survival(study),
        methods_text=describe_run(context, provenance),
        provenance=provenance,
        question_notes=question_notes(study.question),
        signature_genes={s.name: s.genes for s in context.needs.collections} | context.needs.sets(),
        expression=read_common_expression(cohorts),
        cells=tuple(read_map(context, c) for c in study.cohorts if c.kind == "cells"),
    )
