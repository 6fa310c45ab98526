"""The same inputs have the same hash, others another."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.cells.input_digests import digest_graph, digest_values


def test_values_count_and_not_how_they_are_kept():
    plain = pd.Series(["b", "a", None, "b"])
    kept = pd.Series(pd.Categorical(["b", "a", None, "b"], categories=["a", "b", "unused"]), index=[9, 8, 7, 6])
    assert digest_values(plain) == digest_values(kept)
    assert digest_values(plain) != digest_values(pd.Series(["b", "a", None, "a"]))
    assert digest_values(plain) != digest_values(pd.Series(["c", "a", None, "c"]))
    assert digest_values(pd.Series([True, False])) != digest_values(pd.Series([False, True]))


def test_weights_and_places_of_a_graph_count():
    graph = sparse.random(9, 9, density=0.4, format="csr", random_state=1)
    assert digest_graph(graph) == digest_graph(graph.copy())
    heavier, turned = graph.copy(), graph.T.tocsr()
    heavier.data = heavier.data + np.where(np.arange(heavier.nnz) == 0, 1e-3, 0.0)
    assert len({digest_graph(g) for g in (graph, heavier, turned)}) == 3
