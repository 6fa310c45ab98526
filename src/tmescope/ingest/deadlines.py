"""A moment at which the connections of a request are cut, whatever the server is at."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["cut_after"]

Listener = Callable[[str, Mapping[str, Any]], None]


@contextmanager
def cut_after(seconds: float) -> Iterator[Listener]:
    """Yield what is to be told of a request's connections, and cut these when the time is up before the block ends.

    Parameters
    ----------
    seconds : float
        From now. The limits of the library begin anew with each byte that comes, so that a server which sends a header
        byte by byte would be waited for without end.

    Yields
    ------
    callable
        For the extension ``trace`` of a request.
    """
    sockets: list[socket.socket] = []

    def listen(event: str, told: Mapping[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            sockets.append(told["return_value"].get_extra_info("socket"))

    def cut() -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, seconds), cut)
    timer.daemon = True
    timer.start()
    try:
        yield listen
    finally:
        timer.cancel()
