"""The bundled consensus is what learning gives, and it beats the median method where nothing was learned."""

from __future__ import annotations

import numpy as np
import pytest
from bench.consensus import SEED, gather, traits, with_warnings

from tmescope.bulk.consensus import load_rule
from tmescope.bulk.consensus_learning import learn_rule, leave_one_out
from tmescope.facts.cell_types import load_cell_types


@pytest.fixture(scope="module")
def known(shared_data):
    return gather(shared_data)


def test_bundled_weights_are_those_that_are_learned(known):
    additive, families = traits()
    learned = learn_rule(known, additive=additive, families=families)
    bundled = load_rule()
    assert set(bundled.weights) == set(learned.weights)
    for cl_id, weights in bundled.weights.items():
        assert weights == pytest.approx(learned.weights[cl_id], abs=2e-3)


def test_the_consensus_beats_the_median_single_method_on_blood_that_it_never_saw(known):
    additive, families = traits()
    found = leave_one_out(known, additive=additive, families=families, rng=np.random.default_rng(SEED), draws=500)
    assert found["sdy420"].ci_low > 0
    assert found["simulated"].ci_low > 0
    rule = with_warnings(learn_rule(known, additive=additive, families=families), found)
    tree = load_cell_types()
    unreliable = {tree.get(one).name for one in rule.avoid}
    assert {"regulatory T cell", "plasma cell"} <= unreliable
    assert {"regulatory T cell", "plasma cell"} <= {tree.get(one).name for one in load_rule().avoid}
