"""What every page of results is made of: its style, its scripts, its policy, and how a figure stands in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import jinja2
import vl_convert

from tmescope.report.embedding import shared_payloads, svg_address
from tmescope.report.figure import Figure
from tmescope.report.palette import CATEGORIES, DARK, LIGHT, MISSING_COLOUR, STATUS
from tmescope.report.static import draw_svg
from tmescope.report.tables import HtmlTable, from_frame

__all__ = ["Drawn", "asset", "draw_for_page", "environment", "policy", "runtime", "style"]

_SNIPPET = "window.vegaEmbed = vegaEmbed;"
_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')
_MOST_NUMBERS = 120


@dataclass(frozen=True)
class Drawn:
    """A figure as the template wants it.

    Parameters
    ----------
    figure : Figure
        Title, caption and alternative text.
    picture : str
        ``data:`` address of its picture.
    width, height : int
        Of the picture, in pixels.
    numbers : HtmlTable, optional
        Its numbers.
    payload : str
        JSON from which the page draws it live.
    """

    figure: Figure
    picture: str
    width: int
    height: int
    numbers: HtmlTable | None
    payload: str


def draw_for_page(figures: Sequence[Figure]) -> list[Drawn]:
    """Return figures as the template wants them, in their order.

    Parameters
    ----------
    figures : sequence of Figure
        Of one page.
    """
    return [_draw(f, payload) for f, payload in zip(figures, shared_payloads(figures), strict=True)]


def _draw(figure: Figure, payload: str) -> Drawn:
    svg = draw_svg(figure)
    size = _SIZE.search(svg)
    width, height = (round(float(size.group(k))) for k in (1, 2)) if size else (960, 600)
    numbers = None
    if figure.numbers is not None and 0 < len(figure.numbers) <= _MOST_NUMBERS:
        numbers = from_frame(figure.numbers, name=f"numbers-{figure.id}", caption=f"Numbers of “{figure.title}”")
    return Drawn(figure, svg_address(svg), width, height, numbers, payload)


def style(*sheets: str) -> str:
    """Return the style sheet of a page: the colours of both themes, and the sheets that are named.

    Parameters
    ----------
    sheets : str
        Names of bundled files.
    """

    def tokens(theme: Mapping[str, str]) -> str:
        return "".join(f"--{name}:{colour};" for name, colour in theme.items())

    fixed = {**STATUS, "missing": MISSING_COLOUR, "series": CATEGORIES[0]}
    light, dark = tokens({**LIGHT, **fixed}), tokens(DARK)
    themes = (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )
    return themes + "".join(map(asset, sheets))


def policy(sheet: str, scripts: Sequence[str]) -> str:
    """Return the content-security policy that admits one style sheet and some scripts, by their hashes.

    Parameters
    ----------
    sheet : str
        The text of the style sheet.
    scripts : sequence of str
        The texts of the scripts.
    """
    allowed = " ".join(f"'sha256-{_digest(s)}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'sha256-{_digest(sheet)}'; img-src data: blob:; "
        "font-src 'none'; connect-src 'none'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@lru_cache(maxsize=1)
def runtime() -> str:
    """Return the Vega runtime (with its expression interpreter) in a form that cannot end its script element."""
    bundle = str(vl_convert.javascript_bundle(_SNIPPET))
    # The same string or pattern to JavaScript, but nothing that HTML reads as a tag.
    return re.sub(r"<(?=/script|!--|script)", r"\\x3c", bundle.replace("\r", ""), flags=re.IGNORECASE)


@lru_cache(maxsize=8)
def asset(name: str) -> str:
    """Return the text of a bundled file.

    Parameters
    ----------
    name : str
        Such as ``report.css``.
    """
    text = resources.files("tmescope.report").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the templates, which escape what they are given."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tmescope.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
