"""Deconvolution that a cohort fixed once: fitted, saved as one small file, applied unchanged to every new patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.deconvolution import (
    DeconvolveOptions,
    Match,
    Reference,
    find_reference_of,
    list_deconvolvers,
    match_genes,
)
from tmescope.bulk.estimating import check_values, estimate, find_empty, make_missing, tell_of_estimates
from tmescope.bulk.frozen import check_matrix, find_columns
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.bulk.score_table import cohort_id, tidy
from tmescope.foundation.errors import FactsError, MethodError, examples
from tmescope.foundation.method import Method, MethodSpec, find_method, resolve_parameters
from tmescope.foundation.provenance import Provenance, hash_array, hash_json, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.foundation.scale import Scale

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = [
    "FrozenDeconvolution",
    "apply_deconvolution",
    "check_can_be_fitted",
    "deconvolution_hash",
    "fit_deconvolution",
    "frozen_deconvolution_spec",
]


@dataclass(frozen=True)
class FrozenDeconvolution:
    """A deconvolution method with what it learned from one cohort.

    Parameters
    ----------
    method : str
        Name of the method.
    parameters : mapping
        As resolved at the fit, without threads.
    scale : str
        What values the method takes, such as ``tpm``; new matrices are converted to it.
    genes : tuple of str
        Columns of the fit, under the reference's names. The method sees these and no others.
    map_symbols : bool
        Whether genes of the reference were looked up under their approved symbols.
    facts : mapping of str to str
        Name to sha256 of the reference, which is not inside: it must be installed where the model is applied.
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
    map_symbols: bool
    facts: Mapping[str, str]
    state: Mapping[str, NDArray[Any]]
    cohort: str
    n_samples: int
    provenance: Mapping[str, Any]

    @property
    def reference(self) -> tuple[str, str]:
        """Name and version of the installed reference that it stands on; empty texts where it has none."""
        name, _, version = next((key.partition(":")[0] for key in self.facts if ":" in key), "").partition(" ")
        return name, version


def fit_deconvolution(
    adata: AnnData,
    *,
    method: str | Method,
    reference: object = None,
    scale: str | None = None,
    options: DeconvolveOptions | None = None,
) -> FrozenDeconvolution:
    """Fit a deconvolution method that looks at a whole cohort, to be applied to new patients later.

    Answers "what would this cohort say of a new patient?" without the new patient, or those beside her, changing the
    measure. Methods whose scope is one sample need no fit.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The cohort that becomes the measure. Genes that some sample misses, and samples without any expression, take no
        part.
    method, reference, scale, options
        As in `tmescope.bulk.deconvolution.deconvolve`.

    Returns
    -------
    FrozenDeconvolution

    Raises
    ------
    MethodError
        If the method estimates each sample alone, or cannot be frozen.
    TmescopeError
        As in `tmescope.bulk.deconvolution.deconvolve`.
    """
    options = options or DeconvolveOptions()
    chosen = method if isinstance(method, Method) else find_method(method, list_deconvolvers())
    spec = chosen.spec
    fit = check_can_be_fitted(chosen)
    parameters = resolve_parameters(spec, dict(options.parameters))
    used = find_reference_of(chosen, reference, options)
    check_names([str(s) for s in adata.obs_names], [str(g) for g in adata.var_names])
    declared = find_scale(adata, scale)
    target = target_scale(spec, declared)
    values = MatrixRows(adata.X, declared, target).read(0, adata.n_obs)
    check_values(spec, values)
    matched = match_genes(chosen, [str(g) for g in adata.var_names], used, options=options)
    matched.refuse_few(spec, options.min_coverage)
    mixture = _whole(spec, Mixture(values, matched.genes, declared.unit == "array"), matched)
    state = fit(mixture, used.content, parameters)
    parameters.pop("threads", None)
    return FrozenDeconvolution(
        method=spec.name,
        parameters=parameters,
        scale=str(target),
        genes=mixture.genes,
        map_symbols=options.map_symbols,
        facts=used.facts,
        state=state,
        cohort=cohort_id(adata),
        n_samples=len(mixture.values),
        provenance={
            "inputs": {"values": hash_array(values), "genes": hash_json(list(map(str, adata.var_names)))},
            "versions": versions(),
        },
    )


