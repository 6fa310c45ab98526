"""Simulated answers and curves for the tests of the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats


def make_answers(samples: pd.DataFrame, scores: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    joined = scores.rename(columns={"method": "source"})[["cohort_id", "sample_id", "source", "feature", "value"]]
    extra = features[features["kind"] == "numeric"].assign(source="table")[joined.columns]
    joined = pd.concat([joined, extra]).merge(samples, on=["cohort_id", "sample_id"])
    rows = []
    for (source, cohort, feature), group in joined.groupby(["source", "cohort_id", "feature"], sort=False):
        rows += _response_rows(group, (source, cohort, feature))
        rows += _survival_rows(group, (source, cohort, feature))
    table = pd.DataFrame(rows)
    table["q_value"] = np.nan
    for index in table.groupby("family").groups.values():
        p = table.loc[index, "p_value"]
        known = p.dropna()
        table.loc[known.index, "q_value"] = stats.false_discovery_control(known)
        table.loc[index, "family_size"] = len(known)
    table["family_size"] = table["family_size"].astype("int64")
    table["question_id"] = np.where(table["endpoint"] == "os", "survival:os", "response:" + table["endpoint"])
    return table


def _row(key: tuple[str, str, str], name: str, numbers: tuple[float, ...], method: str) -> dict[str, object]:
    source, cohort, feature = key
    n, events, effect, se, low, high, p = numbers
    endpoint = "os" if name.startswith("hazard") else "response"
    return {
        "cohort_id": cohort,
        "feature": feature,
        "source": source,
        "endpoint": endpoint,
        "n": int(n),
        "n_events": int(events),
        "effect": effect,
        "effect_name": name,
        "std_error": se,
        "ci_low": low,
        "ci_high": high,
        "p_value": p,
        "family": f"{endpoint}, {name}, {source}, {cohort}",
        "method": method,
    }


def _response_rows(group: pd.DataFrame, key: tuple[str, str, str]) -> list[dict[str, object]]:
    group = group.dropna(subset=["value", "response"])
    x, y = group["value"].to_numpy(), (group["response"] == "responder").to_numpy()
    n, k = len(y), int(y.sum())
    if k < 2 or n - k < 2:
        return [
            _row(key, "auc", (n, k, *[np.nan] * 5), "DeLong"),
            _row(key, "odds_ratio_per_sd", (n, k, *[np.nan] * 5), "logistic regression, Wald"),
        ]
    u = stats.mannwhitneyu(x[y], x[~y])
    auc = u.statistic / (k * (n - k))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (k - 1) * (q1 - auc**2) + (n - k - 1) * (q2 - auc**2)
    se = float(np.sqrt(variance / (k * (n - k))))
    d = (x[y].mean() - x[~y].mean()) / x.std(ddof=1)
    se_log = float(np.sqrt(n / (k * (n - k))))
    low, high = np.exp(d - 1.96 * se_log), np.exp(d + 1.96 * se_log)
    return [
        _row(key, "auc", (n, k, auc, se, max(0, auc - 1.96 * se), min(1, auc + 1.96 * se), u.pvalue), "DeLong"),
        _row(
            key,
            "odds_ratio_per_sd",
            (n, k, np.exp(d), se_log, low, high, 2 * stats.norm.sf(abs(d) / se_log)),
            "logistic regression, Wald",
        ),
    ]


def _survival_rows(group: pd.DataFrame, key: tuple[str, str, str]) -> list[dict[str, object]]:
    group = group.dropna(subset=["value"])
    if len(group) < 12:
        return []
    third = pd.qcut(group["value"].rank(method="first"), 3, labels=["low", "middle", "high"])
    rates = {}
    for name in ("low", "high"):
        part = group[third == name]
        rates[name] = (int(part["os_event"].sum()), float(part["os_time_months"].sum()))
    (d0, t0), (d1, t1) = rates["low"], rates["high"]
    n, events = int((third != "middle").sum()), d0 + d1
    if not d0 or not d1:
        return [_row(key, "hazard_ratio_high_vs_low", (n, events, *[np.nan] * 5), "Cox regression, Wald")]
    log_hr, se = np.log((d1 / t1) / (d0 / t0)), float(np.sqrt(1 / d0 + 1 / d1))
    numbers = (n, events, np.exp(log_hr), se, np.exp(log_hr - 1.96 * se), np.exp(log_hr + 1.96 * se))
    return [
        _row(
            key,
            "hazard_ratio_high_vs_low",
            (*numbers, 2 * stats.norm.sf(abs(log_hr) / se)),
            "Cox regression, Wald",
        )
    ]


def make_curves(samples: pd.DataFrame, scores: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    chosen = scores[(scores["method"] == "zscore") & scores["feature"].isin(features)]
    joined = chosen.merge(samples, on=["cohort_id", "sample_id"]).dropna(subset=["value"])
    parts = []
    for (cohort, feature), group in joined.groupby(["cohort_id", "feature"], sort=False):
        third = pd.qcut(group["value"].rank(method="first"), 3, labels=["low", "middle", "high"])
        for name in ("low", "middle", "high"):
            curve = _kaplan_meier(group[third == name])
            parts.append(curve.assign(cohort_id=cohort, endpoint="os", feature=feature, source="zscore", group=name))
    return pd.concat(parts, ignore_index=True)


def _kaplan_meier(group: pd.DataFrame) -> pd.DataFrame:
    rows, at_risk, survival, spread = [], len(group), 1.0, 0.0
    rows.append({"time_months": 0.0, "at_risk": at_risk, "n_events": 0, "n_censored": 0, "survival": 1.0})
    rows[0] |= {"ci_low": 1.0, "ci_high": 1.0}
    for time, part in group.groupby("os_time_months"):
        events = int(part["os_event"].sum())
        survival *= 1 - events / at_risk
        spread += events / (at_risk * (at_risk - events)) if at_risk > events else 0.0
        half = 1.96 * survival * np.sqrt(spread)
        row = {"time_months": time, "at_risk": at_risk, "n_events": events, "n_censored": len(part) - events}
        rows.append(row | {"survival": survival, "ci_low": max(0, survival - half), "ci_high": min(1, survival + half)})
        at_risk -= len(part)
    return pd.DataFrame(rows)
