"""Where each country stands on a map of equal tiles, found by the names that registries use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, examples

__all__ = ["CountryTile", "load_country_tiles", "read_country_tiles"]

_FILE_KEYS = {key: Key(str) for key in ("name", "version", "licence", "limits")} | {"tiles": Key(list)}
_TILE_KEYS = {
    "code": Key(str),
    "column": Key(int, may_be_empty=True),
    "row": Key(int, may_be_empty=True),
    "names": Key(list),
}
_CODE = re.compile(r"[A-Z]{2}")
_MOST = 100


@dataclass(frozen=True)
class CountryTile:
    """One tile.

    Parameters
    ----------
    code : str
        ISO 3166-1 alpha-2.
    name : str
        Usual English name.
    column, row : int
        Its place, from the left and from the top, counted from 0.
    """

    code: str
    name: str
    column: int
    row: int


@cache
def load_country_tiles() -> Mapping[str, CountryTile]:
    """Return the bundled tiles by each name in lower case (read once).

    Raises
    ------
    FactsError
        The bundled file fails its own checks.
    """
    return read_country_tiles(DATA / "country_tiles.toml")


def read_country_tiles(path: Path) -> Mapping[str, CountryTile]:
    """Read and check a file of tiles.

    Parameters
    ----------
    path : Path
        TOML, in the form of ``facts/data/country_tiles.toml``.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, a code is not of its form, or a code, a place or a name comes twice.
    """
    found: dict[str, CountryTile] = {}
    record = read_record(path, _FILE_KEYS)
    tiles = [_tile(one, f"{place(path)}, tile {number}") for number, one in enumerate(record["tiles"], start=1)]
    for what, values in (
        ("codes", [tile.code for tile, _ in tiles]),
        ("places", [f"{tile.column}, {tile.row}" for tile, _ in tiles]),
        ("names", [name.casefold() for _, names in tiles for name in names]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise FactsError(f"{what} come twice: {examples(twice)}", where=place(path), expected="each once")
    for tile, names in tiles:
        found |= {name.casefold(): tile for name in names}
    return found


def _tile(record: Mapping[str, Any], where: str) -> tuple[CountryTile, list[str]]:
    check_record(record, _TILE_KEYS, where=where)
    names = record["names"]
    fits = 0 <= record["column"] < _MOST and 0 <= record["row"] < _MOST
    if not _CODE.fullmatch(record["code"]) or not fits or not all(isinstance(name, str) and name for name in names):
        raise FactsError(f"{record['code']!r} is no tile", where=where, expected="a code, a place and names")
    return CountryTile(record["code"], names[0], record["column"], record["row"]), names
