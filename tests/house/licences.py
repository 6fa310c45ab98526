"""Reads what distributions say of their licence and judges it; knows no distribution by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ADMITTED = frozenset(
    {"BSD", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "MIT", "Apache-2.0", "ISC", "PSF-2.0", "MPL-2.0"}
)
"""What tmescope may import; ``BSD`` stands for metadata that names no clause count."""

UNKNOWN = "unknown"

_CLASSIFIERS = {
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_WORDS = {
    "bsd": "BSD",
    "bsd license": "BSD",
    "new bsd": "BSD-3-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "isc license": "ISC",
    "mpl 2.0": "MPL-2.0",
}
_TOKEN = re.compile(r"\(|\)|[A-Za-z0-9.+:-]+")
_COPYLEFT = re.compile(r"\b[AL]?GPL|\bGNU\b|Affero|proprietary|non-?commercial", re.IGNORECASE)
_STANZA = re.compile(r"^Name: (?P<name>.+)\n(?:(?!Name: ).*\n)*?License: (?P<licence>.+)$", re.MULTILINE)


class LicenceSyntaxError(ValueError):
    """The text is no licence expression."""


@dataclass
class _Parser:
    """Reads SPDX: OR binds loosest, then AND, then WITH."""

    tokens: list[str]
    admitted: frozenset[str]

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self) -> str:
        if not self.tokens:
            raise LicenceSyntaxError("the expression ends too early")
        return self.tokens.pop(0)

    def either(self) -> frozenset[str]:
        refused = self.both()
        while self.peek().upper() == "OR":
            self.take()
            other = self.both()
            refused = min(refused, other, key=len)
        return refused

    def both(self) -> frozenset[str]:
        refused = self.one()
        while self.peek().upper() == "AND":
            self.take()
            refused |= self.one()
        return refused

    def one(self) -> frozenset[str]:
        token = self.take()
        if token == "(":
            refused = self.either()
            if self.take() != ")":
                raise LicenceSyntaxError("a bracket is not closed")
            return refused
        if token == ")" or token.upper() in {"AND", "OR", "WITH"}:
            raise LicenceSyntaxError(f"{token!r} stands where a licence should")
        name = token
        if self.peek().upper() == "WITH":
            self.take()
            name = f"{token} WITH {self.take()}"
        return frozenset() if {token, name} & self.admitted else frozenset({name})


def refused(expression: str, admitted: frozenset[str] = ADMITTED) -> frozenset[str]:
    """Return the licences of an SPDX expression that stand in the way; of alternatives, the fewest.

    An exception (``WITH``) only adds permissions: an admitted licence stays admitted with it, one that is not
    admitted may be so with its exception, by naming both.
    """
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != "".join(expression.split()):
        raise LicenceSyntaxError(f"{expression!r} is no licence expression")
    parser = _Parser(tokens, admitted)
    answer = parser.either()
    if parser.tokens:
        raise LicenceSyntaxError(f"{expression!r} has {parser.tokens[0]!r} too much")
    return answer


def named_licence(text: str) -> str:
    """Return the licence that the first line of free text names, as SPDX; empty where it names none."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if first.casefold() in _WORDS:
        return _WORDS[first.casefold()]
    if first in ADMITTED or _COPYLEFT.search(first):
        return first
    return ""


def stated_licences(*, expression: str | None, classifiers: Iterable[str], field: str | None) -> list[str]:
    """Return what metadata say: the expression alone where there is one, else classifiers and text."""
    if expression:
        return [expression]
    stated = []
    for classifier in classifiers:
        kind, _, name = classifier.rpartition(" :: ")
        if kind.startswith("License") and name != "OSI Approved":
            stated.append(_CLASSIFIERS.get(name, name))
    named = named_licence(field or "") or _expression_in(field or "")
    if named:
        stated.append(named)
    return stated or [UNKNOWN]


def _expression_in(field: str) -> str:
    """Return an SPDX expression of several licences that stands in the older field, or nothing."""
    line = field.strip()
    return line if "\n" not in line and {"AND", "OR"} & set(line.split()) else ""


def refused_licences(stated: Iterable[str], admitted: frozenset[str]) -> frozenset[str]:
    """Return what is not admitted among several statements; each of them must be."""
    answer: frozenset[str] = frozenset()
    for statement in stated:
        try:
            answer |= refused(statement, admitted)
        except LicenceSyntaxError:
            answer |= {statement}
    return answer


def stated_by(distribution: metadata.Distribution) -> list[str]:
    """Return what an installed distribution says of its own licence."""
    fields = distribution.metadata
    return stated_licences(
        expression=fields.get("License-Expression"),
        classifiers=fields.get_all("Classifier") or [],
        field=fields.get("License"),
    )


def bundled_parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and licence of each part that a licence file lists as ``Name:`` ... ``License:``."""
    for match in _STANZA.finditer(text):
        yield match["name"].strip(), match["licence"].strip()


def licence_texts(distribution: metadata.Distribution) -> Iterator[str]:
    """Yield the text of each licence file in the distribution's metadata folder."""
    for file in distribution.files or []:
        if ".dist-info/" in str(file) and re.search(r"licen[cs]e|copying|notice", str(file), re.IGNORECASE):
            yield file.read_text(encoding="utf-8")


def closure(root: str) -> dict[str, metadata.Distribution]:
    """Return everything that installing `root` without extras brings on this machine, by canonical name."""
    found: dict[str, metadata.Distribution] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str]]] = [(root, frozenset())]
    while waiting:
        name, extras = waiting.pop()
        key = (canonicalize_name(name), extras)
        if key in done:
            continue
        done.add(key)
        found[key[0]] = metadata.distribution(name)
        for text in found[key[0]].requires or []:
            requirement = Requirement(text)
            if _applies(requirement, extras):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})
