"""References fetched from where their authors publish them, or from a mirror, and installed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tmescope.facts.installed import Installed, demand_acceptance, install, list_installed, verify
from tmescope.facts.loading import how_to_install
from tmescope.facts.registry import Reference, ReferenceFile, find_reference
from tmescope.facts.trust import REGISTRY, Origin, check_given, check_origin
from tmescope.foundation.errors import FactsError, FetchError, StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.connection import Connection, Limits, shown
from tmescope.ingest.fetch import download
from tmescope.store.lock import folder_lock

__all__ = ["Wish", "fetch_reference"]

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True)
class Wish:
    """What is to be fetched, and how.

    Parameters
    ----------
    version : str or None
        If None the first version that has addresses; from a mirror, the version that its hashes are of.
    url : str or None
        A mirror instead of the registry's addresses: of the file, or of the folder that holds all files by the names
        that the registry states.
    sha256 : mapping of str to str
        Role to the hash that the file must have.
    accepted : frozenset of str
        Names of references whose licence the user accepts.
    connection : Connection
        How the network is reached.
    limits : Limits
        How long; the largest size is the registry's.
    """

    version: str | None = None
    url: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    connection: Connection = field(default_factory=Connection)
    limits: Limits = field(default_factory=Limits)


def fetch_reference(
    name: str,
    *,
    home: Path,
    wish: Wish | None = None,
    progress: Progress = SILENT,
    registry: Sequence[Reference] | None = None,
) -> Installed:
    """Fetch the files of a reference, check them and install them.

    Parameters
    ----------
    name : str
        Name in the registry.
    home : Path
        Folder of installed references, as from `facts_folder`. Files that broke off stay in its folder ``.fetch``, and
        the next call goes on from there.
    wish : Wish, optional
        The first version that can be fetched, directly, if omitted.
    progress : Progress
        Told of the bytes of each file.
    registry : sequence of Reference, optional
        What is known; the bundled registry if omitted.

    Returns
    -------
    Installed
        Also where that version is there already, its hashes are the registry's and its files are as they were: then
        nothing is fetched.

    Raises
    ------
    UnknownNameError
        No such reference.
    FactsError
        The licence is not accepted, no address is known, or a hash is wrong, also of what is there; see `install`.
    FetchError
        See `tmescope.ingest.fetch.download`.
    FileFormatError
        What came is not what the registry and the parser expect.
    FolderInUseError
        Another process fetches the same reference.
    """
    asked = wish or Wish()
    reference = find_reference(name, registry=registry)
    demand_acceptance(reference, asked.accepted)
    # nobody knows which version a mirror holds: its hashes say so
    version = asked.version or (None if asked.url else next(iter(reference.addresses), None))
    addresses = _find_addresses(reference, version, asked.url)
    origin = Origin(version, asked.sha256, {role: shown(url) for role, url in addresses.items()})
    check_origin(reference, origin)
    if (there := _already(home, name, version)) is not None:
        check_given(there.sha256, asked.sha256, where=f"{name} {there.version}, which is installed")
        return there
    folder = _make_folder(home / ".fetch" / name)
    with folder_lock(folder / "lock", folder=folder):
        fetched = _Fetch(reference, origin, asked, folder, progress)
        paths = {file.role: fetched.file(file, addresses[file.role]) for file in reference.files}
        try:
            return install(name, paths, home=home, accepted=asked.accepted, origin=origin, registry=registry)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Fetch:
    reference: Reference
    origin: Origin
    wish: Wish
    folder: Path
    progress: Progress

    def file(self, file: ReferenceFile, url: str) -> Path:
        suffix = PurePosixPath(shown(url)).suffix
        final = self.folder / (file.role + (suffix if _SUFFIX.fullmatch(suffix) else ""))
        known = self.reference.versions.get(self.origin.version or "", {})
        wanted = self.origin.sha256.get(file.role) or known.get(file.role)
        try:
            came = download(
                url,
                self.folder / f"{final.name}.part",
                limits=replace(self.wish.limits, max_bytes=file.max_bytes),
                connection=self.wish.connection,
                sha256=wanted,
                progress=self.progress,
            )
        except FetchError as error:
            error.next_step = (error.next_step or "").replace("--from FILE", f"{_from_files(self.reference)}")
            raise
        came.path.rename(final)
        return final


def _find_addresses(reference: Reference, version: str | None, url: str | None) -> Mapping[str, str]:
    if url is not None:
        if len(reference.files) == 1:
            return {reference.files[0].role: url}
        return {file.role: f"{url.rstrip('/')}/{file.name}" for file in reference.files}
    addresses = reference.addresses_of(version) if version else {}
    if not addresses:
        can = ", ".join(reference.addresses)
        raise FactsError(
            f"no address is known from which {' '.join(filter(None, (reference.name, version)))} could be fetched",
            where=reference.url,
            expected=f"a version that can be fetched: {can}" if can else "the files, got from there by hand",
            next_step=f"{_from_files(reference)}; or --url with the address of a mirror",
        )
    return addresses


def _from_files(reference: Reference) -> str:
    return how_to_install(reference, from_files=True)


def _already(home: Path, name: str, version: str | None) -> Installed | None:
    for one in list_installed(home):
        if (one.name, one.version, one.trust) == (name, version, REGISTRY) and not verify(one):
            return one
    return None


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder of references cannot be made: {error.strerror}",
            where=str(folder),
            next_step="set TMESCOPE_FACTS to a folder that you may write to",
        ) from error
    return folder
