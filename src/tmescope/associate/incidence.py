"""How often an event happens where others can come first: curves by tertile or group, and whether they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import FollowUp, merge_warnings, read_follow_up
from tmescope.foundation.errors import EndpointError
from tmescope.foundation.result import RunWarning
from tmescope.stats.competing_risks import cumulative_incidence, gray_test
from tmescope.stats.groups import tertiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["IncidenceAnswers", "associate_incidence"]

_TERTILES = ("low", "middle", "high")
_MEMBERS = ("without", "with")


@dataclass(frozen=True)
class IncidenceAnswers:
    """Outcome of `associate_incidence`.

    Parameters
    ----------
    answers : pandas.DataFrame
        One row a feature: ``gray_chi_square``, a test without interval.
    curves : pandas.DataFrame
        Aalen-Johansen curves of every cause in every group: cohort_id, endpoint, feature, source, group, cause,
        time_months, at_risk, n_events, n_other, incidence, ci_low, ci_high.
    warnings : tuple of RunWarning
        About the endpoint, and features without groups.
    """

    answers: pd.DataFrame
    curves: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def associate_incidence(
    features: Sequence[Feature],
    outcome: pd.DataFrame,
    *,
    cohort_id: str,
    endpoint: str,
    causes: Mapping[int, str],
) -> IncidenceAnswers:
    """Compare cumulative incidence between tertiles of each numeric feature, or between a group and the rest.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months and event (0 censored, 1 the event, 2 ... others).
    cohort_id, endpoint : str
        Names for the tables.
    causes : mapping of int to str
        Code to the name of the cause; all whose curves are wanted.

    Returns
    -------
    IncidenceAnswers
        Gray's test is of the first cause. Cut points are tertiles of the samples with a known outcome: they describe.

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample with times of zero or more, or has late entry.
    """
    where = f"{cohort_id}: {endpoint}"
    follow_up = read_follow_up(outcome, where=where)
    if follow_up.entry is not None:
        raise EndpointError(
            "incidence curves do not take late entry", where=where, expected="an outcome without entry_months"
        )
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    without: list[str] = []
    for feature in features:
        head = {"cohort_id": cohort_id, "endpoint": endpoint, "feature": feature.name, "source": feature.source}
        codes, names, reason = _groups(feature, follow_up)
        if reason:
            without.append(f"{feature.name} ({reason})")
            continue
        rows.append({"question_id": f"competing:{endpoint}", **head, **_test(follow_up, codes)})
        for group, name in enumerate(names):
            part = codes == group
            curves += [_curve(follow_up, part, cause=c).assign(**head, group=name, cause=w) for c, w in causes.items()]
    warnings = list(follow_up.warnings)
    if without:
        message = f"{len(without)} features have no tertiles in this cohort"
        warnings.append(RunWarning("answers.no_tertiles", message, where, len(without), tuple(without[:3])))
    table = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame()
    return IncidenceAnswers(pd.DataFrame(rows), table, merge_warnings(warnings))


def _groups(feature: Feature, follow_up: FollowUp) -> tuple[NDArray[np.int64], tuple[str, ...], str]:
    """Return the code of each sample (-1 where it is in no group), the names of the groups, and why there are none."""
    values = feature.values.reindex(follow_up.sample_ids).to_numpy(dtype=np.float64)
    if feature.is_group:
        codes = np.where(np.isnan(values), -1, np.nan_to_num(values)).astype(np.int64)
        return codes, _MEMBERS, "" if np.unique(codes[codes >= 0]).size > 1 else "one_group"
    found = tertiles(values)
    return np.asarray(found.code, dtype=np.int64), _TERTILES, found.reason


def _test(follow_up: FollowUp, codes: NDArray[np.int64]) -> dict[str, Any]:
    test = gray_test(follow_up.time, follow_up.event, codes)
    n_left_out, left_out = count_left_out([(follow_up.n_without, "endpoint"), (int((codes < 0).sum()), "value")])
    return {
        "n": test.n,
        "n_events": test.n_events,
        "effect": test.statistic,
        "effect_name": "gray_chi_square",
        "std_error": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "p_value": test.p_value,
        "method": f"not estimated ({test.reason})" if test.reason else test.method,
        "adjusted_for": "",
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": f"{test.n_other} competing events",
    }


def _curve(follow_up: FollowUp, part: NDArray[np.bool_], *, cause: int) -> pd.DataFrame:
    found = cumulative_incidence(follow_up.time[part], follow_up.event[part], cause=cause)
    return pd.DataFrame(
        {
            "time_months": found.time,
            "at_risk": found.at_risk,
            "n_events": found.n_events,
            "n_other": found.n_other,
            "incidence": found.incidence,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
        }
    )
