from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.bulk.consensus_learning import FLOOR, KnownComposition, judge_rule, learn_rule, leave_one_out

TYPES = {"CL:0000236": "B cells", "CL:0000576": "Monocytes", "CL:0000775": "Neutrophils"}
NOISE = {"good": 0.05, "fair": 0.2, "poor": 0.5, "blind": 50.0}


def known(name, n, seed, noise=NOISE):
    """Estimates of four methods of which the truth is known; each errs by its own amount."""
    rng = np.random.default_rng(seed)
    samples = [f"{name}{i}" for i in range(n)]
    truth, parts = [], []
    for cl_id, feature in TYPES.items():
        share = rng.beta(2, 8, n)
        truth.append(pd.DataFrame({"sample_id": samples, "cl_id": cl_id, "value": share}))
        for method, sd in noise.items():
            value = 5 + 3 * share + rng.normal(0, sd, n)
            told = {"cohort_id": name, "sample_id": samples, "method": method, "feature": feature, "value": value}
            parts.append(pd.DataFrame({**told, "coverage": 1.0, "unit": ""}))
    return KnownComposition(name, pd.concat(parts, ignore_index=True), pd.concat(truth, ignore_index=True))


def test_better_methods_get_more_weight_and_none_is_silenced():
    rule = learn_rule([known("a", 80, 1), known("b", 60, 2)], additive={})
    for cl_id in TYPES:
        weights = rule.weights[cl_id]
        assert weights["good"] > weights["fair"] > weights["poor"] > weights["blind"] >= FLOOR
    assert rule.weight("CL:0000236", "never seen") == pytest.approx(np.mean(list(rule.weights["CL:0000236"].values())))


def test_a_few_samples_hardly_count():
    one = known("a", 200, 1)
    liar = known("b", 4, 5)
    flipped = liar.estimates.assign(value=-liar.estimates["value"])
    rule = learn_rule([one, KnownComposition("b", flipped, liar.truth)], additive={})
    alone = learn_rule([one], additive={})
    assert rule.weight("CL:0000236", "good") > 0.9 * alone.weight("CL:0000236", "good")


def test_learned_weights_beat_the_median_method_where_they_were_not_learned():
    found = leave_one_out(
        [known("a", 80, 1), known("b", 60, 2), known("c", 100, 3)], additive={}, rng=np.random.default_rng(0), draws=200
    )
    assert set(found) == {"a", "b", "c"}
    for verdict in found.values():
        assert verdict.ci_low > 0
        assert verdict.ci_low < verdict.gain < verdict.ci_high
        assert set(verdict.by_type["cl_id"]) == set(TYPES)
        assert (verdict.by_type["ci_low"] <= verdict.by_type["consensus"]).all()


def test_the_one_that_is_judged_is_not_learned_from():
    upside_down = known("x", 80, 9)
    flipped = KnownComposition("x", upside_down.estimates, upside_down.truth.assign(value=-upside_down.truth["value"]))
    others = [known("a", 80, 1), known("b", 60, 2)]
    found = leave_one_out([flipped, *others], additive={}, rng=np.random.default_rng(0), draws=100)
    assert (found["x"].by_type["consensus"] < 0).all()


def test_the_same_seed_gives_the_same_interval():
    one, rule = known("a", 40, 1), learn_rule([known("b", 40, 2)], additive={})
    first, second = (judge_rule(one, rule, additive={}, rng=np.random.default_rng(4), draws=50) for _ in range(2))
    assert first.ci_low == second.ci_low
    pd.testing.assert_frame_equal(first.by_type, second.by_type)


def test_nothing_is_judged_where_one_method_speaks():
    alone = known("a", 40, 1, {"good": 0.05})
    verdict = judge_rule(alone, learn_rule([alone], additive={}), additive={}, rng=np.random.default_rng(0), draws=10)
    assert len(verdict.by_type) == 0
    assert np.isnan(verdict.gain)
