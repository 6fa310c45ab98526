"""Sentences about cohorts of cells: what was added up, and what stands in no sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.cell_features import MIN_CELLS
from tmescope.study.material import Material, plural

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort

__all__ = ["describe_cells"]

_CHECKS = ("cells added up", "cells without label", "samples of few cells")


def describe_cells(material: Material, cohort: Cohort) -> Iterator[str]:
    """Yield sentences about the cells of one cohort; nothing where it is a matrix.

    Parameters
    ----------
    material : Material
        With the tables quality and cell_groups.
    cohort : Cohort
        Which.
    """
    if cohort.kind != "cells":
        return
    notes = material.of_cohort("quality", cohort.id)
    for evidence in notes[notes["check"].isin(_CHECKS)]["evidence"]:
        sentence = said(evidence).rstrip(".")
        yield f"{sentence[:1].upper()}{sentence[1:]}."
    yield (
        "Methods that take no counts were given counts per million of all genes of a sample. Patients, not cells, are "
        "the unit of every test."
    )
    if not cohort.labels:
        return
    groups = material.of_cohort("cell_groups", cohort.id)
    few = MIN_CELLS if cohort.min_cells is None else cohort.min_cells
    left_out = int((~groups["added_up"].astype(bool) & groups["label"].notna()).sum())
    yield (
        f"The share of each {said(cohort.labels)} is its cells divided by all labelled cells of the sample (method "
        f"cells:{said(cohort.labels)} in the table fractions). Counts of each were added up by sample too and scored "
        f"(features SIGNATURE@LABEL), from {few} cells on: {plural(left_out, 'pair')} of sample and label with fewer "
        f"{'was' if left_out == 1 else 'were'} left out (table cell_groups)."
    )
