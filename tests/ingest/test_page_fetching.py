"""Questions asked page by page of a real server that is busy, breaks off, repeats itself, and of one that is killed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest import https_server as web
from tests.ingest import services_made as made
from tests.ingest.https_server import Site
from tests.ingest.services_made import EuropePmc, PubMed, Service, Trials, Watch

from tmescope.foundation.errors import FetchError, FolderInUseError, InputError
from tmescope.ingest.clinicaltrials import read_clinicaltrials
from tmescope.ingest.connection import Connection, Limits
from tmescope.ingest.europepmc import read_europepmc
from tmescope.ingest.fetched_pages import PageFolder, Wanted
from tmescope.ingest.page_fetching import Fetched, Manner, fetch_pages
from tmescope.ingest.page_sources import Service as Where
from tmescope.store.lock import folder_lock

SOURCES = {"trials": Trials, "europepmc": EuropePmc, "pubmed": PubMed}
LIMITS = Limits(connect_seconds=5, read_seconds=5, tries=4, first_wait_seconds=2, total_seconds=10_000)
TODAY = dt.date(2024, 6, 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with web.serving(tmp_path_factory.mktemp("https")) as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    server.pages.clear()
    server.asked.clear()
    return server


def stand(site: Site, service: Service) -> None:
    for path in ("/studies", "/search", "/esearch.fcgi", "/efetch.fcgi"):
        site.pages[path] = service


def get(site: Site, source: str, folder: Path, clock: Watch | None = None, size: int = 10, **changes) -> Fetched:
    wanted = Wanted(source, changes.pop("query", "TIGIT & co"), changes.pop("since", dt.date(2024, 1, 1)))
    where = Where(site.address(""), size, changes.pop("api_key", None))
    manner = Manner(where, Connection(ca_file=site.ca_file), LIMITS, clock or Watch(), TODAY)
    return fetch_pages(wanted, folder, manner=manner, **changes)


def held(source: str, fetched: Fetched) -> list[str]:
    """Every record in the files, by the readers of the lake."""
    if source == "pubmed":
        found = [re.findall(rb'<PMID Version="1">(\d+)</PMID>', path.read_bytes()) for path in fetched.files]
        return [f"pmid:{one.decode()}" for page in found for one in page]
    read = {"trials": read_clinicaltrials, "europepmc": read_europepmc}[source]
    return [name for path in fetched.files for b in read(path) for name in b.documents["doc_id"].to_pylist()]


def expected(source: str, n: int) -> list[str]:
    return [f"nct:NCT{i:08d}" if source == "trials" else f"pmid:{i}" for i in range(1, n + 1)]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("n", [0, 1, 10, 37])
def test_all_records_come_once_and_raw(site: Site, tmp_path: Path, source: str, n: int) -> None:
    service = SOURCES[source](n)
    stand(site, service)
    fetched = get(site, source, tmp_path)
    assert held(source, fetched) == expected(source, n)
    assert (fetched.records, fetched.total, fetched.new_pages) == (n, n, len(fetched.files))
    assert len(fetched.files) == -(-n // 10)
    if fetched.files and source != "pubmed":
        assert fetched.files[0].read_bytes() == service.body(service.asked[0])
    visible = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert visible == {path.name for path in fetched.files}
    assert all(told["User-Agent"].startswith("tmescope/") for _, told in site.asked)


@pytest.mark.parametrize("source", SOURCES)
def test_busy_servers_and_cut_connections_lose_nothing(site: Site, tmp_path: Path, source: str) -> None:
    service = SOURCES[source](37)
    service.faults = {
        1: made.busy(503),
        2: made.busy(429, Retry_After="7"),
        4: made.cut,
        5: made.busy(500),
        7: made.cut,
        9: made.busy(502),
    }
    stand(site, service)
    clock = Watch()
    fetched = get(site, source, tmp_path, clock)
    assert held(source, fetched) == expected(source, 37)
    assert clock.pauses[:2] == [2.0, 7.0]
    assert clock.pauses.count(2.0) == 4  # the first wait, again after each page that came
    assert clock.pauses.count(4.0) == 1


def test_pauses_are_what_the_sources_ask_for(site: Site, tmp_path: Path) -> None:
    for source, key, interval in (
        ("pubmed", None, 0.35),
        ("pubmed", "k", 0.11),
        ("europepmc", None, 0.5),
        ("trials", None, 1.2),
    ):
        service = SOURCES[source](37)
        stand(site, service)
        clock = Watch()
        get(site, source, tmp_path / f"{source}{key}", clock, api_key=key)
        assert clock.pauses == pytest.approx([interval] * (len(service.asked) - 1))
        service.faults = {len(service.asked) + 1: made.busy(429, Retry_After="0")}
        get(site, source, tmp_path / f"{source}{key}", clock, api_key=key, again=True)
        assert min(clock.pauses) == pytest.approx(interval)  # also where the server would not mind a try at once


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("most", [3, 1])
def test_pages_smaller_than_asked_for_lose_nothing(site: Site, tmp_path: Path, source: str, most: int) -> None:
    service = SOURCES[source](11)
    stand(site, service)
    service.most = most
    sizes = iter([4, 2, 5, 1, 3])

    def changing(handler, body) -> None:
        service.most = next(sizes, most)
        web.send(handler, 200, body)

    service.faults = {2: changing, 3: changing, 4: changing, 5: changing}
    fetched = get(site, source, tmp_path)
    assert held(source, fetched) == expected(source, 11)
    assert len({len(list(held(source, Fetched((path,), 0, 0, 0)))) for path in fetched.files}) > (most == 3)


@pytest.mark.parametrize("source", SOURCES)
def test_an_old_answer_is_asked_for_again_and_not_kept(site: Site, tmp_path: Path, source: str) -> None:
    service = SOURCES[source](37)
    kept: list[bytes] = []

    def remember(handler, body) -> None:
        kept.append(body)
        web.send(handler, 200, body)

    def repeat(handler, _) -> None:
        web.send(handler, 200, kept[0])

    begin = 2 if source == "pubmed" else 1
    service.faults = {begin: remember, begin + 1: repeat, begin + 2: repeat, begin + 4: repeat}
    stand(site, service)
    fetched = get(site, source, tmp_path)
    assert held(source, fetched) == expected(source, 37)
    assert len(fetched.files) == 4


def test_a_source_that_only_repeats_itself_is_left(site: Site, tmp_path: Path) -> None:
    service = Trials(37)
    first = service.body({"pageSize": "10"})
    service.faults = dict.fromkeys(range(2, 30), made.instead(first))
    stand(site, service)
    with pytest.raises(FetchError, match="back to a page that is here already, after 10 of 37 records") as caught:
        get(site, "trials", tmp_path)
    assert "same command again" in str(caught.value)
    assert len(service.asked) == 4
    service.faults = {}
    assert held("trials", get(site, "trials", tmp_path)) == expected("trials", 37)


def test_a_cursor_that_stays_at_the_last_page_is_the_end(site: Site, tmp_path: Path) -> None:
    service = EuropePmc(15)
    last = json.loads(service.body({"cursorMark": "c10", "pageSize": "10"})) | {"nextCursorMark": "c10"}
    service.faults = {2: made.instead(json.dumps(last).encode())}
    stand(site, service)
    assert held("europepmc", get(site, "europepmc", tmp_path)) == expected("europepmc", 15)
    assert len(service.asked) == 2
    del last["nextCursorMark"]
    service = EuropePmc(15, faults={2: made.instead(json.dumps(last).encode())})
    stand(site, service)
    assert held("europepmc", get(site, "europepmc", tmp_path / "b")) == expected("europepmc", 15)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", [b'{"studies": [', b"{}", b'{"errCode": 404, "errMsg": "x"}', b"[1]", b"<a/>"])
def test_what_is_no_answer_is_asked_for_again_and_then_said(
    site: Site, tmp_path: Path, source: str, text: bytes
) -> None:
    service = SOURCES[source](12, faults={1: made.instead(text), 2: made.instead(text)})
    stand(site, service)
    assert held(source, get(site, source, tmp_path / "a")) == expected(source, 12)
    service = SOURCES[source](12, faults=dict.fromkeys(range(1, 30), made.instead(text)))
    stand(site, service)
    with pytest.raises(FetchError, match="cannot be read"):
        get(site, source, tmp_path / "b")
    assert len(service.asked) == 3


def test_an_identical_question_is_not_asked_twice(site: Site, tmp_path: Path) -> None:
    service = Trials(25)
    stand(site, service)
    first = get(site, "trials", tmp_path)
    n = len(service.asked)
    assert get(site, "trials", tmp_path) == Fetched(first.files, 25, 25, 0)
    assert len(service.asked) == n
    service.n = 26
    anew = get(site, "trials", tmp_path, again=True)
    assert (anew.records, anew.new_pages) == (26, 3)
    assert not set(anew.files) & set(first.files)
    assert all(path.is_file() for path in first.files)
    assert get(site, "trials", tmp_path).files == anew.files
    other = get(site, "trials", tmp_path, query="LAG3")
    assert not set(other.files) & set(anew.files)


def test_a_page_that_was_altered_or_removed_is_fetched_again_with_all_behind_it(site: Site, tmp_path: Path) -> None:
    stand(site, service := Trials(35))
    first = get(site, "trials", tmp_path)
    whole = [path.read_bytes() for path in first.files]
    first.files[1].write_bytes(b"changed")
    n = len(service.asked)
    again = get(site, "trials", tmp_path)
    assert [path.read_bytes() for path in again.files] == whole
    assert len(service.asked) - n == again.new_pages == 3


@pytest.mark.parametrize("source", SOURCES)
def test_a_failed_question_goes_on_where_it_stopped(site: Site, tmp_path: Path, source: str) -> None:
    stop = 4 if source == "pubmed" else 3
    service = SOURCES[source](37, faults=dict.fromkeys(range(stop, stop + 4), made.busy(500)))
    stand(site, service)
    with pytest.raises(FetchError, match=r"busy .status 500.") as caught:
        get(site, source, tmp_path)
    assert "goes on from the last page that came" in str(caught.value)
    assert len([path for path in tmp_path.iterdir() if not path.name.startswith(".")]) == 2
    n = len(service.asked)
    fetched = get(site, source, tmp_path)
    assert held(source, fetched) == expected(source, 37)
    assert len(service.asked) - n == fetched.new_pages + (source == "europepmc") == 2 + (source == "europepmc")


def test_a_search_that_the_server_forgot_is_made_again_and_nothing_is_kept_twice(site: Site, tmp_path: Path) -> None:
    service = PubMed(37, faults={4: lambda handler, _: web.send(handler, 400, b"<ERROR>no such query</ERROR>")})
    stand(site, service)
    assert held("pubmed", get(site, "pubmed", tmp_path)) == expected("pubmed", 37)
    searches = sum("term" in asked for asked in service.asked)
    assert searches == 2
    service = PubMed(37)
    service.forgets = True
    stand(site, service)
    assert held("pubmed", get(site, "pubmed", tmp_path / "b")) == expected("pubmed", 37)
    service = PubMed(37, faults=dict.fromkeys(range(2, 99), lambda handler, _: web.send(handler, 400, b"x")))
    stand(site, service)
    with pytest.raises(FetchError, match=r"status 400|cannot be read"):
        get(site, "pubmed", tmp_path / "c")


def test_a_question_with_more_than_pubmed_hands_out_is_asked_by_days(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmescope.ingest.pubmed_pages.MOST_AT_ONCE", 30)
    service = PubMed(90)
    service.by_day = 7
    stand(site, service)
    fetched = get(site, "pubmed", tmp_path)
    assert sorted(held("pubmed", fetched)) == sorted(expected("pubmed", 90))
    assert (fetched.records, fetched.total) == (90, 90)
    starts = [int(asked["retstart"]) + int(asked["retmax"]) for asked in service.asked if "retstart" in asked]
    assert max(starts) <= 30
    service.by_day = 40
    with pytest.raises(FetchError, match="40 records were entered on 2024-01-01") as caught:
        get(site, "pubmed", tmp_path / "b")
    assert "narrow the query" in str(caught.value)


def test_what_is_asked_for_is_what_was_meant(site: Site, tmp_path: Path) -> None:
    for source, kind in SOURCES.items():
        stand(site, service := kind(100))
        service.by_day = 1
        get(site, source, tmp_path, query='TIGIT AND "lung cancer"', since=dt.date(2024, 2, 29))
        asked = service.asked[0]
        if source == "trials":
            assert asked["query.term"] == 'TIGIT AND "lung cancer"'
            assert asked["filter.advanced"] == "AREA[LastUpdatePostDate]RANGE[2024-02-29,2024-06-01]"
        elif source == "europepmc":
            assert asked["query"] == '(TIGIT AND "lung cancer") AND FIRST_IDATE:[2024-02-29 TO 2024-06-01]'
            assert (asked["resultType"], asked["cursorMark"]) == ("core", "*")
        else:
            assert asked["term"] == 'TIGIT AND "lung cancer"'
            assert (asked["mindate"], asked["maxdate"], asked["datetype"]) == ("2024/02/29", "2024/06/01", "edat")
            assert asked["tool"] == "tmescope"
            assert (service.asked[1]["WebEnv"], service.asked[1]["query_key"]) == ("MCID_0", "1")


def test_a_key_is_sent_and_neither_written_nor_said(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    service = PubMed(25, faults=dict.fromkeys(range(3, 9), made.busy(503)))
    stand(site, service)
    with pytest.raises(FetchError) as caught:
        get(site, "pubmed", tmp_path, api_key="hush")
    assert {asked["api_key"] for asked in service.asked} == {"hush"}
    left = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for said in (str(caught.value), caplog.text, left, repr(Where("", 0, "hush"))):
        assert "hush" not in said
    assert "try 1 of 4" in caplog.text


def test_two_processes_do_not_ask_the_same_question_at_once(site: Site, tmp_path: Path) -> None:
    stand(site, service := Trials(3))
    pages = PageFolder(tmp_path, Wanted("trials", "TIGIT & co", dt.date(2024, 1, 1)))
    with folder_lock(pages.lock(), folder=tmp_path), pytest.raises(FolderInUseError):
        get(site, "trials", tmp_path)
    assert not service.asked


@pytest.mark.parametrize(
    ("wanted", "size", "says"),
    [
        (Wanted("arxiv", "x"), 0, "no source is named 'arxiv'"),
        (Wanted("trials", "  "), 0, "a query of 2 characters"),
        (Wanted("trials", "x" * 3001), 0, "a query of 3,001 characters"),
        (Wanted("trials", "x", dt.date(2024, 2, 1), dt.date(2024, 1, 1)), 0, "2024-02-01 is after 2024-01-01"),
        (Wanted("trials", "x"), 1001, "1001 records a page"),
    ],
)
def test_wrong_questions_are_refused_before_anything_is_asked(
    tmp_path: Path, wanted: Wanted, size: int, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        fetch_pages(wanted, tmp_path / "new", manner=Manner(Where("https://localhost:1", size)))
    assert not (tmp_path / "new").exists()


def test_a_page_beyond_the_limit_says_what_to_change(site: Site, tmp_path: Path) -> None:
    stand(site, Trials(3))
    manner = Manner(
        Where(site.address("")), Connection(ca_file=site.ca_file), Limits(max_bytes=100, tries=1), Watch(), TODAY
    )
    with pytest.raises(FetchError, match="more than 100 bytes") as caught:
        fetch_pages(Wanted("trials", "x"), tmp_path, manner=manner)
    assert "--page-size" in str(caught.value)


CHILD = """
import sys
from tmescope.cli.horizon_fetch import fetch, Source
from pathlib import Path
source, url, ca, folder = sys.argv[1:]
fetch(Source(source), "TIGIT & co", Path(folder), "2024-01-01", "2024-06-01", 10, False, url, Path(ca), True, False)
"""


@pytest.mark.parametrize("source", SOURCES)
def test_a_process_that_was_killed_is_gone_on_from(site: Site, tmp_path: Path, source: str) -> None:
    stalls = 4 if source == "pubmed" else 3
    service = SOURCES[source](37, faults={stalls: lambda handler, body: web.trickle(body[:1], 0.2)(handler, site)})
    stand(site, service)
    settings = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    command = [sys.executable, "-c", CHILD, source, site.address(""), str(site.ca_file), str(tmp_path)]
    child = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while len(service.asked) < stalls and time.monotonic() < until and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    told = child.communicate()[1].decode()
    assert child.returncode == -signal.SIGKILL, told
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob(f"{source}-*")}
    assert len(before) == 2
    wanted = Wanted(source, "TIGIT & co", dt.date(2024, 1, 1), TODAY)
    manner = Manner(Where(site.address(""), 10), Connection(ca_file=site.ca_file), LIMITS, Watch(), TODAY)
    fetched = fetch_pages(wanted, tmp_path, manner=manner)
    assert held(source, fetched) == expected(source, 37)
    assert {path.name for path in fetched.files[:2]} == set(before)
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in fetched.files[:2]} == before
    assert service.asked[stalls] == service.asked[stalls - 1]
