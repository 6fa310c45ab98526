"""How often clusters are found where some were planted, and how often in clouds without any; then in real cohorts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import adjusted_rand_score

from bench.subtype_stability import COHORTS, data_folder, read_cohorts
from tmescope.bulk.cluster_models import ClusterOptions
from tmescope.bulk.cluster_subtypes import apply_clusters, fit_clusters
from tmescope.foundation.errors import TmescopeError
from tmescope.stats.clusters import ClusterSearch, find_clusters

SUMMARY = "clusters in planted groups, in clouds without groups (100 seeds each), and in the cohorts"

SEEDS = int(os.environ.get("TMESCOPE_BENCH_SEEDS", "100"))
SAMPLES, FEATURES = 60, 8
SEARCH = ClusterSearch(most=4, n_resamples=20)
Maker = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray | None]]


def run() -> list[dict[str, object]]:
    """Return one row for each kind of data."""
    return [*(_seeds(name, make) for name, make in KINDS.items()), *_real()]


def planted(distance: float, sizes: tuple[int, ...]) -> Maker:
    """Return a maker of groups whose centres lie at a distance from the middle, in units of the spread within."""

    def make(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        truth = np.repeat(np.arange(len(sizes)), sizes)
        directions = np.linalg.qr(rng.standard_normal((FEATURES, len(sizes))))[0].T
        return distance * directions[truth] + rng.standard_normal((len(truth), FEATURES)), truth

    return make


def _round(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    return rng.standard_normal((SAMPLES, FEATURES)), None


def _elongated(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    line = rng.standard_normal((SAMPLES, 1)) @ rng.standard_normal((1, FEATURES))
    return 2 * line + rng.standard_normal((SAMPLES, FEATURES)), None


def _correlated(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    mixing = rng.standard_normal((FEATURES, FEATURES)) * np.array([6, 3, 2, 1, 1, 0.5, 0.5, 0.3])
    return rng.standard_normal((SAMPLES, FEATURES)) @ mixing.T, None


def _skewed(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    line = np.exp(0.6 * rng.standard_normal((SAMPLES, 1))) @ np.ones((1, FEATURES))
    return 2 * line + rng.standard_normal((SAMPLES, FEATURES)), None


def _heavy(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    return rng.standard_t(3, (SAMPLES, FEATURES)), None


KINDS: dict[str, Maker] = {
    "planted-3": planted(5.0, (20, 20, 20)),
    "planted-3-uneven": planted(5.0, (35, 15, 10)),
    "planted-2": planted(5.0, (30, 30)),
    "round": _round,
    "elongated": _elongated,
    "correlated": _correlated,
    "skewed": _skewed,
    "heavy-tailed": _heavy,
}


def _seeds(name: str, make: Maker) -> dict[str, object]:
    began = time.process_time()
    found, agreement = [], []
    for seed in range(SEEDS):
        values, truth = make(np.random.default_rng(seed))
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        clusters = find_clusters(values, rng=np.random.default_rng(seed), search=SEARCH)
        found.append(clusters.k)
        if truth is not None:
            agreement.append(adjusted_rand_score(truth, clusters.labels))
    counts = {k: found.count(k) for k in sorted(set(found))}
    told = (
        f"median {np.median(agreement):.3f}, {sum(a >= 0.9 for a in agreement)} of {SEEDS} >= 0.9" if agreement else ""
    )
    return _row(name, str(counts), told, seconds=f"{time.process_time() - began:.0f}")


def _row(name: str, found: str = "", told: str = "", *, seconds: str = "") -> dict[str, object]:
    return {"data": name, "groups found (times)": found, "ARI, or sure patients": told, "CPU s": seconds}


def _real() -> list[dict[str, object]]:
    data = data_folder()
    if data is None:
        return [_row("real data are not here: set TMESCOPE_TEST_DATA")]
    cohorts = dict(zip(COHORTS, read_cohorts(data), strict=True))
    rows = []
    for name, adata in cohorts.items():
        began = time.process_time()
        try:
            model = fit_clusters(adata, options=ClusterOptions(n_resamples=100))
        except TmescopeError as error:
            rows.append(_row(f"{name} ({adata.n_obs})", error.what))
            continue
        p_value = f"{model.stability['p_value']:.2g}"
        told = ""
        if model.k > 1:
            own = apply_clusters(model, adata).table
            told = f"{float((own['probability'] >= 0.8).mean()):.0%} with p >= 0.8"
        seconds = f"{time.process_time() - began:.0f}"
        rows.append(_row(f"{name} ({adata.n_obs})", f"{model.k}, p {p_value}", told, seconds=seconds))
    return rows
