"""ConsensusTME: cell types of a tumour by gene sets made for its cancer type (Jiménez-Sánchez et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods import gsva, ssgsea
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.foundation.errors import MethodError, UnknownNameError
from tmescope.foundation.method import THREADS, Method, MethodSpec, Parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.gene_sets import GeneSets
    from tmescope.facts.references.consensustme import ConsensusTme

__all__ = ["GSVA", "SSGSEA", "sets_of_cancer"]

_IMMUNE = "Immune_Score"


def sets_of_cancer(reference: ConsensusTme, cancer: str) -> dict[str, tuple[str, ...]]:
    """Return the gene sets of a cancer type.

    Parameters
    ----------
    reference : ConsensusTme
        All collections.
    cancer : str
        As TCGA abbreviates it, or ``Unfiltered`` for the sets before they were filtered by the expression of a cancer.

    Returns
    -------
    dict of str to tuple of str
        The last is ``Immune_Score``. Where a collection has none (``Unfiltered``), the original takes the genes of all
        its sets together, endothelial cells and fibroblasts among them, and so does this.

    Raises
    ------
    MethodError
        If no cancer is named.
    UnknownNameError
        If the reference has no collection of that name.
    """
    if not cancer:
        raise MethodError(
            "consensustme has gene sets of its own for each cancer type, and none is named",
            where="cancer",
            expected=f"one of: {', '.join(reference.sets)}",
            next_step='name it: cancer = "SKCM", or cancer = "Unfiltered" where the tumours are of several types',
        )
    if cancer not in reference.sets:
        raise UnknownNameError.of("cancer type of consensustme", cancer, reference.sets, where="cancer")
    sets = dict(reference.sets[cancer])
    everything = tuple(dict.fromkeys(gene for genes in sets.values() for gene in genes))
    immune = sets.pop(_IMMUNE, everything)
    return {**sets, _IMMUNE: immune}


def name_genes(reference: ConsensusTme, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the genes of the sets of a cancer type.

    Parameters
    ----------
    reference : ConsensusTme
        All collections.
    parameters : mapping
        ``cancer``.
    """
    sets = sets_of_cancer(reference, parameters["cancer"])
    return tuple(dict.fromkeys(gene for genes in sets.values() for gene in genes))


def _index(mixture: Mixture, reference: ConsensusTme, parameters: Mapping[str, Any]) -> GeneSets:
    sets = index_sets(sets_of_cancer(reference, parameters["cancer"]), mixture.genes)
    return sets.without(~mixture.is_measured())


def _method(spec: MethodSpec, scoring: Method, fixed: Mapping[str, Any]) -> Method:
    """Return the deconvolution method that scores the sets of a cancer by a scoring method with fixed parameters."""
    fit, apply = scoring.fit, scoring.apply
    if fit is None or apply is None:  # pragma: no cover - both are there for the two methods below
        raise MethodError(f"{scoring.spec.name} cannot be frozen")

    def given(parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**fixed, "threads": parameters["threads"]}

    def as_estimates(sets: GeneSets, scores: NDArray[np.float64]) -> Estimates:
        return Estimates(sets.names, scores, np.diff(sets.starts) / np.maximum(sets.sizes, 1))

    def run(mixture: Mixture, reference: ConsensusTme, parameters: Mapping[str, Any]) -> Estimates:
        sets = _index(mixture, reference, parameters)
        return as_estimates(sets, scoring.run(mixture.values, sets, given(parameters)))

    def learn(mixture: Mixture, reference: ConsensusTme, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        state: Mapping[str, Any] = fit(mixture.values, _index(mixture, reference, parameters), given(parameters))
        return state

    def run_frozen(
        mixture: Mixture,
        reference: ConsensusTme,
        parameters: Mapping[str, Any],
        *,
        state: Mapping[str, NDArray[np.float64]],
    ) -> Estimates:
        sets = _index(mixture, reference, parameters)
        return as_estimates(sets, apply(mixture.values, sets, given(parameters), state=state))

    return Method(spec, run, learn, run_frozen, vocabulary=name_genes)


_SPEC = MethodSpec(
    name="consensustme",
    room="bulk",
    summary="Cell types of the tumour microenvironment by rank enrichment of gene sets made for its cancer type.",
    needs_log=False,
    units=ssgsea.NORMALISED.spec.units,
    scope="cohort",
    unit=ssgsea.NORMALISED.spec.unit,
    low=-np.inf,
    high=np.inf,
    reference="10.1158/0008-5472.CAN-18-3560",
    higher_means="more of this cell type than in other samples of the cohort; types do not compare with each other",
    licence="GPL-3, as stated by method overviews. Who passes the data on is bound by it: ask your lawyers before use.",
    commercial_use=False,
    ties=ssgsea.NORMALISED.spec.ties,
    min_samples=2,
    ranks_all_genes=True,
    installed="consensustme",
    parameters=(
        Parameter(
            "cancer",
            str,
            "",
            "Cancer type as TCGA abbreviates it, such as SKCM, or Unfiltered for several together; must be named.",
            is_required=True,
        ),
        THREADS,
    ),
)

SSGSEA = _method(_SPEC, ssgsea.NORMALISED, {"alpha": 0.25})

GSVA = _method(
    replace(
        _SPEC,
        name="consensustme_gsva",
        summary="Cell types of the tumour microenvironment by gene set variation of sets made for its cancer type.",
        unit=gsva.GAUSSIAN.spec.unit,
        low=-1.0,
        high=1.0,
        ties=gsva.GAUSSIAN.spec.ties,
    ),
    gsva.GAUSSIAN,
    {"tau": 1.0, "max_difference": True},
)
