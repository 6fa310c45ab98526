"""Which files a study reads, and how: a cohort's expression can be one file, a folder, or many that a sheet lists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import TmescopeError
from tmescope.ingest.options import CohortOptions, Dialect, SampleSelection
from tmescope.ingest.sources import list_inputs
from tmescope.study.gene_tables import choose_genes

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_parts import DialectKeys

__all__ = ["cohort_inputs", "cohort_options", "to_dialect"]


def cohort_inputs(study: Study, cohort: Cohort) -> dict[tuple[str, str], Path]:
    """Return every file that a cohort is read from.

    Parameters
    ----------
    study : Study
        Says where paths start.
    cohort : Cohort
        The cohort.

    Returns
    -------
    dict of (str, str) to pathlib.Path
        The path as the study file writes it and, for files of a folder or of a samplesheet, their path in that folder
        or beside that sheet; to the file. Files that are not there are in it: reading says so.
    """
    found: dict[tuple[str, str], Path] = {}
    for name in (cohort.expression, cohort.samples, cohort.gene_lengths, *(table.file for table in cohort.features)):
        if name:
            found[name, ""] = study.resolve(name)
    path = found[cohort.expression, ""]
    if cohort.kind == "cells":
        del found[cohort.expression, ""]
        return {**found, (cohort.expression, "zarr.json"): path / "zarr.json"}  # it has the check sums of all others
    try:
        parts = list_inputs(path, cohort_options(study, cohort))
    except (TmescopeError, OSError):  # reading says what is wrong
        return found
    if path in parts and len(parts) == 1:
        return found
    start = path if path.is_dir() else path.parent
    if path.is_dir():
        del found[cohort.expression, ""]
    listed = {(cohort.expression, Path(os.path.relpath(p, start)).as_posix()): p for p in parts if p != path}
    return {**found, **listed}


def cohort_options(study: Study, cohort: Cohort) -> CohortOptions:
    """Return how a cohort is read, in the words of `ingest`.

    Parameters
    ----------
    study : Study
        Its limits.
    cohort : Cohort
        What the study file says about it.
    """
    columns = {name: value for name, value in cohort.columns.model_dump().items() if value is not None}
    if "sample_id" not in cohort.columns.model_fields_set:
        del columns["sample_id"]
    select = cohort.select
    return CohortOptions(
        cohort_id=cohort.id,
        scale=cohort.scale,
        format=cohort.format,
        orientation=cohort.orientation,
        identifiers=cohort.identifiers,
        columns=columns,
        selection=SampleSelection(
            timepoint=tuple(select.timepoint) if select.timepoint is not None else None,
            one_per_patient=select.one_per_patient,
            exclude=tuple(select.exclude),
        ),
        layer=cohort.layer,
        gene_column=cohort.gene_column,
        value_column=cohort.value_column,
        molecular_profile=cohort.molecular_profile,
        samples_format=cohort.samples_format,
        samples_sheet=cohort.samples_sheet,
        dialect=to_dialect(cohort.dialect),
        samples_dialect=to_dialect(cohort.samples_dialect),
        cancer_type=cohort.cancer_type or None,
        treatment=cohort.treatment or None,
        licence=cohort.licence,
        max_unmapped=study.profile.max_unmapped,
        allow_identifying=tuple(cohort.allow_identifying),
        gene_table=choose_genes(study),
        duplicates=cohort.duplicates,
        gene_lengths=study.resolve(cohort.gene_lengths) if cohort.gene_lengths else None,
        to_tpm=cohort.to_tpm,
    )


def to_dialect(keys: DialectKeys | None) -> Dialect | None:
    """Return a dialect in the words of `ingest`; None where the study file says nothing of it."""
    if keys is None:
        return None
    return Dialect(keys.delimiter, keys.decimal, keys.thousands, keys.encoding, keys.comment)
