from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree  # our own output
from pathlib import Path

import pytest

from tmescope.foundation.errors import InputError
from tmescope.report import static
from tmescope.report.figure import Figure
from tmescope.report.static import draw_png, draw_svg, write_figures

SVG = "{http://www.w3.org/2000/svg}"


def _by_id(figures: list[Figure], name: str) -> Figure:
    return next(f for f in figures if f.id == name)


def test_every_figure_is_well_formed_and_loads_nothing(figures: list[Figure]) -> None:
    for figure in figures:
        root = ElementTree.fromstring(draw_svg(figure))
        assert root.tag == f"{SVG}svg", figure.id
        assert 300 < float(root.attrib["width"]) < 1100, figure.id
        for element in root.iter():
            address = element.get("{http://www.w3.org/1999/xlink}href") or element.get("href") or "data:"
            assert address.startswith("data:image/png;base64,") or address == "data:", figure.id
        assert f"{SVG}script" not in {e.tag for e in root.iter()}


def test_the_bytes_do_not_depend_on_what_was_drawn_before(figures: list[Figure]) -> None:
    figure = _by_id(figures, "distributions-features")
    first = draw_svg(figure)
    static._svg.cache_clear()
    draw_svg(_by_id(figures, "survival-cyt"))
    assert draw_svg(figure) == first
    assert draw_png(figure) == draw_png(figure)


def test_merged_dots_are_as_many_as_the_points(figures: list[Figure]) -> None:
    figure = _by_id(figures, "distributions-1")
    points = (figure.datasets["panels"]["kind"] == "point").sum()
    assert points > 1000
    svg = draw_svg(figure)
    merged = sum(len(re.findall(r"h0", d)) for d in re.findall(r'<path d="((?:M[^"]*?h0)+)" fill="none"', svg))
    single = len(re.findall(r'd="M1\.\d+,0A[^"]*" fill="#', svg))
    assert merged > 0.9 * points
    assert merged + single == points


def test_files_are_written_in_the_formats_asked_for(figures: list[Figure], tmp_path: Path) -> None:
    figure = _by_id(figures, "gene-mapping")
    assert [p.name for p in write_figures([figure], tmp_path / "a")] == ["gene-mapping.svg", "gene-mapping.png"]
    assert [p.name for p in write_figures([figure], tmp_path / "b", formats=["png"])] == ["gene-mapping.png"]
    assert (tmp_path / "a" / "gene-mapping.png").read_bytes() == (tmp_path / "b" / "gene-mapping.png").read_bytes()
    width, height = struct.unpack(">II", (tmp_path / "a" / "gene-mapping.png").read_bytes()[16:24])
    root = ElementTree.fromstring((tmp_path / "a" / "gene-mapping.svg").read_text(encoding="utf-8"))
    assert (width, height) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))


def test_an_unknown_format_is_refused_before_anything_is_written(figures: list[Figure], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'pdf'"):
        write_figures(figures, tmp_path / "new", formats=["svg", "pdf"])
    assert not (tmp_path / "new").exists()


def test_what_neighbours_share_is_said_once_and_nothing_else_changes() -> None:
    words = "".join(
        f'<text text-anchor="end" transform="translate(-8,{y})" font-size="12px" fill="#111">a{y} &lt;</text>'
        for y in range(4)
    )
    ticks = "".join(f'<path d="M{x}.0000001,2h1v8h-1Z" fill="#8c5ab8" opacity="0.7"/>' for x in range(9))
    odd = '<text fill="#222" transform="translate(1,1)">odd</text><line x2="3" stroke="#333" opacity="0.2"/>'
    svg = f'<svg xmlns="{SVG[1:-1]}">{words}{odd}{ticks}</svg>'
    root = ElementTree.fromstring(static._compact(svg))
    group, loose, line, path = list(root)
    assert (group.attrib, len(group)) == ({"text-anchor": "end", "font-size": "12px", "fill": "#111"}, 4)
    assert [(t.text, t.attrib) for t in group][2] == ("a2 <", {"transform": "translate(-8,2)"})
    assert (loose.text, loose.attrib["fill"]) == ("odd", "#222")
    assert line.attrib["opacity"] == "0.2"
    assert path.attrib["d"] == "".join(f"M{x},2h1v8h-1Z" for x in range(9))
    assert path.attrib["opacity"] == "0.7"
    few = f'<svg xmlns="{SVG[1:-1]}">{odd}</svg>'
    assert "<g" not in static._compact(few)
