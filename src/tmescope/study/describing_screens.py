"""Sentences about questions that asked every gene, read off the tables screens and screens_pooled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_screens", "genes_asked"]

_COX, _SHRUNK = "10.1111/j.2517-6161.1972.tb00899.x", "10.1093/biostatistics/kxw041"


def genes_asked(material: Material) -> int:
    """Return how many genes a run asked one by one, by screens or comparisons of expression.

    Parameters
    ----------
    material : Material
        With the tables screens and expression_fits, where they are.
    """
    screens, fits = material.tables.get("screens"), material.tables.get("expression_fits")
    asked = [] if screens is None or not len(screens) else [int(screens["feature"].nunique())]
    asked += [] if fits is None or not len(fits) else [int(fits["n_genes"].max())]
    return max(asked, default=0)


def describe_screens(material: Material) -> Iterator[str]:
    """Yield a paragraph for each screen; nothing where there was none.

    Parameters
    ----------
    material : Material
        With the tables screens and screens_pooled.
    """
    screens, pooled = material.tables.get("screens"), material.tables.get("screens_pooled")
    if screens is None or not len(screens):
        return
    for question, rows in screens.groupby("question_id", sort=False):
        over = None if pooled is None else pooled[pooled["question_id"] == question]
        yield " ".join(_screened(material, rows, over))


def _screened(material: Material, rows: pd.DataFrame, pooled: pd.DataFrame | None) -> Iterator[str]:
    question, endpoint = (said(str(rows[c].iloc[0])) for c in ("question_id", "endpoint"))
    is_cox = str(rows["effect_name"].iloc[0]).startswith("hazard")
    model = f"a Cox model{material.citations.cite(_COX)}" if is_cox else "a logistic model"
    adjusted = [said(a) for a in dict.fromkeys(rows["adjusted_for"]) if a]
    beside = f", alone and adjusted for {listed(adjusted)} in the same patients" if adjusted else ""
    yield (
        f"For {question}, {plural(int(rows['feature'].nunique()), 'gene')} of "
        f"{plural(int(rows['cohort_id'].nunique()), 'cohort')} were each related to {endpoint} "
        f"by {model}{beside}; the assumptions of single models were not checked."
    )
    yield (
        "A family of q-values is all genes of one cohort and adjustment; effects are also given shrunk towards none by "
        f"the spread of all{material.citations.cite(_SHRUNK)}."
    )
    if pooled is not None and len(pooled):
        genes = plural(int(pooled["feature"].nunique()), "gene")
        yield f"Of these, {genes} were pooled over cohorts ({said(str(pooled['method'].iloc[0]))})."
