"""Cell types from the reads of all genes: a multinomial mixture with single-cell profiles (as Chu et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.methods.bayes_mixture import MixtureModel, fit_shares, reads_of
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.bulk.references import SignatureReference, StateProfiles, as_reference, cell_fractions, check_reference
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, MethodSpec, Parameter
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COHORT", "SAMPLE", "BayesFit", "fit_bayes", "type_reads"]

_FEWEST_GENES = 50
_FLOOR = 1e-8

_PARAMETERS = (
    Parameter(
        "alpha", float, 0.01, "Parameter of the symmetric Dirichlet prior of the shares (1e-6 to 100).", 1e-6, 100.0
    ),
    Parameter("cell_shares", bool, True, "Divide RNA shares by the RNA of a cell, where the reference has it."),
    Parameter(
        "malignant_step",
        bool,
        True,
        "Where the reference names a malignant type: estimate its profile in each sample and fit once more.",
    ),
    Parameter(
        "profile_weight",
        float,
        1.0,
        "Weight of a reference profile in one that is learned, as reads of so many samples of that type alone "
        "(0.001 to 1000).",
        1e-3,
        1e3,
    ),
)

_SPEC = MethodSpec(
    name="bayes",
    room="bulk",
    summary="Share of each cell type by a multinomial mixture of single-cell profiles over all genes.",
    needs_log=False,
    units=("counts", "tpm", "cpm", "fpkm"),
    scope="sample",
    unit="fraction",
    low=0.0,
    high=1.0,
    reference="10.1038/s43018-022-00356-3",
    higher_means="more cells of that type among the types of the reference",
    parameters=_PARAMETERS,
    own_reference=True,
)


@dataclass(frozen=True, eq=False)
class BayesFit:
    """How the reads of each sample divide among the parts of a reference.

    Parameters
    ----------
    genes : tuple of str
        Genes of the mixture that the reference has.
    columns : array of int64
        Where they stand in the mixture.
    part_types : tuple of str
        The cell type of each part; the malignant part of a sample's own, if there is one, is the last.
    profiles : array of float64, n_parts x n_genes
        Of the parts that all samples share; rows sum to one over `genes`.
    own : array of float64, n_samples x n_genes, optional
        Each sample's own malignant profile.
    shares : array of float64, n_samples x n_parts
        Share of the reads over `genes`.
    masses : array of float64, n_parts
        Share of a part's RNA that `genes` hold, by the reference.
    n_open : int
        Samples that had not met the tolerance.
    """

    genes: tuple[str, ...]
    columns: NDArray[np.int64]
    part_types: tuple[str, ...]
    profiles: NDArray[np.float64]
    own: NDArray[np.float64] | None
    shares: NDArray[np.float64]
    masses: NDArray[np.float64]
    n_open: int


def fit_bayes(
    mixture: Mixture, reference: SignatureReference, parameters: Mapping[str, Any], *, pooled: bool = False
) -> BayesFit:
    """Divide the reads of each sample among the cell types.

    Parameters
    ----------
    mixture : Mixture
        Linear expression.
    reference : SignatureReference
        With states; the markers stand in where it has none.
    parameters : mapping
        Those of the method.
    pooled : bool
        Whether profiles of the types are learned from all samples together before the last fit.

    Returns
    -------
    BayesFit

    Raises
    ------
    MethodError
        If fewer than 50 genes (half of the reference's, where that is fewer) are in both.

    Notes
    -----
    1. The fixed point of `bayes_mixture.fit_shares` over all states of all types.
    2. Where a malignant type is named, the reads of its states, plus its reference profile at `profile_weight` times
       the sample's reads, are the sample's own malignant profile. Pooled, the reads of every other type over all
       samples (each brought to one), plus its reference profile at `profile_weight`, are that type's new profile; else
       its states stay.
    3. The fixed point again, with those.
    """
    states = reference.states or _states_of_markers(reference)
    columns, rows = _shared_genes(mixture, states)
    values = np.ascontiguousarray(mixture.values[:, columns])
    known = np.maximum(states.profiles[:, rows], 0.0)
    masses = known.sum(axis=1)
    profiles = known / masses[:, None]
    model = MixtureModel(profiles, alpha=float(parameters["alpha"]))
    shares, n_open = fit_shares(values, model)
    genes = tuple(states.genes[i] for i in rows)
    first = BayesFit(genes, columns, states.cell_types, profiles, None, shares, masses, n_open)
    own_profile = bool(reference.malignant) and bool(parameters["malignant_step"])
    if not (own_profile or pooled):
        return first
    named = reference.malignant if own_profile else ""
    weight = float(parameters["profile_weight"])
    return _second_fit(values, first, model, malignant=named, pooled=pooled, weight=weight)


def type_reads(values: NDArray[np.float64], fit: BayesFit, cell_type: str) -> NDArray[np.float64]:
    """Return the expression of each sample that is from one cell type.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        The mixture's, over the genes of the fit.
    fit : BayesFit
        Of the same samples.
    cell_type : str
        One of the reference.

    Returns
    -------
    array of float64, n_samples x n_genes
        In the unit of the mixture; the types add up to the mixture.
    """
    of_type = np.array([t == cell_type for t in fit.part_types])
    if fit.own is None:
        return reads_of(values, fit.shares, fit.profiles, parts=of_type)
    shared, mine = fit.shares[:, :-1], fit.shares[:, -1:] * fit.own
    whole = np.maximum(shared @ fit.profiles + mine, 1e-300)
    part = shared[:, of_type[:-1]] @ fit.profiles[of_type[:-1]] + (mine if of_type[-1] else 0.0)
    return np.asarray(values * part / whole)


def _second_fit(
    values: NDArray[np.float64], first: BayesFit, model: MixtureModel, *, malignant: str, pooled: bool, weight: float
) -> BayesFit:
    types = tuple(dict.fromkeys(first.part_types))
    kept = [t for t in types if t != malignant]
    own = None
    masses: list[float] = []
    if malignant:
        own, mass = _own_profiles(values, first, malignant, weight=weight)
    if pooled:
        learned = [_pooled_profile(values, first, t, weight=weight) for t in kept]
        profiles, part_types = np.array([p for p, _ in learned]).reshape(-1, values.shape[1]), tuple(kept)
        masses = [m for _, m in learned]
    else:
        stays = np.array([t != malignant for t in first.part_types])
        profiles, masses = first.profiles[stays], first.masses[stays].tolist()
        part_types = tuple(t for t in first.part_types if t != malignant)
    shares, n_open = fit_shares(values, replace(model, profiles=profiles), own=own)
    if own is not None:
        part_types, masses = (*part_types, malignant), [*masses, mass]
    return replace(
        first,
        part_types=part_types,
        profiles=profiles,
        own=own,
        shares=shares,
        masses=np.array(masses),
        n_open=first.n_open + n_open,
    )


def _own_profiles(
    values: NDArray[np.float64], first: BayesFit, malignant: str, *, weight: float
) -> tuple[NDArray[np.float64], float]:
    prior, mass = _type_profile(first, malignant)
    reads = type_reads(values, first, malignant) + weight * values.sum(axis=1, keepdims=True) * prior
    return reads / reads.sum(axis=1, keepdims=True), mass


def _pooled_profile(
    values: NDArray[np.float64], first: BayesFit, cell_type: str, *, weight: float
) -> tuple[NDArray[np.float64], float]:
    prior, mass = _type_profile(first, cell_type)
    depth = values.sum(axis=1, keepdims=True)
    reads = (type_reads(values, first, cell_type) / depth).sum(axis=0) + weight * prior
    return reads / reads.sum(), mass


def _type_profile(first: BayesFit, cell_type: str) -> tuple[NDArray[np.float64], float]:
    of_type = np.array([t == cell_type for t in first.part_types])
    return first.profiles[of_type].mean(axis=0), float(first.masses[of_type].mean())


def _states_of_markers(reference: SignatureReference) -> StateProfiles:
    totals = reference.profiles.sum(axis=0)
    shares = reference.profiles / totals
    floored = shares.T + _FLOOR
    return StateProfiles(
        reference.genes,
        reference.cell_types,
        reference.cell_types,
        floored / floored.sum(axis=1, keepdims=True),
        (0,) * len(reference.cell_types),
    )


def _shared_genes(mixture: Mixture, states: StateProfiles) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    place = {gene: i for i, gene in enumerate(states.genes)}
    pairs = sorted((place[g], column) for column, g in enumerate(mixture.genes) if g in place)
    needed = min(_FEWEST_GENES, (len(states.genes) + 1) // 2)
    if len(pairs) < needed:
        raise MethodError(
            f"{len(pairs)} of the {len(states.genes)} genes of the reference are in the mixture",
            where="genes",
            expected=f"at least {needed}",
            next_step="check that both have the same kind of identifiers (tmescope check)",
        )
    found = np.array(pairs, dtype=np.int64)
    return found[:, 1], found[:, 0]


def _run(mixture: Mixture, given: object, parameters: Mapping[str, Any], *, pooled: bool) -> Estimates:
    reference = as_reference(given, method="bayes")
    warnings = check_reference(reference)
    fit = fit_bayes(mixture, reference, parameters, pooled=pooled)
    rna = fit.shares / fit.masses
    by_type = np.column_stack([rna[:, [p == t for p in fit.part_types]].sum(axis=1) for t in reference.cell_types])
    fractions = cell_fractions(by_type, reference.size_factors, scaled=bool(parameters["cell_shares"]))
    n_known = len((reference.states or _states_of_markers(reference)).genes)
    coverage = np.full(len(reference.cell_types), len(fit.genes) / n_known)
    if fit.n_open:
        message = f"{fit.n_open} fits had not met the tolerance and hold their last step"
        warnings = (*warnings, RunWarning("bayes.not_converged", message, "", fit.n_open))
    return Estimates(reference.cell_types, fractions, coverage, warnings)


def _run_alone(mixture: Mixture, reference: object, parameters: Mapping[str, Any]) -> Estimates:
    return _run(mixture, reference, parameters, pooled=False)


def _run_pooled(mixture: Mixture, reference: object, parameters: Mapping[str, Any]) -> Estimates:
    return _run(mixture, reference, parameters, pooled=True)


def _vocabulary(given: object, _: Mapping[str, Any]) -> tuple[str, ...]:
    reference = as_reference(given, method="bayes")
    return reference.genes if reference.states is None else reference.states.genes


SAMPLE = Method(_SPEC, _run_alone, vocabulary=_vocabulary)

COHORT = Method(
    replace(
        _SPEC,
        name="bayes_cohort",
        summary="The same, with profiles of the cell types that are learned from the whole cohort before the last fit.",
        scope="cohort",
        min_samples=2,
    ),
    _run_pooled,
    vocabulary=_vocabulary,
)