def check_can_be_fitted(method: Method) -> Callable[..., Mapping[str, NDArray[Any]]]:
    """Return how a method is fitted on a cohort.

    Parameters
    ----------
    method : Method
        Of deconvolution.

    Raises
    ------
    MethodError
        If it estimates each sample alone, or cannot be frozen.
    """
    if method.fit is None:
        raise _not_fitted(method.spec)
    return method.fit


def _not_fitted(spec: MethodSpec) -> MethodError:
    alone = spec.scope == "sample"
    names = [m.spec.name for m in list_deconvolvers() if m.fit is not None]
    return MethodError(
        f"{spec.name} estimates each sample alone: there is nothing to fit" if alone else f"{spec.name} has no fit",
        expected=f"a method whose scope is the cohort: {', '.join(names)}",
        next_step="deconvolve new samples as they are" if alone else "choose another method",
    )


def _whole(spec: MethodSpec, mixture: Mixture, matched: Match) -> Mixture:
    """Return the mixture without empty samples, and without genes that one of the others misses."""
    values = mixture.values[~find_empty(spec, mixture, frozenset(matched.wanted))]
    there: NDArray[np.bool_] = np.logical_not(np.logical_or.reduce(np.isnan(values), axis=0))
    genes = tuple(g for g, is_there in zip(mixture.genes, there, strict=True) if is_there)
    return replace(mixture, values=np.ascontiguousarray(values[:, there]), genes=genes)


def apply_deconvolution(
    model: FrozenDeconvolution,
    adata: AnnData,
    *,
    reference: object = None,
    scale: str | None = None,
    options: DeconvolveOptions | None = None,
) -> Result:
    """Estimate new samples with a measure that a cohort fixed before.

    Parameters
    ----------
    model : FrozenDeconvolution
        From `fit_deconvolution`.
    adata : anndata.AnnData, n_samples x n_genes
        One sample or many; no estimate depends on the others. Genes in any order.
    reference : object, optional
        For methods that take one of yours: that of the fit.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : DeconvolveOptions, optional
        Coverage, the gene table and where references are; of the parameters only ``threads``, the rest is frozen.

    Returns
    -------
    Result
        As from `tmescope.bulk.deconvolution.deconvolve`; the method is called ``NAME_frozen``.

    Raises
    ------
    FactsError
        If the reference of the fit is not installed.
    ScaleError
        If the matrix has another unit than the model takes.
    IdentifierError
        If less than 80% of the model's genes are there: ranks over other genes are another measure.
    MethodError
        If a frozen parameter is given, or the model's method is not there.
    """
    options = options or DeconvolveOptions()
    chosen = find_method(model.method, list_deconvolvers())
    parameters = _thaw(model, chosen.spec, options)
    options = replace(options, map_symbols=model.map_symbols, parameters=parameters)
    used = _find_same(model, chosen, reference, options=options)
    check_names([str(s) for s in adata.obs_names], [str(g) for g in adata.var_names])
    declared = find_scale(adata, scale)
    matched = match_genes(chosen, [str(g) for g in adata.var_names], used, options=options)
    absent = check_matrix(model, matched.genes, declared)
    rows = MatrixRows(adata.X, declared, Scale.parse(model.scale), find_columns(model, matched.genes))
    values = rows.read(0, len(rows))
    frozen = _as_method(model, chosen)
    check_values(frozen.spec, values)
    mixture = Mixture(values, model.genes, declared.unit == "array")
    wanted = frozenset(matched.wanted)
    found = estimate(frozen, mixture, used.content, parameters=parameters, wanted=wanted, aligned=True)
    cohort = cohort_id(adata)
    warnings = tuple(tell_of_estimates(found, adata.obs_names, min_coverage=options.min_coverage, cohort=cohort))
    make_missing(found, options.min_coverage)
    provenance = Provenance(
        method=frozen.spec.name,
        parameters={**parameters, "min_coverage": options.min_coverage, "map_symbols": model.map_symbols},
        inputs={"values": hash_array(values), "model": deconvolution_hash(model), "scale": str(declared)},
        facts=used.facts,
        versions=versions(),
    )
    return Result(tidy(adata, frozen.spec, found), provenance, warnings + _tell_of_absent(model, absent, cohort))


