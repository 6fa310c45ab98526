from __future__ import annotations

import pytest
from tests.associate import locked

from tmescope.foundation.errors import InputError


@pytest.mark.parametrize(
    "wrong", [{"alpha": 5}, {"direction": "up"}, {"test": "t"}, {"expected_effect": 0.0}, {"kind": "ordinal"}]
)
def test_plans_that_say_nothing_are_refused(wrong):
    with pytest.raises(InputError):
        locked.plan(**wrong)


def test_a_lock_says_what_its_effect_is_about():
    assert locked.lock().unit == "per training SD"
    assert locked.lock(cut_off=0.5).unit == "score above 0.5 against the rest"
