"""How the network is reached is read from the environment once, and addresses are shown without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.ingest.connection import Connection, Limits, connection_settings, shown


def test_the_environment_says_how() -> None:
    assert connection_settings({}) == Connection()
    environment = {
        "HTTPS_PROXY": "http://me:secret@proxy:3128",
        "NO_PROXY": "localhost, .company.example,10.0.0.1",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }
    found = connection_settings(environment)
    assert found.proxy == "http://me:secret@proxy:3128"
    assert found.ca_file == Path("/etc/ca.pem")
    assert connection_settings(environment, ca_file=Path("mine.pem")).ca_file == Path("mine.pem")
    assert connection_settings({"https_proxy": "a", "HTTPS_PROXY": "b"}).proxy == "a"
    assert connection_settings({"HTTPS_PROXY": ""}).proxy is None


@pytest.mark.parametrize(
    ("host", "is_direct"),
    [
        ("localhost", True),
        ("mirror.company.example", True),
        ("company.example", True),
        ("mycompany.example", False),
        ("10.0.0.1", True),
        ("elsewhere.example", False),
    ],
)
def test_hosts_without_proxy(host: str, is_direct: bool) -> None:
    found = connection_settings({"https_proxy": "p", "no_proxy": "localhost,.company.example,10.0.0.1"})
    assert (found.proxy_for(host) is None) == is_direct
    assert connection_settings({"https_proxy": "p", "no_proxy": "*"}).proxy_for(host) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:pass@host:8/a/b.txt?token=1#x", "https://host:8/a/b.txt"),
        ("http://me:p@ss@proxy:3128", "http://proxy:3128"),
        ("https://host/a@b", "https://host/a@b"),
        ("https://host?token=1", "https://host"),
        ("me:pass@proxy:3128", "proxy:3128"),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_the_limits_are_finite() -> None:
    limits = Limits()
    assert 0 < limits.connect_seconds < limits.total_seconds < 24 * 3600
    assert limits.max_bytes < 2**30
