"""How strongly each sample expresses each signature: the one runner of all scoring methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.bulk.gene_sets import GeneSets, index_sets
from tmescope.bulk.methods.registry import METHODS
from tmescope.facts.signatures import Signature, list_signatures, load_collection, load_signature
from tmescope.foundation.errors import ExpressionError, MethodError, ScaleError, examples
from tmescope.foundation.method import Method, MethodSpec, find_method, load_plugins, resolve_parameters
from tmescope.foundation.provenance import Provenance, hash_array, hash_json, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.foundation.scale import Scale, convert
from tmescope.store.tables import TEXT

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["ScoreOptions", "list_methods", "score"]


@dataclass(frozen=True)
class ScoreOptions:
    """How `score` treats genes that are missing.

    Parameters
    ----------
    min_coverage : float
        Smallest share (0 to 1) of a signature's genes that a sample must have; below it the score is missing.
    min_genes : int
        Fewest genes that must be found.
    parameters : mapping
        Parameters of the method; see ``tmescope methods show NAME``.
    """

    min_coverage: float = 0.5
    min_genes: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)


def list_methods() -> tuple[tuple[Method, ...], tuple[RunWarning, ...]]:
    """Return all scoring methods, bundled and third-party, and a warning for each plug-in that failed to load."""
    plugins, broken = load_plugins("bulk")
    warnings = tuple(RunWarning("method.plugin_broken", sentence) for sentence in broken)
    return METHODS + plugins, warnings


def score(
    adata: AnnData,
    signatures: Sequence[str | Signature] | Mapping[str, Sequence[str]] | None = None,
    *,
    method: str | Method = "zscore",
    scale: str | None = None,
    options: ScoreOptions | None = None,
) -> Result:
    """Score every sample for every signature.

    Answers "how much of this programme does each tumour express?". It does not estimate cell fractions, and scores of
    cohort-scoped methods (z-score, normalised ssGSEA) must not be compared between cohorts as they stand.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense, sparse or backed; gene symbols in ``var_names``. Not changed.
    signatures : sequence of str or Signature, or mapping of str to gene symbols, optional
        Names of bundled signatures, or sets of your own. The core signatures if omitted. Ignored by methods with
        gene sets of their own (MCP-counter).
    method : str or Method
        One of ``tmescope methods``, or a method of your own.
    scale : str, optional
        Scale of ``adata.X`` such as ``log2(tpm+1)``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : ScoreOptions, optional
        Coverage limits and the method's parameters.

    Returns
    -------
    Result
        Table with columns cohort_id, sample_id, method, feature, value (NaN where missing), coverage (0 to 1: share of
        the signature's genes that the sample has) and unit; samples in input order, then features.

    Raises
    ------
    ScaleError
        If no scale is declared, or the method does not take that unit.
    ExpressionError
        If gene or sample names are not unique, or there are no samples.
    MethodError
        If the method needs more samples, or none of the genes is there.
    UnknownNameError
        If a method, signature or parameter does not exist.

    Notes
    -----
    Genes that a signature names and the matrix lacks are left out of the sums; how many is in ``coverage``. NaN values
    count as absent in that sample.
    """
    options = options or ScoreOptions()
    chosen, warnings = _choose(method)
    parameters = resolve_parameters(chosen.spec, dict(options.parameters))
    _check_names(adata)
    declared = _declared_scale(adata, scale)
    sets, facts = _gene_sets(chosen.spec, signatures)
    values, clipped = _values_for(chosen.spec, adata, declared)
    if clipped:
        warnings += (
            RunWarning(
                "scale.clipped",
                f"{clipped} values lay below the floor of {declared} by less than rounding and were read as zero",
                _cohort_id(adata),
                clipped,
            ),
        )
    index = index_sets(sets, list(adata.var_names))
    _check_size(chosen.spec, values, index)
    scores, coverage = _run(chosen, values, index, parameters=parameters)
    few = (coverage < options.min_coverage) | (coverage * index.sizes < options.min_genes - 0.5)
    scores[few] = np.nan
    warnings += _coverage_warnings(coverage, index, few, cohort=_cohort_id(adata))
    provenance = Provenance(
        method=chosen.spec.name,
        parameters={**parameters, "min_coverage": options.min_coverage, "min_genes": options.min_genes},
        inputs={"values": hash_array(values), "genes": hash_json(list(adata.var_names)), "scale": str(declared)},
        facts=facts,
        versions=versions(),
    )
    return Result(_tidy(adata, chosen.spec, index, results=(scores, coverage)), provenance, warnings)


def _choose(method: str | Method) -> tuple[Method, tuple[RunWarning, ...]]:
    if isinstance(method, Method):
        return method, ()
    methods, warnings = list_methods()
    return find_method(method, methods), warnings


def _check_names(adata: AnnData) -> None:
    if adata.n_obs == 0 or adata.n_vars == 0:
        raise ExpressionError(f"the matrix is empty: {adata.n_obs} samples x {adata.n_vars} genes")
    for kind, names in (("gene", adata.var_names), ("sample", adata.obs_names)):
        repeated = names[names.duplicated()].unique()
        if len(repeated):
            raise ExpressionError(
                f"{len(repeated)} {kind} names are not unique: {examples(repeated)}",
                where=f"{'var' if kind == 'gene' else 'obs'}_names",
                expected=f"each {kind} once",
                next_step="merge or rename them before scoring",
            )


def _declared_scale(adata: AnnData, scale: str | None) -> Scale:
    stated = scale or (adata.uns.get("tmescope") or {}).get("scale")
    if not stated:
        raise ScaleError(
            "the scale of the matrix is not declared",
            where="scale",
            expected="for example log2(tpm+1)",
            next_step='pass scale="log2(tpm+1)" (whatever the file is in), or read it with tmescope.read_cohort',
        )
    return Scale.parse(stated, where="scale")


def _gene_sets(
    spec: MethodSpec, signatures: Sequence[str | Signature] | Mapping[str, Sequence[str]] | None
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    if spec.gene_sets is not None:
        chosen = load_collection(spec.gene_sets)
    elif isinstance(signatures, Mapping):
        own = {name: tuple(genes) for name, genes in signatures.items()}
        return own, {name: hash_json(sorted(set(genes))) for name, genes in own.items()}
    elif signatures is None:
        chosen = list_signatures("core")
    else:
        chosen = tuple(s if isinstance(s, Signature) else load_signature(s) for s in signatures)
    return {s.name: tuple(s.genes) for s in chosen}, {s.name: s.sha256 for s in chosen}


def _values_for(spec: MethodSpec, adata: AnnData, declared: Scale) -> tuple[NDArray[np.float64], int]:
    if declared.unit not in spec.units:
        raise ScaleError(
            f"{spec.name} does not take {declared.unit}",
            where="scale",
            expected=f"a matrix in one of: {', '.join(spec.units)}",
            next_step="read the cohort with gene_lengths (counts, cpm) or to_tpm (fpkm), or choose another method",
        )
    raw = adata.X[:] if adata.isbacked else adata.X
    dense = raw.toarray() if hasattr(raw, "toarray") else np.asarray(raw)
    dense = dense.astype(np.float64, copy=False)
    infinite = int(np.count_nonzero(np.isinf(dense)))
    if infinite:
        raise ExpressionError(f"{infinite} values are infinite", where="X", expected="finite numbers or NaN")
    if not spec.needs_log:
        return convert(dense, declared, Scale(declared.unit))
    if declared.unit == "array" and declared.is_log:
        # array intensities are log2 as they come: there is no zero to add one to
        return convert(dense, declared, Scale("array", 2.0, declared.offset))
    return convert(dense, declared, Scale(declared.unit, 2.0, 1.0))


def _check_size(spec: MethodSpec, values: NDArray[np.float64], index: GeneSets) -> None:
    if values.shape[0] < spec.min_samples:
        raise MethodError(
            f"{spec.name} needs at least {spec.min_samples} samples; there is {values.shape[0]}",
            expected="a cohort: its scores are relative to the other samples",
            next_step="use a method whose scope is one sample, such as ssgsea_raw or mean",
        )
    if index.members.size == 0:
        raise MethodError(
            f"none of the {int(index.sizes.sum())} genes of {len(index.names)} signatures is in the matrix",
            where="var_names",
            expected="HGNC gene symbols",
            next_step="check the identifier type and the orientation of the matrix",
        )


def _run(
    method: Method, values: NDArray[np.float64], index: GeneSets, *, parameters: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if method.spec.drops_constant_genes:
        index = index.without(_constant(values))
    present = ~np.isnan(values)
    coverage = np.empty((values.shape[0], len(index.names)))
    for i, size in enumerate(index.sizes):
        coverage[:, i] = present[:, index.columns(i)].sum(axis=1) / max(int(size), 1)
    scores = np.asarray(method.run(values, index, parameters), dtype=np.float64)
    if scores.shape != coverage.shape:
        raise MethodError(
            f"{method.spec.name} returned an array of shape {scores.shape}",
            expected=f"{coverage.shape}: n_samples x n_sets",
            next_step="tell the author of the method",
        )
    return scores, coverage


def _constant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    low = np.fmin.reduce(values, axis=0)
    high = np.fmax.reduce(values, axis=0)
    constant: NDArray[np.bool_] = np.logical_not(high > low)
    return constant


def _coverage_warnings(
    coverage: NDArray[np.float64], index: GeneSets, few: NDArray[np.bool_], *, cohort: str
) -> tuple[RunWarning, ...]:
    missing = [n for n, column in zip(index.names, few.T, strict=True) if column.all()]
    partial = [
        f"{n} ({c.mean():.0%})"
        for n, c, column in zip(index.names, coverage.T, few.T, strict=True)
        if not column.all() and c.min() < 0.8
    ]
    found = []
    if missing:
        message = f"{len(missing)} signatures are missing: too few of their genes were measured"
        found.append(RunWarning("coverage.missing", message, cohort, len(missing), tuple(missing[:3])))
    if partial:
        message = f"{len(partial)} signatures are scored on fewer than 80% of their genes"
        found.append(RunWarning("coverage.partial", message, cohort, len(partial), tuple(partial[:3])))
    return tuple(found)


def _cohort_id(adata: AnnData) -> str:
    return str((adata.uns.get("tmescope") or {}).get("cohort_id", "cohort"))


def _tidy(
    adata: AnnData,
    spec: MethodSpec,
    index: GeneSets,
    *,
    results: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> pd.DataFrame:
    scores, coverage = results
    n_samples, n_sets = scores.shape
    return pd.DataFrame(
        {
            "cohort_id": _cohort_id(adata),
            "sample_id": np.repeat(np.asarray(adata.obs_names, dtype=object), n_sets),
            "method": spec.name,
            "feature": np.tile(np.asarray(index.names, dtype=object), n_samples),
            "value": scores.ravel(),
            "coverage": coverage.ravel(),
            "unit": spec.unit,
        }
    ).astype(dict.fromkeys(("cohort_id", "sample_id", "method", "feature", "unit"), TEXT))
