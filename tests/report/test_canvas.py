"""Figures that are laid out by hand."""

from __future__ import annotations

from tmescope.report.canvas import Canvas
from tmescope.report.figure import Figure, ink
from tmescope.report.static import draw_svg


def _figure(canvas: Canvas) -> Figure:
    return Figure("one", "t", "c", "a", canvas.chart(), datasets=canvas.datasets)


def test_marks_stand_at_their_places_in_the_order_in_which_they_came() -> None:
    canvas = Canvas(100, 50)
    canvas.boxes([{"x": 0, "x2": 40, "y": 0, "y2": 20, "opacity": 0.5, "tip": "box"}], colour=ink("accent"))
    canvas.rules([{"x": 0, "x2": 100, "y": 25, "y2": 25}], colour=ink("rule"))
    canvas.lines([{"x": 0, "y": 0, "line": "a"}, {"x": 50, "y": 50, "line": "a"}], colour=ink("muted"))
    canvas.dots([{"x": 50, "y": 50, "colour": "#123456", "tip": "dot"}], colour=None)
    canvas.words([{"x": 100, "y": 10, "text": "<b>words"}], align="right")
    svg = draw_svg(_figure(canvas))
    assert svg.index('fill-opacity="0.5"') < svg.index("#123456") < svg.index("&lt;b&gt;words")
    assert 'text-anchor="end"' in svg
    assert list(canvas.datasets) == [f"marks_{i}" for i in range(5)]


def test_what_has_no_rows_makes_no_layer() -> None:
    canvas = Canvas(10, 10)
    canvas.words([])
    canvas.dots([], colour=None)
    canvas.words([{"x": 0, "y": 5, "text": "one"}])
    assert list(canvas.datasets) == ["marks_0"]
    assert len(canvas.chart().to_dict()["layer"]) == 1
