"""One cohort from its files: matrix, samples, endpoints and features together, every loss counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from tmescope.foundation.errors import EndpointError, TmescopeError, examples
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.agreement import Uses, check_agreement, check_privacy
from tmescope.ingest.clinical import SampleTable, name_columns
from tmescope.ingest.cohort_sources import find_samples, with_format_names
from tmescope.ingest.endpoints import EndpointRule, read_endpoints
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.features import FeatureSource, read_features
from tmescope.ingest.findings import Findings, problems_of
from tmescope.ingest.gene_axis import settle_genes
from tmescope.ingest.gene_lengths import turn_to_tpm
from tmescope.ingest.given_matrix import GivenMatrix
from tmescope.ingest.joining import join_samples, select_samples
from tmescope.ingest.matrix_checks import check_matrix
from tmescope.ingest.options import COLUMNS, CohortOptions
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.sources import read_source
from tmescope.ingest.symbols import GeneMapping
from tmescope.store.tables import SCHEMAS

__all__ = ["COHORT_COLUMNS", "IngestedCohort", "check_cohort", "read_cohort"]

COHORT_COLUMNS = tuple(SCHEMAS["cohorts"].columns)
"""Columns of the ``cohorts`` table."""

_FORMAT = 1
_SUMMARISED = 5


@dataclass(frozen=True)
class IngestedCohort:
    """A cohort as read.

    Parameters
    ----------
    adata : anndata.AnnData
        X: samples x genes, float64, C-contiguous, in the declared scale or in TPM where it was turned to that.
        ``obs`` (index ``sample_id``, in the order of the matrix): cohort_id, patient_id, cancer_type, treatment,
        timepoint, sex, age_years, then the endpoints. ``var`` (index ``gene_symbol``): input_id, hgnc_id, reason.
        ``uns["tmescope"]``:
        format, cohort_id, scale, identifiers.
    features : pandas.DataFrame
        Long table of further features, see `tmescope.ingest.features.FEATURE_COLUMNS`.
    gene_mapping : pandas.DataFrame
        See `tmescope.ingest.symbols.GENE_MAPPING_COLUMNS`.
    quality : pandas.DataFrame
        See `tmescope.ingest.findings.QUALITY_COLUMNS`.
    counts : pandas.DataFrame
        One row with `COHORT_COLUMNS`: samples in the matrix, rows in the table, how many were joined and
        selected.
    warnings : tuple of RunWarning
        In the order in which they arose.
    sample_flags : pandas.DataFrame
        See `tmescope.ingest.findings.SAMPLE_FLAG_COLUMNS`.
    """

    adata: ad.AnnData
    features: pd.DataFrame
    gene_mapping: pd.DataFrame
    quality: pd.DataFrame
    counts: pd.DataFrame
    warnings: tuple[RunWarning, ...]
    sample_flags: pd.DataFrame


@dataclass(frozen=True)
class _Files:
    """What could be read; None where there is a problem (or no sample table)."""

    scale: Scale | None
    matrix: ExpressionTable | None
    table: SampleTable | None


@dataclass(frozen=True)
class _Samples:
    """The samples that enter: their rows in the table, in the order of the matrix."""

    table: SampleTable | None
    named: pd.DataFrame
    rows: tuple[int, ...]
    n_joined: int

    @classmethod
    def nothing(cls) -> _Samples:
        return cls(None, pd.DataFrame({"sample_id": pd.array([], dtype="string")}), (), 0)

    def chosen(self) -> pd.DataFrame:
        """Return the named columns of the rows that enter; a sample without patient is its own."""
        table = self.named.iloc[list(self.rows)].reset_index(drop=True)
        if "patient_id" not in table:
            return table.assign(patient_id=table["sample_id"])
        unnamed = table["patient_id"].str.strip() == ""
        return table.assign(patient_id=table["patient_id"].mask(unnamed, table["sample_id"]))

    def rows_for_features(self) -> pd.DataFrame:
        if "sample_id" not in self.named:
            empty = pd.array([""] * len(self.rows), dtype="string")
            return pd.DataFrame({"sample_id": empty, "patient_id": empty, "row": list(self.rows)})
        return self.chosen()[["sample_id", "patient_id"]].assign(row=list(self.rows))


def read_cohort(
    expression: Path | GivenMatrix,
    samples: Path | None = None,
    *,
    options: CohortOptions,
    endpoints: Mapping[str, EndpointRule] | None = None,
    features: Sequence[FeatureSource] = (),
    needed_genes: Collection[str] = (),
    map_symbols: bool = True,
) -> IngestedCohort:
    """Read one cohort, checking everything and guessing nothing.

    Parameters
    ----------
    expression : Path or GivenMatrix
        The matrix, in any format of `tmescope.ingest.options.FileFormat`, or what was made of cells.
    samples : Path, optional
        The sample table; without it the table inside the matrix' file (h5ad, GCT 1.3, GEO, a cBioPortal
        study), or its names alone.
    options : CohortOptions
        Scale, orientation, identifiers, columns, selection.
    endpoints : mapping of str to ResponseRule or TimeToEventRule, optional
        By endpoint.
    features : sequence of FeatureSource
        Further columns per sample or patient.
    needed_genes : collection of str
        Approved symbols that the requested methods need.
    map_symbols : bool
        Whether previous symbols, aliases and identifiers become approved symbols.

    Returns
    -------
    IngestedCohort
        See there.

    Raises
    ------
    TmescopeError
        The one problem found, or `ManyProblems` with all problems that could be found at once: a fault in one
        file does not hide those in the others.

    Notes
    -----
    Samples are joined by identifier alone. Missing values stay missing. Genes that occur more than once are
    summed on linear scales and refused on others, unless `CohortOptions.duplicates` says otherwise. Mapped names are
    unique. Counts become TPM where gene lengths are declared, and the scale of the cohort is TPM then.
    """
    findings = Findings(options.cohort_id)
    samples = find_samples(expression, samples, options) if isinstance(expression, Path) else samples
    options = with_format_names(samples, options)
    files = _read_files(expression, samples, options, findings=findings)
    where = str(expression)
    matrix = None
    if files.matrix is not None:
        matrix = check_matrix(
            files.matrix,
            files.scale,
            options.identifiers,
            known_samples=_known_ids(files.table, options),
            where=where,
            findings=findings,
            duplicates=options.duplicates,
        )
    mapping, scale = None, files.scale
    if matrix is not None:
        if scale is not None:
            matrix, scale = turn_to_tpm(matrix, scale, options, where=where, findings=findings)
        axis = settle_genes(
            matrix, scale, options, needed=needed_genes, map_symbols=map_symbols, where=where, findings=findings
        )
        matrix, mapping = axis.table, axis.mapping
    chosen, found, long = _Samples.nothing(), pd.DataFrame(), pd.DataFrame()
    if files.table is not None or not _is_lost(files, samples, expression):  # else a problem says it all
        chosen = _choose(matrix, files.table, options, findings=findings)
        found = _find_endpoints(chosen, endpoints or {}, findings=findings)
        long = _find_features(chosen, features, options, findings=findings)
    check_privacy(files.table, files.matrix, Uses(endpoints or {}, features), options=options, findings=findings)
    findings.raise_if_any()
    if matrix is None or mapping is None or scale is None:
        raise TmescopeError("the cohort could not be read", where=where)  # never: each leaves a problem
    options = replace(options, scale=str(scale))
    adata = _assemble(matrix, mapping, chosen, endpoints=found, options=options)
    check_agreement(adata, chosen.table, chosen.rows, options=options, findings=findings)
    counts = _count(files, chosen, adata, options=options)
    warnings, flags = tuple(findings.warnings), findings.sample_flags()
    flags = flags[flags["sample_id"].isin(adata.obs_names)]
    return IngestedCohort(adata, long, mapping.table, findings.quality(), counts, warnings, flags)


def check_cohort(
    expression: Path | GivenMatrix,
    samples: Path | None = None,
    *,
    options: CohortOptions,
    endpoints: Mapping[str, EndpointRule] | None = None,
    features: Sequence[FeatureSource] = (),
    needed_genes: Collection[str] = (),
    map_symbols: bool = True,
) -> tuple[TmescopeError, ...]:
    """Return all problems that `read_cohort` would raise.

    Parameters
    ----------
    expression, samples, options, endpoints, features, needed_genes, map_symbols
        As in `read_cohort`.

    Returns
    -------
    tuple of TmescopeError
        Empty where the cohort can be read.
    """
    try:
        read_cohort(
            expression,
            samples,
            options=options,
            endpoints=endpoints,
            features=features,
            needed_genes=needed_genes,
            map_symbols=map_symbols,
        )
    except TmescopeError as error:
        return problems_of(error)
    return ()


def _read_files(
    expression: Path | GivenMatrix, samples: Path | None, options: CohortOptions, *, findings: Findings
) -> _Files:
    scale: Scale | None = None
    matrix: ExpressionTable | None = None
    table: SampleTable | None = None
    with findings.collecting():
        scale = Scale.parse(options.scale, where=f"cohort {options.cohort_id!r}, scale")
    with findings.collecting():
        matrix = expression.read() if isinstance(expression, GivenMatrix) else read_source(expression, options, scale)
        findings.tell(matrix.notes if matrix is not None else ())
    if samples is not None:
        with findings.collecting():
            table = read_sample_table(
                samples,
                options.samples_format,
                sheet=options.samples_sheet,
                dialect=options.samples_dialect,
                findings=findings,
            )
    elif matrix is not None and matrix.obs is not None:
        table = SampleTable(matrix.obs, f"{expression}, obs", tuple(range(1, len(matrix.obs) + 1)), style=matrix.style)
    return _Files(scale, matrix, table)


def _is_lost(files: _Files, samples: Path | None, expression: Path | GivenMatrix) -> bool:
    """Return whether there should be a sample table: in its file, or in cells that could not be read."""
    return samples is not None or (isinstance(expression, GivenMatrix) and files.matrix is None)


def _known_ids(table: SampleTable | None, options: CohortOptions) -> frozenset[str]:
    name = options.columns.get("sample_id", "sample_id")
    return frozenset() if table is None or name not in table.frame else frozenset(table.frame[name])


def _choose(
    matrix: ExpressionTable | None, table: SampleTable | None, options: CohortOptions, *, findings: Findings
) -> _Samples:
    """Join and select; where that is impossible take all rows, so that their cells are checked."""
    ids = matrix.sample_ids if matrix is not None else ()
    if table is None:
        named = pd.DataFrame({"sample_id": pd.array(list(ids), dtype="string")})
        where, joined = f"cohort {options.cohort_id!r}", list(ids)
    else:
        named, problems = name_columns(table, options.columns)
        findings.add(problems)
        where, joined = table.where, []
        if matrix is not None and "sample_id" in named:
            joined = join_samples(ids, list(named["sample_id"]), findings=findings, where=where)
    if not joined:
        return _Samples(table, named, tuple(range(len(named))), 0)
    selected = select_samples(named, joined, options.selection, findings=findings, where=where)
    position = {value: i for i, value in enumerate(named["sample_id"])}
    return _Samples(table, named, tuple(position[i] for i in selected or joined), len(joined))


def _find_endpoints(chosen: _Samples, rules: Mapping[str, EndpointRule], *, findings: Findings) -> pd.DataFrame:
    if chosen.table is not None:
        return read_endpoints(chosen.table, chosen.rows, rules, findings=findings)
    if rules:
        findings.add(
            [
                EndpointError(
                    f"the endpoints {examples(list(rules))} are declared, but there is no sample table",
                    where=f"cohort {findings.cohort_id!r}",
                    expected="a sample table with their columns",
                    next_step="name the sample table",
                )
            ]
        )
    return pd.DataFrame(index=range(len(chosen.rows)))


def _find_features(
    chosen: _Samples, sources: Sequence[FeatureSource], options: CohortOptions, *, findings: Findings
) -> pd.DataFrame:
    rows, allowed = chosen.rows_for_features(), options.allow_identifying
    return read_features(sources, rows, chosen.table, findings=findings, allowed=allowed)


def _assemble(
    matrix: ExpressionTable,
    mapping: GeneMapping,
    chosen: _Samples,
    *,
    endpoints: pd.DataFrame,
    options: CohortOptions,
) -> ad.AnnData:
    samples = chosen.chosen()
    values = matrix.take_samples(list(samples["sample_id"]))
    obs = pd.DataFrame({"cohort_id": [options.cohort_id] * len(samples)}, dtype="string")
    absent = pd.Series(pd.NA, index=samples.index, dtype="string")
    for name in COLUMNS[1:]:
        obs[name] = samples.get(name, absent)
    for name, constant in (("cancer_type", options.cancer_type), ("treatment", options.treatment)):
        if constant is not None:
            # a column that was mapped is more exact than a word for the cohort; one that happens to be there is not
            obs[name] = obs[name].fillna(constant) if name in options.columns else constant
    if "age_years" not in samples:
        obs["age_years"] = np.nan
    obs = pd.concat([obs, endpoints.reset_index(drop=True)], axis=1)
    obs.index = pd.Index([str(i) for i in samples["sample_id"]], name="sample_id")
    genes = mapping.table.iloc[: len(mapping.gene_symbols)]
    var = genes[["input_id", "hgnc_id", "reason"]].set_axis(
        pd.Index(mapping.gene_symbols, name="gene_symbol"), axis="index"
    )
    about = {
        "format": _FORMAT,
        "cohort_id": options.cohort_id,
        "scale": str(Scale.parse(options.scale)),
        "identifiers": options.identifiers,
    }
    return ad.AnnData(X=values, obs=obs, var=var, uns={"tmescope": about})


def _count(files: _Files, chosen: _Samples, adata: ad.AnnData, *, options: CohortOptions) -> pd.DataFrame:
    row = {
        "cohort_id": options.cohort_id,
        "cancer_type": _summarise(adata.obs["cancer_type"]),
        "treatment": _summarise(adata.obs["treatment"]),
        "scale": str(Scale.parse(options.scale)),
        "n_genes": adata.n_vars,
        "n_expression": len(files.matrix.sample_ids) if files.matrix is not None else 0,
        "n_table": len(files.table.frame) if files.table is not None else 0,
        "n_joined": chosen.n_joined,
        "n_selected": adata.n_obs,
        "n_patients": int(adata.obs["patient_id"].nunique()),
        "licence": options.licence,
    }
    return pd.DataFrame([row], columns=list(COHORT_COLUMNS))


def _summarise(values: pd.Series[str]) -> str:
    """Return the distinct values, most frequent first."""
    return "; ".join(str(v) for v in values.value_counts().index[:_SUMMARISED])
