"""What a page carries: figures compiled to Vega, their data in columns, and JSON that cannot end a script."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pandas as pd
import vl_convert

from tmescope.report.figure import Figure, spec_of
from tmescope.report.numbers import significant

__all__ = ["columns_of", "compile_figure", "safe_json", "shared_payloads", "svg_address"]

_DIGITS = 8
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r"""="([^"'<>]*)"(?=[ />])""")
_UNSAFE = re.compile(r'[%#&"\x00-\x1f\x7f]')
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def safe_json(value: object) -> str:
    """Return JSON for a ``<script type="application/json">``: no character of it can end or begin a tag."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def shared_payloads(figures: Sequence[Figure]) -> list[str]:
    """Return the payload of each figure as JSON, a specification that several have in the first of them alone.

    Parameters
    ----------
    figures : sequence of Figure
        In the order of the page.

    Returns
    -------
    list of str
        As `compile_figure` returns them, for a ``<script>``; later figures name the first under ``vega_of``.
    """
    first: dict[str, str] = {}
    made = []
    for figure in figures:
        payload = compile_figure(figure)
        spec = json.dumps(payload["vega"], sort_keys=True)
        if (owner := first.setdefault(spec, figure.id)) != figure.id:
            payload = {"vega_of": owner, **{k: v for k, v in payload.items() if k != "vega"}}
        made.append(safe_json(payload))
    return made


def compile_figure(figure: Figure) -> dict[str, Any]:
    """Return what the page needs to draw a figure live: the Vega specification and the data in columns."""
    vega = vl_convert.vegalite_to_vega(spec_of(figure, with_data=False), show_warnings=False)
    vega = {k: v for k, v in vega.items() if k not in {"$schema", "description"}}
    return {
        "vega": vega,
        "data": {name: columns_of(table) for name, table in figure.datasets.items()},
        "renderer": "canvas" if figure.heavy else "svg",
    }


def columns_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table by columns, repeated values once.

    Returns
    -------
    dict
        ``n`` (rows) and ``columns``: name to ``{"v": values}``, or ``{"d": distinct values, "i": positions}``
        for texts and others that repeat; ``null`` where a value is missing. Where the whole list comes again and
        again ``{"d": ..., "cycle": true}``, where neighbours are equal ``{"d": ..., "r": [position, times, ...]}``.
    """
    return {"n": len(table), "columns": {str(c): _column(table[c]) for c in table.columns}}


def _column(series: pd.Series) -> dict[str, Any]:
    values = [_number(v) for v in series.astype(object).where(series.notna(), None)]
    # Keyed by type too: True equals 1 in Python, but not on the page.
    distinct = [v for _, v in dict.fromkeys((type(v).__name__, v) for v in values)]
    if not distinct or len(distinct) > max(1, len(values) // 2):
        return {"v": values}
    place = {(type(v).__name__, v): i for i, v in enumerate(distinct)}
    codes = [place[type(v).__name__, v] for v in values]
    k, rest = divmod(len(codes), len(distinct))
    if rest == 0 and codes == list(range(len(distinct))) * k:
        return {"d": distinct, "cycle": True}
    runs = [(code, len(list(same))) for code, same in groupby(codes)]
    if 2 * len(runs) < len(codes):
        return {"d": distinct, "r": [part for run in runs for part in run]}
    return {"d": distinct, "i": codes}


def _number(value: Any) -> Any:
    """Return a plain Python value: numbers to eight digits, whole floats as integers, which are shorter."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return significant(value, _DIGITS) if isinstance(value, float) and math.isfinite(value) else value


def svg_address(svg: str) -> str:
    """Return a ``data:`` address of an SVG picture, fit for an attribute between double quotes.

    Parameters
    ----------
    svg : str
        The picture.

    Notes
    -----
    The text stands as it is but for what would end the attribute, the address or an escape, and for characters that
    addresses lose: three quarters of the size of base64. Attributes of the picture get single quotes where they can.
    """
    plain = _TAG.sub(lambda tag: _ATTRIBUTE.sub(r"='\1'", tag.group(0)), svg)
    return "data:image/svg+xml;charset=utf-8," + _UNSAFE.sub(lambda found: f"%{ord(found.group(0)):02X}", plain)
