from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.bulk.consensus import METHOD, UNIT, ConsensusRule, find_consensus, find_speakable, load_rule
from tmescope.facts.cell_types import load_cell_types

B_CELL, MONOCYTE, NEUTROPHIL = "CL:0000236", "CL:0000576", "CL:0000775"
N = 60


def estimates(columns, *, cohort="c", coverage=1.0):
    """Estimates of each method: (method, feature) to values."""
    parts = [
        pd.DataFrame(
            {
                "cohort_id": cohort,
                "sample_id": [f"s{i}" for i in range(len(values))],
                "method": method,
                "feature": feature,
                "value": values,
                "coverage": coverage,
                "unit": "",
            }
        )
        for (method, feature), values in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def truth():
    rng = np.random.default_rng(3)
    return rng.gamma(2.0, 0.1, N), rng.gamma(2.0, 0.1, N)


def noisy(values, noise, seed):
    return values * 7 + np.random.default_rng(seed).normal(0, noise, len(values))


def test_the_consensus_of_noisy_methods_is_nearer_the_truth_than_their_median(truth):
    b_cells, _ = truth
    columns = {(f"m{i}", "B cells"): noisy(b_cells, 1.0, i) for i in range(5)}
    found = find_consensus(estimates(columns), additive={})
    alone = [np.corrcoef(v, b_cells)[0, 1] for v in columns.values()]
    together = np.corrcoef(found.estimates["value"], b_cells)[0, 1]
    assert together > max(alone)
    assert set(found.estimates["method"]) == {METHOD}
    assert set(found.estimates["unit"]) == {UNIT}
    assert set(found.estimates["feature"]) == {"B cell"}
    assert list(found.estimates["sample_id"]) == [f"s{i}" for i in range(N)]


def test_weights_move_it_to_the_better_method(truth):
    b_cells, _ = truth
    columns = {("good", "B cells"): noisy(b_cells, 0.2, 1), ("bad", "B cells"): noisy(b_cells, 5.0, 2)}
    table = estimates(columns)
    equal = find_consensus(table, additive={}).estimates["value"]
    rule = ConsensusRule({B_CELL: {"good": 0.9, "bad": 0.1}})
    weighed = find_consensus(table, additive={}, rule=rule).estimates["value"]
    assert np.corrcoef(weighed, b_cells)[0, 1] > np.corrcoef(equal, b_cells)[0, 1]
    z = {m: (v - v.mean()) / v.std(ddof=1) for (m, _), v in columns.items()}
    np.testing.assert_allclose(weighed, 0.9 * z["good"] + 0.1 * z["bad"], rtol=1e-12)
    assert rule.weight(B_CELL, "new") == 0.5
    assert rule.weight(MONOCYTE, "new") == 1.0


def test_confidence_follows_the_limits_that_were_set_before(truth):
    b_cells, monocytes = truth
    columns = {(f"m{i}", "B cells"): noisy(b_cells, 0.3, i) for i in range(3)}
    columns |= {(f"m{i}", "Monocytes"): noisy(monocytes, 0.3, i) for i in range(2)}
    rng = np.random.default_rng(0)
    columns |= {(f"m{i}", "Neutrophils"): rng.normal(size=N) for i in range(3)}
    columns |= {("m0", "Mast cells"): rng.normal(size=N)}
    found = find_consensus(estimates(columns), additive={}).agreement.set_index("cell_type")
    assert found["confidence"].to_dict() == {
        "B cell": "high",
        "monocyte": "moderate",
        "neutrophil": "low",
        "mast cell": "single",
    }
    assert found.loc["B cell", "methods"] == "m0, m1, m2"
    assert found.loc["neutrophil", "agreement"] < 0.4
    assert found.loc["neutrophil", "agreement_low"] <= found.loc["neutrophil", "agreement"]
    assert "disagree" in found.loc["neutrophil", "advice"]
    assert np.isnan(found.loc["mast cell", "agreement"])
    few = find_consensus(estimates(columns, coverage=0.7), additive={}).agreement.set_index("cell_type")
    assert few.loc["B cell", "confidence"] == "moderate"
    rule = ConsensusRule(avoid={B_CELL: "it was no better than chance"})
    told = find_consensus(estimates(columns), additive={}, rule=rule).agreement.set_index("cell_type")
    assert told.loc["B cell", "advice"].startswith("do not use: it was no better")


def test_each_cohort_is_its_own_and_units_do_not_matter(truth):
    b_cells, monocytes = truth
    one = estimates({(f"m{i}", "B cells"): noisy(b_cells, 0.3, i) for i in range(2)})
    other = estimates({(f"m{i}", "B cells"): noisy(monocytes, 0.3, i) for i in range(2)}, cohort="d")
    both = find_consensus(pd.concat([one, other], ignore_index=True), additive={})
    alone = find_consensus(one, additive={})
    part = both.estimates[both.estimates["cohort_id"] == "c"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone.estimates)
    scaled = one.assign(value=np.where(one["method"] == "m1", one["value"] * 1e4 - 3, one["value"]))
    np.testing.assert_allclose(
        find_consensus(scaled, additive={}).estimates["value"], alone.estimates["value"], atol=1e-9
    )


def test_missing_constant_and_few_values_take_no_part(truth):
    b_cells, _ = truth
    values = noisy(b_cells, 0.3, 1)
    some = np.where(np.arange(N) < 10, np.nan, noisy(b_cells, 0.3, 2))
    columns = {
        ("whole", "B cells"): values,
        ("some", "B cells"): some,
        ("flat", "B cells"): np.ones(N),
        ("few", "B cells"): np.where(np.arange(N) < 3, values, np.nan),
    }
    found = find_consensus(estimates(columns), additive={})
    assert found.agreement["methods"].item() == "whole, some"
    assert not found.estimates["value"].isna().any()
    z = (values - values.mean()) / values.std(ddof=1)
    np.testing.assert_allclose(found.estimates["value"][:10], z[:10], rtol=1e-12)
    nothing = find_consensus(estimates({("flat", "B cells"): np.ones(N)}), additive={})
    assert len(nothing.estimates) == 0
    assert len(nothing.agreement) == 0


def test_readings_of_the_same_markers_count_once(truth):
    b_cells, _ = truth
    columns = {(m, "B cells"): noisy(b_cells, 0.3, i) for i, m in enumerate(("mcp", "mcp_log2", "other"))}
    families = {"mcp": "mcp genes", "mcp_log2": "mcp genes"}
    found = find_consensus(estimates(columns), additive={}, families=families)
    assert found.agreement["methods"].item() == "mcp, other"
    assert found.agreement["confidence"].item() == "moderate"


def test_nothing_is_said_of_agreement_in_a_handful_of_samples(truth):
    b_cells, _ = truth
    columns = {(f"m{i}", "B cells"): noisy(b_cells, 0.1, i)[:6] for i in range(3)}
    found = find_consensus(estimates(columns), additive={})
    assert found.agreement["confidence"].item() == "unknown"
    assert "too few samples" in found.agreement["advice"].item()
    assert len(found.estimates) == 6


def test_the_bundled_rule_names_types_of_the_tree_and_warns_of_those_that_failed():
    rule, tree = load_rule(), load_cell_types()
    assert len(rule.weights) >= 10
    assert all(0 < weight <= 1.1 for weights in rule.weights.values() for weight in weights.values())
    assert set(rule.weights) <= find_speakable(tree)
    assert "CL:0000738" not in find_speakable(tree), "all leukocytes"
    assert rule.avoid
    assert all("95% CI" in why for why in rule.avoid.values())
