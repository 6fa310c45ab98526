"""One file over HTTPS, from a real server that breaks off, lies, loops, trickles and is not trusted."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest import https_server as web
from tests.ingest.https_server import Site

from tmescope.foundation.errors import FetchError, FileFormatError, MissingFileError
from tmescope.ingest.connection import Connection, Limits
from tmescope.ingest.fetch import Download, download

BODY = b"gene\tvalue\n" + b"A\t1\n" * 20_000
SHA256 = hashlib.sha256(BODY).hexdigest()
QUICK = Limits(connect_seconds=5, read_seconds=5, total_seconds=20, tries=3, first_wait_seconds=0.01)


class Told:
    """A listener that counts bytes."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.bytes = 0
        self.ended = 0

    def plan(self, steps) -> None:
        pass

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        self.total, self.bytes = total, 0

    def advance(self, task: str, parts: int = 1) -> None:
        self.bytes += parts

    def finish(self, task: str, note: str = "") -> None:
        self.ended += 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with web.serving(tmp_path_factory.mktemp("https")) as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    server.pages.clear()
    server.asked.clear()
    return server


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    return tmp_path / "genes.part"


def get(site: Site, path: str, partial: Path, **changes: object) -> Download:
    settings = {"limits": QUICK, "connection": Connection(ca_file=site.ca_file), **changes}
    return download(site.address(path), partial, **settings)  # type: ignore[arg-type]


