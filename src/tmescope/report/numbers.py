"""How numbers and names are written: the same way everywhere in a report."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

import pandas as pd

__all__ = [
    "count",
    "decimal",
    "effect",
    "endpoint_name",
    "full_p",
    "interval",
    "is_missing",
    "isolate",
    "p_value",
    "percent",
    "plain",
    "plural",
    "ratio",
    "short_p",
    "significant",
]

MISSING = "–"
_MINUS = "\u2212"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = {"R", "AL"}
_WITHOUT_INTERVAL = {"log_rank_chi_square", "gray_chi_square"}


def is_missing(value: object) -> bool:
    """Return whether a scalar is None, NA or NaN."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def decimal(value: Any, places: int = 2) -> str:
    """Return a number with fixed decimals and a real minus sign; a dash where it is missing."""
    if is_missing(value):
        return MISSING
    number = float(value)
    if math.isinf(number):
        return "∞" if number > 0 else f"{_MINUS}∞"
    text = f"{number:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def significant(value: float, digits: int) -> float:
    """Return a number rounded to significant digits, for compact data; NaN stays NaN."""
    return float(f"{value:.{digits}g}")


def ratio(value: Any) -> str:
    """Return an odds or hazard ratio with digits that suit its size: 0.52, 12.3, 140, >999, <0.01."""
    if is_missing(value):
        return MISSING
    number = float(value)
    if number > 999:
        return "> 999" if math.isfinite(number) else "∞"
    if 0 < number < 0.01:
        return "< 0.01"
    return decimal(number, 2 if number < 10 else 1 if number < 100 else 0)


def effect(value: Any, name: str) -> str:
    """Return an effect in the way its kind is written: AUC with two decimals, ratios by size."""
    return ratio(value) if "ratio" in name else decimal(value, 2)


def interval(row: Any, name: str) -> str:
    """Return ``0.71 [0.60, 0.82]`` from the fields effect, ci_low and ci_high of a row."""
    point = effect(row["effect"], name)
    if name in _WITHOUT_INTERVAL:
        return point
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return f"{point} [not estimable]" if point != MISSING else "not estimable"
    return f"{point} [{effect(row['ci_low'], name)}, {effect(row['ci_high'], name)}]"


def p_value(value: Any) -> str:
    """Return a p- or q-value with two significant digits; powers of ten below 0.001."""
    if is_missing(value):
        return MISSING
    number = float(value)
    if number > 0.995:
        return ">\u00a00.99"
    if number >= 0.001:
        digits = 2 if number >= 0.095 else 3 if number >= 0.0095 else 4
        return f"{number:.{digits}f}"
    if number < 1e-300:
        return "<\u00a010⁻³⁰⁰"
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa}\u00a0×\u00a010{str(int(exponent)).translate(_SUPERSCRIPT)}"


def short_p(value: Any, *, symbol: str = "p") -> str:
    """Return ``p = 0.012``; below 0.001 the shorter ``p < 0.001``, for figures."""
    if is_missing(value):
        return f"{symbol} not given"
    shown = "<\u00a00.001" if float(value) < 0.001 else p_value(value)
    return f"{symbol}\u00a0{shown}" if shown[0] in "<>" else f"{symbol}\u00a0=\u00a0{shown}"


def full_p(value: Any, *, symbol: str = "p") -> str:
    """Return ``q = 1.1 × 10⁻⁴`` with two significant digits, for sentences."""
    shown = p_value(value)
    return f"{symbol}\u00a0{shown}" if shown[0] in "<>" else f"{symbol}\u00a0=\u00a0{shown}"


def count(value: Any) -> str:
    """Return a whole number with thin spaces between thousands."""
    return MISSING if is_missing(value) else f"{int(value):,}".replace(",", "\u202f")


def percent(value: Any) -> str:
    """Return a share as a whole percentage; 99.6% is not rounded up to 100%, nor 0.4% down to 0%."""
    if is_missing(value):
        return MISSING
    number = 100 * float(value)
    if 99 < number < 100:
        return "> 99%"
    if 0 < number < 1:
        return "< 1%"
    return f"{number:.0f}%"


def plural(number: Any, noun: str, many: str | None = None) -> str:
    """Return ``1 sample`` or ``185 samples``.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        The word for one.
    many : str, optional
        The word for several; the noun with an s by default.
    """
    return f"{count(number)} {noun if int(number) == 1 else many or noun + 's'}"


_ENDPOINTS = {
    "os": "overall survival",
    "pfs": "progression-free survival",
    "dfs": "disease-free survival",
    "rfs": "recurrence-free survival",
    "efs": "event-free survival",
    "dss": "disease-specific survival",
}


def endpoint_name(endpoint: object) -> str:
    """Return an endpoint as a reader names it: ``os`` is overall survival; others keep their name."""
    shown = plain(endpoint)
    return _ENDPOINTS.get(shown.casefold(), shown.replace("_", " "))


def plain(text: object) -> str:
    """Return text without control characters and without characters that turn the direction of writing.

    Names come from files. A right-to-left override would let one name rewrite how its neighbours read, so each such
    character becomes a visible replacement sign.
    """
    if is_missing(text):
        return MISSING
    visible = _BIDI_CONTROLS.sub("\ufffd", str(text))
    return "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in visible)


def isolate(text: object) -> str:
    """Return a name for use inside a sentence: right-to-left letters are isolated so that they keep to themselves."""
    shown = plain(text)
    if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in shown):
        return f"\u2068{shown}\u2069"
    return shown
