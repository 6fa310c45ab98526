from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tmescope.stats.meta_analysis import PoolingOptions, pool_effects
from tmescope.stats.study_influence import egger_test, leave_one_out


def _bcg(shared_data, name: str):
    folder = shared_data / "stats" / "meta_bcg"
    table = pd.read_csv(folder / "data.tsv", sep="\t")
    return table["yi"], np.sqrt(table["vi"]), pd.read_csv(folder / name, sep="\t")


def test_leave_one_out_equals_metafor(shared_data):
    y, s, expected = _bcg(shared_data, "expected_leave1out.tsv")
    found = leave_one_out(y, s, options=PoolingOptions(test="z"))
    got = [(f.estimate, f.std_error, f.p_value, f.spread.tau2, f.spread.i2) for f in found]
    # the file was made at metafor's default tolerance: p-values near 1e-5 differ in their sixth digit
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose([g[:2] for g in got], expected.iloc[:, :2], rtol=1e-6)


def test_egger_equals_metafor(shared_data):
    y, s, expected = _bcg(shared_data, "expected_egger.tsv")
    found = egger_test(y, s)
    assert (found.statistic, found.p_value) == pytest.approx(tuple(expected.iloc[0]), rel=1e-6)


def test_egger_is_the_weighted_regression_and_its_other_form():
    y, s = np.array([0.2, 0.5, 0.9, 0.1, 0.7]), np.array([0.1, 0.2, 0.4, 0.15, 0.35])
    found = egger_test(y, s)
    weighted = sm.WLS(y, sm.add_constant(s), weights=1 / s**2).fit()
    assert (found.slope, found.std_error, found.p_value) == pytest.approx(
        (weighted.params[1], weighted.bse[1], weighted.pvalues[1]), rel=1e-9
    )
    plain = sm.OLS(y / s, sm.add_constant(1 / s)).fit()
    assert found.statistic == pytest.approx(plain.tvalues[0], rel=1e-9)


def test_what_cannot_be_tested_says_why():
    assert egger_test([0.1, 0.2], [0.1, 0.2]).reason == "too_few_studies"
    assert egger_test([0.1, 0.2, 0.3, np.nan], [0.1, 0.1, 0.1, 0.5]).reason == "equal_errors"


def test_each_study_is_left_out_once():
    y, s = np.array([0.2, 0.5, 0.9]), np.array([0.1, 0.2, 0.4])
    found = leave_one_out(y, s)
    assert [f.k for f in found] == [2, 2, 2]
    assert found[1].estimate == pool_effects(y[[0, 2]], s[[0, 2]]).estimate
