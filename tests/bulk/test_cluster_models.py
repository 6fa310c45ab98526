from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.bulk.clustered import OPTIONS, cohort

from tmescope.bulk.cluster_models import ClusterOptions, cluster_hash, cluster_names
from tmescope.bulk.cluster_subtypes import fit_clusters
from tmescope.foundation.errors import MethodError


@pytest.mark.parametrize("wrong", [{"n_resamples": 0}, {"min_coverage": 1.5}, {"lowest_likeness": -2.0}])
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(MethodError, match="cannot be"):
        ClusterOptions(**wrong)


def test_names_are_given_only_where_there_are_groups():
    assert cluster_names(1) == ()
    assert cluster_names(2) == ("cluster-1", "cluster-2")


def test_the_hash_is_that_of_what_decides():
    model = fit_clusters(cohort(36)[0], options=OPTIONS)
    assert cluster_hash(replace(model, cohort="another", stability={})) == cluster_hash(model)
    moved = {**model.state, "mean": model.state["mean"] + 1e-9}
    for changed in (replace(model, lowest_likeness=0.5), replace(model, k=9), replace(model, state=moved)):
        assert cluster_hash(changed) != cluster_hash(model)
    assert np.isfinite(model.state["centres"]).all()
