from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.expression import associate_expression
from tmescope.foundation.errors import InputError, ScaleError
from tmescope.foundation.scale import Scale

IDS = [f"s{i}" for i in range(20)]
GENES = [f"g{i}" for i in range(200)]
NAMES = {"cohort_id": "c", "endpoint": "response"}


def _counts(seed: int = 0):
    rng = np.random.default_rng(seed)
    group = pd.Series(np.repeat([0.0, 1.0], 10), index=IDS)
    mean = np.exp(rng.uniform(3, 8, 200)) * np.where(np.arange(200) < 10, 6.0 ** group.to_numpy()[:, None], 1.0)
    mean = mean * rng.uniform(0.5, 2, (20, 1))
    counts = rng.negative_binomial(5, 5 / (5 + mean)).astype(float)
    return pd.DataFrame(counts, index=IDS, columns=GENES), group, pd.DataFrame({"batch": ["a", "b"] * 10}, index=IDS)


@pytest.mark.parametrize("scale", ["counts", "log2(cpm+1)", "ln(cpm+1)"])
def test_planted_genes_come_first_on_every_scale(scale: str) -> None:
    counts, group, batch = _counts()
    declared = Scale.parse(scale)
    if declared.is_log:
        cpm = counts.div(counts.sum(axis=1), axis=0) * 1e6
        counts = np.log(cpm + 1) / np.log(declared.log_base)
    answers, warnings = associate_expression(counts, group, scale=declared, confounders=batch, **NAMES)
    top = answers.sort_values("p_value").head(10)
    assert set(top["feature"]) == set(GENES[:10])
    assert ((top["ci_low"] > 0) & (top["effect"] < 4)).all()
    assert top["effect"].mean() == pytest.approx(np.log2(6), abs=0.7)
    assert (answers["adjusted_for"] == "batch").all()
    assert answers["method"].str.startswith("voom" if scale == "counts" else "limma").all()
    assert warnings == ()


def test_wrong_scales_are_refused_with_what_to_declare() -> None:
    counts, group, _ = _counts()
    with pytest.raises(ScaleError, match=r"log2\(tpm\+1\)"):
        associate_expression(counts, group, scale=Scale("tpm"), **NAMES)
    with pytest.raises(ScaleError, match="library sizes"):
        associate_expression(counts, group, scale=Scale("counts", 2.0, 1.0), **NAMES)
    with pytest.raises(ScaleError, match="are whole"):
        associate_expression(np.log2(counts + 1.3), group, scale=Scale("counts"), **NAMES)
    with pytest.raises(ScaleError, match="negative"):
        associate_expression(counts - 5, group, scale=Scale("counts"), **NAMES)


def test_confounded_groups_are_refused_and_what_is_left_out_is_said() -> None:
    counts, group, batch = _counts()
    with pytest.raises(InputError, match="confounded"):
        associate_expression(
            counts, group, scale=Scale("counts"), confounders=pd.DataFrame({"b": group}, index=IDS), **NAMES
        )
    with pytest.raises(InputError, match="0 samples are in the group"):
        associate_expression(counts, group * 0, scale=Scale("counts"), **NAMES)
    with pytest.raises(InputError, match="stand twice"):
        associate_expression(pd.concat([counts, counts]), group, scale=Scale("counts"), **NAMES)
    group.iloc[0], batch.iloc[1, 0] = np.nan, None
    counts["g5"] = 7.0
    answers, warnings = associate_expression(counts, group, scale=Scale("counts"), confounders=batch, **NAMES)
    assert (answers["n"] == 18).all()
    assert (answers["left_out"] == "2 without group or confounder").all()
    assert "g5" not in set(answers["feature"])
    assert [w.code for w in warnings] == ["expression.untested_genes"]
