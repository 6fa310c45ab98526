from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.expression import ExpressionPlan, associate_expression
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
    found = associate_expression(counts, group, scale=declared, confounders=batch, **NAMES)
    answers, warnings = found.answers, found.warnings
    top = answers.sort_values("p_value").head(10)
    assert set(top["feature"]) == set(GENES[:10])
    assert ((top["ci_low"] > 0) & (top["effect"] < 4)).all()
    assert top["effect"].mean() == pytest.approx(np.log2(6), abs=0.7)
    assert (answers["adjusted_for"] == "batch").all()
    assert answers["method"].str.startswith("voom" if scale == "counts" else "limma").all()
    assert {w.code for w in warnings} <= {"expression.few_counts_genes"}
    fit = found.fit.iloc[0]
    assert (fit["n_group"], fit["n_reference"], fit["n_columns"]) == (10, 10, 3)
    assert fit["n_genes"] + fit["n_few_counts"] == 200
    assert "genes higher" in fit["checks"]


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
    found = associate_expression(
        counts, group, scale=Scale("counts"), confounders=batch, plan=ExpressionPlan(fewest_counts=0), **NAMES
    )
    answers, warnings = found.answers, found.warnings
    assert (answers["n"] == 18).all()
    assert found.fit["left_out"].item() == "2 without group, confounder or batch"
    assert "g5" not in set(answers["feature"])
    assert [w.code for w in warnings] == ["expression.untested_genes"]


@pytest.mark.parametrize(
    ("scale", "model", "words"),
    [
        ("counts", "limma", "limma without voom was asked for counts.*100.0% whole"),
        ("tpm", "voom", "voom is a model of counts, the matrix is declared as tpm"),
        ("log2(tpm+1)", "deseq2", r"deseq2 is a model of counts, the matrix is declared as log2\(tpm\+1\)"),
    ],
)
def test_a_model_on_the_wrong_scale_is_refused_with_the_evidence(scale: str, model: str, words: str) -> None:
    counts, group, _ = _counts()
    with pytest.raises(ScaleError, match=words) as caught:
        associate_expression(counts, group, scale=Scale.parse(scale), plan=ExpressionPlan(model=model), **NAMES)
    assert "values from" in str(caught.value)
    assert caught.value.next_step


def test_logarithms_that_are_counts_are_refused() -> None:
    counts, group, _ = _counts()
    with pytest.raises(ScaleError, match=r"its largest value is .*no logarithm"):
        associate_expression(counts, group, scale=Scale.parse("log2(tpm+1)"), **NAMES)


def test_genes_with_few_counts_are_left_out_by_the_stated_rule() -> None:
    counts, group, _ = _counts()
    counts["g7"] = [9.0] * 11 + [10.0] * 9
    counts["g8"] = [9.0] * 10 + [10.0] * 10
    found = associate_expression(counts, group, scale=Scale("counts"), **NAMES)
    tested = set(found.answers["feature"])
    assert "g7" not in tested
    assert "g8" in tested
    assert found.fit["n_few_counts"].item() == 200 - len(tested)
    with pytest.raises(InputError, match="none of 200 genes can be tested"):
        plan = ExpressionPlan(fewest_counts=1e9)
        associate_expression(counts, group, scale=Scale("counts"), plan=plan, **NAMES)


def test_combat_is_told_and_compared_with_the_design_and_passes_flat_genes_through() -> None:
    rng = np.random.default_rng(4)
    group = pd.Series(np.repeat([0.0, 1.0], 10), index=IDS)
    batch = pd.Series(["a", "b"] * 10, index=IDS)
    values = rng.normal(6, 1, (20, 200)) + 1.5 * (batch == "b").to_numpy()[:, None] * rng.normal(0, 1, 200)
    values[:, :10] += 2.5 * group.to_numpy()[:, None]
    table = pd.DataFrame(values, index=IDS, columns=GENES)
    table.loc[batch == "a", "g9"] = 5.0
    plan = ExpressionPlan(batch=batch)
    found = associate_expression(table, group, scale=Scale.parse("log2_array"), plan=plan, **NAMES)
    fit = found.fit.iloc[0]
    assert fit["combat"]
    assert fit["combat_batches"] == "a (10), b (10)"
    assert (fit["n_unchanged"], fit["unchanged_genes"]) == (1, "g9")
    assert "iterated to the fixed point" in fit["combat_method"]
    assert found.answers["method"].str.endswith("after ComBat").all()
    assert [w.code for w in found.warnings] == ["expression.combat", "expression.combat_unchanged"]
    assert "as a column of the design instead it is" in found.warnings[0].message
    plain = associate_expression(table, group, scale=Scale.parse("log2_array"), **NAMES)
    assert not plain.fit["combat"].item()
    assert plain.warnings == ()
    assert set(found.answers.sort_values("p_value").head(9)["feature"]) == set(GENES[:9])


def test_combat_is_refused_where_batch_tells_the_group_or_the_scale_is_counts() -> None:
    counts, group, _ = _counts()
    logs = np.log2(counts + 1)
    told = group.map({0.0: "old", 1.0: "new"})
    with pytest.raises(InputError, match="confounded: in the group are of batch new: 10 of 10; old: 0 of 10"):
        associate_expression(logs, group, scale=Scale.parse("log2_array"), plan=ExpressionPlan(batch=told), **NAMES)
    with pytest.raises(ScaleError, match="ComBat was asked for a matrix in counts"):
        associate_expression(counts, group, scale=Scale("counts"), plan=ExpressionPlan(batch=told), **NAMES)
    alone = pd.Series(["a"] + ["b"] * 19, index=IDS)
    with pytest.raises(InputError, match="have one sample"):
        associate_expression(logs, group, scale=Scale.parse("log2_array"), plan=ExpressionPlan(batch=alone), **NAMES)
