from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats import ranking
from tmescope.stats.ranking import compare_concordances, survival_concordance

CASES = ("fine", "ties", "heavy_ties", "small")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["concordance", "concordance_strata"])
def test_golden_numbers_of_concordance(golden, case: str, kind: str) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_rest.tsv").set_index(["case", "what"])["value"]
    strata = data["stratum"] if kind.endswith("strata") else None
    found = survival_concordance(data["a"], data["time"], data["event"] == 1, strata=strata)
    assert found.concordance == pytest.approx(expected[case, kind], abs=1e-12)
    assert found.std_error == pytest.approx(expected[case, f"{kind}_se"], abs=1e-12)


rows = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 4)), min_size=2, max_size=20)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_pairs_are_those_of_the_definition(drawn) -> None:
    t, d, z = (np.array(v, dtype=float) for v in zip(*drawn, strict=True))
    counts = [0, 0, 0]
    for i in range(t.size):
        for j in range(t.size):
            if d[i] == 1 and (t[i] < t[j] or (t[i] == t[j] and d[j] == 0)):
                counts[0 if z[i] > z[j] else 1 if z[i] < z[j] else 2] += 1
    found = survival_concordance(z, t, d)
    assert [found.n_concordant, found.n_discordant, found.n_tied] == counts
    turned = survival_concordance(-z, t, d)
    if found.reason:
        assert (found.reason, np.isnan(found.std_error)) == ("no_comparable_pairs", True)
    else:
        assert turned.concordance == pytest.approx(1 - found.concordance)
        assert turned.std_error == pytest.approx(found.std_error)
        scaled = survival_concordance(np.exp(z), 12 * t, d)
        assert (scaled.concordance, scaled.std_error) == (found.concordance, found.std_error)


def test_the_error_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=120)
    time, event = rng.exponential(np.exp(-0.5 * z)), rng.random(120) < 0.7
    draws = rng.integers(0, 120, (300, 120))
    spread = np.std([survival_concordance(z[k], time[k], event[k]).concordance for k in draws])
    assert survival_concordance(z, time, event).std_error == pytest.approx(spread, rel=0.15)


def test_blocks_change_nothing(monkeypatch) -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0, 5, 50), rng.integers(1, 9, 50), rng.random(50) < 0.6
    whole = survival_concordance(*values)
    monkeypatch.setattr(ranking, "_BLOCK", 120)
    assert survival_concordance(*values) == whole


def test_missing_values_and_nobody() -> None:
    assert survival_concordance([np.nan, 1.0, 2.0], [1.0, 2.0, 3.0], [1, 1, 0]).n == 2
    assert survival_concordance([np.nan], [1.0], [1]).reason == "empty"
    with pytest.raises(InputError, match="confidence"):
        survival_concordance([1.0], [1.0], [1], confidence=95)


A = [0.3, -1.2, 0.8, 0.1, 1.5, -0.4, 0.9, -0.7, 0.2, 1.1, -1.6, 0.5]
B = [0.1, -0.5, -0.2, 0.9, 1.0, -1.4, 0.3, 0.6, -0.8, 0.4, -0.1, 1.2]
TIME = [5, 9, 3, 5, 1, 8, 2, 7, 6, 2, 10, 4]
EVENT = [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0]


def test_two_concordances_differ_as_in_r() -> None:
    # R 4.2, survival: v <- concordance(coxph(Surv(t, d) ~ a), coxph(Surv(t, d) ~ b))$var;
    # sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2])
    found = compare_concordances(A, B, time=TIME, event=EVENT)
    assert found.first == pytest.approx(0.9811320754716981, abs=1e-14)
    assert found.second == pytest.approx(0.6603773584905660, abs=1e-14)
    assert found.std_error == pytest.approx(0.09973425750695637, abs=1e-14)
    assert found.ci_low < found.difference < found.ci_high
    assert found.p_value < 0.01


def test_markers_that_rank_alike_and_nobody_are_told_apart_from_a_difference() -> None:
    assert compare_concordances(A, [2 * v for v in A], time=TIME, event=EVENT).reason == "no_difference_in_ranks"
    assert compare_concordances([np.nan], [1.0], time=[1.0], event=[1]).reason == "empty"
    assert compare_concordances([1.0, 2.0], [2.0, 1.0], time=[1.0, 2.0], event=[0, 0]).reason == "no_comparable_pairs"
    missing = compare_concordances([np.nan, *A[1:]], B, time=TIME, event=EVENT)
    assert missing.n == 11