def _thaw(model: FrozenDeconvolution, spec: MethodSpec, options: DeconvolveOptions) -> dict[str, Any]:
    if changed := sorted(set(options.parameters) - {"threads"}):
        raise MethodError(
            f"the parameters {examples(changed)} are frozen in the model",
            expected="threads at most",
            next_step="fit another model with other parameters",
        )
    return resolve_parameters(spec, {**model.parameters, **options.parameters})


def _find_same(model: FrozenDeconvolution, method: Method, given: object, *, options: DeconvolveOptions) -> Reference:
    """Return the reference that the model was fitted with."""
    spec = method.spec
    version = options.version or model.reference[1] or None
    used = find_reference_of(method, given, replace(options, version=version if spec.installed else None))
    if other := sorted(name for name, sha256 in model.facts.items() if used.facts.get(name) != sha256):
        raise FactsError(
            f"the model of {model.cohort} was fitted with another reference: {examples(other)} differ or are missing",
            where=", ".join(used.facts) or "reference",
            expected=f"the files of {' '.join(model.reference).strip() or spec.name} that the fit used",
            next_step="install these files, or fit the model again",
        )
    return used


def _as_method(model: FrozenDeconvolution, chosen: Method) -> Method:
    """Return the model as a method that takes matrices of its genes."""
    apply = chosen.apply
    if apply is None:
        raise MethodError(
            f"{chosen.spec.name} cannot be applied frozen", next_step="use the release that fitted the model"
        )

    def run(mixture: Mixture, reference: object, parameters: Mapping[str, Any]) -> Estimates:
        found: Estimates = apply(mixture, reference, parameters, state=model.state)
        return found

    return Method(_frozen(model, chosen.spec), run)


def frozen_deconvolution_spec(model: FrozenDeconvolution) -> MethodSpec:
    """Return the specification of a model as a method: ``NAME_frozen``, which estimates each sample alone.

    Parameters
    ----------
    model : FrozenDeconvolution
        The model.

    Raises
    ------
    UnknownNameError
        If there is no method of that name here.
    MethodError
        If this release cannot apply it, or its parameters are not those of the method.
    """
    chosen = find_method(model.method, list_deconvolvers())
    resolve_parameters(chosen.spec, dict(model.parameters))
    return _as_method(model, chosen).spec


def _frozen(model: FrozenDeconvolution, spec: MethodSpec) -> MethodSpec:
    return replace(
        spec,
        name=f"{spec.name}_frozen",
        summary=f"{spec.summary} Measured against the {model.n_samples} samples of {model.cohort}, once and for all.",
        units=(Scale.parse(model.scale).unit,),
        scope="sample",
        min_samples=1,
    )


def _tell_of_absent(model: FrozenDeconvolution, absent: tuple[str, ...], cohort: str) -> tuple[RunWarning, ...]:
    if not absent:
        return ()
    share = len(absent) / len(model.genes)
    message = f"{len(absent)} of the {len(model.genes)} genes of the model are not in the matrix ({share:.1%})"
    return (RunWarning("model.genes_missing", message, cohort, len(absent), absent[:3]),)


def deconvolution_hash(model: FrozenDeconvolution) -> str:
    """Return the sha256 of everything in a model that decides estimates."""
    return hash_json(
        {
            "method": model.method,
            "parameters": dict(model.parameters),
            "scale": model.scale,
            "genes": list(model.genes),
            "map_symbols": model.map_symbols,
            "facts": dict(model.facts),
            "state": {name: hash_array(array) for name, array in sorted(model.state.items())},
        }
    )
