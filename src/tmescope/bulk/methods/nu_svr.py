"""Cell types by linear nu support vector regression on a signature matrix of one's own (Newman et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.bulk.references import as_reference, cell_fractions, check_reference
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, MethodSpec, Parameter
from tmescope.foundation.result import RunWarning
from tmescope.stats.support_vectors import fit_nu_svr

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METHOD", "NUS"]

NUS = (0.25, 0.5, 0.75)
"""Values of nu that are tried; the one whose result reproduces the sample best is taken."""


_BLOCK = 64
_GAP = 1e-6


def _standardise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring all values together to mean zero and standard deviation one."""
    spread = float(values.std(ddof=1))
    if spread == 0.0:
        raise MethodError(
            "all values are the same", where="profiles", expected="genes that differ", next_step="check the reference"
        )
    return np.asarray((values - values.mean()) / spread)


def _estimate(
    features: NDArray[np.float64], samples: NDArray[np.float64], *, cost: float
) -> tuple[NDArray[np.float64], int]:
    """Return the shares of each sample by the nu that reproduces it best, and how many fits stopped early."""
    centred = samples - samples.mean(axis=1, keepdims=True)
    targets = centred / samples.std(axis=1, ddof=1, keepdims=True)
    best = np.zeros((len(samples), features.shape[1]))
    least = np.full(len(samples), np.inf)
    n_open = 0
    for nu in NUS:
        fits = fit_nu_svr(features, targets, nu=nu, cost=cost)
        n_open += int(np.count_nonzero(~(fits.gaps <= _GAP)))
        weights = np.maximum(fits.weights, 0.0)
        totals = weights.sum(axis=1, keepdims=True)
        shares = np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)
        error = np.sqrt(np.mean((shares @ features.T - targets) ** 2, axis=1))
        better = (error < least) & (totals[:, 0] > 0)
        best[better], least[better] = shares[better], error[better]
    return best, n_open


def _run(mixture: Mixture, given: object, parameters: Mapping[str, Any]) -> Estimates:
    reference = as_reference(given, method="nu_svr")
    warnings = list(check_reference(reference))
    place = {gene: i for i, gene in enumerate(mixture.genes)}
    rows = [i for i, gene in enumerate(reference.genes) if gene in place]
    if len(rows) < 2 * len(reference.cell_types):
        raise MethodError(
            f"{len(rows)} genes of the reference are in the mixture, for {len(reference.cell_types)} cell types",
            where="genes",
            expected=f"at least {2 * len(reference.cell_types)}",
            next_step="check that both have the same kind of identifiers (tmescope check)",
        )
    features = np.ascontiguousarray(_standardise(reference.profiles[rows]))
    samples = mixture.values[:, [place[reference.genes[i]] for i in rows]]
    shares = np.zeros((len(samples), len(reference.cell_types)))
    usable = np.flatnonzero(samples.min(axis=1) < samples.max(axis=1))
    n_open = 0
    for first in range(0, len(usable), _BLOCK):
        rows_now = usable[first : first + _BLOCK]
        shares[rows_now], left = _estimate(features, samples[rows_now], cost=float(parameters["cost"]))
        n_open += left
    if n_open:
        message = f"{n_open} regressions stopped before their tolerance"
        warnings.append(RunWarning("nu_svr.not_converged", message, "", n_open))
    without = int(np.count_nonzero(~shares.any(axis=1)))
    if without:
        message = f"{without} samples have no estimate: constant over the signature genes, or no positive weight"
        warnings.append(RunWarning("nu_svr.no_weight", message, "", without))
    fractions = cell_fractions(shares, reference.size_factors, scaled=bool(parameters["cell_shares"]))
    coverage = np.full(len(reference.cell_types), len(rows) / len(reference.genes))
    return Estimates(reference.cell_types, fractions, coverage, tuple(warnings))


METHOD = Method(
    MethodSpec(
        name="nu_svr",
        room="bulk",
        summary="Share of each cell type by nu support vector regression on your own signature matrix.",
        needs_log=False,
        units=("counts", "tpm", "cpm", "fpkm", "array"),
        scope="sample",
        unit="fraction",
        low=0.0,
        high=1.0,
        reference="10.1038/nmeth.3337",
        higher_means="more cells of that type among the types of the reference",
        licence="no reference data; the patent application WO2016118860 describes deconvolution by this regression: a "
        "company asks its lawyers",
        commercial_use=False,
        parameters=(
            Parameter("cost", float, 1.0, "Bound C of the regression's multipliers (1e-3 to 1000).", 1e-3, 1000.0),
            Parameter(
                "cell_shares",
                bool,
                True,
                "Divide RNA shares by the RNA of a cell, where the reference has it.",
            ),
        ),
        own_reference=True,
        additive=True,
    ),
    _run,
    vocabulary=lambda reference, _: as_reference(reference, method="nu_svr").genes,
)
