"""Sentences about comparisons of expression, read off the tables expression_fits and expression_sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_expression"]

_PAPERS = {
    "limma": ("10.2202/1544-6115.1027",),
    "voom": ("10.1186/gb-2014-15-2-r29", "10.2202/1544-6115.1027"),
    "deseq2": ("10.1186/s13059-014-0550-8", "10.1093/bioinformatics/btad547"),
}
_RATIOS, _COMBAT, _CAMERA = "10.1186/gb-2010-11-10-r106", "10.1093/biostatistics/kxj037", "10.1093/nar/gks461"


def describe_expression(material: Material) -> Iterator[str]:
    """Yield a paragraph about the comparisons of expression; nothing where there was none.

    Parameters
    ----------
    material : Material
        With the tables expression_fits and expression_sets.
    """
    fits = material.tables.get("expression_fits")
    if fits is None or not len(fits):
        return
    yield " ".join(_told(material, fits))
    sets = material.tables.get("expression_sets")
    if sets is not None and len(sets):
        n = sets["gene_set"].nunique()
        yield (
            f"The direction of {plural(n, 'gene set')} was tested against all other genes with the correlation between "
            f"genes that the residuals show (camera{material.citations.cite(_CAMERA)})."
        )


def _told(material: Material, fits: pd.DataFrame) -> Iterator[str]:
    questions = listed(dict.fromkeys(fits["question_id"]))
    yield f"Every gene was compared between two groups of samples ({questions}) in each cohort apart:"
    parts = []
    for method, rows in fits.groupby("method", sort=False):
        model = str(method).split(":", 1)[0].split("-", 1)[0]
        cited = material.citations.cite(*_PAPERS.get(model, ()))
        parts.append(f"{said(str(method))}{cited} ({plural(len(rows), 'comparison')})")
    yield "; ".join(parts) + "."
    if fits["checks"].str.contains("median of ratios").any():
        yield f"Libraries of counts were compared by the median of ratios{material.citations.cite(_RATIOS)}."
    adjusted = fits[fits["combat"].astype(bool)]
    if len(adjusted):
        steps = listed(dict.fromkeys(f"{r.question_id} in {r.cohort_id}" for r in adjusted.itertuples()))
        yield (
            f"Before the comparison of {steps} expression was adjusted for batch, as the study asks "
            f"({said(str(adjusted['combat_method'].iloc[0]))}{material.citations.cite(_COMBAT)}); "
            f"{plural(int(adjusted['n_unchanged'].sum()), 'gene')} without variance in a batch, "
            "or beyond batches and groups, passed through."
        )
    yield "Positive effects are higher in the group that is named first; a family of q-values is one comparison."
