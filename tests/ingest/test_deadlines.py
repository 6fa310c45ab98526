"""A connection is cut when its time is up, although bytes still come."""

from __future__ import annotations

import socket
import threading
import time

from tmescope.ingest.deadlines import cut_after


class _Stream:
    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self.end


def test_what_is_waited_for_ends() -> None:
    here, there = socket.socketpair()
    with here, there:
        began = time.monotonic()
        with cut_after(0.1) as listen:
            listen("http11.send_request_headers.complete", {"return_value": None})
            listen("connection.connect_tcp.complete", {"return_value": _Stream(here)})
            assert here.recv(1) == b""
        assert 0.05 < time.monotonic() - began < 5


def test_nothing_is_cut_after_the_block() -> None:
    here, there = socket.socketpair()
    with here, there:
        with cut_after(0.1) as listen:
            listen("connection.start_tls.complete", {"return_value": _Stream(here)})
        time.sleep(0.2)
        there.sendall(b"x")
        assert here.recv(1) == b"x"
    assert not any(isinstance(thread, threading.Timer) and thread.is_alive() for thread in threading.enumerate())
