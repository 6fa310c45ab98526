"""References that a user installed: checked, whole or not at all, several versions side by side."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tmescope.facts.parsing import parse
from tmescope.facts.registry import Reference, ReferenceFile, find_reference
from tmescope.facts.trust import FIRST_USE, REGISTRY, Origin, settle_version
from tmescope.foundation.errors import (
    FactsError,
    FormatVersionError,
    MissingFileError,
    StoreError,
    UnknownNameError,
)

__all__ = [
    "Installed",
    "demand_acceptance",
    "facts_folder",
    "install",
    "list_installed",
    "remove",
    "verify",
]

FORMAT = 2  # 2 adds trust, addresses and format_version
_RECORD = "installed.json"
_ABANDONED = 3600  # seconds


@dataclass(frozen=True)
class Installed:
    """One installed version of a reference.

    Parameters
    ----------
    name, version : str
        Which; a version that the registry does not know is called after its hash, ``sha256-…``.
    known : bool
        Whether all files have the sha256 that the registry states for `version`.
    sha256 : mapping of str to str
        Role to hash of the file as it was installed.
    files : mapping of str to str
        Role to name in `folder`.
    licence : str
        The terms as the registry stated them then.
    accepted : bool
        Whether the user accepted the licence by name.
    folder : str
        Where the files are.
    trust : str
        Whom the content is trusted by: ``registry`` (its hash is known), ``given`` (the user gave the hash) or ``first
        use`` (nobody knew the hash before: header, numbers of rows and the parser alone speak for it).
    addresses : mapping of str to str
        Role to where the file was fetched from; empty where it came from a file.
    format_version : int
        Of the structure that its parser makes of it.
    """

    name: str
    version: str
    known: bool
    sha256: Mapping[str, str]
    files: Mapping[str, str]
    licence: str
    accepted: bool
    folder: str = ""
    trust: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    format_version: int = 1


def facts_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of installed references.

    Parameters
    ----------
    environment : mapping of str to str
        ``TMESCOPE_FACTS`` is the folder itself; else ``XDG_DATA_HOME``, and else ``~/.local/share``, holds
        ``tmescope/facts``. Relative paths are not taken for XDG_DATA_HOME, as its specification asks.
    """
    if own := environment.get("TMESCOPE_FACTS"):
        return Path(own).expanduser().absolute()
    data = Path(environment.get("XDG_DATA_HOME", ""))
    home = data if data.is_absolute() else Path(environment.get("HOME") or Path.home()) / ".local" / "share"
    return home / "tmescope" / "facts"


def install(
    name: str,
    source: Path | Mapping[str, Path],
    *,
    home: Path,
    accepted: frozenset[str] = frozenset(),
    origin: Origin | None = None,
    registry: Sequence[Reference] | None = None,
) -> Installed:
    """Check the files of a reference and put them under ``home/name/version``.

    Parameters
    ----------
    name : str
        Name in the registry.
    source : Path or mapping of str to Path
        The file, the folder that holds the files by the names that the registry states, or role to file.
    home : Path
        As from `facts_folder`.
    accepted : frozenset of str
        Names of references whose licence the user accepts.
    origin : Origin, optional
        What is said of the files; nothing if omitted.
    registry : sequence of Reference, optional
        What is known; the bundled registry if omitted.

    Returns
    -------
    Installed
        Also where the same version was there already: its record is written anew, and of its files what differs.

    Raises
    ------
    UnknownNameError
        No such reference.
    FactsError
        Its licence must be accepted first; a file has another sha256 than the registry states for the version, than
        the user gave, or than the same version had when it was installed first.
    MissingFileError
        A file is not there.
    FileFormatError
        A file is not what the registry and the parser expect.
    StoreError
        The folder cannot be written.
    """
    reference = find_reference(name, registry=registry)
    demand_acceptance(reference, accepted)
    said = origin or Origin()
    paths = _locate_all(reference, source)
    hashes = {role: _hash(path) for role, path in paths.items()}
    version, trust = settle_version(reference, hashes, said)
    parse(reference, paths)
    if trust != REGISTRY:
        _refuse_other_hash(home, name, version, hashes=hashes)
    record = Installed(
        name=name,
        version=version,
        known=trust == REGISTRY,
        sha256=hashes,
        files={role: role + "".join(path.suffixes[-1:]) for role, path in paths.items()},
        licence=reference.licence,
        accepted=name in accepted,
        trust=trust,
        addresses=dict(said.addresses),
        format_version=reference.format_version,
    )
    _write(record, paths, home=home)
    return _read(home / name / version / _RECORD)


def demand_acceptance(reference: Reference, accepted: frozenset[str]) -> None:
    """Refuse a reference whose licence must be accepted by name and is not.

    Parameters
    ----------
    reference : Reference
        Which.
    accepted : frozenset of str
        Names that the user accepts.

    Raises
    ------
    FactsError
        If it is not among them.
    """
    if reference.must_accept and reference.name not in accepted:
        raise FactsError(
            f"the licence of {reference.name} is not accepted: {reference.licence}",
            where=reference.url,
            next_step=f"read the terms, then add: --accept-licence {reference.name}",
        )


def _refuse_other_hash(home: Path, name: str, version: str, *, hashes: Mapping[str, str]) -> None:
    for one in list_installed(home):
        if (one.name, one.version) == (name, version) and dict(one.sha256) != dict(hashes):
            both = sorted({*one.sha256, *hashes})
            role = next(role for role in both if one.sha256.get(role) != hashes.get(role))
            had, has = (f"the sha256 {found}" if (found := of.get(role)) else "no file" for of in (one.sha256, hashes))
            raise FactsError(
                f"{name} {version} is installed with another content: {role!r} had {had}",
                where=one.folder,
                expected=f"the same content under the same version; now it has {has}",
                next_step=f"find out why it changed; to replace it: tmescope facts remove {name} {version}",
            )