def test_a_file_comes_whole(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.whole(BODY)
    told = Told()
    came = get(site, "/a", partial, sha256=SHA256.upper(), progress=told)
    assert (came.sha256, came.size, came.resumed_from, came.path) == (SHA256, len(BODY), 0, partial)
    assert partial.read_bytes() == BODY
    assert (told.total, told.bytes, told.ended) == (len(BODY), len(BODY), 1)
    ((_, asked),) = site.asked
    assert asked["User-Agent"].startswith("tmescope/")
    assert asked["Accept-Encoding"] == "identity"
    assert "Range" not in asked
    assert list(partial.parent.iterdir()) == [partial]


@pytest.mark.parametrize("known_by", [{"ETag": '"1"'}, {"ETag": 'W/"1"', "Last-Modified": '"1"'}], ids=["etag", "date"])
def test_a_connection_that_breaks_off_is_resumed(site: Site, partial: Path, known_by: dict[str, str]) -> None:
    site.pages["/a"] = web.in_turn(web.cut(BODY, 30_000, **known_by), web.ranged(BODY, '"1"'))
    told = Told()
    came = get(site, "/a", partial, sha256=SHA256, progress=told)
    assert came.resumed_from == 30_000
    assert partial.read_bytes() == BODY
    assert site.asked[1][1]["Range"] == "bytes=30000-"
    assert site.asked[1][1]["If-Range"] == '"1"'
    assert (told.total, told.bytes) == (len(BODY), len(BODY))


def test_a_later_call_goes_on(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.cut(BODY, 30_000, ETag='"1"')
    with pytest.raises(FetchError, match="broke off") as caught:
        get(site, "/a", partial, limits=Limits(tries=1))
    assert "goes on from there" in str(caught.value)
    assert partial.stat().st_size == 30_000
    site.pages["/a"] = web.ranged(BODY, '"1"')
    assert get(site, "/a", partial).resumed_from == 30_000
    assert partial.read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, partial: Path) -> None:
    other = BODY[::-1]
    site.pages["/a"] = web.in_turn(web.cut(BODY, 30_000, ETag='"1"'), web.ranged(other, '"2"'))
    assert get(site, "/a", partial).resumed_from == 0
    assert partial.read_bytes() == other


def test_a_server_without_ranges_and_one_without_a_validator_start_again(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.in_turn(web.cut(BODY, 30_000, ETag='"1"'), web.whole(BODY))
    assert get(site, "/a", partial).resumed_from == 0
    assert partial.read_bytes() == BODY
    site.pages["/b"] = web.in_turn(web.cut(BODY, 30_000), web.whole(BODY))
    get(site, "/b", partial)
    assert "Range" not in site.asked[-1][1]
    assert partial.read_bytes() == BODY


def test_what_another_address_left_is_not_resumed(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.cut(BODY, 30_000, ETag='"1"')
    with pytest.raises(FetchError):
        get(site, "/a", partial, limits=Limits(tries=1))
    site.pages["/b"] = web.ranged(BODY[::-1], '"1"')
    assert get(site, "/b", partial).resumed_from == 0
    assert partial.read_bytes() == BODY[::-1]


def test_a_part_as_long_as_the_file_and_a_wrong_part_are_fetched_anew(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.cut(BODY + b"more", len(BODY), ETag='"1"')
    with pytest.raises(FetchError):
        get(site, "/a", partial, limits=Limits(tries=1))
    site.pages["/a"] = web.ranged(BODY, '"1"')  # 416: nothing behind what is here
    assert get(site, "/a", partial).resumed_from == 0
    site.pages["/b"] = web.in_turn(
        web.cut(BODY, 30_000, ETag='"1"'),
        lambda handler, _: web.send(handler, 206, BODY[5:], Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}"),
        web.whole(BODY),
    )
    assert get(site, "/b", partial).resumed_from == 0
    assert partial.read_bytes() == BODY


def test_a_wrong_checksum_is_refused_and_forgotten(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.whole(BODY)
    with pytest.raises(FetchError, match=f"the file has the sha256 {SHA256}") as caught:
        get(site, "/a", partial, sha256="0" * 64)
    assert caught.value.expected == "0" * 64
    assert not list(partial.parent.iterdir())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\n <!DOCTYPE HTML><html>sign in</html>", "a web page"),
        (b"<html>x", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer"),
        (b"", "an empty file"),
    ],
)
def test_what_is_no_data_is_refused_and_forgotten(site: Site, partial: Path, body: bytes, says: str) -> None:
    site.pages["/a"] = web.whole(body)
    with pytest.raises(FetchError, match=says):
        get(site, "/a", partial)
    assert not list(partial.parent.iterdir())


def test_redirects_over_https_are_followed(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.redirect("/b?signed=1")
    site.pages["/b?signed=1"] = web.redirect(site.address("/c").replace("localhost", "127.0.0.1"))
    site.pages["/c"] = web.whole(BODY)
    came = get(site, "/a", partial)
    assert came.sha256 == SHA256
    assert came.address == site.address("/a")


def test_a_redirect_to_http_is_refused(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.redirect("http://localhost:1/file?secret=1")
    with pytest.raises(FetchError, match="the address is not https: http://localhost:1/file, where https://") as caught:
        get(site, "/a", partial)
    assert "secret" not in str(caught.value)
    assert site.count("/a") == 1
    for address in ("http://localhost/x", "ftp://localhost/x", "file:///etc/passwd", "localhost/x", ""):
        with pytest.raises(FetchError, match="not https"):
            download(address, partial)
    with pytest.raises(FetchError, match="the address is none"):
        download("https://localhost:port/x", partial)


def test_a_redirect_loop_ends(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.redirect("/b")
    site.pages["/b"] = web.redirect("/a")
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        get(site, "/a", partial)
    assert len(site.asked) == 6


def test_a_slow_body_is_bounded(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.trickle(b"x", 0.05)
    with pytest.raises(FetchError, match=r"in 0\.5 seconds: the server is too slow"):
        get(site, "/a", partial, limits=Limits(read_seconds=5, total_seconds=0.5))
    assert site.count("/a") == 1


def test_a_body_that_stops_is_given_up(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.trickle(b"x", 2.0)
    with pytest.raises(FetchError, match="does not answer in time"):
        get(site, "/a", partial, limits=Limits(read_seconds=0.2, tries=2, first_wait_seconds=0.01))
    assert site.count("/a") == 2


def test_what_is_not_there_is_said_at_once(site: Site, partial: Path) -> None:
    with pytest.raises(FetchError, match="does not have the file \\(status 404\\)") as caught:
        get(site, "/absent", partial)
    assert "--from FILE" in str(caught.value)
    assert site.count("/absent") == 1
    assert not partial.exists()


def test_a_busy_server_is_asked_again(site: Site, partial: Path) -> None:
    busy = lambda handler, _: web.send(handler, 503, b"", Retry_After="0")  # noqa: E731
    site.pages["/a"] = web.in_turn(busy, lambda handler, _: web.send(handler, 429, b""), web.whole(BODY))
    assert get(site, "/a", partial).sha256 == SHA256
    assert site.count("/a") == 3
    site.pages["/b"] = busy
    with pytest.raises(FetchError, match=r"busy \(status 503\) and asks to wait 0 seconds"):
        get(site, "/b", partial)
    assert site.count("/b") == 3


@pytest.mark.parametrize("wait", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(site: Site, partial: Path, wait: str) -> None:
    site.pages["/a"] = lambda handler, _: web.send(handler, 503, b"", Retry_After=wait)
    with pytest.raises(FetchError, match="asks to wait"):
        get(site, "/a", partial)
    assert site.count("/a") == 1


def test_a_length_that_is_too_great_is_a_broken_connection_and_one_too_small_a_wrong_hash(
    site: Site, partial: Path
) -> None:
    site.pages["/a"] = lambda handler, _: web.send(handler, 200, BODY, Content_Length=str(len(BODY) + 10))
    with pytest.raises(FetchError, match="broke off"):
        get(site, "/a", partial)
    assert site.count("/a") == 3
    site.pages["/b"] = lambda handler, _: web.send(handler, 200, BODY, Content_Length=str(len(BODY) - 10))
    with pytest.raises(FetchError, match="the file has the sha256"):
        get(site, "/b", partial, sha256=SHA256)


def test_a_body_larger_than_the_limit_is_stopped(site: Site, partial: Path) -> None:
    few = Limits(max_bytes=1000)
    site.pages["/a"] = web.whole(BODY)
    with pytest.raises(FetchError, match="more than 1,000 bytes"):
        get(site, "/a", partial, limits=few)

    def without_length(handler: web.Handler, _: Site) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(BODY)

    site.pages["/b"] = without_length
    with pytest.raises(FetchError, match="more than 1,000 bytes"):
        get(site, "/b", partial, limits=few, sha256=SHA256)
    assert not list(partial.parent.iterdir())
    assert get(site, "/b", partial, sha256=SHA256).size == len(BODY)


def test_another_coding_than_was_asked_for_is_refused(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.whole(BODY, Content_Encoding="br")
    with pytest.raises(FetchError, match=r"in another form \(br\)"):
        get(site, "/a", partial)


def test_a_certificate_of_an_unknown_authority_is_refused(site: Site, partial: Path, tmp_path: Path) -> None:
    site.pages["/a"] = web.whole(BODY)
    with pytest.raises(FetchError, match="certificate is not trusted") as caught:
        get(site, "/a", partial, connection=Connection())
    assert "--ca-file" in str(caught.value)
    assert site.asked == []
    with pytest.raises(MissingFileError):
        get(site, "/a", partial, connection=Connection(ca_file=tmp_path / "absent.pem"))
    (tmp_path / "no.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(FileFormatError, match="no certificates"):
        get(site, "/a", partial, connection=Connection(ca_file=tmp_path / "no.pem"))
    with pytest.raises(FileFormatError, match="cannot be read: Is a directory") as caught:
        get(site, "/a", partial, connection=Connection(ca_file=tmp_path))
    assert "--ca-file" in str(caught.value)


def test_a_server_that_is_not_there_and_a_name_that_nobody_knows(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached") as caught:
        download(f"https://127.0.0.1:{port}/x", partial, limits=QUICK)
    assert "--from FILE" in str(caught.value)

    def no_names(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    with pytest.raises(FetchError, match="not known here: no network") as caught:
        download("https://facts.invalid/x", partial, limits=QUICK)
    assert "--from FILE" in str(caught.value)


def test_names_and_passwords_are_sent_and_never_said(
    site: Site, partial: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.pages["/a?token=hush"] = web.in_turn(
        web.cut(BODY, 10, ETag='"1"'), lambda handler, _: web.send(handler, 500, b"")
    )
    address = site.address("/a?token=hush").replace("https://", "https://me:secret@")
    with pytest.raises(FetchError) as caught:
        download(address, partial, limits=QUICK, connection=Connection(ca_file=site.ca_file))
    assert site.asked[0][1]["Authorization"] == "Basic bWU6c2VjcmV0"
    left = "".join(path.read_text(encoding="utf-8") for path in partial.parent.iterdir())
    assert "try 1 of 3" in caplog.text
    for secret in ("secret", "hush"):
        assert secret not in str(caught.value) + caplog.text + left


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_is_asked_and_its_password_is_not_said(partial: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]
        asked: list[bytes] = []

        def refuse() -> None:
            for _ in range(1):
                connection, _ = proxy.accept()
                with connection:
                    asked.append(connection.recv(4096))
                    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        import threading

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(FetchError, match=f"the proxy {scheme}127.0.0.1:{port} refuses") as caught:
            download(
                "https://facts.invalid/x",
                partial,
                limits=QUICK,
                connection=Connection(proxy=f"{scheme}me:secret@127.0.0.1:{port}"),
            )
        thread.join(5)
    assert asked[0].startswith(b"CONNECT facts.invalid:443")
    assert "secret" not in str(caught.value)


def test_a_damaged_note_about_what_is_here_is_no_obstacle(site: Site, partial: Path) -> None:
    site.pages["/a"] = web.ranged(BODY, '"1"')
    partial.write_bytes(BODY[:100])
    for note in ("{", json.dumps({"address": 1}), "[]"):
        partial.with_name("genes.part.json").write_text(note, encoding="utf-8")
        partial.write_bytes(b"x" * 100)
        assert get(site, "/a", partial).resumed_from == 0
        assert partial.read_bytes() == BODY
