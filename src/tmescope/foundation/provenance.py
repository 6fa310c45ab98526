"""Where a result came from: hashes of what went in, parameters, versions, seed and facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Provenance", "hash_array", "hash_file", "hash_json", "versions"]

_BLOCK = 1 << 20
_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "numba", "anndata", "altair", "vl-convert-python")


@dataclass(frozen=True)
class Provenance:
    """Everything needed to make a result again.

    Parameters
    ----------
    method : str
        Name of the method or step.
    parameters : mapping
        JSON-able parameters as used, defaults included.
    inputs : mapping of str to str
        Name of each input and its sha256.
    facts : mapping of str to str
        Bundled or installed facts used, and their sha256.
    versions : mapping of str to str
        tmescope, Python and the numerical packages.
    seed : int or None
        None where the method has no randomness.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes; of a Zarr store that of its files and their names, without links."""
    if any((path / mark).is_file() for mark in ("zarr.json", ".zgroup")):
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        return hash_json({p.relative_to(path).as_posix(): hash_file(p) for p in files})
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def hash_json(value: object) -> str:
    """Return the sha256 of a JSON-able value in canonical form (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_array(values: NDArray[np.generic]) -> str:
    """Return the sha256 of an array's dtype, shape and values in C order."""
    import numpy as np

    digest = hashlib.sha256(f"{values.dtype.str}{values.shape}".encode())
    digest.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python, tmescope and the numerical packages that are installed."""
    import platform

    found = {"python": platform.python_version(), "tmescope": _version("tmescope")}
    for name in _PACKAGES:
        found[name] = _version(name)
    return found


@cache  # a process runs with what it began with, and the files of metadata are long
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
