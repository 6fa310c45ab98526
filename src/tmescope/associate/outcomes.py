"""An outcome to be cut for, survival or response, behind one face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.time_to_event import read_follow_up
from tmescope.foundation.errors import EndpointError, SampleError, examples
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cutpoints import CutPoint, CutSearch, cut_for_classes, cut_for_survival
from tmescope.stats.held_out import HeldOutEffect, held_out_hazard_ratio, held_out_odds_ratio
from tmescope.stats.logistic import odds_ratio_of_group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.foundation.result import RunWarning

__all__ = ["CutOutcome", "read_outcome"]


@dataclass(frozen=True)
class CutOutcome:
    """Samples with a known endpoint, sorted by name so that their order does not matter.

    Parameters
    ----------
    sample_ids : pandas.Index
        Sorted.
    happened : array of float, shape (n,)
        1 for an event or a responder, else 0.
    time : array of float, shape (n,), or None
        Months; None where the outcome is response.
    n_without : int
        Samples whose endpoint is missing.
    warnings : tuple of RunWarning
        About the endpoint.
    """

    sample_ids: pd.Index[str]
    happened: NDArray[np.float64]
    time: NDArray[np.float64] | None
    n_without: int
    warnings: tuple[RunWarning, ...]

    @property
    def ratio(self) -> str:
        """Name of the effect: ``hazard_ratio`` or ``odds_ratio``."""
        return "odds_ratio" if self.time is None else "hazard_ratio"

    def find_cut(self, values: NDArray[np.float64], *, search: CutSearch, rng: np.random.Generator) -> CutPoint:
        """Find the best cut of a feature.

        Parameters
        ----------
        values : array of float, shape (n,)
            One per sample of `sample_ids`; NaN is missing.
        search : CutSearch
            Where cuts may lie, and how many permutations.
        rng : numpy.random.Generator
            For the permutations.
        """
        if self.time is None:
            return cut_for_classes(values, self.happened, search=search, rng=rng)
        return cut_for_survival(values, self.time, self.happened, search=search, rng=rng)

    def hold_out(self, values: NDArray[np.float64], *, search: CutSearch, rng: np.random.Generator) -> HeldOutEffect:
        """Estimate the effect of a cut in the half of the samples that did not choose it.

        Parameters
        ----------
        values : array of float, shape (n,)
            One per sample of `sample_ids`; NaN is missing.
        search : CutSearch
            Where cuts may lie.
        rng : numpy.random.Generator
            For the halves.
        """
        if self.time is None:
            return held_out_odds_ratio(values, self.happened, rng=rng, search=search)
        return held_out_hazard_ratio(values, self.time, self.happened, rng=rng, search=search)

    def compare(self, values: NDArray[np.float64], cut: float) -> dict[str, Any]:
        """Estimate the effect of being above a given cut: n, n_events, effect, std_error, limits, p, method, reason."""
        high = np.where(np.isnan(values), np.nan, (values > cut).astype(np.float64))
        if self.time is None:
            odds = odds_ratio_of_group(high, self.happened)
            return _estimate(odds, odds.odds_ratio, odds.n_positive)
        hazard = hazard_ratio_of_group(self.time, self.happened, high)
        return _estimate(hazard, hazard.hazard_ratio, hazard.n_events)


def read_outcome(outcome: pd.DataFrame | pd.Series[str], *, where: str) -> CutOutcome:
    """Read survival (columns time_months and event) or response (responder, non_responder).

    Parameters
    ----------
    outcome : pandas.DataFrame or pandas.Series
        Index sample_id, one sample per patient; missing values allowed.
    where : str
        Cohort and endpoint, for messages.

    Raises
    ------
    SampleError
        If a sample has two rows.
    EndpointError
        If a column is missing, a time is negative, patients enter late, events compete, or a response is another word.
    """
    ordered = outcome.sort_index(kind="stable")
    if isinstance(ordered, pd.DataFrame):
        follow_up = read_follow_up(ordered, where=where)
        if follow_up.entry is not None or (follow_up.event > 1.0).any():
            raise EndpointError(
                "cut-points know neither late entry nor competing events",
                where=where,
                expected="columns time_months and event (0 or 1)",
            )
        return CutOutcome(
            follow_up.sample_ids, follow_up.event, follow_up.time, follow_up.n_without, follow_up.warnings
        )
    twice = ordered.index[ordered.index.duplicated()]
    if len(twice):
        raise SampleError(
            f"{len(twice)} samples have two outcomes, for example {examples(str(v) for v in twice[:4])}",
            where=where,
            expected="one row a sample, one sample a patient",
        )
    known = ordered.dropna()
    other = known[~known.isin(["responder", "non_responder"])]
    if len(other):
        raise EndpointError(
            f"{len(other)} responses are neither responder nor non_responder, for example "
            f"{examples(str(v) for v in other.unique()[:4])}",
            where=where,
            expected="responder, non_responder or missing",
        )
    happened = np.asarray((known == "responder").to_numpy(), dtype=np.float64)
    return CutOutcome(known.index, happened, None, len(ordered) - len(known), ())


def _estimate(estimate: Any, effect: float, n_events: int) -> dict[str, Any]:
    return {
        "n": estimate.n,
        "n_events": n_events,
        "effect": effect,
        "std_error": estimate.std_error,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "p_value": estimate.p_value,
        "method": estimate.method,
        "reason": estimate.reason,
    }
