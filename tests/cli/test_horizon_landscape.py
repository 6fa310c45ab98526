"""The commands landscape and watch, from a lake on disk to text, tables, feeds and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from tests.store.lakes import batch, mentions, paper, source_file, trial

from tmescope.cli.horizon_landscape import NEWS
from tmescope.store.lake import Lake, create_lake, open_lake

TIGIT = "HGNC:26838"
EVIL = "=cmd|x <script>\u202e\x1b[2J"


def _put(lake: Lake, folder: Path, name: str, content: Any, said: list[dict[str, Any]]) -> None:
    part = lake.add(source_file(folder / "sources", name), [content], source="pubmed").part
    lake.add_mentions(part, "d" * 16, mentions(said))


def _trial(number: int, updated: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    given = {"study_type": "INTERVENTIONAL", "sponsor": {"name": EVIL, "class": "INDUSTRY"}, "countries": ["China"]}
    return trial(number, updated, **{**given, **more})


def _named(number: int, text: str = "TIGIT") -> dict[str, Any]:
    return {"doc_id": f"nct:NCT{number:08d}", "entity_id": TIGIT, "text": text}


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any, list[dict[str, Any]]], None]:
    """A lake ``horizon`` in the working folder, with a first file; returns what adds another."""
    monkeypatch.chdir(tmp_path)
    made = create_lake(tmp_path / "horizon")
    first = batch([paper(1)], trials=[_trial(1, "2021-01-01"), _trial(2, "2021-01-01", phases=["PHASE1", "PHASE2"])])
    _put(made, tmp_path, "one.json", first, [_named(1), _named(2)])
    return lambda name, content, said: _put(open_lake(tmp_path / "horizon"), tmp_path, name, content, said)


def test_the_landscape_is_told_in_words_tables_and_json(tmescope, lake, tmp_path):
    said = tmescope("horizon", "landscape", "TIGIT")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"TIGIT ({TIGIT}): 2 trials\n")
    assert "PHASE1/PHASE2  1" in said.out
    assert "\x1b" not in said.out and "\u202e" not in said.out
    found = json.loads(tmescope("horizon", "landscape", TIGIT, "--json").out)
    assert {row["value"]: row["doc_ids"] for row in found["counts"] if row["axis"] == "phase"} == {
        "PHASE1": ["nct:NCT00000001"],
        "PHASE1/PHASE2": ["nct:NCT00000002"],
    }
    rows = tmescope(
        "horizon", "landscape", TIGIT, "--csv", "--table", "actors", "-o", tmp_path / "out"
    ).out.splitlines()
    assert rows[1].startswith(f"{TIGIT},'=cmd")  # no spreadsheet runs it
    assert len(list((tmp_path / "out").iterdir())) == 16
    assert len(pd.read_parquet(tmp_path / "out" / "landscape_trials.parquet")) == 2


def test_what_was_known_on_a_day(tmescope, lake):
    lake("two.json", batch(trials=[_trial(1, "2022-01-01", status="TERMINATED")]), [_named(1)])
    assert "TERMINATED  1" in tmescope("horizon", "landscape", "TIGIT").out
    then = tmescope("horizon", "landscape", "TIGIT", "--as-of", "2021-06-01").out
    assert "2 trials" in then and "RECRUITING  2" in then and "TERMINATED" not in then
    assert "0 trials" in tmescope("horizon", "landscape", "TIGIT", "--as-of", "2020-06-01").out  # no version of then
    assert "2023-13-01" in tmescope("horizon", "landscape", "TIGIT", "--as-of", "2023-13-01").err


def test_a_name_that_nothing_is_called_is_an_error(tmescope, lake):
    said = tmescope("horizon", "landscape", "no such thing")
    assert said.code == 2
    assert "nothing in the lake is called" in said.err
    assert tmescope("horizon", "landscape", TIGIT, "--csv", "--json").code == 2


def test_a_watch_tells_what_is_new_and_its_exit_code_says_whether(tmescope, lake, tmp_path):
    assert (
        tmescope("horizon", "watch", "add", "tigit", "-e", "TIGIT").out
        == "watching tigit: 2 trials and 0 papers are known\n"
    )
    assert (tmescope("horizon", "watch", "run").code, tmescope("horizon", "watch", "run", "tigit").out) == (0, "")
    stopped = _trial(1, "2022-01-01", status="TERMINATED")
    lake("two.json", batch(trials=[stopped, _trial(3, "2022-02-01")]), [_named(1), _named(3)])
    said = tmescope("horizon", "watch", "run", "--atom", tmp_path / "feed.xml")
    assert said.code == NEWS == 10
    assert said.out.splitlines()[0] == "tigit: 2 new"
    assert "status changed 2022-01-01: nct:NCT00000001" in said.out
    assert "RECRUITING -> TERMINATED" in said.out
    assert tmescope("horizon", "watch", "run", "--atom", tmp_path / "feed.xml").code == 0
    feed = ElementTree.parse(tmp_path / "feed.xml").getroot()
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 2  # all that was ever found
    listed = json.loads(tmescope("horizon", "watch", "list", "--json").out)
    assert [(one["name"], one["runs"], one["untold"]) for one in listed] == [("tigit", 1, 0)]


def test_what_could_not_be_written_is_told_by_the_next_run(tmescope, lake, tmp_path):
    tmescope("horizon", "watch", "add", "tigit", "-e", TIGIT)
    lake("two.json", batch(trials=[_trial(3, "2022-02-01")]), [_named(3)])
    (tmp_path / "news").mkdir()
    assert tmescope("horizon", "watch", "run", "-o", tmp_path / "news").code == 2
    said = tmescope("horizon", "watch", "run", "--json", "-o", tmp_path / "news.json")
    assert (said.code, said.out) == (NEWS, "")
    assert [one["kind"] for one in json.loads((tmp_path / "news.json").read_text())["alerts"]] == ["new_trial"]


def test_errors_of_watches_are_told_apart_from_news(tmescope, lake):
    assert tmescope("horizon", "watch", "run", "absent").code == 2
    assert tmescope("horizon", "watch", "add", "nothing").code == 2
    assert tmescope("horizon", "watch", "add", "ageing", "--focus", "agein").code == 2
    assert "watching ageing" in tmescope("horizon", "watch", "add", "ageing", "--focus", "ageing").out
    assert "reading" in tmescope("horizon", "watch", "add", "reading", "--query", '"title 1"', "--papers", "all").out
    assert "16" in tmescope("horizon", "watch", "list").out
    assert tmescope("horizon", "watch", "remove", "ageing").out == "ageing is removed\n"
    assert tmescope("horizon", "watch", "remove", "ageing").code == 2


def test_a_lake_without_watches_says_how_to_add_one(tmescope, tmp_path):
    create_lake(tmp_path / "horizon")
    said = tmescope("horizon", "watch", "run", "--lake", tmp_path / "horizon")
    assert said.code == 0
    assert "has no watch; add one: tmescope horizon watch add" in said.err
