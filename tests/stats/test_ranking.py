from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats import ranking
from tmescope.stats.ranking import survival_concordance

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
