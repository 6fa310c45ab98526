from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from tmescope.bulk.methods.mcp_counter import LINEAR, LOG2
from tmescope.bulk.scoring import score
from tmescope.facts.signatures import load_collection


def test_populations_are_means_on_the_declared_scale():
    populations = load_collection("mcp_counter")
    genes = sorted({g for p in populations for g in p.genes})
    tpm = np.random.default_rng(0).gamma(1.0, 20.0, size=(3, len(genes)))
    adata = AnnData(
        X=tpm, obs=pd.DataFrame(index=list("abc")), var=pd.DataFrame(index=genes), uns={"tmescope": {"scale": "tpm"}}
    )
    for method, values in ((LINEAR, tpm), (LOG2, np.log2(tpm + 1))):
        table = score(adata, method=method.spec.name).table.set_index(["sample_id", "feature"])["value"]
        for population in populations:
            columns = [genes.index(g) for g in population.genes]
            np.testing.assert_allclose(table[:, population.name], values[:, columns].mean(axis=1), rtol=1e-12)
