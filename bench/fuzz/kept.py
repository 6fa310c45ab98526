"""What earlier fuzzing found worth keeping: inputs that reach code which no other reaches, and the time spent.

One zip a parser under ``corpus/``, the numbers in ``tallies.json``. Fuzzing goes on from both, and a test reads every
input again.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

__all__ = ["keep", "read_inputs", "read_tally"]

_HERE = Path(__file__).parent
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def read_inputs(name: str, kept: Path = _HERE) -> list[bytes]:
    """Return the inputs of this parser; none where none was kept."""
    packed = kept / "corpus" / f"{name}.zip"
    if not packed.is_file():
        return []
    with zipfile.ZipFile(packed) as archive:
        return [archive.read(member) for member in archive.namelist()]


def read_tally(name: str, kept: Path = _HERE) -> dict[str, float]:
    """Return executions, inputs that were read, CPU seconds; nothing where the parser was never fuzzed."""
    path = kept / "tallies.json"
    told: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.is_file() else {}
    return told.get(name, {})


def keep(name: str, folder: Path, kept: Path = _HERE) -> int:
    """Keep the inputs and the tally of a parser that was fuzzed into ``folder``; return how many inputs.

    The tally went on from the kept one, so it replaces it. The same inputs give the same bytes.
    """
    inputs = {p.read_bytes() for p in (folder / "corpus" / name).glob("*") if p.is_file()}
    named = sorted((hashlib.sha256(data).hexdigest()[:16], data) for data in inputs)
    if named:
        packed = kept / "corpus" / f"{name}.zip"
        packed.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(packed, "w") as archive:
            for digest, data in named:
                archive.writestr(zipfile.ZipInfo(digest, _LONG_AGO), data, zipfile.ZIP_DEFLATED, 9)
    tally = folder / f"{name}.json"
    if tally.is_file():
        path = kept / "tallies.json"
        told = json.loads(path.read_text()) if path.is_file() else {}
        told[name] = json.loads(tally.read_text())
        path.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    return len(named)
