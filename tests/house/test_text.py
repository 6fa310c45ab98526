"""No file names a package registry or a path of some machine; the lock pins, hashes and fits the project."""

from __future__ import annotations

import os
import re
from importlib import metadata
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from tests.house import licences, lockfile
from tests.house.sources import ROOT, pyproject, repository_files

# Written in pieces, so that this file keeps its own rule.
REGISTRIES = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("anaconda", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|tmp/bash_" + r"jobs[\w.]*)(?:/|\b(?=[\s'\"`)]))")
INDEX_VARIABLE = re.compile(r"^(?:PIP|UV|NPM_CONFIG|npm_config)_\w*(?:INDEX|FIND_LINKS|REGISTRY)\w*$")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PYTHONS = ("3.11", "3.12", "3.13")


def own_registry_hosts(environment: dict[str, str]) -> set[str]:
    """Hosts of the package indexes that this machine is set up with, which no file may name either."""
    values = [value for name, value in environment.items() if INDEX_VARIABLE.match(name)]
    hosts = {urlsplit(word).hostname for value in values for word in value.split()}
    return {host for host in hosts if host and host not in LOOPBACK}


def text_problems(text: str, hosts: tuple[str, ...]) -> list[str]:
    folded = text.casefold()
    found = [f"names {host}" for host in hosts if re.search(rf"(?<![\w-]){re.escape(host)}(?![\w-])", folded)]
    return found + [f"has the machine path {match[0]!r}" for match in MACHINE_PATH.finditer(text)]


def test_no_registry_and_no_machine_path_in_any_file() -> None:
    hosts = (*REGISTRIES, *sorted(own_registry_hosts(dict(os.environ))))
    found = {}
    for path in repository_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        if problems := text_problems(text, hosts):
            found[path.relative_to(ROOT).as_posix()] = problems[:3]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        f"https://{REGISTRIES[0]}/simple",
        f"files.{REGISTRIES[1]}",
        "cd /wo" + "rk/main",
        "'/ro" + "ot'",
        "/tmp/bash_" + "jobs.0/x",
    ],
)
def test_samples_fail(text: str) -> None:
    assert text_problems(text, REGISTRIES)


@pytest.mark.parametrize(
    "text", ["src/work/a", "~/work/", "https://doi.org/10.1/root/x", "/tmp/x", "a.crates.iox", "/usr/bin"]
)
def test_samples_pass(text: str) -> None:
    assert not text_problems(text, REGISTRIES)


def test_hosts_are_read_from_the_environment() -> None:
    named = {
        "PIP_INDEX_URL": "http://mirror.example:80/x",
        "UV_INDEX": "a=1 https://b.example/",
        "HOME": "https://c.example",
    }
    assert own_registry_hosts(named) == {"mirror.example", "b.example"}
    assert own_registry_hosts({"PIP_INDEX_URL": "http://127.0.0.1:9/"}) == set()


def _lock() -> list[lockfile.Entry]:
    return lockfile.read((ROOT / "requirements.lock").read_text(encoding="utf-8"))


def test_every_locked_version_is_pinned_with_hashes_and_nothing_else() -> None:
    entries = _lock()
    assert len(entries) > 30
    loose = [e.name for e in entries if e.version is None or not e.hashes or e.unread or e.requirement.url]
    assert not loose, f"not pinned, without sha256, or with an address: {loose}"


def test_the_lock_has_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.findall(r"https?:|--(?:extra-)?index-url|--find-links|\bfile:", text)
    assert not [p for p in repository_files() if p.name == "uv.lock"], "uv.lock holds addresses and is not committed"


def _wanted() -> list[Requirement]:
    project = pyproject()
    return [Requirement(text) for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_answers_the_project(python: str) -> None:
    found = lockfile.problems(_wanted(), _lock(), python=python)
    assert not found, f"run `make lock`: {found}"


def test_the_pythons_are_those_that_the_project_names() -> None:
    named = {c.rpartition(" ")[2] for c in pyproject()["project"]["classifiers"] if re.search(r":: 3\.\d+$", c)}
    assert named == set(PYTHONS)
    assert pyproject()["project"]["requires-python"] == f">={PYTHONS[0]}"


def test_what_is_installed_is_what_is_locked() -> None:
    entries = _lock()
    differing = []
    for name, distribution in licences.closure("tmescope").items():
        locked = {str(e.version) for e in entries if e.name == name and e.applies({"extra": ""})}
        if name != "tmescope" and locked != {distribution.version}:
            differing.append(f"{name} {distribution.version} is installed, {sorted(locked)} is locked")
    assert not differing, f"run `make setup`: {differing}"
    assert metadata.version("tmescope") == pyproject()["project"]["version"]


def test_lock_samples() -> None:
    digest = "a" * 64
    text = (
        "# made by\nnumpy==2.0 ; python_full_version < '3.12' \\\n"
        f"    --hash=sha256:{digest} \\\n    --hash=sha256:{digest}\n"
        f"numpy==2.1 ; python_full_version >= '3.12' \\\n    --hash=sha256:{digest}\n"
        "rich==13.0\ntyper>=1 --hash=md5:ab\n"
    )
    old, new, rich, typer = lockfile.read(text)
    assert (len(old.hashes), str(old.version), len(rich.hashes), typer.version) == (2, "2.0", 0, None)
    assert typer.unread == "--hash=md5:ab"
    assert (old.applies(lockfile.environment("3.11")), new.applies(lockfile.environment("3.11"))) == (
        True,
        False,
    )
    wanted = [Requirement("NumPy>=2.1"), Requirement("scipy")]
    assert len(lockfile.problems(wanted, [old, new], python="3.11")) == 2
    assert lockfile.problems(wanted[:1], [old, new], python="3.13") == []
    assert lockfile.problems(wanted[:1], [new, new], python="3.13") == ["numpy is locked 2 times for Python 3.13"]
