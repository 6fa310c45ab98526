"""The step that writes the methods text of a run, and the files methods.md and references.bib of the results."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.facts.bibliography import to_bibtex
from tmescope.foundation.provenance import hash_file
from tmescope.report.methods_text import MethodsSection, MethodsText
from tmescope.store.atomic import staged_file
from tmescope.store.tables import read_table
from tmescope.study.describing_cohorts import describe_cohorts, describe_endpoints
from tmescope.study.describing_deconvolution import describe_composition
from tmescope.study.describing_expression import describe_expression
from tmescope.study.describing_models import describe_models
from tmescope.study.describing_pooled import describe_pooled
from tmescope.study.describing_questions import describe_questions
from tmescope.study.describing_scores import describe_scores, describe_signatures
from tmescope.study.describing_screens import describe_screens
from tmescope.study.describing_statistics import describe_software, describe_statistics
from tmescope.study.describing_subtypes import describe_subtypes
from tmescope.study.gene_tables import choose_genes
from tmescope.study.ledger import Step
from tmescope.study.material import Material

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmescope.study.context import Context

__all__ = ["METHODS_FILES", "describe_run", "methods_step", "publish_methods", "write_sections"]

METHODS_FILES = ("methods.md", "references.bib")
"""What stands at the top of the results."""

_TABLES = (
    "cohorts",
    "samples",
    "scores",
    "fractions",
    "agreement",
    "accuracy",
    "subtypes",
    "subtype_models",
    "answers",
    "pooled",
    "cell_groups",
    "screens",
    "screens_pooled",
    "expression_fits",
    "expression_sets",
    "meta_regression",
    "visits",
    "model_performance",
    "curves",
    "gene_mapping",
    "quality",
    "overlaps",
    "methods",
    "signatures",
)


def describe_run(context: Context, provenance: Mapping[str, Any]) -> MethodsText:
    """Return the methods text of a run whose tables are written.

    Parameters
    ----------
    context : Context
        The run, its tables done.
    provenance : mapping
        From `tmescope.study.crate.provenance_of`.

    Returns
    -------
    MethodsText
        Made of what ran alone: the study's decisions, counts of the tables, and the column method of the answers.
    """
    folder = context.ledger.folder("tables", public=True)
    universe = read_table(context.ledger.folder("universe") / "genes.parquet")
    genes = choose_genes(context.study)
    material = Material(
        context.study,
        context.needs,
        {name: read_table(folder / f"{name}.parquet") for name in _TABLES},
        provenance,
        n_universe=None if context.study.profile.gene_universe == "own" else len(universe),
        gene_table="" if genes is None else genes.source,
    )
    return write_sections(material)


def write_sections(material: Material) -> MethodsText:
    """Return the text of all sections that have something to tell.

    Parameters
    ----------
    material : Material
        What there is to tell of.
    """
    written = {
        "Cohorts": tuple(describe_cohorts(material)),
        "Endpoints": tuple(describe_endpoints(material)),
        "Scores": tuple(p for p in describe_scores(material) if p),
        "Composition": tuple(describe_composition(material)),
        "Subtypes": tuple(describe_subtypes(material)),
        "Gene sets": tuple(describe_signatures(material)),
        "Statistical analysis": (
            *describe_statistics(material),
            *describe_pooled(material),
            *describe_screens(material),
            *describe_expression(material),
            *describe_questions(material),
            *describe_models(material),
        ),
        "Software": tuple(describe_software(material)),
    }
    sections = tuple(MethodsSection(heading, text) for heading, text in written.items() if text)
    return MethodsText(sections, material.citations.references)


def methods_step(context: Context, provenance: Mapping[str, Any]) -> Step:
    """Return the step that writes the two files.

    Parameters
    ----------
    context : Context
        The run, its tables done.
    provenance : mapping
        From `tmescope.study.crate.provenance_of`.
    """
    ingredients = {
        "step": "methods",
        "release": context.release,
        "tables": context.outcomes["tables"],
        "universe": context.outcomes["universe"]["genes.parquet"],
        "provenance": dict(provenance),
    }

    def make(folder: Path) -> None:
        text = describe_run(context, provenance)
        (folder / METHODS_FILES[0]).write_text(text.to_markdown(), encoding="utf-8")
        (folder / METHODS_FILES[1]).write_text(to_bibtex(text.references), encoding="utf-8")

    return Step("methods", ingredients, make)


def publish_methods(context: Context) -> None:
    """Put the files at the top of the results, unless the same are there."""
    for name in METHODS_FILES:
        final = context.ledger.root / name
        if final.is_file() and hash_file(final) == context.outcomes["methods"][name]:
            continue
        with staged_file(final) as staged:
            shutil.copyfile(context.ledger.folder("methods") / name, staged)
