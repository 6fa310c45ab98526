"""Tiles of countries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tmescope.facts.country_tiles import load_country_tiles, read_country_tiles
from tmescope.facts.records import DATA
from tmescope.foundation.errors import FactsError


def test_countries_are_found_by_all_their_names() -> None:
    tiles = load_country_tiles()
    assert {tiles[name].code for name in ("south korea", "korea, republic of")} == {"KR"}
    assert tiles["united states"].column < tiles["germany"].column < tiles["china"].column < tiles["japan"].column
    assert tiles["sweden"].row < tiles["italy"].row < tiles["kenya"].row < tiles["south africa"].row
    assert len({tile.code for tile in tiles.values()}) > 120


def test_every_country_of_the_trials_at_hand_has_a_tile(shared_data: Path) -> None:
    named: set[str] = set()
    for path in (shared_data / "horizon").glob("ctgov_*/ctg-studies.json"):
        trials = json.loads(path.read_text())
        for study in trials if isinstance(trials, list) else trials["studies"]:
            sites = study["protocolSection"].get("contactsLocationsModule", {}).get("locations", ())
            named |= {site["country"] for site in sites if site.get("country")}
    assert len(named) > 30
    assert {name for name in named if name.casefold() not in load_country_tiles()} == set()


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('code = "US"', 'code = "CA"', "codes come twice: 'CA'"),
        ('code = "US"', 'code = "us"', "'us' is no tile"),
        ("column = 3\nrow = 3", "column = 3\nrow = 2", "places come twice: '3, 2'"),
        ('names = ["United States"]', 'names = ["Canada"]', "names come twice: 'canada'"),
        ('names = ["United States"]', "names = [1]", "'US' is no tile"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    text = (DATA / "country_tiles.toml").read_text()
    assert old in text
    (tmp_path / "tiles.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(FactsError, match=wrong):
        read_country_tiles(tmp_path / "tiles.toml")
