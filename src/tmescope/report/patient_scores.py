"""Scores of every sample in two bytes each, with what a page needs to say where a patient stands."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.foundation.errors import ScaleError
from tmescope.foundation.scale import Scale
from tmescope.report.contents import ReportContents
from tmescope.report.numbers import plain

__all__ = ["LEVELS", "MOST_BYTES", "Codes", "encode", "pack_scores"]

LEVELS = 65534
"""Largest code of a value; the next one, 65535, is a missing value."""

MOST_BYTES = 5_000_000
"""Characters of scores that a page carries; methods beyond it, the chosen one first, stay in the table ``scores``."""


@dataclass(frozen=True)
class Codes:
    """One feature by one method as whole numbers.

    Parameters
    ----------
    codes : array of uint16, shape (n_samples,)
        65535 where missing.
    scale, low, high : float
        A value is ``scale * sinh(low + code / LEVELS * (high - low))``.
    """

    codes: NDArray[np.uint16]
    scale: float
    low: float
    high: float


def encode(values: NDArray[np.float64]) -> Codes:
    """Return values as 16-bit codes in the same order.

    Parameters
    ----------
    values : array of float64, shape (n_samples,)
        NaN where missing.

    Returns
    -------
    Codes

    Notes
    -----
    The inverse hyperbolic sine is linear around zero and logarithmic far from it, so that one outlier does not take
    the digits of all others. Values closer than 1/65534 of the range in that scale may become equal, and then share
    their rank.
    """
    found = values[np.isfinite(values)]
    codes = np.full(len(values), LEVELS + 1, dtype=np.uint16)
    if not found.size:
        return Codes(codes, 1.0, 0.0, 0.0)
    sizes = np.abs(found[found != 0])
    # a median far below the largest value must not make that infinite
    scale = max(float(np.median(sizes)), float(sizes.max()) * 1e-300) if sizes.size else 1.0
    bent = np.arcsinh(values / scale)
    low, high = float(np.nanmin(bent[np.isfinite(values)])), float(np.nanmax(bent[np.isfinite(values)]))
    step = (high - low) or 1.0
    there = np.isfinite(values)
    codes[there] = np.round((bent[there] - low) / step * LEVELS).astype(np.uint16)
    return Codes(codes, scale, low, high)


def pack_scores(contents: ReportContents, keys: Sequence[tuple[str, str]], cohorts: Sequence[str]) -> dict[str, Any]:
    """Return the scores for the page.

    Parameters
    ----------
    contents : ReportContents
        Tables of the run.
    keys : sequence of (str, str)
        Cohort and sample of each row of the page.
    cohorts : sequence of str
        Cohorts of the page.

    Returns
    -------
    dict
        ``features`` (label, category, genes), ``methods`` (codes as base64 by feature, then sample, little-endian;
        coverage by cohort; whether other cohorts can be compared, and why not), ``units`` of the cohorts, ``lacking``
        genes, and ``left_out`` in words.
    """
    scores = contents.measured()
    names = [str(m) for m in pd.unique(scores["method"])] if len(scores) else []
    names.sort(key=lambda m: m != contents.primary_method)
    of_sets = {name: contents.scores_sets(name) for name in names}
    pairs = scores[["feature", "method"]].drop_duplicates().astype(str).itertuples(index=False) if len(scores) else ()
    features = list(dict.fromkeys((feature, of_sets[method]) for feature, method in pairs))
    place = {feature: i for i, feature in enumerate(features)}
    packed: list[dict[str, Any]] = []
    left_out, used = [], 0
    for name in names:
        method = _pack(contents, name, keys=keys, cohorts=cohorts)
        used += len(method["data"])
        if packed and used > MOST_BYTES:
            left_out.append(plain(name))
            continue
        method["features"] = [place[f, of_sets[name]] for f in method["features"]]
        packed.append(method)
    told = f"Left out of these pages for their size: {', '.join(left_out)}; see tables/scores.csv." if left_out else ""
    return {
        "features": _features(contents, features),
        "methods": packed,
        "units": [_unit(contents, c) for c in cohorts],
        "lacking": _lacking(contents, features, cohorts),
        "left_out": told,
    }


def _pack(
    contents: ReportContents, name: str, *, keys: Sequence[tuple[str, str]], cohorts: Sequence[str]
) -> dict[str, Any]:
    scores = contents.measured()
    part = scores[scores["method"] == name].drop_duplicates(["cohort_id", "sample_id", "feature"])
    features = [str(f) for f in pd.unique(part["feature"])]
    row = {key: i for i, key in enumerate(keys)}
    pairs = zip(part["cohort_id"].astype(str), part["sample_id"].astype(str), strict=True)
    rows = np.array([row.get(p, -1) for p in pairs], dtype=np.int64)
    columns = pd.Categorical(part["feature"].astype(str), categories=features).codes
    values = np.full((len(features), len(keys)), np.nan)
    there = rows >= 0
    values[columns[there], rows[there]] = pd.to_numeric(part["value"], errors="coerce").to_numpy(dtype=float)[there]
    coded = [encode(v) for v in values]
    numeric = part.assign(coverage=pd.to_numeric(part["coverage"], errors="coerce"))
    lowest = numeric.groupby(["feature", "cohort_id"])["coverage"].min().to_dict()
    raw = np.concatenate([c.codes for c in coded]).astype("<u2").tobytes() if coded else b""
    units = [str(u) for u in part["unit"].dropna().unique() if str(u)]
    across, why = _comparable(contents, name)
    return {
        "name": plain(name),
        "unit": plain(units[0]) if len(units) == 1 else "",
        "across": across,
        "why": why,
        "features": features,
        "scaling": [[float(f"{x:.9g}") for x in (c.scale, c.low, c.high)] for c in coded],
        "coverage": [[_share(lowest.get((f, c))) for c in cohorts] for f in features],
        "data": base64.b64encode(raw).decode("ascii"),
    }


def _share(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 3)


def _comparable(contents: ReportContents, name: str) -> tuple[bool, str]:
    """Return whether a sample's score means the same in another cohort, and what speaks against it."""
    table = contents.table("methods")
    scopes = table.loc[table["name"] == name, "scope"]
    if not len(scopes):
        return False, "the run does not say whether this method scores each sample alone"
    if str(scopes.iloc[0]) != "sample":
        return False, "this method scores a sample relative to its cohort"
    models = contents.provenance.get("models")
    if isinstance(models, Mapping) and name in models:
        return True, ""  # the model fixes the genes: every cohort was measured over its own alike
    parameters = contents.provenance.get("parameters")
    profile = parameters.get("profile") if isinstance(parameters, Mapping) else None
    if isinstance(profile, Mapping) and profile.get("gene_universe") == "own":
        return False, "each cohort was scored over its own genes"
    return True, ""


