from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.arms import Treatment, ratio_row, read_arms
from tmescope.foundation.errors import InputError, SampleError

IDS = pd.Index(["s1", "s2", "s3", "s4"])


def _treatment(arms, **more) -> Treatment:
    return Treatment(arm=pd.Series(arms), control="placebo", **more)


def test_arms_are_read_in_the_order_of_the_samples():
    arms = read_arms(
        _treatment({"s3": "placebo", "s1": "drug", "s2": None}, randomisation="randomised"), IDS, where="c"
    )
    np.testing.assert_array_equal(arms.treated, [1.0, np.nan, 0.0, np.nan])
    assert (arms.missing, arms.warnings) == ("", ())
    assert arms.status == "randomised arms (as stated); control arm: placebo"


def test_one_arm_alone_cannot_tell():
    alone = read_arms(_treatment({"s1": "drug"}), IDS, where="c")
    assert alone.missing == "no_control_arm"
    assert [w.code for w in alone.warnings] == ["interactions.no_control_arm"]
    assert read_arms(_treatment({"s1": "placebo"}), IDS, where="c").missing == "no_treated_arm"
    both = read_arms(_treatment({"s1": "placebo", "s2": "drug"}), IDS, where="c")
    assert [w.code for w in both.warnings] == ["interactions.not_randomised"]


def test_contradictions_are_refused():
    torn = Treatment(arm=pd.Series(["drug", "placebo"], index=["s1", "s1"]), control="placebo")
    with pytest.raises(SampleError, match="two different arms"):
        read_arms(torn, IDS, where="c")
    with pytest.raises(InputError, match="2 arms beside"):
        read_arms(_treatment({"s1": "a", "s2": "b", "s3": "placebo"}), IDS, where="c")
    with pytest.raises(InputError, match="randomisation status"):
        read_arms(_treatment({"s1": "a"}, randomisation="yes"), IDS, where="c")


def test_a_ratio_has_its_interval():
    row = ratio_row("odds_ratio", (np.log(2.0), 0.1, 0.01), n=(10, 4), method="m")
    assert row["effect"] == pytest.approx(2.0)
    assert np.log(row["ci_high"] / row["ci_low"]) == pytest.approx(2 * 1.959963984540054 * 0.1)
