"""Fuzzing of the parsers: ``python -m bench fuzz --parser gct --seconds 1800``.

Parsers in Python run under atheris (Apache-2.0), guided by coverage; those in C get mutated files in forked children.
atheris (Apache-2.0) is no dependency of the project: ``make fuzz`` installs it into ``.venv-fuzz`` and runs there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.fuzz.kept import keep

SUMMARY = "parsers under mutated files: --parser NAME, --seconds N, --folder DIR for corpus and findings, --keep"


def main(arguments: Sequence[str]) -> int:
    """Fuzz the parsers one after the other; return 1 where anything was found, 2 where it cannot run."""
    from bench.fuzz.targets import TARGETS

    names = [t.name for t in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m bench fuzz", description=SUMMARY)
    parser.add_argument("--parser", action="append", choices=names, help="which; all where none is named")
    parser.add_argument("--seconds", type=int, default=60, help="of wall time for each parser")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="corpus, findings and tallies")
    parser.add_argument("--keep", action="store_true", help="keep corpus and tallies in bench/fuzz, to go on from")
    asked = parser.parse_args(arguments)
    chosen = [t for t in TARGETS if not asked.parser or t.name in asked.parser]
    if any(not t.in_c for t in chosen) and asked.seconds > 0 and importlib.util.find_spec("atheris") is None:
        told = 'atheris is not installed: make fuzz ARGS="--parser gct --seconds 1800" brings it along'
        print(told, file=sys.stderr)
        return 2
    found = 0
    for target in chosen:
        found += _fuzz(target.name, "mutants" if target.in_c else "guided", asked.folder.absolute(), asked.seconds)
        if asked.keep:
            print(f"{target.name}: {keep(target.name, asked.folder)} inputs kept", flush=True)
    return 1 if found else 0


def _fuzz(name: str, engine: str, folder: Path, seconds: int) -> int:
    """Fuzz one parser, again and again where an input killed its process; print one line, return the findings."""
    folder.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    with (folder / f"{name}.log").open("ab") as log:
        while (left := int(end - time.monotonic())) > 0:
            command = [sys.executable, "-m", f"bench.fuzz.{engine}", name, str(folder), str(left)]
            subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
            time.sleep(1)
    tally = folder / f"{name}.json"
    told = json.loads(tally.read_text()) if tally.is_file() else {"executions": 0}
    kept = [p for p in (folder / "findings" / name).glob("*") if p.suffix != ".txt"]
    print(f"{name}: {json.dumps(told)}, findings: {len(kept)}", flush=True)
    return len(kept)
