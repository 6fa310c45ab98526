from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.expression_batches import take_batches_out
from tmescope.foundation.errors import InputError, ScaleError
from tmescope.foundation.scale import Scale
from tmescope.stats.batches import adjust_batches

ARRAY = Scale.parse("log2_array")
IDS = [f"s{i}" for i in range(12)]


def _cohort():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(7, 1, (12, 30)), index=IDS, columns=[f"g{i}" for i in range(30)])
    batch = pd.Series(["x", "y", "z"] * 4, index=IDS)
    keep = np.repeat([0.0, 1.0], 6)[:, None]
    return table, batch, keep


def test_values_are_those_of_parametric_combat_and_the_step_says_all() -> None:
    table, batch, keep = _cohort()
    table.loc[batch == "y", "g3"] = 1.0
    found = take_batches_out(table, batch, keep=keep, scale=ARRAY, where="c")
    expected = adjust_batches(table.to_numpy(), batch.map({"x": 0, "y": 1, "z": 2}), keep=keep)
    assert np.array_equal(found.values, expected.expression)
    assert found.batches == {"x": 4, "y": 4, "z": 4}
    assert found.unchanged == ("g3",)
    assert (found.values[:, 3] == table["g3"]).all()
    assert found.method.startswith("parametric ComBat over 3 batches, 1 columns kept")


def test_confounded_batches_are_refused_with_their_table() -> None:
    table, batch, keep = _cohort()
    batch[:] = ["x"] * 6 + ["y"] * 3 + ["z"] * 3
    with pytest.raises(InputError, match="x: 0 of 6; y: 3 of 3; z: 3 of 3"):
        take_batches_out(table, batch, keep=keep, scale=ARRAY, where="c")


@pytest.mark.parametrize("names", [["x"] * 12, ["x"] * 11 + ["y"]])
def test_batches_that_cannot_be_estimated_are_refused(names: list[str]) -> None:
    table, _, keep = _cohort()
    with pytest.raises(InputError, match="ComBat cannot adjust"):
        take_batches_out(table, pd.Series(names, index=IDS), keep=keep, scale=ARRAY, where="c")


def test_linear_values_are_refused() -> None:
    table, batch, keep = _cohort()
    with pytest.raises(ScaleError, match="ComBat was asked for a matrix in tpm"):
        take_batches_out(table, batch, keep=keep, scale=Scale("tpm"), where="c")


def test_a_confounder_that_follows_from_the_batch_is_not_called_the_group() -> None:
    table, batch, group = _cohort()
    keep = np.column_stack([(batch == "y").to_numpy(dtype=np.float64), group])
    with pytest.raises(InputError, match="a confounder follows from the batch") as caught:
        take_batches_out(table, batch, keep=keep, scale=ARRAY, where="c")
    assert "leave out the confounder" in str(caught.value.next_step)
