"""What can be read from the files of a cohort before anything is declared: candidates, never decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tmescope.facts.genes import load_genes
from tmescope.foundation.scale import Scale
from tmescope.ingest.describe_folder import FolderDescription, describe_folder
from tmescope.ingest.describe_table import Candidate, SamplesDescription, describe_table
from tmescope.ingest.expression import read_matrix
from tmescope.ingest.formats import find_format
from tmescope.ingest.identifiers import find_kind, is_ensembl
from tmescope.ingest.matrix import RawMatrix
from tmescope.ingest.options import FileFormat
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.scales import ScaleEvidence, find_contradictions, measure
from tmescope.ingest.tenx import TENX_FORMATS

__all__ = ["CohortDescription", "ExpressionDescription", "describe_cohort"]

_SHOWN = 3
_TWO_NAMES = ("nfcore_rnaseq", *TENX_FORMATS)
_MEASURED = 60
_BEST = 5
_SCALES = (
    "counts",
    "tpm",
    "fpkm",
    "cpm",
    "array",
    "log2(tpm+1)",
    "log2(tpm+0.001)",
    "log2(tpm+0.01)",
    "log2(tpm+0.1)",
    "log2(fpkm+1)",
    "log2(cpm+1)",
    "log2(counts+1)",
    "ln(tpm+1)",
    "log10(tpm+1)",
    "log2_array",
)


@dataclass(frozen=True)
class ExpressionDescription:
    """What can be read from an expression file.

    Parameters
    ----------
    format : str
        By its ending.
    n_rows, n_columns : int
        Of numbers.
    rows, columns : tuple of str
        The first three names of each axis.
    orientation, identifiers, scales : tuple of Candidate
        Best first; empty where nothing speaks for any.
    minimum, maximum : float
        Over all values; NaN where there are none.
    integer_share : float
        Share of the non-zero values that are whole numbers.
    n_missing : int
        Missing values.
    """

    format: str
    n_rows: int
    n_columns: int
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    orientation: tuple[Candidate, ...]
    identifiers: tuple[Candidate, ...]
    scales: tuple[Candidate, ...]
    minimum: float
    maximum: float
    integer_share: float
    n_missing: int


@dataclass(frozen=True)
class CohortDescription:
    """What can be read from the files of a cohort.

    Parameters
    ----------
    expression : ExpressionDescription
        Of the matrix.
    samples : SamplesDescription, optional
        Of the sample table.
    folder : FolderDescription, optional
        What can be chosen, where the matrix comes from the folder of a study.
    """

    expression: ExpressionDescription
    samples: SamplesDescription | None
    folder: FolderDescription | None = None


def describe_cohort(
    expression: Path, samples: Path | None = None, *, declared: FileFormat | None = None
) -> CohortDescription:
    """Look at the files of a cohort.

    Parameters
    ----------
    expression : Path
        The matrix, or the folder of a cBioPortal study.
    samples : Path, optional
        The sample table; a study folder has its own.
    declared : str, optional
        Format of the matrix; None takes it from the name.

    Returns
    -------
    CohortDescription
        Candidates with their evidence, best first. They are for a person to decide on: the same numbers can
        be TPM or FPKM, and what stable disease counts as is in no file.

    Raises
    ------
    MissingFileError, FileFormatError, ExpressionError
        Where a file cannot be read at all.
    """
    form = find_format(expression, declared)
    folder = None
    if form == "cbioportal":
        folder, raw = describe_folder(expression)
        samples = expression if samples is None and folder.has_samples else samples
    else:
        raw = read_matrix(expression, declared, gene_column="gene_id" if form in _TWO_NAMES else None)
    table = None if samples is None else read_sample_table(samples)
    ids: frozenset[str] = frozenset()
    described = None
    if table is not None:
        described = describe_table(table, rows=raw.rows, columns=raw.columns)
        if described.sample_id:
            ids = frozenset(table.frame[described.sample_id[0].value])
    return CohortDescription(_describe_matrix(raw, form, ids), described, folder)


def _describe_matrix(raw: RawMatrix, form: FileFormat, ids: Collection[str]) -> ExpressionDescription:
    likely_genes = {g.gene_symbol for g in load_genes()}
    orientation = _rank_orientations(raw, likely_genes, ids, from_h5ad=form in ("h5ad", "zarr"))
    by_samples = orientation[0].value == "genes_by_samples" if orientation else True
    values = raw.by_column if by_samples else raw.by_column.T
    genes = raw.rows if by_samples else raw.columns
    every = max(len(values) // _MEASURED, 1)
    some = np.ascontiguousarray(values[::every])
    plain = measure(some, Scale("array"))
    n_missing = sum(int(np.count_nonzero(np.isnan(column))) for column in raw.by_column)
    return ExpressionDescription(
        format=form,
        n_rows=len(raw.rows),
        n_columns=len(raw.columns),
        rows=raw.rows[:_SHOWN],
        columns=raw.columns[:_SHOWN],
        orientation=orientation,
        identifiers=_rank_identifiers(genes, likely_genes),
        scales=_rank_scales(some),
        minimum=float(np.fmin.reduce(raw.by_column, axis=None, initial=np.nan)),
        maximum=float(np.fmax.reduce(raw.by_column, axis=None, initial=np.nan)),
        integer_share=plain.integer_share,
        n_missing=n_missing,
    )


def _rank_orientations(
    raw: RawMatrix, known: Collection[str], ids: Collection[str], *, from_h5ad: bool
) -> tuple[Candidate, ...]:
    scores = {"genes_by_samples": 0.0, "samples_by_genes": 0.5 if from_h5ad else 0.0}
    evidence: dict[str, list[str]] = {name: [] for name in scores}
    if from_h5ad:
        evidence["samples_by_genes"].append("AnnData holds observations in rows")
    for axis, names, sample_way, gene_way in (
        ("row", raw.rows, "samples_by_genes", "genes_by_samples"),
        ("column", raw.columns, "genes_by_samples", "samples_by_genes"),
    ):
        n_samples = sum(name in ids for name in names)
        n_genes = sum(name in known or is_ensembl(name) for name in names)
        scores[sample_way] += 10 * n_samples / len(names)
        scores[gene_way] += n_genes / len(names)
        if n_samples:
            evidence[sample_way].append(f"{n_samples} {axis} names are identifiers of the sample table")
        if n_genes:
            evidence[gene_way].append(f"{n_genes} {axis} names are genes")
    ranked = sorted(scores, key=lambda name: -scores[name])
    return tuple(Candidate(name, "; ".join(evidence[name])) for name in ranked if evidence[name])


def _rank_identifiers(genes: Sequence[str], known: Collection[str]) -> tuple[Candidate, ...]:
    counts = {
        "symbol": sum(g in known for g in genes),
        "ensembl": sum(find_kind(g) == "ensembl" for g in genes),
        "entrez": sum(find_kind(g) == "entrez" for g in genes),
        "uniprot": sum(find_kind(g) == "uniprot" and g not in known for g in genes),
    }
    words = {
        "symbol": "are symbols that bundled facts name",
        "ensembl": "are Ensembl ids",
        "entrez": "are whole numbers",
        "uniprot": "have the form of UniProt accessions",
    }
    ranked = sorted(counts, key=lambda kind: -counts[kind])
    return tuple(Candidate(k, f"{counts[k]} of {len(genes)} {words[k]}") for k in ranked if counts[k])


def _rank_scales(values: NDArray[np.float64]) -> tuple[Candidate, ...]:
    if np.isinf(values).any() or np.isnan(values).all():
        return ()
    found: list[tuple[float, Candidate]] = []
    for text in _SCALES:
        scale = Scale.parse(text)
        evidence = measure(values, scale)
        if not find_contradictions(evidence, scale, where=""):
            found.append(_score_scale(evidence, scale))
    found.sort(key=lambda pair: -pair[0])
    return tuple(candidate for _, candidate in found[:_BEST])


def _score_scale(e: ScaleEvidence, scale: Scale) -> tuple[float, Candidate]:
    """Return how much speaks for a scale that nothing contradicts, and what."""
    score, reasons = 0.0, []
    if scale == Scale("counts") and e.integer_share > 0.5:
        score, reasons = score + 3, [f"{e.integer_share:.0%} of the non-zero values are whole numbers"]
    if scale.offset > 0 and e.floor_share >= 0.005:
        score += 2
        reasons.append(f"{e.floor_share:.1%} of the values are at its floor {scale.floor:.6g}")
    elif scale.offset > 0:
        score -= 0.5
    if scale.unit in ("tpm", "cpm") and 1e5 <= e.sums[1] <= 1.05e6:
        score += 1.0 if scale.unit == "tpm" else 0.5
        reasons.append(f"samples sum to {e.sums[1]:,.0f} {scale.unit} (median)")
    if scale == Scale("array") or scale.log_base not in (None, 2.0):
        score -= 1
    return score, Candidate(str(scale), "; ".join(reasons) or "the numbers do not contradict it")
