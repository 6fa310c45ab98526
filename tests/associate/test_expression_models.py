from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tmescope.associate.expression_models import fit_model
from tmescope.foundation.scale import Scale
from tmescope.stats.multiplicity import benjamini_hochberg
from tmescope.stats.size_factors import median_ratios

N_GENES = 400
COUNTS, LOGS = Scale("counts"), Scale.parse("log2(cpm+1)")


def _counts(seed: int, *, n: int = 20, planted: int = 0, genes: int = N_GENES):
    """Return negative binomial counts; half of the planted genes are higher in the group, half lower."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0.0, 1.0], n // 2)
    fold = np.ones(genes)
    fold[:planted:2], fold[1:planted:2] = 4.0, 0.25
    mean = np.exp(rng.uniform(3.0, 8.0, genes)) * np.where(group[:, None] == 1.0, fold, 1.0)
    mean = mean * rng.uniform(0.6, 1.7, (n, 1))
    size = 1.0 / rng.gamma(4.0, 0.04, genes)
    counts = rng.negative_binomial(size, size / (size + mean)).astype(float)
    design = np.column_stack([np.ones(n), group])
    names = [f"g{i}" for i in range(genes)]
    return pd.DataFrame(counts, columns=names), design


def _p(counts: pd.DataFrame, design: np.ndarray, *, model: str) -> np.ndarray:
    if model == "limma":
        factors = median_ratios(counts)  # counts per million would hand the planted genes' gain to all others as a loss
        return (
            fit_model(np.log2(counts.div(factors, axis=0) + 1), design, model="limma", scale=LOGS)
            .rows["p_value"]
            .to_numpy()
        )
    return fit_model(counts, design, model=model, scale=COUNTS).rows["p_value"].to_numpy()


@pytest.mark.parametrize("model", ["limma", "voom"])
@pytest.mark.simulation
def test_null_genes_are_called_as_often_as_they_may(model: str) -> None:
    p_values = np.concatenate([_p(*_counts(seed), model=model) for seed in range(25)])
    # genes of one data set share its libraries: the band is that of the 25 shares, not of 10,000 genes
    shares = (p_values.reshape(25, -1) < 0.05).mean(axis=1)
    reach = stats.t.isf(0.0005, 24) * shares.std(ddof=1) / 5.0
    assert shares.mean() == pytest.approx(0.05, abs=max(reach, 0.006))


@pytest.mark.parametrize("model", ["limma", "voom"])
def test_planted_genes_are_found_within_the_false_discovery_rate(model: str) -> None:
    rates, found = [], []
    for seed in range(20):
        q_values = benjamini_hochberg(_p(*_counts(100 + seed, planted=40), model=model))
        called = q_values < 0.05
        rates.append(called[40:].sum() / max(called.sum(), 1))
        found.append(called[:40].mean())
    assert np.mean(found) > 0.9
    reach = stats.t.isf(0.0005, 19) * np.std(rates, ddof=1) / np.sqrt(20)
    assert np.mean(rates) <= 0.05 + min(reach, 0.025)


@pytest.mark.simulation
def test_deseq2_and_voom_tell_the_same_of_planted_counts() -> None:
    pytest.importorskip("pydeseq2")
    counts, design = _counts(7, n=16, planted=40)
    found = {m: fit_model(counts, design, model=m, scale=COUNTS) for m in ("voom", "deseq2")}
    rows = {m: f.rows for m, f in found.items()}
    assert list(rows["voom"].columns) == list(rows["deseq2"].columns)
    effects = {m: r["effect"].to_numpy() for m, r in rows.items()}
    assert np.corrcoef(effects["voom"], effects["deseq2"])[0, 1] > 0.97
    for model, table in rows.items():
        called = benjamini_hochberg(table["p_value"].to_numpy()) < 0.05
        assert called[:40].mean() >= 0.9, model
        assert called[40:].sum() <= 8, model
        assert np.sign(effects[model][:40]) == pytest.approx(np.tile([1.0, -1.0], 20))
        assert ((table["ci_low"] < table["effect"]) & (table["effect"] < table["ci_high"])).all()
    assert found["deseq2"].log_values is None
    assert "PyDESeq2" in found["deseq2"].method
    assert "median of ratios" in found["voom"].checks


@pytest.mark.simulation
def test_null_counts_of_deseq2_are_called_little_more_often_than_they_may() -> None:
    pytest.importorskip("pydeseq2")
    share = float((_p(*_counts(3, n=24, genes=600), model="deseq2") < 0.05).mean())
    assert 0.02 < share < 0.1  # a Wald test: known to be somewhat liberal in few samples


def test_libraries_are_compared_by_ratios_and_where_that_fails_as_they_are() -> None:
    counts, design = _counts(1)
    counts.iloc[:10, :20] = 0.0
    counts["g0"] = counts["g0"] + design[:, 1] * 5e6  # one gene takes most of a library
    rows = fit_model(counts, design, model="voom", scale=COUNTS).rows
    assert abs(rows["effect"].iloc[20:].median()) < 0.15
    for i in range(20):
        counts.iloc[i, i::20] = 0.0
    sparse = fit_model(counts, design, model="voom", scale=COUNTS)
    assert "library sizes as they are" in sparse.checks


def test_logarithms_to_other_bases_give_the_same_fold_changes() -> None:
    counts, design = _counts(2)
    logs = np.log(counts + 1)
    two = fit_model(logs / np.log(2), design, model="limma", scale=LOGS).rows
    ten = fit_model(logs / np.log(10), design, model="limma", scale=Scale.parse("log10(cpm+1)")).rows
    assert ten["effect"].to_numpy() == pytest.approx(two["effect"].to_numpy(), rel=1e-9, abs=1e-12)