def _unit(contents: ReportContents, cohort: str) -> str:
    table = contents.table("cohorts")
    declared = table.loc[table["cohort_id"] == cohort, "scale"]
    if not len(declared) or pd.isna(declared.iloc[0]):
        return ""
    try:
        return Scale.parse(str(declared.iloc[0])).unit
    except ScaleError:
        return plain(declared.iloc[0])


def _features(contents: ReportContents, features: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    table = contents.table("signatures").drop_duplicates("name").set_index("name")
    labels = contents.feature_labels()
    categories = [table["category"].get(f) if is_set else None for f, is_set in features]
    named = [plain(c) if isinstance(c, str) and c else "other" for c in categories]
    distinct = list(dict.fromkeys(named))
    genes = [table["n_genes"].get(f) if is_set else None for f, is_set in features]
    return {
        "labels": [plain(labels.get(f, f) if is_set else f) for f, is_set in features],
        "categories": distinct,
        "category": [distinct.index(c) for c in named],
        "genes": [None if g is None or pd.isna(g) else int(g) for g in genes],
    }


def _lacking(contents: ReportContents, features: Sequence[tuple[str, bool]], cohorts: Sequence[str]) -> dict[str, Any]:
    """Return the needed genes that each cohort lacks, by feature; empty where the genes of a feature are not known."""
    table = contents.table("gene_mapping")
    lost = table[table["reason"].isin(["missing", "ambiguous"])]
    symbols = lost["gene_symbol"].where(lost["gene_symbol"].notna(), lost["input_id"]).astype(str)
    by_cohort = {c: set(symbols[lost["cohort_id"] == c]) for c in cohorts}
    genes = sorted(set().union(*by_cohort.values()))
    place = {g: i for i, g in enumerate(genes)}
    found = []
    for cohort in cohorts:
        per_feature = {}
        for i, (f, is_set) in enumerate(features):
            missing = sorted(set(contents.signature_genes.get(f, ()) if is_set else ()) & by_cohort[cohort])
            if missing:
                per_feature[str(i)] = [place[g] for g in missing]
        found.append(per_feature)
    return {"genes": [plain(g) for g in genes], "by_cohort": found, "known": bool(contents.signature_genes)}
