"""A small strict reader of BibTeX, to hold what `to_bibtex` writes against."""

from __future__ import annotations

import re


def read_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Return key to fields (with ``ENTRYTYPE``); anything that is not an entry raises ValueError."""
    entries: dict[str, dict[str, str]] = {}
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        head = re.compile(r"@(\w+)\{([A-Za-z0-9:_-]+),").match(text, at)
        if head is None:
            raise ValueError(text[at : at + 40])
        kind, key = head.groups()
        if key in entries:
            raise ValueError(key)
        at, fields = _fields(text, head.end())
        entries[key] = {"ENTRYTYPE": kind, **fields}
    return entries


def _fields(text: str, at: int) -> tuple[int, dict[str, str]]:
    fields: dict[str, str] = {}
    while True:
        while text[at].isspace() or text[at] == ",":
            at += 1
        if text[at] == "}":
            return at + 1, fields
        name = re.compile(r"(\w+) = \{").match(text, at)
        if name is None:
            raise ValueError(text[at : at + 40])
        at, value = _braced(text, name.end())
        fields[name.group(1)] = value


def _braced(text: str, at: int) -> tuple[int, str]:
    depth, start = 1, at
    while depth:
        # BibTeX counts braces, escaped ones too
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at, text[start : at - 1]
