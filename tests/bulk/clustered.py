"""Tumours of three planted kinds, which differ in five signatures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from tmescope.bulk.cluster_models import ClusterOptions
from tmescope.facts.signatures import load_signature

SIGNATURES = ("estimate_immune", "estimate_stromal", "hallmark_hypoxia", "hallmark_e2f_targets", "ifng6")
OPTIONS = ClusterOptions(signatures=SIGNATURES, most=4, n_resamples=50)
SETS = [list(load_signature(name).genes) for name in SIGNATURES]
GENES = [*dict.fromkeys(g for genes in SETS for g in genes), *(f"OTHER{i}" for i in range(600))]
PROFILE = np.random.default_rng(9).gamma(0.7, 30.0, size=len(GENES))
EFFECTS = np.array([[4, 0.5, 1, 1, 6], [0.5, 4, 2.5, 0.6, 0.5], [0.5, 0.5, 0.5, 3, 0.5]])


def cohort(n: int = 60, *, seed: int = 0, planted: bool = True) -> tuple[AnnData, np.ndarray]:
    """Return tumours, every third of each kind, and which; or one cloud."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    values = PROFILE * rng.gamma(6.0, 1 / 6, size=(n, len(GENES)))
    for i, genes in enumerate(SETS):
        columns = [GENES.index(g) for g in genes]
        effect = EFFECTS[truth, i] if planted else np.ones(n)
        values[:, columns] *= (effect * np.exp(0.25 * rng.standard_normal(n)))[:, None]
    obs = pd.DataFrame(index=[f"s{seed}_{i}" for i in range(n)])
    uns = {"tmescope": {"scale": "tpm", "cohort_id": f"c{seed}"}}
    return AnnData(X=values, obs=obs, var=pd.DataFrame(index=GENES), uns=uns), truth
