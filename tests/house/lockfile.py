"""Reads requirements.lock: pinned requirements with their markers and hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True)
class Entry:
    """One pinned requirement."""

    requirement: Requirement
    hashes: tuple[str, ...]
    unread: str

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> Version | None:
        """The one version that it admits, None where it is not pinned."""
        specifiers = list(self.requirement.specifier)
        pinned = len(specifiers) == 1 and specifiers[0].operator == "==" and "*" not in specifiers[0].version
        return Version(specifiers[0].version) if pinned else None

    def applies(self, environment: dict[str, str]) -> bool:
        """Whether a machine with these marker values installs it."""
        return self.requirement.marker is None or self.requirement.marker.evaluate({**environment})


def read(text: str) -> list[Entry]:
    """Read every entry; words that are neither a requirement nor a sha256 hash are kept as `unread`."""
    entries = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        head, *rest = re.split(r"\s(?=--)", line, maxsplit=1)
        options = " ".join(rest)
        entries.append(Entry(Requirement(head.strip()), tuple(_HASH.findall(options)), _HASH.sub("", options).strip()))
    return entries


def environment(python: str) -> dict[str, str]:
    """Marker values of a Linux machine with this Python, such as ``3.12``."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "implementation_version": f"{python}.1",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "extra": "",
    }


def problems(wanted: list[Requirement], entries: list[Entry], *, python: str) -> list[str]:
    """Say which requirements the lock does not answer with exactly one fitting version for this Python."""
    here = environment(python)
    found = []
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        versions = [e.version for e in entries if e.name == name and e.applies(here)]
        if len(versions) != 1 or versions[0] is None:
            found.append(f"{name} is locked {len(versions)} times for Python {python}")
        elif not requirement.specifier.contains(versions[0], prereleases=True):
            found.append(f"{name} {versions[0]} is locked for Python {python}, but {requirement.specifier} is wanted")
    return found
