"""References that are not bundled: where they come from, who may use them, and how a file of theirs is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = ["COMPANY_USE", "Reference", "ReferenceFile", "find_reference", "list_references", "read_registry"]

COMPANY_USE = ("yes", "ask", "no")
_REFERENCE_KEYS = {
    "name": Key(str),
    "title": Key(str),
    "url": Key(str),
    "company_use": Key(str),
    "licence": Key(str),
    "doi": Key(str, may_be_empty=True),
    "files": Key(list),
    "versions": Key(list),
}
_FILE_KEYS = {"role": Key(str), "name": Key(str), "columns": Key(list, may_be_empty=True), "min_rows": Key(int)}
_VERSION_KEYS = {"version": Key(str), "sha256": Key(dict)}


@dataclass(frozen=True)
class ReferenceFile:
    """One file of a reference.

    Parameters
    ----------
    role : str
        What it is for; also its name where it is installed.
    name : str
        Its name as its authors give it; ``*`` where any will do.
    columns : tuple of tuple of str
        Headers that are known: a file must have all columns of one of them. Empty where it has no header.
    min_rows : int
        A file with fewer lines is cut off, or something else.
    """

    role: str
    name: str
    columns: tuple[tuple[str, ...], ...]
    min_rows: int


@dataclass(frozen=True)
class Reference:
    """One reference that a user installs.

    Parameters
    ----------
    name, title, url, doi : str
        What it is and where it is to be had.
    company_use : {"yes", "ask", "no"}
        Whether a company may use it, as far as is known.
    licence : str
        Its terms, and how they are known.
    files : tuple of ReferenceFile
        What belongs to it.
    versions : mapping of str to mapping of str to str
        Version to role to sha256 of the files that are known.
    """

    name: str
    title: str
    url: str
    doi: str
    company_use: str
    licence: str
    files: tuple[ReferenceFile, ...]
    versions: Mapping[str, Mapping[str, str]]

    @property
    def must_accept(self) -> bool:
        """Whether its licence must be accepted by name before it is installed."""
        return self.company_use != "yes"

    def recognise(self, hashes: Mapping[str, str]) -> str | None:
        """Return the version whose files have these hashes, or None."""
        return next((v for v, known in self.versions.items() if dict(known) == dict(hashes)), None)


def list_references() -> tuple[Reference, ...]:
    """Return what can be installed, sorted by name."""
    return _registry()


def find_reference(name: str) -> Reference:
    """Return the reference of that name.

    Parameters
    ----------
    name : str
        As in `list_references`, for example ``"quantiseq"``.

    Raises
    ------
    UnknownNameError
        No such reference; the message suggests the closest name.
    """
    known = {reference.name: reference for reference in _registry()}
    if name not in known:
        raise UnknownNameError.of("reference", name, known)
    return known[name]


@cache
def _registry() -> tuple[Reference, ...]:
    return read_registry(DATA / "registry.toml")


def read_registry(path: Path) -> tuple[Reference, ...]:
    """Read and check the registry.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, or a value is not of its form.
    """
    record = read_record(path, {"references": Key(list)})
    found = [_reference(one, where=f"{place(path)}, reference {i}") for i, one in enumerate(record["references"], 1)]
    names = [reference.name for reference in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FactsError(f"references share a name: {examples(twice)}", where=place(path), expected="distinct names")
    return tuple(sorted(found, key=lambda reference: reference.name))


def _reference(record: Mapping[str, Any], *, where: str) -> Reference:
    check_record(record, _REFERENCE_KEYS, where=where)
    if record["company_use"] not in COMPANY_USE:
        raise FactsError(
            f"company_use = {record['company_use']!r} is not known", where=where, expected=", ".join(COMPANY_USE)
        )
    if not record["url"].startswith("https://"):
        raise FactsError(f"url = {record['url']!r}", where=where, expected="an address that starts with https://")
    files = tuple(_file(one, where=where) for one in record["files"])
    versions = {}
    for one in record["versions"]:
        check_record(one, _VERSION_KEYS, where=where)
        _check_hashes(one["sha256"], [file.role for file in files], where=f"{where}, version {one['version']}")
        versions[one["version"]] = MappingProxyType(one["sha256"])
    texts = {key: record[key].strip() for key in ("name", "title", "url", "doi", "company_use", "licence")}
    return Reference(**texts, files=files, versions=MappingProxyType(versions))


def _file(record: Mapping[str, Any], *, where: str) -> ReferenceFile:
    check_record(record, _FILE_KEYS, where=where)
    columns = tuple(tuple(header) for header in record["columns"])
    return ReferenceFile(record["role"], record["name"], columns, record["min_rows"])


def _check_hashes(hashes: Mapping[str, Any], roles: Sequence[str], *, where: str) -> None:
    good = all(isinstance(h, str) and len(h) == 64 for h in hashes.values())
    if not good or set(hashes) != set(roles):
        raise FactsError("the hashes are not of their form", where=where, expected=f"a sha256 for {', '.join(roles)}")
