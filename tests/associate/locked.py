"""A simulated biomarker: a cohort to find it in, another to test it on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from tmescope.associate.biomarker_locking import lock_biomarker
from tmescope.associate.biomarkers import AnalysisPlan

GENES = ("GZMA", "PRF1", "CD8A", "IFNG", "CXCL9")
RULE = {"rule": "recist", "responder": ["CR", "PR"], "non_responder": ["PD", "SD"], "missing": []}


def cohort(seed, n=150, *, effect=1.2, scale="log2(tpm+1)"):
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=n)
    values = np.clip(5 + axis[:, None] + rng.normal(size=(n, 8)), 0, None)
    if scale == "tpm":
        values = 2.0**values - 1
    names = [f"s{seed}-{i}" for i in range(n)]
    adata = AnnData(values, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=[*GENES, "A", "B", "C"]))
    adata.uns["tmescope"] = {"scale": scale, "cohort_id": f"c{seed}"}
    responds = rng.random(n) < 1 / (1 + np.exp(1 - effect * axis))
    outcome = pd.DataFrame(
        {
            "response": np.where(responds, "responder", "non_responder"),
            "time_months": rng.exponential(10 * np.exp(effect * axis)),
            "event": rng.random(n) < 0.7,
            "tmb": rng.gamma(2, 3, n),
        },
        index=names,
    )
    outcome.loc[names[:2], "response"] = None
    return adata, outcome


def plan(**changes):
    return AnalysisPlan(**{"endpoint": "response", "kind": "response", "rule": RULE, **changes})


def lock(*, seed=1, method="zscore", cut_off=None, **changes):
    return lock_biomarker(
        *cohort(seed), plan(**changes), signature={"mine": list(GENES)}, method=method, cut_off=cut_off
    )
