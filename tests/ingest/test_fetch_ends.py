"""Where a file ends, and where waiting for it does: servers that say neither, stop early, or trickle."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest import https_server as web
from tests.ingest.https_server import Site
from tests.ingest.test_fetch import BODY, QUICK, SHA256, get

from tmescope.foundation.errors import FetchError
from tmescope.ingest.connection import Clock, Connection, Limits
from tmescope.ingest.fetch import download


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with web.serving(tmp_path_factory.mktemp("https")) as site:
        yield site


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    return tmp_path / "genes.part"


def test_a_file_whose_length_nobody_says_could_be_a_part_of_it(site: Site, partial: Path) -> None:
    def page(handler: web.Handler, _: Site) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(BODY[:50_000])

    site.pages["/a"] = page
    with pytest.raises(FetchError, match="does not say how long the file is") as caught:
        get(site, "/a", partial)
    assert "--sha256" in str(caught.value)
    with pytest.raises(FetchError, match="the file has the sha256"):
        get(site, "/a", partial, sha256=SHA256)
    assert not list(partial.parent.iterdir())


def test_a_file_in_chunks_says_where_it_ends(site: Site, partial: Path) -> None:
    def page(handler: web.Handler, _: Site, *, end: bytes = b"0\r\n\r\n") -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n%s" % (len(BODY), BODY, end))

    site.pages["/a"] = page
    assert get(site, "/a", partial).sha256 == SHA256
    site.pages["/b"] = lambda handler, of: page(handler, of, end=b"")
    with pytest.raises(FetchError, match="broke off"):
        get(site, "/b", partial)


def test_a_rest_that_ends_early_is_gone_on_from(site: Site, partial: Path) -> None:
    def rest(handler: web.Handler, start: int, end: int, total: object) -> None:
        web.send(handler, 206, BODY[start:end], ETag='"1"', Content_Range=f"bytes {start}-{end - 1}/{total}")

    cut = web.cut(BODY, 30_000, ETag='"1"')
    site.pages["/a"] = web.in_turn(cut, lambda h, _: rest(h, 30_000, 50_000, len(BODY)), web.ranged(BODY, '"1"'))
    assert get(site, "/a", partial, limits=QUICK).resumed_from == 50_000
    assert partial.read_bytes() == BODY
    site.pages["/b"] = web.in_turn(cut, lambda h, _: rest(h, 30_000, 50_000, len(BODY)))
    with pytest.raises(FetchError, match="another part"):  # the server begins at 30,000 again
        get(site, "/b", partial)
    site.pages["/c"] = web.in_turn(cut, lambda h, _: rest(h, 30_000, 50_000, len(BODY)), web.cut(BODY, 5))
    with pytest.raises(FetchError, match="the server sent 50,000 of 80,011 bytes"):
        get(site, "/c", partial, limits=Limits(tries=2, first_wait_seconds=0.01))
    site.pages["/d"] = web.in_turn(cut, lambda h, _: rest(h, 30_000, 50_000, "*"), web.whole(BODY))
    assert get(site, "/d", partial).resumed_from == 0
    assert partial.read_bytes() == BODY


def test_a_header_that_trickles_in_is_bounded_and_a_whole_file_is_taken_although_it_is_late(
    site: Site, partial: Path
) -> None:
    def slow(handler: web.Handler, _: Site) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)

    site.pages["/a"] = slow
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"did not come in 0\.5 seconds: the server is too slow"):
        get(site, "/a", partial, limits=Limits(total_seconds=0.5))
    assert time.monotonic() - began < 3
    times = iter([0.0, 0.0, 99.0, 99.0, 99.0])

    class Late(Clock):
        def now(self) -> float:
            return next(times)

    site.pages["/b"] = web.whole(b"few bytes")
    assert get(site, "/b", partial, limits=Limits(total_seconds=5), clock=Late()).size == 9


def test_a_validator_that_is_not_ascii_is_not_sent_back(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.in_turn(web.cut(BODY, 30_000, ETag='"\u00e9"'), web.whole(BODY))
    assert get(site, "/a", partial).resumed_from == 0
    note = {"address": hashlib.sha256(site.address("/a").encode()).hexdigest(), "validator": '"\u00e9"'}
    partial.with_name("genes.part.json").write_text(json.dumps(note), encoding="utf-8")  # of an earlier release
    assert get(site, "/a", partial).resumed_from == 0


@pytest.mark.parametrize("proxy", ["socks5://proxy:1", "ftp://proxy:1", "http://", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_names_the_variable(partial: Path, proxy: str) -> None:
    with pytest.raises(FetchError, match="cannot be used") as caught:
        download("https://facts.invalid/x", partial, limits=QUICK, connection=Connection(proxy=proxy))
    assert "HTTPS_PROXY" in str(caught.value)
