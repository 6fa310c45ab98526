from __future__ import annotations

import pytest

from tmescope.foundation.errors import InputError
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"n_quarters": 0}, "n_quarters 0"),
        ({"n_entities": 300}, "n_emerging"),
        ({"n_quarters": 12}, "latest_onset 12"),
        ({"n_entities": 500, "effects": LiteratureEffects(n_pairs=200)}, "n_pairs 200"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed, told):
    with pytest.raises(InputError, match=told):
        LiteraturePlan(**changed)


def test_the_default_has_what_was_written_down_beforehand():
    plan = LiteraturePlan()
    assert (plan.n_entities, plan.n_quarters, plan.effects.n_emerging) == (4000, 20, 200)
    assert (plan.dispersion, plan.growth, plan.effects.emerging_slope) == (0.1, 0.02, (0.35, 0.80))
