from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from urllib.parse import unquote
from xml.etree import ElementTree

import pandas as pd
import pytest
from tests.report.contents_maker import HOSTILE

from tmescope.report.embedding import columns_of, compile_figure, safe_json, shared_payloads, svg_address
from tmescope.report.figure import Figure


def decode(column: dict[str, list[object]], n: int) -> list[object]:
    """Twin of the page's decoder."""
    if "v" in column:
        return column["v"]
    distinct = column["d"]
    if "i" in column:
        return [distinct[k] for k in column["i"]]
    if "r" in column:
        pairs = zip(column["r"][::2], column["r"][1::2], strict=True)
        return [distinct[code] for code, times in pairs for _ in range(times)]
    assert column["cycle"] is True
    return [distinct[k % len(distinct)] for k in range(n)]


@pytest.mark.parametrize(
    ("values", "way"),
    [
        ([0.25, 1.0, None, 3.5], "v"),
        (["a", "b", "a", "a", "b", "a", "b"], "i"),
        (["a", "b", "c"] * 4, "cycle"),
        (["a"] * 6 + ["b"] * 6, "r"),
        ([True, 1.0, True, 1.0, 1.0, True, False, False], "i"),
        ([None] * 5, "cycle"),
        ([], "v"),
    ],
)
def test_columns_come_back_as_they_were(values: list[object], way: str) -> None:
    packed = columns_of(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
    assert way in packed["columns"]["x"]
    found = decode(json.loads(json.dumps(packed))["columns"]["x"], packed["n"])
    assert [(type(v) is bool, v) for v in found] == [(type(v) is bool, v) for v in values]


def _short(value: object) -> object:
    return float(f"{value:.8g}") if isinstance(value, float) else value


def test_every_figure_comes_back_from_its_payload(figures: list[Figure]) -> None:
    for figure in figures:
        payload = json.loads(safe_json(compile_figure(figure)))
        assert set(payload["data"]) == set(figure.datasets)
        for name, table in figure.datasets.items():
            for column in table.columns:
                found = decode(payload["data"][name]["columns"][column], len(table))
                expected = table[column].astype(object).where(table[column].notna(), None).tolist()
                assert found == [_short(v) for v in expected], (figure.id, name, column)


def test_the_compiled_figure_names_its_data_and_carries_none(figures: list[Figure]) -> None:
    for figure in figures:
        vega = compile_figure(figure)["vega"]
        named = {d["name"]: d for d in vega["data"]}
        for name in figure.datasets:
            assert "values" not in named[name], figure.id
        assert not any("url" in d for d in vega["data"])
        assert "$schema" not in vega


def test_json_cannot_end_its_script() -> None:
    text = safe_json({"name": f"{HOSTILE}\u2028\u2029<!--&"})
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"name": f"{HOSTILE}\u2028\u2029<!--&"}
    with pytest.raises(ValueError, match="Out of range"):
        safe_json(float("nan"))


def test_a_specification_of_several_figures_stands_once(figures: list[Figure]) -> None:
    twin = replace(figures[-1], id="twin")
    payloads = [json.loads(p) for p in shared_payloads([*figures, twin])]
    by_id = dict(zip([*(f.id for f in figures), "twin"], payloads, strict=True))
    assert by_id["twin"]["vega_of"] in by_id
    for figure in (*figures, twin):
        payload = by_id[figure.id]
        vega = by_id[payload["vega_of"]]["vega"] if "vega_of" in payload else payload["vega"]
        assert {"vega": vega, **{k: v for k, v in payload.items() if k not in {"vega", "vega_of"}}} == json.loads(
            safe_json(compile_figure(figure))
        )


@pytest.mark.parametrize(
    "svg",
    [
        "<svg>γ</svg>",
        """<svg a="1" b="it's" font="A, 'B C'"><text fill="#fff">50% &amp; "so" &#10;\n\t x="1" </text></svg>""",
        f"<svg><text>{escape(HOSTILE)}</text></svg>",
    ],
)
def test_addresses_hold_the_picture_and_end_no_attribute(svg: str) -> None:
    address = svg_address(svg)
    assert not set(address) & set('"&#\n\t')
    found = unquote(address.removeprefix("data:image/svg+xml;charset=utf-8,"))
    assert ElementTree.canonicalize(found) == ElementTree.canonicalize(svg)
