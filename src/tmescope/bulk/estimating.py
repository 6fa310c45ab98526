"""Runs a deconvolution method on the samples that it can be run on, and says what a reader must know of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.mixtures import Composition, Estimates, Mixture
from tmescope.foundation.errors import ExpressionError, MethodError, examples
from tmescope.foundation.method import Method, MethodSpec
from tmescope.foundation.result import RunWarning
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["check_values", "estimate", "find_empty", "make_missing", "tell_of_estimates"]


def check_values(spec: MethodSpec, values: NDArray[np.float64]) -> None:
    """Check that there are enough samples, and nothing on a linear scale that cannot be.

    Parameters
    ----------
    spec : MethodSpec
        Of the method.
    values : array of float64, n_samples x n_genes
        In the scale that it asks for.

    Raises
    ------
    MethodError
        Too few samples.
    ExpressionError
        Negative values, or infinite ones: a logarithm was declared and the matrix holds none.
    """
    _check_size(spec, len(values))
    if n_infinite := int(np.count_nonzero(np.isinf(values))):
        raise ExpressionError(
            f"{n_infinite} values are too large to be logarithms",
            where="X",
            expected="the scale that is declared",
            next_step="declare the scale that the matrix is in, such as tpm",
        )
    if not spec.needs_log and np.any(values < 0):
        wrong = values[values < 0]
        raise ExpressionError(
            f"{wrong.size} values are negative, for example {examples(float(v) for v in wrong[:3])}",
            where="X",
            expected="linear expression, 0 or more",
            next_step="declare the scale that the matrix is in, such as log2(tpm+1)",
        )


def _check_size(spec: MethodSpec, n_samples: int) -> None:
    if spec.min_samples > n_samples:
        raise MethodError(
            f"{spec.name} looks at a whole cohort of at least {spec.min_samples} samples and got {n_samples}",
            where="samples",
            expected="the cohort that the sample belongs to",
            next_step="fit the method on a cohort once (tmescope deconvolve fit, or fit_deconvolution) and apply it to "
            "single samples (tmescope deconvolve apply, apply_deconvolution), or choose a method of scope sample",
        )


def find_empty(spec: MethodSpec, mixture: Mixture, wanted: frozenset[str]) -> NDArray[np.bool_]:
    """Return which samples express none of the genes that a method looks for.

    Parameters
    ----------
    spec : MethodSpec
        Of the method.
    mixture : Mixture
        May hold NaN.
    wanted : frozenset of str
        The genes; all of the mixture where it is empty.

    Raises
    ------
    ExpressionError
        If all are.
    MethodError
        If too few are left.
    """
    seen = np.array([g in wanted for g in mixture.genes]) if wanted else np.ones(len(mixture.genes), dtype=bool)
    empty: NDArray[np.bool_] = ~np.any(np.nan_to_num(mixture.values[:, seen]) != 0, axis=1)
    if empty.all():
        raise ExpressionError(
            "no sample expresses any gene of the reference", where="X", next_step="check scale and identifiers"
        )
    _check_size(spec, int(np.count_nonzero(~empty)))
    return empty


def estimate(
    method: Method,
    mixture: Mixture,
    reference: object,
    *,
    parameters: Mapping[str, Any],
    wanted: frozenset[str],
    aligned: bool = False,
) -> Composition:
    """Run a method on all samples that are not empty; those that miss the same genes are run together.

    Parameters
    ----------
    method : Method
        Of deconvolution.
    mixture : Mixture
        May hold NaN.
    reference : object
        What the method reads.
    parameters : mapping
        As resolved.
    wanted : frozenset of str
        Genes that the method looks for.
    aligned : bool
        Whether the method takes all genes, NaN where a sample has none, rather than those alone that are there.

    Returns
    -------
    Composition
        NaN, and a coverage of 0, for empty samples.

    Raises
    ------
    ExpressionError, MethodError
        As from `find_empty`.
    """
    empty = find_empty(method.spec, mixture, wanted)
    values = coverage = np.empty((0, 0))
    features: tuple[str, ...] = ()
    warnings: tuple[RunWarning, ...] = ()
    with one_blas_thread():
        for samples, present in _groups(mixture.values, empty, whole=method.spec.scope == "cohort"):
            part = _part(mixture, samples, present | aligned)
            one: Estimates = method.run(part, reference, parameters)
            if not features:
                features = one.features
                values = np.full((len(empty), len(features)), np.nan)
                coverage = np.zeros_like(values)
            values[samples], coverage[samples] = one.values, one.coverage
            warnings = tuple(dict.fromkeys((*warnings, *one.warnings)))
    return Composition(features, values, coverage, empty, warnings)


def _part(mixture: Mixture, samples: NDArray[np.int64], kept: NDArray[np.bool_]) -> Mixture:
    if kept.all() and len(samples) == len(mixture.values):
        return mixture
    genes = tuple(g for g, is_kept in zip(mixture.genes, kept, strict=True) if is_kept)
    return replace(mixture, values=np.ascontiguousarray(mixture.values[np.ix_(samples, kept)]), genes=genes)


def _groups(
    values: NDArray[np.float64], empty: NDArray[np.bool_], *, whole: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Yield samples that miss the same genes, with the genes that they have."""
    usable = np.flatnonzero(~empty)
    missing = np.isnan(values)
    if whole or not missing.any():
        yield usable, ~np.any(missing[usable], axis=0, keepdims=True)[0]
        return
    patterns: dict[bytes, list[int]] = {}
    for sample in usable:
        patterns.setdefault(np.packbits(missing[sample]).tobytes(), []).append(int(sample))
    for samples in patterns.values():
        yield np.array(samples), ~missing[samples[0]]


def make_missing(found: Composition, min_coverage: float) -> None:
    """Set outputs that stand on too few genes to NaN.

    Parameters
    ----------
    found : Composition
        From `estimate`.
    min_coverage : float
        Smallest share.
    """
    found.values[found.coverage < min_coverage] = np.nan


def tell_of_estimates(
    found: Composition, samples: Sequence[str], *, min_coverage: float, cohort: str
) -> Iterator[RunWarning]:
    """Yield what the method says, which samples are empty and which outputs stand on too few genes.

    Parameters
    ----------
    found : Composition
        From `estimate`.
    samples : sequence of str
        Their names.
    min_coverage : float
        Smallest share of genes.
    cohort : str
        For the warnings.
    """
    for warning in found.warnings:
        yield replace(warning, where=warning.where or cohort)
    if found.empty.any():
        names = [str(s) for s, is_empty in zip(samples, found.empty, strict=True) if is_empty]
        message = f"{len(names)} samples express no gene of the reference: they have no estimate"
        yield RunWarning("deconvolution.empty_sample", message, cohort, len(names), tuple(names[:3]))
    few: NDArray[np.bool_] = np.logical_or.reduce((found.coverage < min_coverage)[~found.empty], axis=0)
    if few.any():
        outputs = tuple(f for f, is_few in zip(found.features, few, strict=True) if is_few)
        message = f"{len(outputs)} outputs are missing, in some samples at least: too few of their genes were measured"
        yield RunWarning("coverage.missing", message, cohort, len(outputs), outputs[:3])
