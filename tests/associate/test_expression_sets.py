from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.expression_models import fit_model
from tmescope.associate.expression_sets import summarise_sets
from tmescope.foundation.scale import Scale

GROUP = np.repeat([0.0, 1.0], 10)
DESIGN = np.column_stack([np.ones(20), GROUP])
GENES = [f"g{i}" for i in range(150)]
SETS = {"up": GENES[:12], "down": [*GENES[12:24], "ABSENT"], "still": GENES[60:80], "alone": ["g1", "ABSENT"]}


def _logs() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    values = rng.normal(6, 0.5, (20, 150))
    values[:, :12] += 0.8 * GROUP[:, None]
    values[:, 12:24] -= 0.8 * GROUP[:, None]
    return pd.DataFrame(values, columns=GENES)


@pytest.mark.parametrize("model", ["limma", "voom"])
def test_planted_sets_have_their_direction_and_others_none(model: str) -> None:
    logs = _logs()
    table, scale = (
        (logs, Scale.parse("log2_array")) if model == "limma" else (np.exp2(logs + 2).round(), Scale("counts"))
    )
    found = summarise_sets(fit_model(table, DESIGN, model=model, scale=scale), SETS).set_index("gene_set")
    assert list(found.index) == ["up", "down", "still"]  # a set of one tested gene tells nothing
    assert found.loc["up", "mean_difference"] > 0 > found.loc["down", "mean_difference"]
    assert (found.loc[["up", "down"], "p_value"] < 0.001).all()
    assert found.loc["still", "p_value"] > 0.01
    assert (found.loc["down", "n_genes"], found.loc["down", "n_in_set"], found.loc["down", "n_higher"]) == (12, 13, 0)
    assert found.loc["up", "mean_effect"] == pytest.approx(0.8, abs=0.3)


def test_no_sets_or_no_linear_model_give_an_empty_table() -> None:
    fitted = fit_model(_logs(), DESIGN, model="limma", scale=Scale.parse("log2_array"))
    assert len(summarise_sets(fitted, {})) == 0
    assert "p_value" in summarise_sets(fitted, {})
