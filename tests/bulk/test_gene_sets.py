from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tmescope.bulk.gene_sets import index_sets

genes = st.lists(st.sampled_from("ABCDEFGH"), max_size=8)


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=3), genes, max_size=5), st.permutations("ABCDEF"))
def test_columns_are_the_genes_that_are_there(sets, columns):
    index = index_sets(sets, columns)
    assert index.names == tuple(sets)
    for i, (name, members) in enumerate(sets.items()):
        assert {columns[c] for c in index.columns(i)} == set(members) & set(columns), name
        assert list(index.columns(i)) == sorted(index.columns(i))
        assert index.sizes[i] == len(set(members))


def test_without_keeps_the_defined_size():
    index = index_sets({"a": ["X", "Y", "Z"]}, ["X", "Y"])
    left = index.without(np.array([True, False]))
    assert list(left.columns(0)) == [1]
    assert left.sizes[0] == 3
