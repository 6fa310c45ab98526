"""What answers of ClinicalTrials.gov and Europe PMC hold, as they were recorded, and where they lead."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.fetched_pages import Wanted
from tmescope.ingest.page_sources import EuropePmcPages, Service, TrialPages

TODAY = dt.date(2024, 6, 1)


def test_recorded_answers_of_the_registry_are_read(shared_data: Path) -> None:
    folder = shared_data / "horizon" / "biomcp_api_fixtures"
    place = TrialPages().begin(Wanted("trials", "x"), TODAY)
    read = {
        name: TrialPages().read(place, (folder / f"ctgov__search_phelan_{name}_20260811.json").read_bytes(), where="x")
        for name in ("limit5", "next", "limit50")
    }
    assert read["limit5"].ids[:2] == ("NCT02710084", "NCT05105685")
    assert [len(read[name].ids) for name in ("limit5", "next", "limit50")] == [5, 5, 3]
    token = "ZVt07cGHkvI2wRk2CJf6_LLq14bEL8swd7KrgP4dnDeTsPkw"
    assert read["limit5"].following == {"token": token, "until": "2024-06-01"}
    assert read["limit5"].total == 21
    assert not set(read["limit5"].ids) & set(read["next"].ids)
    assert f"pageToken={token}" in TrialPages().address(Wanted("trials", "x"), read["limit5"].following or {})
    assert (read["limit50"].following, read["limit50"].total) == (None, 3)


def test_recorded_answers_of_europe_pmc_are_read(shared_data: Path) -> None:
    folder = shared_data / "horizon" / "biomcp_api_fixtures"
    data = (folder / "europepmc__search_pmid_22663011.json").read_bytes()
    answer = EuropePmcPages().read({"cursor": "*", "until": "2024-06-01"}, data, where="x")
    assert (answer.ids, answer.total, answer.following) == (("MED:22663011",), 1, None)
    more = json.dumps(json.loads(data) | {"nextCursorMark": "AoI="}).encode()
    following = EuropePmcPages().read({"cursor": "*", "until": "2024-06-01"}, more, where="x").following
    assert following == {"cursor": "AoI=", "until": "2024-06-01"}
    assert "cursorMark=AoI%3D" in EuropePmcPages().address(Wanted("europepmc", "x"), following)
    none = json.dumps({"hitCount": 1, "nextCursorMark": "AoI=", "resultList": {"result": []}}).encode()
    answer = EuropePmcPages().read(following, none, where="x")
    assert (answer.following, answer.is_page) == (None, False)


def test_addresses_are_those_of_the_services_or_of_a_gateway() -> None:
    wanted = Wanted("x", "a b&c", until=dt.date(2023, 1, 2))
    for made, own in (
        (TrialPages, "https://clinicaltrials.gov/api/v2/studies?"),
        (EuropePmcPages, "https://www.ebi.ac.uk/europepmc/webservices/rest/search?"),
    ):
        place = made().begin(wanted, TODAY)
        assert made().address(wanted, place).startswith(own)
        there = made(Service("https://gateway.example/x", 7)).address(wanted, place)
        assert there.startswith("https://gateway.example/x/")
        assert "pageSize=7" in there
        assert "a+b%26c" in there
        assert "2023-01-02" in there
        assert made().instead(place) is None
        assert made().suffix == ".json"


@pytest.mark.parametrize("made", [TrialPages, EuropePmcPages])
@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"<html>", b'{"studies": {}, "resultList": []}', b'{"a": NaN}'])
def test_what_is_no_answer_is_refused(made, data: bytes) -> None:
    place = made().begin(Wanted("x", "x"), TODAY)
    with pytest.raises(FileFormatError) as caught:
        made().read(place, data, where="https://here/x")
    assert caught.value.where == "https://here/x"
