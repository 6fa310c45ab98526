"""The parsed content of an installed reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from tmescope.facts.installed import Installed, facts_folder, list_installed, verify
from tmescope.facts.parsing import parse
from tmescope.facts.registry import Reference, find_reference
from tmescope.facts.remembered import Remembered
from tmescope.foundation.errors import FactsError

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.facts.hgnc import HgncRecord
    from tmescope.facts.references.abis import Abis
    from tmescope.facts.references.consensustme import ConsensusTme
    from tmescope.facts.references.doid import Disease
    from tmescope.facts.references.quantiseq import Quantiseq
    from tmescope.facts.references.surfaceome import SurfaceProtein
    from tmescope.facts.references.tissues import TissueExpression
    from tmescope.facts.references.xcell import XCell

_KEPT = Remembered(most=6, most_bytes=8 << 20)
"""Parsed content by the hashes of its files. The table of HGNC, 1 MB as a file, takes some 40 MB when it is read."""

__all__ = ["demand_whole", "find_installed", "how_to_install", "load_reference", "read_installed"]


def find_installed(
    name: str,
    version: str | None = None,
    *,
    home: Path | None = None,
    registry: Sequence[Reference] | None = None,
) -> Installed:
    """Return which installed version of a reference is meant.

    Parameters
    ----------
    name : str
        Name in the registry.
    version : str, optional
        The version, as a study pins it; if omitted, the only one that is installed.
    home : Path, optional
        Folder of installed references, as from `facts_folder`; ``~/.local/share/tmescope/facts`` if omitted.
    registry : sequence of Reference, optional
        What is known; the bundled registry if omitted.

    Raises
    ------
    UnknownNameError
        No such reference.
    FactsError
        It is not installed, or several versions are and none is named; the message says what to run.
    """
    reference = find_reference(name, registry=registry)
    folder = facts_folder({}) if home is None else home
    there = [one for one in list_installed(folder) if one.name == name]
    chosen = [one for one in there if version in {None, one.version}]
    if len(chosen) == 1:
        return chosen[0]
    have = ", ".join(one.version for one in there)
    if len(chosen) > 1:
        raise FactsError(
            f"several versions of {name} are installed: {have}",
            where=str(folder),
            next_step=f"say which: in the study file under [facts], {name} = {chosen[-1].version!r}",
        )
    what = f"{name} {version}" if version else name
    raise FactsError(
        f"{what} is not installed" + (f"; installed: {have}" if have else ""),
        where=str(folder),
        next_step=how_to_install(reference, version),
    )


def demand_whole(one: Installed, *, registry: Sequence[Reference] | None = None) -> None:
    """Refuse an installed version whose files are not as they were installed.

    Parameters
    ----------
    one : Installed
        As from `find_installed`.
    registry : sequence of Reference, optional
        What is known; the bundled registry if omitted.

    Raises
    ------
    FactsError
        Its files changed since they were installed, or are gone.
    """
    if wrong := verify(one):
        reference = find_reference(one.name, registry=registry)
        raise FactsError(
            f"{one.name} {one.version} is not as it was installed: {'; '.join(wrong)}",
            where=one.folder,
            next_step=f"tmescope facts remove {one.name} {one.version}, then {how_to_install(reference, one.version)}",
        )


def how_to_install(reference: Reference, version: str | None = None, *, from_files: bool = False) -> str:
    """Return the command that installs a reference.

    Parameters
    ----------
    reference : Reference
        Which.
    version : str, optional
        Which version; any if omitted.
    from_files : bool
        Although it could be fetched.
    """
    accept = f" --accept-licence {reference.name}" if reference.must_accept else ""
    fetchable = reference.addresses_of(version) if version else reference.addresses
    if fetchable and not from_files:
        return f"tmescope facts fetch {reference.name}" + (f" --version {version}" if version else "") + accept
    source = "FILE" if len(reference.files) == 1 else "FOLDER"
    return f"tmescope facts add {reference.name} --from {source}{accept}"


@overload
def load_reference(name: Literal["abis"], version: str | None = ..., *, home: Path | None = ...) -> Abis: ...
@overload
def load_reference(
    name: Literal["consensustme"], version: str | None = ..., *, home: Path | None = ...
) -> ConsensusTme: ...
@overload
def load_reference(name: Literal["doid"], version: str | None = ..., *, home: Path | None = ...) -> list[Disease]: ...
@overload
def load_reference(
    name: Literal["estimate"], version: str | None = ..., *, home: Path | None = ...
) -> tuple[str, ...]: ...
@overload
def load_reference(
    name: Literal["gtex", "hpa_rna"], version: str | None = ..., *, home: Path | None = ...
) -> TissueExpression: ...
@overload
def load_reference(
    name: Literal["hgnc"], version: str | None = ..., *, home: Path | None = ...
) -> list[HgncRecord]: ...
@overload
def load_reference(name: Literal["hpa"], version: str | None = ..., *, home: Path | None = ...) -> pd.DataFrame: ...
@overload
def load_reference(name: Literal["quantiseq"], version: str | None = ..., *, home: Path | None = ...) -> Quantiseq: ...
@overload
def load_reference(
    name: Literal["surfaceome"], version: str | None = ..., *, home: Path | None = ...
) -> list[SurfaceProtein]: ...
@overload
def load_reference(name: Literal["xcell"], version: str | None = ..., *, home: Path | None = ...) -> XCell: ...
@overload
def load_reference(name: str, version: str | None = ..., *, home: Path | None = ...) -> object: ...
def load_reference(name: str, version: str | None = None, *, home: Path | None = None) -> object:
    """Return the parsed content of an installed reference.

    Parameters
    ----------
    name : str
        Name in the registry, for example ``"quantiseq"``.
    version : str, optional
        The version, as a study pins it; if omitted, the only one that is installed.
    home : Path, optional
        Folder of installed references, as from `facts_folder`; ``~/.local/share/tmescope/facts`` if omitted.

    Returns
    -------
    object
        ``hgnc``: list of HgncRecord; ``doid``: list of Disease;
        ``quantiseq``: Quantiseq; ``xcell``: XCell; ``consensustme``: ConsensusTme;
        ``abis``: Abis; ``hpa``: DataFrame, see `read_hpa`; ``gtex`` and ``hpa_rna``: TissueExpression;
        ``surfaceome``: list of SurfaceProtein; ``estimate``: tuple of str, the genes that it ranks.

    Raises
    ------
    UnknownNameError
        No such reference.
    FactsError
        As from `find_installed`, or its files changed since they were installed.
    FileFormatError
        The parser of this release refuses what an older one let in.
    """
    return read_installed(find_installed(name, version, home=home))


def read_installed(one: Installed, *, registry: Sequence[Reference] | None = None) -> object:
    """Return the parsed content of one installed version.

    Parameters
    ----------
    one : Installed
        As from `find_installed`.
    registry : sequence of Reference, optional
        What is known; the bundled registry if omitted.

    Raises
    ------
    FactsError
        Its files changed since they were installed.
    FileFormatError
        The parser of this release refuses what an older one let in.

    Notes
    -----
    Files are hashed each time. What was made of the same content before is shared, as long as the files have at most 8
    MB together; lists and tables are handed out as copies.
    """
    reference = find_reference(one.name, registry=registry)
    demand_whole(one, registry=registry)
    paths = {role: Path(one.folder) / name for role, name in one.files.items()}
    content = tuple(sorted(one.sha256.items()))
    key = (reference.name, reference.parser, reference.format_version, content)
    n_bytes = sum(path.stat().st_size for path in paths.values())
    found = _KEPT.get(key, lambda: parse(reference, paths), n_bytes=n_bytes)
    copy = getattr(found, "copy", None)  # lists and tables can be changed: each caller gets its own
    return found if copy is None else copy()
