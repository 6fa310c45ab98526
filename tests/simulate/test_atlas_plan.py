from __future__ import annotations

import pytest

from tmescope.foundation.errors import InputError
from tmescope.simulate.atlas_plan import AtlasEffects, AtlasPlan


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"n_cells": 0}, "n_cells 0"),
        ({"n_on_treatment": 33}, "n_on_treatment 33"),
        ({"n_genes": 100}, "n_genes 100"),
        ({"effects": AtlasEffects(abundant_type="neuron")}, "neuron"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed, told):
    with pytest.raises(InputError, match=told):
        AtlasPlan(**changed)


def test_the_default_has_fifteen_types_and_forty_samples():
    plan = AtlasPlan()
    assert len(set(plan.types)) == 15
    assert plan.n_patients + plan.n_on_treatment == 40
