"""Cut-points of one cohort: the best cut of each feature, what it is worth, and its effect on held-out patients."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tmescope.associate.outcomes import CutOutcome, read_outcome
from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import merge_warnings
from tmescope.foundation.errors import InputError
from tmescope.foundation.result import RunWarning
from tmescope.stats.cutpoints import CutPoint, CutSearch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature
    from tmescope.stats.held_out import HeldOutEffect

__all__ = ["CutPointAnswers", "CutPointPlan", "associate_cutpoints"]

_CORRECTIONS = {
    "permutation": "p_permutation",
    "lau94": "p_lau94",
    "lau92": "p_lau92",
    "exact_gauss": "p_exact_gauss",
}
_WORDS = {
    "permutation": "permutation",
    "lau94": "Lausen-Schumacher 1994",
    "lau92": "Lausen-Schumacher 1992",
    "exact_gauss": "exact Gauss",
}


@dataclass(frozen=True)
class CutPointPlan:
    """How cuts are looked for; to be fixed before the data are seen.

    Parameters
    ----------
    search : CutSearch
        Shares between which cuts may lie, and the number of permutations.
    corrected_by : {"permutation", "lau94", "lau92", "exact_gauss"}
        Which corrected p-value stands in the row ``..._at_cut``; all stand in the table of cuts.
    seed : int
        Of the permutations and the halves. Each feature has random numbers of its own, whichever others are asked.
    """

    search: CutSearch = field(default_factory=CutSearch)
    corrected_by: Literal["permutation", "lau94", "lau92", "exact_gauss"] = "permutation"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.corrected_by not in _CORRECTIONS:
            raise InputError(
                f"there is no correction {self.corrected_by!r}",
                where="argument corrected_by",
                expected=", ".join(_CORRECTIONS),
            )
        if self.corrected_by == "permutation" and self.search.n_permutations < 1:
            raise InputError(
                "p-values are to be corrected by permutation, of which there are none",
                where="argument n_permutations",
                expected="1 or more",
                next_step="ask for permutations, or for another correction",
            )


@dataclass(frozen=True)
class CutPointAnswers:
    """Outcome of `associate_cutpoints`.

    Parameters
    ----------
    answers : pandas.DataFrame
        Three rows a feature, with R standing for hazard_ratio or odds_ratio (high against low): ``R_at_cut_naive``, as
        if the cut had been given; ``R_at_cut``, the same effect with the corrected p and no interval, as there is no
        honest one; ``R_at_cut_held_out``, from the half of the patients that did not choose its cut. The names differ
        so that no family of p-values and no pooled effect mixes them. Columns question_id, cohort_id, feature,
        source, endpoint, n, n_events, effect, effect_name, std_error (log scale), ci_low, ci_high, p_value, method,
        adjusted_for, n_left_out, left_out, checks.
    cuts : pandas.DataFrame
        One row a feature: cohort_id, feature, source, endpoint, cut, n_low, n_high, direction, statistic, p_naive,
        p_lau92, p_lau94, p_exact_gauss, p_permutation, n_permutations, held_out_cut, held_out_effect, held_out_ci_low,
        held_out_ci_high, held_out_p, reason.
    warnings : tuple of RunWarning
        About the endpoint, features without a cut, cuts that are significant only without correction.
    """

    answers: pd.DataFrame
    cuts: pd.DataFrame
    warnings: tuple[RunWarning, ...]


@dataclass(frozen=True)
class _At:
    """One feature: its values, its cut, and the effect in the half that did not choose."""

    values: NDArray[np.float64]
    found: CutPoint
    held: HeldOutEffect


def associate_cutpoints(
    features: Sequence[Feature],
    outcome: pd.DataFrame | pd.Series[str],
    *,
    cohort_id: str,
    endpoint: str,
    plan: CutPointPlan | None = None,
) -> CutPointAnswers:
    """Find the best cut of each numeric feature in one cohort, with naive and corrected p and the held-out effect.

    For a threshold that a test or a trial needs. Not to show that a feature matters: a cut throws values away, and the
    effect per standard deviation says that with more power.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; features that are groups are left out.
    outcome : pandas.DataFrame or pandas.Series
        Index sample_id, one sample per patient. Survival: columns time_months and event. Response: a Series of
        ``responder``, ``non_responder`` or missing.
    cohort_id, endpoint : str
        Names for the tables.
    plan : CutPointPlan, optional
        How to look.

    Returns
    -------
    CutPointAnswers
        The order of samples does not matter.

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample, or holds what its kind does not allow.

    Notes
    -----
    See `tmescope.stats.cutpoints.cut_for_survival` and `tmescope.stats.held_out.held_out_hazard_ratio`.
    """
    plan = plan or CutPointPlan()
    where = f"{cohort_id}: {endpoint}"
    known = read_outcome(outcome, where=where)
    head = {"question_id": f"cutpoint:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    rows: list[dict[str, Any]] = []
    cuts: list[dict[str, Any]] = []
    warnings = list(known.warnings)
    for feature in (f for f in features if not f.is_group):
        values = np.asarray(feature.values.reindex(known.sample_ids), dtype=np.float64)
        rng = np.random.default_rng([plan.seed, zlib.crc32(f"{feature.source}\0{feature.name}".encode())])
        found = known.find_cut(values, search=plan.search, rng=rng)
        held = known.hold_out(values, search=plan.search, rng=rng)
        n_left_out, left_out = count_left_out([(known.n_without, "endpoint"), (int(np.isnan(values).sum()), "value")])
        tail = {"adjusted_for": "", "n_left_out": n_left_out, "left_out": left_out}
        own = {**head, "feature": feature.name, "source": feature.source}
        rows += [{**own, **row, **tail} for row in _rows(known, _At(values, found, held), plan)]
        cuts.append({**{k: v for k, v in own.items() if k != "question_id"}, **_cut_row(found, held)})
        warnings += _tell(feature, found, held, plan=plan, where=where)
    return CutPointAnswers(pd.DataFrame(rows), pd.DataFrame(cuts), merge_warnings(warnings))


def _rows(known: CutOutcome, at: _At, plan: CutPointPlan) -> tuple[dict[str, Any], ...]:
    """Return the naive, the corrected and the held-out row of one feature."""
    found, word = at.found, _WORDS[plan.corrected_by]
    corrected = float(getattr(found, _CORRECTIONS[plan.corrected_by]))
    nothing = {"std_error": np.nan, "ci_low": np.nan, "ci_high": np.nan}
    shared: dict[str, Any] = {"n": found.n, "n_events": found.n_events, "effect": np.nan, **nothing, "checks": ""}
    naive: dict[str, Any] = {"effect_name": f"{known.ratio}_at_cut_naive", "p_value": found.p_naive}
    honest: dict[str, Any] = {"effect_name": f"{known.ratio}_at_cut", "p_value": corrected}
    if found.reason:
        naive["method"] = honest["method"] = f"not estimated ({found.reason})"
    else:
        effect = known.compare(at.values, found.cut)
        lost = f" (effect not estimated: {effect['reason']})" if effect["reason"] else ""
        shared |= {"effect": effect["effect"], "checks": _checks(found, corrected=corrected, word=word)}
        naive |= {name: effect[name] for name in nothing}
        naive["method"] = f"best of {found.n_cuts} cuts taken as given: p and interval are too good{lost}"
        honest["method"] = f"{found.method} ({word}); the effect is too large by construction, no interval{lost}"
    return {**shared, **naive}, {**shared, **honest}, _held_out_row(known, at.held)


def _held_out_row(known: CutOutcome, held: HeldOutEffect) -> dict[str, Any]:
    checks = ""
    if not np.isnan(held.cut):
        checks = f"cut {held.cut:.6g} chosen by {held.n_choosing} others; low {held.n_low}, high {held.n_high}"
    return {
        "n": held.n,
        "n_events": held.n_events,
        "effect": held.effect,
        "effect_name": f"{known.ratio}_at_cut_held_out",
        "std_error": held.std_error,
        "ci_low": held.ci_low,
        "ci_high": held.ci_high,
        "p_value": held.p_value,
        "method": f"{held.method} ({held.reason})" if held.reason else held.method,
        "checks": checks,
    }


def _checks(found: CutPoint, *, corrected: float, word: str) -> str:
    return (
        f"cut {found.cut:.6g} chosen here; low {found.n_low}, high {found.n_high}; M {found.statistic:.3f}; "
        f"p naive {found.p_naive:.3g}, corrected {corrected:.3g} ({word})"
    )


def _cut_row(found: CutPoint, held: HeldOutEffect) -> dict[str, Any]:
    names = ("cut", "n_low", "n_high", "direction", "statistic", "p_naive", "p_lau92", "p_lau94", "p_exact_gauss")
    return {
        **{name: getattr(found, name) for name in (*names, "p_permutation", "n_permutations")},
        "held_out_cut": held.cut,
        "held_out_effect": held.effect,
        "held_out_ci_low": held.ci_low,
        "held_out_ci_high": held.ci_high,
        "held_out_p": held.p_value,
        "reason": found.reason,
    }


def _tell(
    feature: Feature, found: CutPoint, held: HeldOutEffect, *, plan: CutPointPlan, where: str
) -> Iterator[RunWarning]:
    if found.reason:
        named = (f"{feature.name} ({found.reason})",)
        yield RunWarning("cutpoints.no_cut", "features have no cut in this cohort", where, 1, named)
        return
    if found.p_naive < 0.05 <= float(getattr(found, _CORRECTIONS[plan.corrected_by])):
        message = "cuts are significant (p < 0.05) only if one forgets that they were looked for"
        yield RunWarning("cutpoints.only_naive", message, where, 1, (feature.name,))
    if held.reason:
        named = (f"{feature.name} ({held.reason})",)
        message = "cuts have no effect on held-out patients that could be estimated"
        yield RunWarning("cutpoints.no_held_out", message, where, 1, named)
