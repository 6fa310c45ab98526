"""The report: figures in Altair, tables, and one HTML file that loads nothing from any other place."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.report.contents import TABLE_COLUMNS, ReportContents
    from tmescope.report.figure import Figure
    from tmescope.report.figures import draw_figures
    from tmescope.report.page import render_report
    from tmescope.report.static import draw_png, draw_svg, write_figures

__all__ = [
    "TABLE_COLUMNS",
    "Figure",
    "ReportContents",
    "draw_figures",
    "draw_png",
    "draw_svg",
    "render_report",
    "write_figures",
]

_HOMES = {
    "contents": ("TABLE_COLUMNS", "ReportContents"),
    "figure": ("Figure",),
    "figures": ("draw_figures",),
    "page": ("render_report",),
    "static": ("draw_png", "draw_svg", "write_figures"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
