"""Where the matrix and the sample table of a cohort come from: files of their own, or one folder that holds both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tmescope.foundation.errors import ExpressionError
from tmescope.ingest.cbioportal import read_study_matrix
from tmescope.ingest.cbioportal_clinical import PATIENT, SAMPLE
from tmescope.ingest.cbioportal_folder import open_study_folder
from tmescope.ingest.expression import ExpressionTable, orient, read_matrix
from tmescope.ingest.formats import find_format, is_study_folder
from tmescope.ingest.options import CohortOptions

__all__ = ["find_samples", "read_cohort_matrix", "with_format_names"]


def find_samples(expression: Path, samples: Path | None, options: CohortOptions) -> Path | None:
    """Return the sample table of a cohort, which a study folder holds beside its matrix.

    Parameters
    ----------
    expression, samples : Path
        As named by the caller; None where no sample table is.
    options : CohortOptions
        With the declared format of the matrix.

    Returns
    -------
    Path or None
        `samples`; else `expression` where that is the folder of a study with a clinical table of samples.
    """
    is_folder = options.format in (None, "cbioportal") and is_study_folder(expression)
    if samples is not None or not is_folder:
        return samples
    return expression if open_study_folder(expression).samples is not None else None


def with_format_names(samples: Path | None, options: CohortOptions) -> CohortOptions:
    """Return the options with the names that the format itself gives to identifiers.

    Parameters
    ----------
    samples : Path, optional
        The sample table.
    options : CohortOptions
        As declared; what they map stays.

    Returns
    -------
    CohortOptions
        In a study folder ``SAMPLE_ID`` is sample_id and ``PATIENT_ID`` is patient_id: cBioPortal defines these names,
        so nothing is guessed.
    """
    if samples is None or options.samples_format not in (None, "cbioportal") or not is_study_folder(samples):
        return options
    return replace(options, columns={"sample_id": SAMPLE, "patient_id": PATIENT} | dict(options.columns))


def read_cohort_matrix(path: Path, options: CohortOptions) -> ExpressionTable:
    """Read the matrix of a cohort as its options say.

    Parameters
    ----------
    path : Path
        A file, or the folder of a cBioPortal study.
    options : CohortOptions
        Format, orientation, layer, gene column, dialect, molecular profile.

    Raises
    ------
    MissingFileError, FileFormatError, ExpressionError, ScaleError, UnknownNameError
        See `tmescope.ingest.expression.read_matrix` and `tmescope.ingest.cbioportal.read_study_matrix`.
    """
    form = find_format(path, options.format)
    if form != "cbioportal":
        if options.molecular_profile is not None:
            raise ExpressionError(
                f"molecular_profile = {options.molecular_profile!r} is declared, but the format is {form}",
                where=str(path),
                expected="molecular_profile with the folder of a cBioPortal study only",
                next_step="leave molecular_profile out, or name the study's folder as expression",
            )
        raw = read_matrix(
            path,
            options.format,
            layer=options.layer,
            gene_column=options.gene_column,
            dialect=options.dialect,
            progress=options.progress,
        )
        return orient(raw, options.orientation)
    if options.layer is not None:
        raise ExpressionError(
            f"layer = {options.layer!r} is declared, but the folder of a cBioPortal study has no layers",
            where=f"{path}, layer",
            expected="molecular_profile, where the study has several",
            next_step="leave layer out",
        )
    if options.orientation == "samples_by_genes":
        raise ExpressionError(
            "samples_by_genes is declared, but the profiles of a cBioPortal study have genes in rows",
            where=f"{path}, orientation",
            expected="genes_by_samples",
            next_step="leave orientation out",
        )
    raw = read_study_matrix(path, options.molecular_profile, gene_column=options.gene_column)
    return ExpressionTable(np.ascontiguousarray(raw.by_column), raw.rows, raw.columns, raw.obs, raw.notes)
