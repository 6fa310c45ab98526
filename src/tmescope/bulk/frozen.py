"""Scores that a cohort fixed once: fitted, saved as one small file, applied unchanged to every new patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tmescope.bulk.definitions import Asked, SetDefinitions, define_sets
from tmescope.bulk.gene_sets import GeneSets, index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.score_table import Scores, cohort_id, coverage_warnings, tidy
from tmescope.bulk.scoring import ScoreOptions, check_size, choose_method, find_constant, find_coverage, find_silent
from tmescope.foundation.errors import IdentifierError, MethodError, ScaleError, examples
from tmescope.foundation.method import Method, MethodSpec, resolve_parameters
from tmescope.foundation.progress import SILENT, Progress, heard_by
from tmescope.foundation.provenance import Provenance, hash_array, hash_json, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.foundation.scale import Scale
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = [
    "Fitted",
    "FrozenScore",
    "apply_scores",
    "check_matrix",
    "find_columns",
    "find_fit",
    "fit_scores",
    "frozen_spec",
    "model_hash",
]

_FEWEST_GENES = 0.8


class Fitted(Protocol):
    """What any model says of the matrices that it takes."""

    @property
    def cohort(self) -> str:
        """Id of the cohort of the fit."""

    @property
    def scale(self) -> str:
        """What values it takes."""

    @property
    def genes(self) -> tuple[str, ...]:
        """Columns of the fit."""


@dataclass(frozen=True)
class FrozenScore:
    """A scoring method with what it learned from one cohort.

    Parameters
    ----------
    method : str
        Name of the method.
    parameters : mapping
        As resolved at the fit, without threads.
    scale : str
        What values the method takes, such as ``log2(tpm+1)``; new matrices are converted to it.
    genes : tuple of str
        Columns of the fit. Rank-based methods see these and no others.
    definitions : SetDefinitions
        The gene sets.
    dropped : tuple of str
        Genes that did not vary in the cohort and were taken out of the sets.
    state : mapping of str to array
        What `tmescope.foundation.method.Method.fit` returned.
    cohort : str
        Id of the cohort of the fit.
    n_samples : int
        Its samples.
    provenance : mapping
        Hashes and versions of the fit, JSON-able.
    """

    method: str
    parameters: Mapping[str, Any]
    scale: str
    genes: tuple[str, ...]
    definitions: SetDefinitions
    dropped: tuple[str, ...]
    state: Mapping[str, NDArray[Any]]
    cohort: str
    n_samples: int
    provenance: Mapping[str, Any]

    def index(self) -> GeneSets:
        """Return the gene sets as columns of `genes`, without those that were dropped."""
        out = frozenset(self.dropped)
        sets = index_sets(self.definitions.genes, self.genes, weights=self.definitions.weights)
        return sets.without(np.array([g in out for g in self.genes], dtype=bool))


def fit_scores(
    adata: AnnData,
    signatures: Asked = None,
    *,
    method: str | Method = "zscore",
    scale: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> FrozenScore:
    """Fit a method that looks at a whole cohort, to be applied to new patients later.

    Answers "what would this cohort say of a new patient?" without the new patient, or those beside her, changing the
    measure. Methods whose scope is one sample need no fit.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The cohort that becomes the measure.
    signatures, method, scale
        As in `tmescope.bulk.scoring.score`.
    parameters : mapping, optional
        Of the method.

    Returns
    -------
    FrozenScore

    Raises
    ------
    MethodError
        If the method scores each sample alone, or cannot be frozen.
    TmescopeError
        As in `tmescope.bulk.scoring.score`.
    """
    spec, fit = find_fit(method)
    resolved = resolve_parameters(spec, dict(parameters or {}))
    genes = tuple(str(g) for g in adata.var_names)
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    target = target_scale(spec, declared)
    values = MatrixRows(adata.X, declared, target).read(0, adata.n_obs)
    defined = define_sets(spec, signatures)
    index = index_sets(defined.genes, genes, weights=defined.weights)
    check_size(spec, len(values), index)
    constant = find_constant(values) if spec.drops_constant_genes else np.zeros(len(genes), dtype=bool)
    with one_blas_thread():
        state = fit(values, index.without(constant), resolved)
    resolved.pop("threads", None)
    return FrozenScore(
        method=spec.name,
        parameters=resolved,
        scale=str(target),
        genes=genes,
        definitions=defined,
        dropped=tuple(g for g, c in zip(genes, constant, strict=True) if c),
        state=state,
        cohort=cohort_id(adata),
        n_samples=adata.n_obs,
        provenance={"inputs": {"values": hash_array(values), "genes": hash_json(list(genes))}, "versions": versions()},
    )


def find_fit(method: str | Method) -> tuple[MethodSpec, Callable[..., Mapping[str, NDArray[Any]]]]:
    """Return a method's description and how it is fitted.

    Raises
    ------
    MethodError
        If it scores each sample alone, or cannot be frozen.
    """
    chosen, _ = choose_method(method)
    spec = chosen.spec
    if chosen.fit is None:
        alone = spec.scope == "sample"
        raise MethodError(
            f"{spec.name} scores each sample alone: there is nothing to fit" if alone else f"{spec.name} has no fit",
            expected="a method whose scope is the cohort: zscore, ssgsea, gsva, plage",
            next_step="score new samples as they are" if alone else "choose another method",
        )
    return spec, chosen.fit


def apply_scores(
    model: FrozenScore,
    adata: AnnData,
    *,
    scale: str | None = None,
    options: ScoreOptions | None = None,
    progress: Progress = SILENT,
) -> Result:
    """Score new samples with a measure that a cohort fixed before.

    Parameters
    ----------
    model : FrozenScore
        From `fit_scores`.
    adata : anndata.AnnData, n_samples x n_genes
        One sample or many; no score depends on the others. Genes in any order.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : ScoreOptions, optional
        Coverage limits; of the parameters only ``threads``, the rest is frozen.
    progress : Progress
        As in `tmescope.bulk.scoring.score`.

    Returns
    -------
    Result
        As from `tmescope.bulk.scoring.score`; the method is called ``NAME_frozen``.

    Raises
    ------
    ScaleError
        If the matrix has another unit than the model takes.
    IdentifierError
        If less than 80% of the model's genes are there: ranks over other genes are another measure.
    MethodError
        If a frozen parameter is given, or the model's method is not installed.
    """
    options = options or ScoreOptions()
    chosen, warnings = model_as_method(model)
    spec = frozen_spec(model)
    if changed := sorted(set(options.parameters) - {"threads"}):
        raise MethodError(
            f"the parameters {examples(changed)} are frozen in the model",
            expected="threads at most",
            next_step="fit another model with other parameters",
        )
    given = {**model.parameters, **options.parameters}
    known = {p.name for p in spec.parameters}
    parameters = resolve_parameters(spec, {k: v for k, v in given.items() if k in known})
    rows, warnings_of_genes = _align(model, adata, scale)
    values = rows.read(0, len(rows))
    index = model.index()
    coverage, found = find_coverage(spec, values, index)
    with heard_by(progress), one_blas_thread():
        values_out = np.asarray(chosen.run(values, index, parameters), dtype=np.float64)
    scores = Scores((*index.names, *spec.derived), values_out, coverage, found, find_silent(spec, values, index))
    few = scores.make_missing(options.min_coverage, options.min_genes)
    warnings += warnings_of_genes + coverage_warnings(scores, few, cohort=cohort_id(adata), samples=adata.obs_names)
    provenance = Provenance(
        method=spec.name,
        parameters={**parameters, "min_coverage": options.min_coverage, "min_genes": options.min_genes},
        inputs={"values": hash_array(values), "model": model_hash(model), "scale": str(rows.source)},
        facts=model.definitions.facts,
        versions=versions(),
    )
    return Result(tidy(adata, spec, scores), provenance, warnings)


def frozen_spec(model: FrozenScore) -> MethodSpec:
    """Return what a model is as a method: ``NAME_frozen``, which scores each sample alone.

    Parameters
    ----------
    model : FrozenScore
        From `fit_scores`.

    Raises
    ------
    UnknownNameError
        If its method is not installed.
    """
    spec = choose_method(model.method)[0].spec
    scale = Scale.parse(model.scale)
    return replace(
        spec,
        name=f"{spec.name}_frozen",
        summary=f"{spec.summary} Measured against the {model.n_samples} samples of {model.cohort}, once and for all.",
        units=(scale.unit,),
        scope="sample",
        min_samples=1,
        drops_constant_genes=False,
        ranks_all_genes=False,
    )


def model_as_method(model: FrozenScore) -> tuple[Method, tuple[RunWarning, ...]]:
    """Return a model as a method that takes matrices of its genes, and warnings about plug-ins that failed to load.

    Parameters
    ----------
    model : FrozenScore
        From `fit_scores`.

    Raises
    ------
    MethodError
        If its method cannot be applied frozen.
    """
    chosen, warnings = choose_method(model.method)
    apply = chosen.apply
    if apply is None:
        raise MethodError(
            f"{chosen.spec.name} cannot be applied frozen", next_step="use the release that fitted the model"
        )

    def run(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = apply(values, sets, parameters, state=model.state)
        return scores

    return Method(frozen_spec(model), run), warnings


def model_hash(model: FrozenScore) -> str:
    """Return the sha256 of everything in a model that decides scores."""
    return hash_json(
        {
            "method": model.method,
            "parameters": dict(model.parameters),
            "scale": model.scale,
            "genes": list(model.genes),
            "sets": {name: list(genes) for name, genes in model.definitions.genes.items()},
            "dropped": list(model.dropped),
            "state": {name: hash_array(array) for name, array in sorted(model.state.items())},
        }
    )


def _align(model: FrozenScore, adata: AnnData, scale: str | None) -> tuple[MatrixRows, tuple[RunWarning, ...]]:
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    absent = check_matrix(model, genes, declared)
    warnings: tuple[RunWarning, ...] = ()
    if absent:
        share = len(absent) / len(model.genes)
        message = f"{len(absent)} of the {len(model.genes)} genes of the model are not in the matrix ({share:.1%})"
        warnings = (RunWarning("model.genes_missing", message, cohort_id(adata), len(absent), absent[:3]),)
    return MatrixRows(adata.X, declared, Scale.parse(model.scale), find_columns(model, genes)), warnings


def find_columns(model: Fitted, genes: Sequence[str]) -> NDArray[np.int64]:
    """Return the column of each gene of a model among the genes of a matrix; -1 where it lacks one."""
    position = {gene: i for i, gene in enumerate(genes)}
    return np.array([position.get(g, -1) for g in model.genes], dtype=np.int64)


def check_matrix(model: Fitted, genes: Sequence[str], declared: Scale) -> tuple[str, ...]:
    """Check that a model can be applied to a matrix, and return the genes of the model that the matrix lacks.

    Parameters
    ----------
    model : Fitted
        From `fit_scores`, or any other that is fitted.
    genes : sequence of str
        Of the matrix.
    declared : Scale
        Of the matrix.

    Raises
    ------
    ScaleError
        If the matrix has another unit.
    IdentifierError
        If less than 80% of the model's genes are there.
    """
    wanted = Scale.parse(model.scale)
    if declared.unit != wanted.unit:
        raise ScaleError(
            f"the model of {model.cohort} takes {wanted}, the matrix is {declared}",
            where="scale",
            expected=f"a matrix in {wanted.unit}",
            next_step="supply that unit, or fit a model on a cohort like this one",
        )
    measured = frozenset(genes)
    absent = tuple(g for g in model.genes if g not in measured)
    # the least share itself is enough: 1 - 0.8 falls short of 0.2 in floating point
    if len(model.genes) - len(absent) < _FEWEST_GENES * len(model.genes):
        raise IdentifierError(
            f"{len(absent)} of the {len(model.genes)} genes of the model are not in the matrix: {examples(absent)}",
            where="var_names",
            expected=f"at least {_FEWEST_GENES:.0%} of the genes that the model was fitted on",
            next_step="check the identifiers, or fit a model on the genes that both have",
        )
    return absent
