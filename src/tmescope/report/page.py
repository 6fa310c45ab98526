"""The report as one HTML file that asks no other host for anything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tmescope.report import (
    cohort_tables,
    expression_tables,
    model_tables,
    moderation,
    overlap_tables,
    pooled_tables,
    quality_lights,
    result_tables,
    sample_tables,
    screen_tables,
    written,
)
from tmescope.report.contents import ReportContents
from tmescope.report.embedding import safe_json
from tmescope.report.figure import Figure
from tmescope.report.numbers import is_missing, plain
from tmescope.report.page_parts import Drawn, asset, draw_for_page, environment, policy, runtime, style
from tmescope.report.palette import DARK, LIGHT
from tmescope.report.patients import patient_json
from tmescope.report.summary import summarise
from tmescope.report.tables import HtmlTable

__all__ = ["render_report"]


def render_report(contents: ReportContents, figures: Sequence[Figure]) -> str:
    """Return a report as HTML text: one file, no request to any host, a strict content-security policy.

    Parameters
    ----------
    contents : ReportContents
        Tables and choices of a run.
    figures : sequence of Figure
        As `tmescope.report.figures.draw_figures` returns them for the same contents.

    Returns
    -------
    str
        HTML, the same text for the same contents, figures and versions.

    Notes
    -----
    Every figure is there three times: as a picture (SVG, seen without scripts, in print), in words (its alternative
    text), and as a Vega view that replaces the picture when it is scrolled to. Names from the data are escaped by
    the template, and JSON by `safe_json`; the policy admits exactly the two scripts and the one style sheet of the
    page by their hashes, so nothing else could run if an escape were missed.
    """
    sheet, script = style("report.css", "patients.css", "selection.css"), asset("report.js") + asset("patients.js")
    scripts = [runtime(), script, asset("selection.js")]
    drawn = draw_for_page(figures)
    by_section: dict[str, list[Drawn]] = {}
    for item in drawn:
        by_section.setdefault(item.figure.section, []).append(item)
    template = environment().get_template("report.html.j2")
    page = template.render(
        policy=policy(sheet, scripts),
        style=sheet,
        scripts=scripts,
        themes=safe_json({"light": dict(LIGHT), "dark": dict(DARK)}),
        contents=contents,
        summary=summarise(contents),
        figures=by_section,
        drawn=drawn,
        tables=_tables(contents),
        lights=quality_lights.cohort_lights(contents),
        methods=result_tables.methods(contents),
        written=written.written_methods(contents),
        warnings=result_tables.warnings(contents),
        provenance=_provenance(contents.provenance),
        absent=_absent(contents),
        patients=patient_json(contents),
        verdicts=model_tables.verdicts(contents),
    )
    return page.replace("\r\n", "\n")


def _tables(contents: ReportContents) -> dict[str, HtmlTable | None]:
    facts = contents.provenance.get("facts")
    return {
        "lights": quality_lights.light_table(contents),
        "light_evidence": quality_lights.light_evidence(contents),
        "light_rules": quality_lights.light_rules(),
        "checks": cohort_tables.checks(contents),
        "overlap_pairs": overlap_tables.overlap_pairs(contents),
        "overlaps": overlap_tables.overlaps(contents),
        "lost_genes": cohort_tables.lost_genes(contents),
        "cohorts": cohort_tables.cohorts(contents),
        "characteristics": cohort_tables.characteristics(contents),
        "answers": result_tables.answers(contents),
        "families": result_tables.families(contents),
        "pooled": pooled_tables.pooled(contents),
        "comparisons": expression_tables.comparisons(contents),
        "top_genes": expression_tables.top_genes(contents),
        "set_directions": expression_tables.set_directions(contents),
        "screens": screen_tables.screens(contents),
        "screens_pooled": screen_tables.pooled_screens(contents),
        "moderation": moderation.moderation(contents),
        "model_measures": model_tables.model_measures(contents),
        "tripod": model_tables.tripod(contents),
        "remark": written.remark(contents),
        "samples": sample_tables.samples_table(contents),
        "signatures": result_tables.signatures(contents),
        "sources": result_tables.sources(contents),
        "inputs": result_tables.hashes(contents.provenance.get("inputs"), name="inputs", caption="Input files"),
        "facts": result_tables.hashes(facts, name="facts", caption="Facts used"),
    }


def _provenance(provenance: Mapping[str, Any]) -> dict[str, Any]:
    versions = provenance.get("versions") or {}
    parameters = provenance.get("parameters")
    seed = provenance.get("seed")
    text = json.dumps(parameters, indent=2, sort_keys=True, ensure_ascii=False, default=str) if parameters else ""
    return {
        "versions": [(plain(k), plain(v)) for k, v in versions.items()],
        "parameters": "\n".join(plain(line) for line in text.split("\n")),
        "seed": "none: nothing in this run is random" if is_missing(seed) else plain(seed),
    }


def _absent(contents: ReportContents) -> dict[str, str]:
    """Return, for each section that has nothing to show, what is absent and why."""
    method = plain(contents.primary_method)
    told = {}
    if not contents.has("quality"):
        told["quality"] = "The run wrote no table of data-quality checks, so the state of the data is unknown."
    if not contents.has("cohorts") and not contents.has("samples"):
        told["cohorts"] = "The run wrote no table of cohorts or samples."
    if not len(contents.primary_scores()):
        other = (
            ""
            if not contents.has("scores")
            else f" The table has scores, but none by {method}, the method chosen for the figures."
        )
        told["landscape"] = f"There are no scores by {method} to draw.{other}"
        told["distributions"] = told["cohort-effects"] = told["landscape"]
    if not contents.has("answers"):
        why = "the study names no endpoint" if not contents.primary_endpoint else "the run wrote no answers"
        told["answers"] = f"No feature was tested against an endpoint: {why}."
    if contents.survival_endpoint is None:
        told["survival"] = "The study names no time-to-event endpoint."
    elif not contents.has("curves"):
        endpoint = plain(contents.survival_endpoint)
        told["survival"] = f"The run wrote no Kaplan-Meier curves for {endpoint}."
    whole = {
        "methods": (contents.has("methods"), "The run wrote no description of its methods."),
        "methods-text": (contents.methods_text is not None, "The run wrote no methods text."),
        "signatures": (contents.has("signatures"), "The run wrote no table of signatures."),
        "warnings": (contents.has("warnings"), "The run raised no warning."),
    }
    return told | {section: why for section, (there, why) in whole.items() if not there}