def _write(record: Installed, paths: Mapping[str, Path], *, home: Path) -> None:
    final = home / record.name / record.version
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final.parent)
        if final.is_dir():
            _renew(record, paths, final)
        else:
            with _staged(final) as folder:
                _fill(record, paths, folder)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"the reference cannot be installed: {error.strerror}",
            where=str(home),
            next_step="set TMESCOPE_FACTS to a folder that you may write to",
        ) from error


def _renew(record: Installed, paths: Mapping[str, Path], folder: Path) -> None:
    """Write over what is installed; whenever the process ends, the record there is of files that are there."""
    try:
        old = _read(folder / _RECORD)
    except (FactsError, OSError):
        old = None  # nothing that could be lost
    names = {}
    for role, name in record.files.items():
        taken = old is not None and name in old.files.values()
        if old is not None and old.sha256.get(role) == record.sha256[role]:
            names[role] = old.files[role]
        else:
            names[role] = f"{role}-{record.sha256[role][:12]}{Path(name).suffix}" if taken else name
    _fill(replace(record, files=names), paths, folder)
    for path in folder.iterdir():
        if path.name not in {_RECORD, *names.values()} and (path.suffix != ".part" or _is_abandoned(path)):
            path.unlink(missing_ok=True)


def _fill(record: Installed, paths: Mapping[str, Path], folder: Path) -> None:
    """Put the files of a reference into a folder and its record last, each by one rename."""
    for role, path in paths.items():
        target = folder / record.files[role]
        if target.is_file() and _hash(target) == record.sha256[role]:
            continue
        with _coming(target) as part:
            shutil.copyfile(path, part)
            if _hash(part) != record.sha256[role]:
                raise StoreError(f"the file for {role!r} changed while it was copied", where=str(path))
    text = json.dumps({"format": FORMAT, **asdict(record)}, indent=1, sort_keys=True)
    with _coming(folder / _RECORD) as part:
        part.write_text(text + "\n", encoding="utf-8")


@contextmanager
def _coming(target: Path) -> Iterator[Path]:
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed left beside the versions of a reference."""
    for left in (*folder.glob(".*.part"), *folder.glob(".*.old")):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED  # a younger one may be another process's
    except OSError:
        return False


def list_installed(home: Path) -> tuple[Installed, ...]:
    """Return what is installed, sorted by name and version; nothing where there is no such folder.

    Parameters
    ----------
    home : Path
        As from `facts_folder`.

    Raises
    ------
    FactsError
        A record is damaged.
    FormatVersionError
        A record was written by a newer tmescope.
    """
    return tuple(_read(path) for path in sorted(home.glob(f"[!.]*/[!.]*/{_RECORD}")))


def verify(one: Installed) -> tuple[str, ...]:
    """Compare the files of an installed reference with its record; return what is wrong, nothing if all is well.

    Parameters
    ----------
    one : Installed
        As from `list_installed`.
    """
    wrong = []
    for role, name in one.files.items():
        path = Path(one.folder) / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif _hash(path) != one.sha256[role]:
            wrong.append(f"{name} has another sha256 than when it was installed")
    return tuple(wrong)


def remove(name: str, version: str, *, home: Path) -> None:
    """Remove one installed version.

    Parameters
    ----------
    name, version : str
        As in `list_installed`.
    home : Path
        As from `facts_folder`.

    Raises
    ------
    UnknownNameError
        It is not installed.
    """
    known = {f"{one.name} {one.version}": one for one in list_installed(home)}
    if f"{name} {version}" not in known:
        raise UnknownNameError.of("installed reference", f"{name} {version}", known)
    folder = Path(known[f"{name} {version}"].folder)
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.old")
    folder.rename(aside)
    shutil.rmtree(aside)
    _sweep(folder.parent)


def _read(path: Path) -> Installed:
    where = f"installed facts: {path.parent.parent.name}/{path.parent.name}"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        written_by = record.pop("format")
        if isinstance(written_by, int) and written_by > FORMAT:
            raise FormatVersionError(
                f"format {written_by} is newer than {FORMAT}", where=where, next_step="use a newer tmescope"
            )
        if not record.get("trust"):
            record["trust"] = REGISTRY if record["known"] else FIRST_USE
        found = Installed(**{**record, "folder": str(path.parent)})
        files = [Path(name).name == name and role in found.sha256 for role, name in found.files.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FactsError(
            "the record of an installed reference is damaged",
            where=where,
            next_step=f"remove {path.parent} and add it again",
        ) from error
    if not all(files) or (found.name, found.version) != (path.parent.parent.name, path.parent.name):
        raise FactsError("the record names other files", where=where, next_step=f"remove {path.parent}")
    return found


def _locate_all(reference: Reference, source: Path | Mapping[str, Path]) -> dict[str, Path]:
    if isinstance(source, Path):
        alone = len(reference.files) == 1
        there = [file for file in reference.files if not file.optional or (source / file.name).is_file()]
        return {file.role: _locate(file, source, alone=alone) for file in there}
    return {file.role: source[file.role] for file in reference.files if not file.optional or file.role in source}


def _locate(file: ReferenceFile, source: Path, *, alone: bool) -> Path:
    path = source if alone and not source.is_dir() else source / file.name
    if not path.is_file():
        expected = f"a folder with {file.name}" if not alone else "a file"
        raise MissingFileError(f"there is no file for {file.role!r}", where=str(path), expected=expected)
    return path


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def _staged(final: Path) -> Iterator[Path]:
    # the room store, which does this for results, lies above facts
    staged = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.part")
    staged.mkdir()
    try:
        yield staged
        staged.rename(final)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
