"""Whether files are what they are said to be: by the registry's hashes, by the user's, or by nobody's yet."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tmescope.facts.registry import Reference
from tmescope.foundation.errors import FactsError

__all__ = ["FIRST_USE", "GIVEN", "REGISTRY", "Origin", "check_given", "check_origin", "settle_version"]

REGISTRY, GIVEN, FIRST_USE = "registry", "given", "first use"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Origin:
    """What is said of files that are to be installed.

    Parameters
    ----------
    version : str or None
        Which version they are; recognised by their hashes if None.
    sha256 : mapping of str to str
        Role to the hash that the user gave.
    addresses : mapping of str to str
        Role to where the file was fetched from.
    """

    version: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)


def settle_version(reference: Reference, hashes: Mapping[str, str], said: Origin) -> tuple[str, str]:
    """Return the version that files are, and whom their content is trusted by.

    Parameters
    ----------
    reference : Reference
        Of which they are files.
    hashes : mapping of str to str
        Role to sha256 of each file.
    said : Origin
        What is said of them.

    Returns
    -------
    tuple of str
        The version; then ``registry``, ``given`` or ``first use``. Where nobody names the version, it is called after
        the hashes.

    Raises
    ------
    FactsError
        A hash is another than the registry states for the version or than the user gave; the files are those of
        another version; the version cannot name a folder; or the user's hash is none.
    """
    check_origin(reference, said)
    recognised = reference.recognise(hashes)
    known = reference.versions.get(said.version or "", {})
    where = f"{reference.name} {said.version or ''}".strip()
    check_given(hashes, known, where=where, who="the registry states")
    check_given(hashes, said.sha256, where=where)
    if recognised and said.version not in {None, recognised}:
        raise FactsError(
            f"these are the files of version {recognised}, not of {said.version}",
            where=reference.name,
            next_step=f"--version {recognised}",
        )
    if recognised:
        return recognised, REGISTRY
    return said.version or _name_by_hash(hashes), GIVEN if set(said.sha256) == set(hashes) else FIRST_USE


def check_given(hashes: Mapping[str, str], expected: Mapping[str, str], *, where: str, who: str = "was given") -> None:
    """Compare the hashes of files with those that somebody states.

    Parameters
    ----------
    hashes : mapping of str to str
        Role to sha256 of each file; optional ones may be absent.
    expected : mapping of str to str
        Role to what it must be.
    where, who : str
        Which reference, and who states it, for the message.

    Raises
    ------
    FactsError
        At the first that is another.
    """
    for role, wanted in expected.items():
        if hashes.get(role, wanted.lower()) != wanted.lower():
            raise FactsError(
                f"the file for {role!r} has the sha256 {hashes[role]}",
                where=where,
                expected=f"{wanted.lower()}, which {who}",
                next_step="do not use the file: it is damaged, altered or of another version",
            )


def check_origin(reference: Reference, said: Origin) -> None:
    """Refuse what cannot be said of files of a reference, before anything is done with them.

    Parameters
    ----------
    reference : Reference
        Of which they are files.
    said : Origin
        What is said.

    Raises
    ------
    FactsError
        The version cannot name a folder, a hash is none, or no file has the role.
    """
    if said.version is not None and not _VERSION.fullmatch(said.version):
        raise FactsError(
            f"the version {said.version[:40]!r} cannot name a folder",
            where=reference.name,
            expected="letters, digits, '_', '-' and '.', beginning with a letter or digit, at most 64",
        )
    roles = [file.role for file in reference.files]
    for role, sha256 in said.sha256.items():
        if role not in roles or not _SHA256.fullmatch(sha256.lower()):
            raise FactsError(
                f"{role}={sha256[:70]} is no sha256 of a file of {reference.name}",
                where="--sha256",
                expected=f"64 hexadecimal digits for one of: {', '.join(roles)}",
            )


def _name_by_hash(hashes: Mapping[str, str]) -> str:
    return "sha256-" + hashlib.sha256(json.dumps(dict(hashes), sort_keys=True).encode()).hexdigest()[:12]
