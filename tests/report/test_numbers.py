from __future__ import annotations

import math

import pandas as pd
import pytest

from tmescope.report import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.714, "0.71"), (-0.714, "\u22120.71"), (-0.001, "0.00"), (math.nan, "–"), (pd.NA, "–"), (math.inf, "∞")],
)
def test_decimals(value: object, shown: str) -> None:
    assert numbers.decimal(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.52, "0.52"),
        (9.999, "10.00"),
        (12.34, "12.3"),
        (140.2, "140"),
        (5000, "> 999"),
        (0.001, "< 0.01"),
        (0, "0.00"),
    ],
)
def test_ratios_have_digits_that_suit_their_size(value: float, shown: str) -> None:
    assert numbers.ratio(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.34, "0.34"),
        (0.0123, "0.012"),
        (0.00456, "0.0046"),
        (0.05, "0.050"),
        (0.0949, "0.095"),
        (0.00032, "3.2 × 10⁻⁴"),
        (4.2e-12, "4.2 × 10⁻¹²"),
        (0.0, "< 10⁻³⁰⁰"),
        (0.999, "> 0.99"),
        (1.0, "> 0.99"),
        (None, "–"),
    ],
)
def test_p_values_have_two_digits(value: float | None, shown: str) -> None:
    assert numbers.p_value(value).replace("\u00a0", " ") == shown


def test_p_values_in_sentences_and_figures() -> None:
    assert numbers.short_p(0.0004).replace("\u00a0", " ") == "p < 0.001"
    assert numbers.short_p(0.04, symbol="q").replace("\u00a0", " ") == "q = 0.040"
    assert numbers.full_p(0.0004, symbol="q").replace("\u00a0", " ") == "q = 4.0 × 10⁻⁴"
    assert numbers.short_p(None) == "p not given"


def test_intervals_say_when_they_are_not_estimable() -> None:
    row = {"effect": 0.714, "ci_low": 0.6, "ci_high": 0.82}
    assert numbers.interval(row, "auc") == "0.71 [0.60, 0.82]"
    assert numbers.interval(row | {"ci_low": math.nan}, "auc") == "0.71 [not estimable]"
    assert numbers.interval(row | {"effect": math.nan, "ci_low": math.nan}, "auc") == "not estimable"
    statistic = {"effect": 5.236, "ci_low": math.nan, "ci_high": math.nan}
    assert numbers.interval(statistic, "log_rank_chi_square") == "5.24"
    wide = {"effect": 25.04, "ci_low": 0.004, "ci_high": 1e6}
    assert numbers.interval(wide, "odds_ratio") == "25.0 [< 0.01, > 999]"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.996, "> 99%"), (1.0, "100%"), (0.004, "< 1%"), (0.0, "0%"), (0.5, "50%"), (None, "–")]
)
def test_percentages_never_round_to_all_or_nothing(value: float | None, shown: str) -> None:
    assert numbers.percent(value) == shown


def test_significant_digits() -> None:
    assert numbers.significant(123456.0, 3) == 123000
    assert numbers.significant(-0.000123456, 3) == -0.000123
    assert math.isnan(numbers.significant(math.nan, 3))


def test_counts_and_plurals() -> None:
    assert numbers.count(18000) == "18\u202f000"
    assert numbers.plural(1, "sample") == "1 sample"
    assert numbers.plural(2, "analysis", "analyses") == "2 analyses"


def test_characters_that_turn_or_hide_text_become_visible() -> None:
    assert numbers.plain("a\u202eb\u2066c\x00d\x1be\n") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"
    assert numbers.plain("IFN-γ דגימה é") == "IFN-γ דגימה é"
    assert numbers.plain(None) == "–"


def test_right_to_left_names_are_isolated_in_sentences() -> None:
    assert numbers.isolate("דגימה") == "\u2068דגימה\u2069"
    assert numbers.isolate("IFN-γ") == "IFN-γ"


def test_endpoints_are_named_as_readers_name_them() -> None:
    assert numbers.endpoint_name("OS") == "overall survival"
    assert numbers.endpoint_name("best_response") == "best response"
