"""What writers that were stopped left in an atlas: named by whoever verifies it, removed by whoever writes next."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tmescope.store.atlas_layout import HIDDEN, PANELS, AtlasLayout, StoredResult

__all__ = ["Leftover", "find_leftovers", "remove_results", "sweep_beside", "sweep_leftovers"]

_STAGED = re.compile(r"\..+\.[0-9a-f]{8}\.(part|old)")
"""How `tmescope.store.atomic` names what is not finished, or was replaced."""
_ARRAYS = ("obsm", "obsp", "varm")
_BEFORE_CELLS = frozenset({"var", "obs", "X", "layers", "obsm", "obsp", "uns", "varm", "varp", HIDDEN})
"""What is in an atlas that is being made, before its root is written."""


@dataclass(frozen=True)
class Leftover:
    """A file or folder that nothing in an atlas refers to.

    Parameters
    ----------
    place : str
        In the atlas.
    why : str
        What it is.
    is_swept : bool
        Whether the next writer removes it: only what none but tmescope can have made.
    """

    place: str
    why: str
    is_swept: bool


def find_leftovers(path: Path, layout: AtlasLayout) -> tuple[Leftover, ...]:
    """Return what is in the folder of an atlas and not of it, in the order of its places.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    layout : AtlasLayout
        What is in it.
    """
    found = [Leftover(place, "was not finished, or was replaced", is_swept=True) for place in _staged(path)]
    found += [
        Leftover(place, "belongs to no result or copy that the atlas has", is_swept=True)
        for place in _hidden(path, layout)
    ]
    found += [
        Leftover(place, "is in no table or list of the atlas: nothing reads it", is_swept=False)
        for place in _undeclared(path, layout)
    ]
    found += [
        Leftover(place, "lies beyond the last cell: the next samples are written over it", is_swept=False)
        for place in _beyond(path, layout)
    ]
    return tuple(sorted(found, key=lambda each: each.place))


def sweep_leftovers(path: Path, layout: AtlasLayout) -> tuple[str, ...]:
    """Remove what only a writer that was stopped can have left, and return its places.

    Parameters
    ----------
    path : Path
        Folder of the atlas, whose lock is held: no other process writes.
    layout : AtlasLayout
        What is in it.
    """
    gone = tuple(each.place for each in find_leftovers(path, layout) if each.is_swept)
    for place in gone:
        _remove(path, place)
    return gone


def sweep_beside(path: Path) -> list[str]:
    """Remove what a process that was killed while it made an atlas left beside it, and say of it and of the rest.

    Parameters
    ----------
    path : Path
        Folder of the atlas, which need not be there; its lock is held: no other process makes it.

    Returns
    -------
    list of str
        A sentence for each folder that was removed, and for each that only looks like one.

    Notes
    -----
    An atlas is made under another name and then renamed. Such a folder is removed where it has a table of genes, no
    root and no counts, which is what making an atlas leaves and nothing else: a store that is copied, converted or
    restored begins with its root. One that a restore makes inside its own has both endings and stays, for a restore
    holds no lock. Nothing is lost, since it holds no cells.
    """
    name = re.compile(r"\.{1,2}" + re.escape(path.name) + r"(\.[0-9a-f]{8}\.part){1,2}")
    said = []
    for found in () if path.is_symlink() else _inside(path.parent):
        if not name.fullmatch(found.name):
            continue
        if found.name.count(".part") == 1 + path.name.count(".part") and _is_beginning(
            found
        ):  # not of a restore that runs
            shutil.rmtree(found, ignore_errors=True)
        said.append(
            f"{found.name} beside the atlas was not finished and may be still in use: remove it if nothing writes to it"
            if found.exists()
            else f"removed {found.name}, which was left by an ingest that was killed while it made this atlas"
        )
    return said


def _is_beginning(folder: Path) -> bool:
    """Return whether a folder is an atlas that was being made, and has neither root nor cells."""
    if folder.is_symlink() or not (folder / "var").is_dir():
        return False
    counts = (file for vector in ("data", "indices") for file in folder.glob(f"X/{vector}/c/*"))
    return {each.name for each in folder.iterdir()} <= _BEFORE_CELLS and not any(counts)


def remove_results(path: Path, results: Iterable[StoredResult], *, layout: AtlasLayout) -> None:
    """Remove the columns and arrays of results that the atlas no longer has.

    Parameters
    ----------
    path : Path
        Folder of the atlas; its root does not name them any more.
    results : iterable of StoredResult
        As the root named them before.
    layout : AtlasLayout
        What is in the atlas now; what it names stays.
    """
    kept = set(_columns(layout)) | {a for r in layout.results.values() for a in r.arrays}
    for result in results:
        places = {*(f"obs/{c}" for c in result.obs), *(f"var/{c}" for c in result.var), *result.arrays}
        for place in sorted(places - kept):
            _remove(path, place)


def _columns(layout: AtlasLayout) -> Iterator[str]:
    yield from (f"obs/{name}" for name in layout.cell_columns)
    yield from (f"var/{name}" for result in layout.results.values() for name in result.var)


def _staged(path: Path) -> Iterator[str]:
    inside: list[str] = []
    for found in sorted(path.rglob(".*")):
        place = found.relative_to(path).as_posix()
        if _STAGED.fullmatch(found.name) and not any(place.startswith(f"{other}/") for other in inside):
            inside.append(place)
            yield place


def _hidden(path: Path, layout: AtlasLayout) -> Iterator[str]:
    """Yield folders of results and panels that the root does not name."""
    named = {f"{HIDDEN}/results/{name}" for name in layout.results}
    named |= {place.rsplit("/", 1)[0] for panel in layout.panels for place in panel.places.values()}
    for folder in (f"{HIDDEN}/results", PANELS):
        for found in _inside(path / folder):
            place = f"{folder}/{found.name}"
            if place not in named and not _STAGED.fullmatch(found.name):
                yield place


def _undeclared(path: Path, layout: AtlasLayout) -> Iterator[str]:
    """Yield columns of cells and arrays that the root does not name: a stopped writer's, or another program's."""
    genes = json.loads((path / "var/zarr.json").read_text(encoding="utf-8"))["attributes"]
    named = {"obs/_index", *_columns(layout), *(a for r in layout.results.values() for a in r.arrays)}
    named |= {f"var/{name}" for name in (genes["_index"], *genes["column-order"])}
    for group in ("obs", "var", *_ARRAYS):
        for found in _inside(path / group):
            place = f"{group}/{found.name}"
            if found.is_dir() and place not in named and not _STAGED.fullmatch(found.name):
                yield place


def _beyond(path: Path, layout: AtlasLayout) -> Iterator[str]:
    for vector in ("X/data", "X/indices"):
        for found in _inside(path / vector / "c"):
            if found.name.isdigit() and int(found.name) >= len(layout.shards.get(vector, ())):
                yield f"{vector}/c/{found.name}"


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove(path: Path, place: str) -> None:
    found = path / place
    if found.parent.resolve() != path.resolve() / Path(place).parent:
        return  # a link led out of the atlas
    if found.is_dir() and not found.is_symlink():
        shutil.rmtree(found, ignore_errors=True)
    else:
        found.unlink(missing_ok=True)
