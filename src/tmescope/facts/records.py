"""Reading the TOML files under ``facts/data`` strictly: an unknown, missing or ill-typed key is an error.

Light on purpose (standard library alone): the command line lists signatures without loading pandas.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FactsError, closest, examples

__all__ = ["DATA", "Key", "check_hash", "check_record", "hash_lines", "place", "read_record"]

DATA = Path(__file__).parent / "data"
FORMAT = 1
_REINSTALL = "reinstall tmescope; if the change is meant, follow 'Changing a fact' in docs/facts.md"


@dataclass(frozen=True)
class Key:
    """What a key of a record must hold.

    Parameters
    ----------
    kind : type
        ``str``, ``int``, ``bool``, ``list`` or ``dict``.
    required : bool
        Whether the key must be there.
    may_be_empty : bool
        Whether the value may be empty.
    """

    kind: type
    required: bool = True
    may_be_empty: bool = False


def place(path: Path) -> str:
    """Return how a facts file is named in messages: folder and file, never the machine's path."""
    return f"facts: {path.parent.name}/{path.name}"


def hash_lines(lines: Iterable[str]) -> str:
    """Return the sha256 (hexadecimal) of the sorted distinct lines, joined by a newline, in UTF-8."""
    return hashlib.sha256("\n".join(sorted(set(lines))).encode()).hexdigest()


def read_record(path: Path, keys: Mapping[str, Key]) -> dict[str, Any]:
    """Read one TOML file of facts and check its format version and its keys.

    Parameters
    ----------
    path : Path
        The file.
    keys : mapping of str to Key
        What it must hold besides ``format``.

    Returns
    -------
    dict
        The record without ``format``.

    Raises
    ------
    FactsError
        Not TOML, another format version, or a key that is unknown, missing, empty or of another type.
    """
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FactsError(
            f"the file is not TOML: {error}", where=place(path), expected="TOML 1.0", next_step=_REINSTALL
        ) from error
    except OSError as error:
        raise FactsError(
            f"the file cannot be read: {error.strerror}", where=place(path), next_step=_REINSTALL
        ) from error
    version = record.pop("format", None)
    if version != FORMAT:
        raise FactsError(
            f"format = {version!r} is not known",
            where=place(path),
            expected=f"format = {FORMAT}",
            next_step="use a tmescope of at least the version that wrote the file",
        )
    check_record(record, keys, where=place(path))
    return record


def check_record(record: Mapping[str, Any], keys: Mapping[str, Key], *, where: str) -> None:
    """Check the keys of a record, or raise FactsError naming the first one that is wrong.

    Parameters
    ----------
    record : mapping
        As read from TOML.
    keys : mapping of str to Key
        What it may and must hold.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        At the first key that is unknown, absent or of another type.
    """
    unknown = sorted(set(record) - set(keys))
    if unknown:
        guess = closest(unknown[0], keys)
        raise FactsError(
            f"unknown key {examples(unknown)}",
            where=where,
            expected=f"keys among {', '.join(keys)}",
            next_step=f"did you mean {guess!r}?" if guess else "remove it",
        )
    for name, key in keys.items():
        if name not in record:
            if key.required:
                raise FactsError(f"the key {name!r} is missing", where=where, expected=f"{name} ({key.kind.__name__})")
            continue
        value = record[name]
        if not isinstance(value, key.kind) or isinstance(value, bool) != (key.kind is bool):
            raise FactsError(f"{name} = {value!r} has the wrong type", where=where, expected=key.kind.__name__)
        if not key.may_be_empty and not value:
            raise FactsError(f"{name} is empty", where=where, expected=f"a {key.kind.__name__} with content")


def check_hash(found: str, committed: str, *, what: str, where: str) -> None:
    """Compare a computed sha256 with the committed one, or raise FactsError.

    Parameters
    ----------
    found, committed : str
        Hexadecimal hashes.
    what : str
        What was hashed, for the message.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        If they differ.
    """
    if found != committed:
        raise FactsError(
            f"{what} changed: sha256 {found[:12]}… instead of {committed[:12]}…",
            where=where,
            expected="the sha256 that the file states",
            next_step=_REINSTALL,
        )
