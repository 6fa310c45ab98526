"""What deconvolution methods stand on, read from the installed references."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tmescope.facts.loading import find_installed, read_installed
from tmescope.foundation.method import Method

__all__ = ["Reference", "read_references"]


class Reference(NamedTuple):
    """A reference with what provenance says of it.

    Parameters
    ----------
    content : object
        What the method reads.
    facts : dict of str to str
        Name to sha256.
    """

    content: object
    facts: dict[str, str]


def read_references(
    method: Method, parameters: Mapping[str, Any], *, version: str | None, home: Path | None
) -> Reference:
    """Read the installed reference of a method, and those that its parameters ask for beside it.

    Parameters
    ----------
    method : Method
        One whose spec names an installed reference.
    parameters : mapping
        All of its parameters.
    version : str, optional
        Version of its own reference; the only one that is installed if omitted.
    home : Path, optional
        Folder of installed references.

    Returns
    -------
    Reference
        The content, or a mapping of names to contents for a method that reads further ones.

    Raises
    ------
    FactsError
        If one of them is not installed.
    """
    name = method.spec.installed
    first = _read(name, version, home)
    if method.further is None:
        return first
    found = {name: first, **{other: _read(other, pin, home) for other, pin in method.further(parameters)}}
    facts = {role: sha for one in found.values() for role, sha in one.facts.items()}
    return Reference({key: one.content for key, one in found.items()}, facts)


def _read(name: str, version: str | None, home: Path | None) -> Reference:
    one = find_installed(name, version, home=home)
    facts = {f"{one.name} {one.version}: {role}": sha for role, sha in sorted(one.sha256.items())}
    return Reference(read_installed(one), facts)
