"""Fetch axe-core, the accessibility checker of the browser tests: ``make axe``. It is a tool of the tests, not shipped.

The package comes from npm by name and version, and is kept only where its bytes have the pinned sha512.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
HOME = Path(__file__).resolve().parents[2] / ".tools" / f"axe-core-{VERSION}"
SCRIPT = HOME / "axe.min.js"
_MEMBERS = {"package/axe.min.js": "axe.min.js", "package/LICENSE": "LICENSE"}


def read_axe() -> str:
    """Return the checker's source; skip with the reason where it was not fetched, fail where CI=true."""
    if SCRIPT.is_file():
        return SCRIPT.read_text(encoding="utf-8")
    reason = f"axe-core {VERSION} is not there: make axe fetches it (needs npm)"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def unpack(package: Path, folder: Path) -> None:
    """Check a package against the pinned hash and put the files that are needed into a new folder."""
    found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode("ascii")
    if found != SHA512:
        raise ValueError(f"{package.name} has the sha512 {found}; expected {SHA512}: it is not kept")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, tarfile.open(package) as archive:
        made = Path(scratch) / "made"
        made.mkdir()
        for member, name in _MEMBERS.items():
            source = archive.extractfile(member)
            if source is None:
                raise ValueError(f"{package.name} has no file {member}")
            (made / name).write_bytes(source.read())
        made.rename(folder)


def fetch() -> None:
    """Fetch the package with npm and unpack it; nothing happens where it is there."""
    if SCRIPT.is_file():
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("axe-core comes from npm, and there is no npm on this machine; without it its tests are skipped")
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", scratch, f"axe-core@{VERSION}"]
        subprocess.run(command, check=True, cwd=scratch)
        unpack(next(Path(scratch).glob("*.tgz")), HOME)


if __name__ == "__main__":
    fetch()
