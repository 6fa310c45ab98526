"""Scores as a tidy table, with what is missing and what the reader must be told about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.method import MethodSpec
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import TEXT

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from tmescope.bulk.mixtures import Composition

__all__ = ["CoverageTally", "Scores", "cohort_id", "coverage_warnings", "tidy"]

_FLAGGED = 0.8


@dataclass(frozen=True)
class Scores:
    """What a method found for each sample.

    Parameters
    ----------
    features : tuple of str
        Names of the outputs: the sets, then what is derived from all of them.
    values, coverage : array of float64, n_samples x n_outputs
        The scores, and the share of the genes (or of their weight) that each stands on.
    found : array of int64, n_samples x n_outputs
        Number of genes that each stands on.
    empty : array of bool, n_samples
        Samples that have no score although the genes were measured: all that was read of them is zero.
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    coverage: NDArray[np.float64]
    found: NDArray[np.int64]
    empty: NDArray[np.bool_]

    def make_missing(self, min_coverage: float, min_genes: int) -> NDArray[np.bool_]:
        """Set scores of empty samples, and those that stand on too few genes, to NaN; return which the latter are.

        Parameters
        ----------
        min_coverage : float
            Smallest share.
        min_genes : int
            Fewest genes.
        """
        few = (self.coverage < min_coverage) | (self.found < min_genes)
        self.values[few | self.empty[:, None]] = np.nan
        return few


class CoverageTally:
    """What scores stand on, added up over blocks of samples.

    Parameters
    ----------
    features : tuple of str
        Names of the outputs.
    """

    def __init__(self, features: tuple[str, ...]) -> None:
        self.features = features
        self.n_samples = 0
        self.n_empty = 0
        self.first_empty: list[int] = []
        self.missing = np.zeros(len(features), dtype=np.int64)
        self.total = np.zeros(len(features))
        self.least = np.full(len(features), np.inf)

    def add(self, scores: Scores, few: NDArray[np.bool_]) -> None:
        """Add a block of samples.

        Parameters
        ----------
        scores : Scores
            As found.
        few : array of bool, n_samples x n_outputs
            From `Scores.make_missing`.
        """
        places = np.flatnonzero(scores.empty)
        self.first_empty = [*self.first_empty, *(self.n_samples + int(i) for i in places[:3])][:3]
        self.n_empty += places.size
        self.n_samples += len(few)
        self.missing += few.sum(axis=0)
        self.total += scores.coverage.sum(axis=0)
        self.least = np.minimum(self.least, scores.coverage.min(axis=0))

    def warnings(self, cohort: str, samples: Sequence[str]) -> tuple[RunWarning, ...]:
        """Return warnings of empty samples, of signatures missing in all samples, and of those with < 80% in some.

        Parameters
        ----------
        cohort : str
            For the warnings.
        samples : sequence of str
            Names of all that were added, in their order.
        """
        nowhere = self.missing == self.n_samples
        mean = self.total / max(self.n_samples, 1)
        missing = [n for n, absent in zip(self.features, nowhere, strict=True) if absent]
        partial = [
            f"{n} ({share:.0%})"
            for n, share, least, absent in zip(self.features, mean, self.least, nowhere, strict=True)
            if not absent and least < _FLAGGED
        ]
        found = []
        if self.n_empty:
            message = f"{self.n_empty} samples express no gene of the reference: they have no estimate"
            names = tuple(str(samples[i]) for i in self.first_empty)
            found.append(RunWarning("deconvolution.empty_sample", message, cohort, self.n_empty, names))
        if missing:
            message = f"{len(missing)} signatures are missing: too few of their genes are in the matrix that was scored"
            found.append(RunWarning("coverage.missing", message, cohort, len(missing), tuple(missing[:3])))
        if partial:
            message = f"{len(partial)} signatures are scored on fewer than 80% of their genes"
            found.append(RunWarning("coverage.partial", message, cohort, len(partial), tuple(partial[:3])))
        return tuple(found)


def coverage_warnings(
    scores: Scores, few: NDArray[np.bool_], *, cohort: str, samples: Sequence[str]
) -> tuple[RunWarning, ...]:
    """Return the warnings of `CoverageTally` for scores that are all there.

    Parameters
    ----------
    scores : Scores
        As found.
    few : array of bool, n_samples x n_outputs
        From `Scores.make_missing`.
    cohort : str
        For the warnings.
    samples : sequence of str
        Their names.
    """
    tally = CoverageTally(scores.features)
    tally.add(scores, few)
    return tally.warnings(cohort, samples)


def cohort_id(adata: AnnData) -> str:
    """Return the cohort's id, or ``cohort`` where it has none."""
    return str((adata.uns.get("tmescope") or {}).get("cohort_id", "cohort"))


def tidy(adata: AnnData, spec: MethodSpec, scores: Scores | Composition) -> pd.DataFrame:
    """Return one row for each sample and feature: samples in input order, then features.

    Parameters
    ----------
    adata : anndata.AnnData
        Whose samples they are.
    spec : MethodSpec
        Name and unit.
    scores : Scores or Composition
        As found.
    """
    n_samples, n_sets = scores.values.shape
    same = np.zeros(n_samples * n_sets, dtype=np.intp)
    return pd.DataFrame(
        {
            "cohort_id": _text([cohort_id(adata)], same),
            "sample_id": _text([str(s) for s in adata.obs_names], np.repeat(np.arange(n_samples), n_sets)),
            "method": _text([spec.name], same),
            "feature": _text(scores.features, np.tile(np.arange(n_sets), n_samples)),
            "value": scores.values.ravel(),
            "coverage": scores.coverage.ravel(),
            "unit": _text([spec.unit], same),
        }
    )


def _text(words: Sequence[str], places: NDArray[np.intp]) -> ExtensionArray:
    """Return the words at the places; each is made into text once, not once a row."""
    made: ExtensionArray = pd.array(list(words), dtype=TEXT)
    return made.take(places)
