"""Checksums that lie beside a file: ``name.md5``, as archives publish them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tmescope.foundation.errors import FileFormatError

__all__ = ["check_md5_file"]

_DIGEST = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])")
_LONGEST = 4096


def check_md5_file(path: Path) -> bool:
    """Compare a file with the checksum in ``<name>.md5`` beside it.

    Parameters
    ----------
    path : Path
        The file itself.

    Returns
    -------
    bool
        Whether there is a checksum; if so, it is equal.

    Raises
    ------
    FileFormatError
        The file has another checksum, or the file beside it holds none.
    """
    beside = path.with_name(f"{path.name}.md5")
    if not beside.is_file():
        return False
    with beside.open("rb") as handle:
        stated = _DIGEST.findall(handle.read(_LONGEST))
    if len(stated) != 1:
        raise FileFormatError(
            f"the file has {len(stated)} checksums",
            where=str(beside),
            expected="one MD5 checksum of 32 digits",
            next_step="download the checksum again, or remove it to read the file unchecked",
        )
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != stated[0].decode().lower():
        raise FileFormatError(
            f"the file has the MD5 checksum {found}, not {stated[0].decode().lower()}",
            where=str(path),
            expected=f"what {beside.name} says",
            next_step="download both again: the file is damaged, or one of them is of another day",
        )
    return True
