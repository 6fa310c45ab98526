"""How the network is reached and for how long: settled once by the command line, and handed down."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Clock", "Connection", "Limits", "connection_settings", "shown"]


@dataclass(frozen=True)
class Connection:
    """How the network is reached.

    Parameters
    ----------
    ca_file : Path or None
        Certificates (PEM) that are trusted instead of the usual ones; certificates are always verified.
    proxy : str or None
        Address of the proxy, which may hold a name and a password.
    no_proxy : tuple of str
        Hosts, and ends of their names, that are reached without it; ``*`` for all.
    """

    ca_file: Path | None = None
    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()

    def proxy_for(self, host: str) -> str | None:
        """Return the proxy for a host, or None where it is reached directly."""
        direct = any(end in {"*", host} or host.endswith(f".{end}") for end in self.no_proxy)
        return None if direct else self.proxy


@dataclass(frozen=True)
class Limits:
    """How long and how much.

    Parameters
    ----------
    max_bytes : int
        Largest file.
    connect_seconds, read_seconds : float
        For the connection, and between two pieces of the body.
    total_seconds : float
        For the whole file with all tries; a body that trickles in ends here.
    tries : int
        How often a connection that breaks and a server that is busy are tried.
    first_wait_seconds, longest_wait_seconds : float
        Before the second try, doubled from then on; a server that asks for a longer wait is not waited for.
    """

    max_bytes: int = 256 * 2**20
    connect_seconds: float = 15.0
    read_seconds: float = 30.0
    total_seconds: float = 1800.0
    tries: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0


class Clock:
    """The time that passes, and waiting for it; tests give one of their own."""

    def now(self) -> float:
        """Return seconds since some moment; they never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Parameters
        ----------
        seconds : float
            How long.
        """
        time.sleep(seconds)


def connection_settings(environment: Mapping[str, str], *, ca_file: Path | None = None) -> Connection:
    """Return how the network is reached, as the environment says.

    Parameters
    ----------
    environment : mapping of str to str
        ``HTTPS_PROXY`` or ``https_proxy``; ``NO_PROXY`` or ``no_proxy``, separated by commas; ``SSL_CERT_FILE``.
    ca_file : Path, optional
        Certificates that are trusted instead of those.
    """
    proxy = environment.get("https_proxy") or environment.get("HTTPS_PROXY") or None
    hosts = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    named = environment.get("SSL_CERT_FILE")
    return Connection(
        ca_file=ca_file or (Path(named) if named else None),
        proxy=proxy,
        no_proxy=tuple(host.strip().lstrip(".").casefold() for host in hosts if host.strip()),
    )


def shown(url: str) -> str:
    """Return an address for messages: without name, password, query and fragment.

    Parameters
    ----------
    url : str
        Any text.
    """
    scheme, between, rest = url.partition("://")
    rest = rest if between else scheme
    host, slash, path = rest.partition("?")[0].partition("#")[0].partition("/")
    return (scheme + between if between else "") + host.rpartition("@")[2] + slash + path
