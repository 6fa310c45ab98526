"""References that are not bundled: where they come from, who may use them, and how a file of theirs is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = [
    "COMPANY_USE",
    "OtherVersions",
    "Reference",
    "ReferenceFile",
    "find_reference",
    "list_references",
    "read_registry",
]

COMPANY_USE = ("yes", "ask", "no")
_REFERENCE_KEYS = {
    "name": Key(str),
    "title": Key(str),
    "url": Key(str),
    "company_use": Key(str),
    "parser": Key(str),
    "format_version": Key(int),
    "licence": Key(str),
    "doi": Key(str, may_be_empty=True),
    "files": Key(list),
    "versions": Key(list),
    "other_versions": Key(dict, required=False),
}
_FILE_KEYS = {
    "role": Key(str),
    "name": Key(str),
    "columns": Key(list, may_be_empty=True),
    "min_rows": Key(int, may_be_empty=True),
    "max_mb": Key(int),
    "optional": Key(bool, required=False, may_be_empty=True),
}
_VERSION_KEYS = {
    "version": Key(str),
    "sha256": Key(dict, required=False),
    "addresses": Key(dict, required=False),
    "note": Key(str, required=False),
}
_OTHER_KEYS = {"form": Key(str), "named": Key(str), "addresses": Key(dict)}


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
        A file with fewer lines is cut off, or something else; 0 where it is no text.
    max_bytes : int
        A download with more is stopped.
    optional : bool
        Whether the reference can be installed without it, as older versions of tmescope did.
    """

    role: str
    name: str
    columns: tuple[tuple[str, ...], ...]
    min_rows: int
    max_bytes: int
    optional: bool = False


@dataclass(frozen=True)
class OtherVersions:
    """Versions that the registry does not list, whose addresses follow from their names.

    Parameters
    ----------
    form : str
        Regular expression of such a name.
    named : str
        The same in words.
    addresses : mapping of str to str
        Role to address, with ``{version}`` in it.
    """

    form: str
    named: str
    addresses: Mapping[str, str]


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
        Version to role to sha256 of its files; empty where they are not known.
    parser : str
        Who reads it, see `tmescope.facts.loading`.
    format_version : int
        Version of the structure that the parser makes of it.
    addresses : mapping of str to mapping of str to str
        Version to role to where its authors publish the file; only versions that can be fetched.
    notes : mapping of str to str
        Version to what should be known of it.
    other_versions : OtherVersions or None
        Versions that are not listed.
    """

    name: str
    title: str
    url: str
    doi: str
    company_use: str
    licence: str
    files: tuple[ReferenceFile, ...]
    versions: Mapping[str, Mapping[str, str]]
    parser: str
    format_version: int
    addresses: Mapping[str, Mapping[str, str]]
    notes: Mapping[str, str]
    other_versions: OtherVersions | None

    @property
    def must_accept(self) -> bool:
        """Whether its licence must be accepted by name before it is installed."""
        return self.company_use != "yes"

    def recognise(self, hashes: Mapping[str, str]) -> str | None:
        """Return the version whose files have these hashes, or None; optional files may be absent."""
        needed = {file.role for file in self.files if not file.optional}
        given = set(hashes.items())
        return next((v for v, k in self.versions.items() if needed <= set(hashes) and given <= set(k.items())), None)

    def addresses_of(self, version: str) -> Mapping[str, str]:
        """Return role to address of a version; empty where it has none that is known.

        Parameters
        ----------
        version : str
            A listed version, or one of the form of the others.
        """
        if version in self.versions or self.other_versions is None:
            return self.addresses.get(version, {})
        if not re.fullmatch(self.other_versions.form, version):
            return {}
        return {role: address.format(version=version) for role, address in self.other_versions.addresses.items()}


def list_references() -> tuple[Reference, ...]:
    """Return what can be installed, sorted by name."""
    return _registry()


def find_reference(name: str, *, registry: Sequence[Reference] | None = None) -> Reference:
    """Return the reference of that name.

    Parameters
    ----------
    name : str
        As in `list_references`, for example ``"quantiseq"``.
    registry : sequence of Reference, optional
        Where to look; the bundled one if omitted.

    Raises
    ------
    UnknownNameError
        No such reference; the message suggests the closest name.
    """
    known = {reference.name: reference for reference in (_registry() if registry is None else registry)}
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
    roles = [file.role for file in files]
    for one in record["versions"]:
        check_record(one, _VERSION_KEYS, where=where)
        at = f"{where}, version {one['version']}"
        if "sha256" in one:
            _check_hashes(one["sha256"], roles, where=at)
        if "addresses" in one:
            _check_addresses(one["addresses"], roles, where=at)
    texts = {key: record[key].strip() for key in ("name", "title", "url", "doi", "company_use", "licence", "parser")}
    return Reference(
        **texts,
        files=files,
        format_version=record["format_version"],
        versions=_by_version(record, "sha256", every=True),
        addresses=_by_version(record, "addresses"),
        notes=MappingProxyType({one["version"]: one["note"] for one in record["versions"] if "note" in one}),
        other_versions=_others(record.get("other_versions"), roles, where=where),
    )


def _by_version(record: Mapping[str, Any], key: str, *, every: bool = False) -> Mapping[str, Mapping[str, str]]:
    chosen = [one for one in record["versions"] if every or key in one]
    return MappingProxyType({one["version"]: MappingProxyType(one.get(key, {})) for one in chosen})


def _others(record: Mapping[str, Any] | None, roles: Sequence[str], *, where: str) -> OtherVersions | None:
    if record is None:
        return None
    check_record(record, _OTHER_KEYS, where=f"{where}, other versions")
    _check_addresses(record["addresses"], roles, where=f"{where}, other versions")
    if not all(address.count("{") == address.count("{version}") == 1 for address in record["addresses"].values()):
        raise FactsError("the addresses are not of their form", where=where, expected="{version}, once in each")
    return OtherVersions(record["form"], record["named"], MappingProxyType(record["addresses"]))


def _file(record: Mapping[str, Any], *, where: str) -> ReferenceFile:
    check_record(record, _FILE_KEYS, where=where)
    columns = tuple(tuple(header) for header in record["columns"])
    largest = record["max_mb"] * 2**20
    return ReferenceFile(
        record["role"], record["name"], columns, record["min_rows"], largest, record.get("optional", False)
    )


def _check_addresses(addresses: Mapping[str, Any], roles: Sequence[str], *, where: str) -> None:
    good = all(isinstance(a, str) and a.startswith("https://") for a in addresses.values())
    if not good or set(addresses) != set(roles):
        raise FactsError(
            "the addresses are not of their form", where=where, expected=f"https:// for {', '.join(roles)}"
        )


def _check_hashes(hashes: Mapping[str, Any], roles: Sequence[str], *, where: str) -> None:
    good = all(isinstance(h, str) and len(h) == 64 for h in hashes.values())
    if not good or set(hashes) != set(roles):
        raise FactsError("the hashes are not of their form", where=where, expected=f"a sha256 for {', '.join(roles)}")
