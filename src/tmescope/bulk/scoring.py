"""How strongly each sample expresses each signature: the one runner of all scoring methods."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.definitions import Asked, SetDefinitions, define_sets
from tmescope.bulk.gene_sets import GeneSets, index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.methods.registry import METHODS
from tmescope.bulk.score_table import Scores, cohort_id, coverage_warnings, tidy
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, MethodSpec, find_method, load_plugins, resolve_parameters
from tmescope.foundation.progress import SILENT, Progress, heard_by
from tmescope.foundation.provenance import Provenance, hash_array, hash_json, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = [
    "ScoreOptions",
    "check_size",
    "choose_method",
    "find_constant",
    "find_coverage",
    "find_silent",
    "list_methods",
    "order_genes",
    "score",
    "universe_warnings",
]


@dataclass(frozen=True)
class ScoreOptions:
    """How `score` treats genes that are missing.

    Parameters
    ----------
    min_coverage : float
        Smallest share (0 to 1) of a signature's genes that a sample must have, by number or, where the method uses
        published weights, by weight; below it the score is missing.
    min_genes : int
        Fewest genes that must be found.
    parameters : mapping
        Parameters of the method; see ``tmescope methods show NAME``.
    universe : collection of str, or mapping of str to str, optional
        Genes that are looked at; all others of the matrix are left out first. For methods that rank, such as those
        that state a universe of their own (ESTIMATE); None takes every gene. A mapping says under which name each gene
        is sorted, for methods that sort them.
    """

    min_coverage: float = 0.5
    min_genes: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    universe: Collection[str] | None = None


def list_methods() -> tuple[tuple[Method, ...], tuple[RunWarning, ...]]:
    """Return all scoring methods, bundled and third-party, and a warning for each plug-in that failed to load."""
    plugins, broken = load_plugins("bulk")
    warnings = tuple(RunWarning("method.plugin_broken", sentence) for sentence in broken)
    return METHODS + plugins, warnings


def score(
    adata: AnnData,
    signatures: Asked = None,
    *,
    method: str | Method = "zscore",
    scale: str | None = None,
    options: ScoreOptions | None = None,
    progress: Progress = SILENT,
) -> Result:
    """Score every sample for every signature.

    Answers "how much of this programme does each tumour express?". It does not estimate cell fractions, and scores of
    cohort-scoped methods (z-score, GSVA, PLAGE, normalised ssGSEA) must not be compared between cohorts as they stand.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense, sparse or backed; gene symbols in ``var_names``. Not changed.
    signatures : sequence of str or Signature, or mapping of str to gene symbols (or to weights by gene), optional
        Names of bundled signatures, or sets of your own. The core signatures if omitted. Ignored by methods with
        gene sets of their own (MCP-counter, ESTIMATE).
    method : str or Method
        One of ``tmescope methods``, or a method of your own.
    scale : str, optional
        Scale of ``adata.X`` such as ``log2(tpm+1)``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : ScoreOptions, optional
        Coverage limits and the method's parameters.
    progress : Progress
        Told how many samples, or genes, a method that takes long has done.

    Returns
    -------
    Result
        Table with columns cohort_id, sample_id, method, feature, value (NaN where missing), coverage (0 to 1: share of
        the signature's genes, or of their weight, that the sample has) and unit; samples in input order, then features.

    Raises
    ------
    ScaleError
        If no scale is declared, or the method does not take that unit.
    ExpressionError
        If gene or sample names are not unique, or there are no samples.
    MethodError
        If the method needs more samples, none of the genes is there, or it needs weights and no signature has some.
    UnknownNameError
        If a method, signature or parameter does not exist.

    Notes
    -----
    Methods with gene sets of their own estimate composition: a sample that expresses none of their genes has no scores,
    and is warned about. Of other methods zeros are values like any.

    Genes that a signature names and the matrix lacks are left out of the sums; how many is in ``coverage``. NaN values
    count as absent in that sample. The hashes of the provenance are those of the genes that the method looked at: all
    of the matrix where it ranks them (``ranks_all_genes``), else those that a set names.
    """
    options = options or ScoreOptions()
    chosen, warnings = choose_method(method)
    spec = chosen.spec
    parameters = resolve_parameters(spec, dict(options.parameters))
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    target = target_scale(spec, declared)
    defined = define_sets(spec, signatures)
    order = order_genes(spec, genes, options.universe)
    rows = MatrixRows(adata.X, declared, target, order)
    ordered = genes if order is None else [genes[i] for i in order]
    index = index_sets(defined.genes, ordered, weights=defined.weights)
    if spec.ranks_all_genes:
        values, seen = rows.read(0, len(rows)), ordered
    else:  # genes that no set names do not matter: they are checked, and nothing else
        used, places = np.unique(index.members, return_inverse=True)
        index = replace(index, members=places.reshape(-1).astype(np.int32))
        values, seen = rows.read_columns(used), [ordered[i] for i in used]
    check_size(spec, len(values), index)
    with heard_by(progress):
        scores = _run(chosen, values, index, parameters=parameters)
    few = scores.make_missing(options.min_coverage, options.min_genes)
    warnings += _tell(rows, defined, spec, cohort=cohort_id(adata))
    warnings += universe_warnings(spec, ordered, options.universe, cohort=cohort_id(adata))
    warnings += coverage_warnings(scores, few, cohort=cohort_id(adata), samples=adata.obs_names)
    provenance = Provenance(
        method=spec.name,
        parameters={**parameters, "min_coverage": options.min_coverage, "min_genes": options.min_genes},
        inputs={"values": hash_array(values), "genes": hash_json(seen), "scale": str(declared)},
        facts=defined.facts,
        versions=versions(),
    )
    return Result(tidy(adata, spec, scores), provenance, warnings)


def choose_method(method: str | Method) -> tuple[Method, tuple[RunWarning, ...]]:
    """Return a method by its name, and warnings about plug-ins that failed to load.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if isinstance(method, Method):
        return method, ()
    methods, warnings = list_methods()
    return find_method(method, methods), warnings


def order_genes(spec: MethodSpec, genes: Sequence[str], universe: Collection[str] | None) -> NDArray[np.int64] | None:
    """Return which columns a method takes, in which order; None where it takes all as they stand.

    Parameters
    ----------
    spec : MethodSpec
        Says whether genes are sorted.
    genes : sequence of str
        Of the matrix.
    universe : collection of str, mapping of str to str, or None
        Genes that are looked at, see `ScoreOptions`.
    """
    if universe is None and not spec.sorts_genes:
        return None
    names = universe if isinstance(universe, Mapping) else dict.fromkeys(universe if universe is not None else genes)
    seen = [i for i, gene in enumerate(genes) if gene in names]
    if spec.sorts_genes:
        seen.sort(key=lambda i: names[genes[i]] or genes[i])
    return np.array(seen, dtype=np.int64)


def universe_warnings(
    spec: MethodSpec, genes: Sequence[str], universe: Collection[str] | None, *, cohort: str
) -> tuple[RunWarning, ...]:
    """Return what a reader must know of the genes that were ranked.

    Parameters
    ----------
    spec : MethodSpec
        Says whether the original has a universe of its own.
    genes : sequence of str
        That were ranked.
    universe : collection of str or None
        That was asked for.
    cohort : str
        For the warnings.
    """
    if not spec.universe:
        return ()
    if universe is None:
        message = (
            f"{spec.name} ranked the {len(genes)} genes of the matrix and not those of the original: its scores "
            f"compare between these samples, not with published ones (pin the reference {spec.universe!r} for that)"
        )
        return (RunWarning("universe.not_original", message, cohort, len(genes)),)
    absent = sorted(frozenset(universe).difference(genes))
    if not absent:
        return ()
    message = f"{len(absent)} of the {len(frozenset(universe))} genes that {spec.name} ranks are not in the matrix"
    return (RunWarning("universe.genes_missing", message, cohort, len(absent), tuple(absent[:3])),)


def _tell(rows: MatrixRows, defined: SetDefinitions, spec: MethodSpec, *, cohort: str) -> tuple[RunWarning, ...]:
    found = []
    if rows.n_clipped:
        message = (
            f"{rows.n_clipped} values lay below the floor of {rows.source} by less than rounding and were read as zero"
        )
        found.append(RunWarning("scale.clipped", message, cohort, rows.n_clipped))
    if defined.left_out:
        n = len(defined.left_out)
        message = f"{spec.name} leaves out {n} signatures that have no published weights"
        found.append(RunWarning("signatures.no_weights", message, cohort, n, defined.left_out[:3]))
    return tuple(found)


def check_size(spec: MethodSpec, n_samples: int, index: GeneSets) -> None:
    """Check that a method has enough samples and some gene to score.

    Parameters
    ----------
    spec : MethodSpec
        The method.
    n_samples : int
        Samples of the cohort.
    index : GeneSets
        The sets, as found in the matrix.

    Raises
    ------
    MethodError
        If it has not.
    """
    if n_samples < spec.min_samples:
        raise MethodError(
            f"{spec.name} needs at least {spec.min_samples} samples; there is {n_samples}",
            expected="a cohort: its scores are relative to the other samples",
            next_step="use a method whose scope is one sample, such as ssgsea_raw or mean, or apply a fitted model",
        )
    if index.members.size == 0:
        raise MethodError(
            f"none of the {int(index.sizes.sum())} genes of {len(index.names)} signatures is in the matrix",
            where="var_names",
            expected="HGNC gene symbols",
            next_step="check the identifier type and the orientation of the matrix",
        )


def _run(method: Method, values: NDArray[np.float64], index: GeneSets, *, parameters: Mapping[str, Any]) -> Scores:
    if method.spec.drops_constant_genes:
        used = np.unique(index.members)
        constant = np.zeros(values.shape[1], dtype=bool)
        constant[used] = find_constant(values[:, used])
        index = index.without(constant)
    coverage, found = find_coverage(method.spec, values, index)
    with one_blas_thread():
        scores = np.asarray(method.run(values, index, parameters), dtype=np.float64)
    if scores.shape != coverage.shape:
        raise MethodError(
            f"{method.spec.name} returned an array of shape {scores.shape}",
            expected=f"{coverage.shape}: n_samples x n_sets",
            next_step="tell the author of the method",
        )
    return Scores(
        (*index.names, *method.spec.derived), scores, coverage, found, find_silent(method.spec, values, index)
    )


def find_silent(spec: MethodSpec, values: NDArray[np.float64], index: GeneSets) -> NDArray[np.bool_]:
    """Return which samples express none of the genes by which a method tells cell types apart.

    Such a sample is no tissue without cells: it failed, and has no composition.

    Parameters
    ----------
    spec : MethodSpec
        None are silent where the method has no gene sets of its own: a score of zeros is one of its answers.
    values : array of float64, n_samples x n_genes
        Zero where nothing is expressed; NaN where missing.
    index : GeneSets
        Columns of each set.
    """
    if spec.gene_sets is None:
        return np.zeros(len(values), dtype=bool)
    silent: NDArray[np.bool_] = ~np.any(np.nan_to_num(values[:, np.unique(index.members)]) != 0, axis=1)
    return silent


def find_coverage(
    spec: MethodSpec, values: NDArray[np.float64], index: GeneSets
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how much of each output's genes each sample has.

    Parameters
    ----------
    spec : MethodSpec
        Says whether genes count by weight.
    values : array of float64, n_samples x n_genes
        NaN where missing.
    index : GeneSets
        Columns of each set.

    Returns
    -------
    coverage : array of float64, n_samples x n_outputs
        Share (0 to 1) of the genes, or of their weight. Derived outputs have that of all sets together.
    found : array of int64, n_samples x n_outputs
        Number of genes.
    """
    n_sets = len(index.names)
    coverage = np.empty((len(values), n_sets + len(spec.derived)))
    found = np.empty(coverage.shape, dtype=np.int64)
    totals = index.total_weights if spec.weights == "value" else index.sizes.astype(np.float64)
    covered = np.zeros(len(values))
    used = np.unique(index.members)
    is_present = ~np.isnan(values[:, used])
    if is_present.all():  # every row is alike
        is_present = np.ones((1, used.size), dtype=bool)
    for i in range(n_sets):
        present = is_present[:, np.searchsorted(used, index.columns(i))]
        here = np.count_nonzero(present, axis=1)
        found[:, i] = here
        covered_here = present @ np.abs(index.weights_of(i)) if spec.weights == "value" else here
        covered += covered_here
        coverage[:, i] = covered_here / max(float(totals[i]), 1e-300)
    coverage[:, n_sets:] = (covered / max(float(totals.sum()), 1e-300))[:, None]
    found[:, n_sets:] = found[:, :n_sets].sum(axis=1)[:, None]
    return np.minimum(coverage, 1.0), found


def find_constant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which genes do not vary over the samples (n_samples x n_genes), those without any value among them."""
    low = np.fmin.reduce(values, axis=0)
    high = np.fmax.reduce(values, axis=0)
    constant: NDArray[np.bool_] = np.logical_not(high > low)
    return constant
