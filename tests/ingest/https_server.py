"""A real HTTPS server on the loopback, with a certificate of its own authority, that misbehaves as it is told."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

Handler = http.server.BaseHTTPRequestHandler


@dataclass
class Site:
    """What stands at which path, and what was asked."""

    pages: dict[str, Callable[[Handler, Site], None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    ca_file: Path = Path()

    def address(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    def count(self, path: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == path)


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Run a site until the block ends."""
    site = Site()
    authority = trustme.CA()
    site.ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(site.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)

    class Answers(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            site.asked.append((self.path, dict(self.headers.items())))
            page = site.pages.get(self.path) or site.pages.get(self.path.partition("?")[0])
            if page is None:
                send(self, 404, b"not here")
            else:
                page(self, site)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away, or refuses the certificate, is no fault of the server."""

        def finish_request(self, request: object, client_address: object) -> None:
            secured = context.wrap_socket(
                request, server_side=True
            )  # the handshake is the thread's, not the accept loop's
            super().finish_request(secured, client_address)
            secured.close()

    server = Server(("127.0.0.1", 0), Answers)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def send(handler: Handler, status: int, body: bytes, **headers: str) -> None:
    """Answer with a body of its true length; underscores of header names are hyphens."""
    handler.send_response(status)
    for name, value in {
        "Content-Length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def whole(body: bytes, **headers: str) -> Callable[[Handler, Site], None]:
    """The file, on any request."""
    return lambda handler, _: send(handler, 200, body, **headers)


def redirect(location: str) -> Callable[[Handler, Site], None]:
    """To another place."""
    return lambda handler, _: send(handler, 302, b"", Location=location)


def in_turn(*pages: Callable[[Handler, Site], None]) -> Callable[[Handler, Site], None]:
    """Another answer each time; the last from then on."""
    left = list(pages)

    def page(handler: Handler, site: Site) -> None:
        chosen = left.pop(0) if len(left) > 1 else left[0]
        chosen(handler, site)

    return page


def cut(body: bytes, after: int, **headers: str) -> Callable[[Handler, Site], None]:
    """The connection ends in the middle of the body."""

    def page(handler: Handler, _: Site) -> None:
        handler.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[:after])
        handler.wfile.flush()

    return page


def ranged(body: bytes, etag: str) -> Callable[[Handler, Site], None]:
    """The rest of the file where it is asked for rightly, else the whole of it."""

    def page(handler: Handler, _: Site) -> None:
        start = handler.headers.get("Range", "").removeprefix("bytes=").rstrip("-")
        if not start or handler.headers.get("If-Range") != etag:
            send(handler, 200, body, ETag=etag)
        elif int(start) >= len(body):
            send(handler, 416, b"", Content_Range=f"bytes */{len(body)}")
        else:
            rest = f"bytes {start}-{len(body) - 1}/{len(body)}"
            send(handler, 206, body[int(start) :], ETag=etag, Content_Range=rest)

    return page


def trickle(piece: bytes, pause: float) -> Callable[[Handler, Site], None]:
    """A little, now and then, for ever."""

    def page(handler: Handler, _: Site) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(2000):
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return page
